//! Seals secrets into files of the age format, one a secret, each readable by its owner alone.
//!
//! The key that opens them is an age identity *outside* the state directory, so that a copy of the
//! state directory (it stands beside the manifest, often in a repository) opens nothing. The format
//! is age's own on purpose: `age --decrypt -i identity.txt FILE` gives a secret back without us.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use skybridge_model::Secret;

/// Why a secret was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file system said no.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The identity file holds no identity.
    #[error("{0} holds no age identity; a line of it must start with AGE-SECRET-KEY-1")]
    Identity(PathBuf),
    /// Others may read the identity file.
    #[error("{0} can be read by others (mode {1:o}); run: chmod 600 {0}", path.display(), mode)]
    Exposed {
        /// The identity file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The sealed file does not open with the identity.
    #[error("{path} cannot be opened with the identity at hand ({reason}); if it was sealed for another one, name that in SKYBRIDGE_IDENTITY", path = path.display())]
    Sealed {
        /// The sealed file.
        path: PathBuf,
        /// What age said.
        reason: String,
    },
    /// A name that could leave the vault's folder.
    #[error(
        "`{0}` is not a secret's name; use lower-case letters, digits, dashes, dots and slashes"
    )]
    Name(String),
}

/// A folder of sealed secrets and the identity that opens them.
pub struct Vault {
    folder: PathBuf,
    identity: Identity,
}

impl Vault {
    /// Opens the vault in `folder`; a missing identity file is made, as `age-keygen` would.
    ///
    /// # Errors
    /// When the identity cannot be read or made, or others may read it.
    pub fn open(folder: &Path, identity_file: &Path) -> Result<Self, VaultError> {
        let identity = match fs_err::read_to_string(identity_file) {
            Ok(text) => {
                let mode = fs_err::metadata(identity_file)?.mode() & 0o777;
                if mode & 0o077 != 0 {
                    return Err(VaultError::Exposed { path: identity_file.to_owned(), mode });
                }
                parse(&text).ok_or_else(|| VaultError::Identity(identity_file.to_owned()))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => generate(identity_file)?,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { folder: folder.to_owned(), identity })
    }

    /// The secret of that name, or nothing.
    ///
    /// # Errors
    /// When it is there and does not open.
    pub fn get(&self, owner: &str, name: &str) -> Result<Option<Secret<Vec<u8>>>, VaultError> {
        let path = self.path(owner, name)?;
        let sealed = match fs_err::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        age::decrypt(&self.identity, &sealed)
            .map(|clear| Some(Secret::new(clear)))
            .map_err(|error| VaultError::Sealed { path, reason: error.to_string() })
    }

    /// Seals a secret; file and folder are synced on return.
    ///
    /// # Errors
    /// When it cannot be written; what was there before is then still there.
    pub fn put(&self, owner: &str, name: &str, value: &Secret<Vec<u8>>) -> Result<(), VaultError> {
        let path = self.path(owner, name)?;
        let folder = path.parent().unwrap_or(&self.folder);
        private_folder(folder)?;
        let sealed = age::encrypt(&self.identity.to_public(), value.expose()).map_err(|error| {
            VaultError::Sealed { path: path.clone(), reason: error.to_string() }
        })?;
        write_private(&path, &sealed)?;
        Ok(())
    }

    /// Forgets a secret; forgetting one that is not there is fine.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, owner: &str, name: &str) -> Result<(), VaultError> {
        match fs_err::remove_file(self.path(owner, name)?) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The file a secret is sealed in.
    ///
    /// # Errors
    /// When the name could leave the vault's folder.
    pub fn path(&self, owner: &str, name: &str) -> Result<PathBuf, VaultError> {
        let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'/');
        let good = |text: &str| {
            !text.is_empty()
                && text.len() <= 200
                && text.bytes().all(allowed)
                && text.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        };
        if !good(name) || !good(owner) || owner.contains('/') {
            return Err(VaultError::Name(format!("{owner}/{name}")));
        }
        Ok(self.folder.join(owner).join(format!("{name}.age")))
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({})", self.folder.display())
    }
}

fn parse(text: &str) -> Option<Identity> {
    text.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-1"))?.parse().ok()
}

fn generate(path: &Path) -> Result<Identity, VaultError> {
    let identity = Identity::generate();
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    let text = Secret::new(format!(
        "# Opens what Skybridge sealed; keep a copy in a safe place.\n# public key: {}\n{}\n",
        identity.to_public(),
        identity.to_string().expose_secret()
    ));
    write_private(path, text.expose().as_bytes())?;
    Ok(identity)
}

fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(|error| {
        std::io::Error::new(error.kind(), format!("cannot make {}: {error}", folder.display()))
    })
}

/// Writes beside the file, syncs, renames over it, and syncs the folder: after a crash there is the
/// old file or the new one, never a part.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let partial = path.with_extension("partial");
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs_err::rename(&partial, path)?;
    fs_err::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seals_and_opens_and_shows_nothing_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, identity) = (dir.path().join("vault"), dir.path().join("keys/identity.txt"));
        let vault = Vault::open(&folder, &identity).unwrap();
        assert!(vault.get("contoso", "client-secret/1").unwrap().is_none());
        vault.put("contoso", "client-secret/1", &Secret::new(b"s3cr3t".to_vec())).unwrap();
        let again = Vault::open(&folder, &identity).unwrap();
        let opened = again.get("contoso", "client-secret/1").unwrap().unwrap();
        assert_eq!(opened.expose(), b"s3cr3t");
        let path = again.path("contoso", "client-secret/1").unwrap();
        let sealed = fs_err::read(&path).unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"s3cr3t"));
        assert_eq!(fs_err::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs_err::metadata(&identity).unwrap().mode() & 0o777, 0o600);
        again.remove("contoso", "client-secret/1").unwrap();
        again.remove("contoso", "client-secret/1").unwrap();
        assert!(again.get("contoso", "client-secret/1").unwrap().is_none());
    }

    #[test]
    fn refuses_names_that_leave_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(dir.path(), &dir.path().join("identity.txt")).unwrap();
        for name in ["", "..", "../x", "a//b", "/etc/passwd", "A", "a/.b", "a b"] {
            assert!(vault.path("contoso", name).is_err(), "{name}");
        }
        assert!(vault.path("../contoso", "a").is_err());
    }

    #[test]
    fn refuses_an_identity_that_others_may_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let identity = dir.path().join("identity.txt");
        Vault::open(dir.path(), &identity).unwrap();
        fs_err::set_permissions(&identity, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = Vault::open(dir.path(), &identity).unwrap_err().to_string();
        assert!(error.contains("can be read by others (mode 644)"), "{error}");
    }
}
