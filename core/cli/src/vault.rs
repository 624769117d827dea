//! The vault as plugins reach it through the host.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use skybridge_host::VaultError;
use skybridge_model::Secret;

use crate::failure::{Failure, Outcome};

/// `skybridge_vault::Vault` behind the host's trait.
#[derive(Debug)]
pub(crate) struct HostVault(skybridge_vault::Vault);

fn told(error: &skybridge_vault::VaultError) -> VaultError {
    VaultError(error.to_string())
}

impl skybridge_host::Vault for HostVault {
    fn get(&self, connector: &str, name: &str) -> Result<Option<Secret<Vec<u8>>>, VaultError> {
        self.0.get(connector, name).map_err(|error| told(&error))
    }

    fn put(&self, connector: &str, name: &str, value: Secret<Vec<u8>>) -> Result<(), VaultError> {
        self.0.put(connector, name, &value).map_err(|error| told(&error))
    }

    fn remove(&self, connector: &str, name: &str) -> Result<(), VaultError> {
        self.0.remove(connector, name).map_err(|error| told(&error))
    }
}

/// Opens the vault in `folder` with the user's identity.
pub(crate) fn open(folder: &Path, identity: &Path) -> Outcome<Arc<HostVault>> {
    skybridge_vault::Vault::open(folder, identity).map(|vault| Arc::new(HostVault(vault))).map_err(
        |error| {
            let help = "SKYBRIDGE_IDENTITY names the identity file when it is not the default";
            Failure::usage(format!("opening the vault: {error}"), help)
        },
    )
}

/// `SKYBRIDGE_IDENTITY`, or `skybridge/identity.txt` in the user's configuration folder. Outside the
/// state directory on purpose: a copy of that opens nothing.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(crate) fn identity_file() -> Outcome<PathBuf> {
    if let Ok(path) = std::env::var("SKYBRIDGE_IDENTITY") {
        return Ok(path.into());
    }
    let config = std::env::var("XDG_CONFIG_HOME").ok().map(PathBuf::from);
    let config = config.or_else(|| std::env::home_dir().map(|home| home.join(".config")));
    match config {
        Some(config) => Ok(config.join("skybridge").join("identity.txt")),
        None => Err(Failure::usage(
            "there is no place for the identity that opens sealed secrets: no home folder is known",
            "set SKYBRIDGE_IDENTITY to a file",
        )),
    }
}
