//! A library's bytes before any of them runs: where they lie, what they are, whose they are.

use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags};
use sha2::{Digest as _, Sha256};
use skybridge_model::limits::PLUGIN_FILE_BYTES_MAX;

use crate::elf;
use crate::error::{LoadError, Refusal};
use crate::trust::{self, Trust};

/// The platform this host is built for, and with it every plugin it can load.
pub const TARGET: &str = env!("SKYBRIDGE_TARGET");

/// A library's bytes, checked and not yet run.
#[derive(Debug)]
pub struct Candidate {
    /// Where they were read.
    pub path: PathBuf,
    /// How its folder is trusted.
    pub trust: Trust,
    /// Their SHA-256, in hex.
    pub sha256: String,
    /// What the SDK wrote into them.
    pub tag: Option<elf::Tag>,
    pub(crate) bytes: Vec<u8>,
}

impl Candidate {
    /// Reads and checks a library without running any of it.
    ///
    /// # Errors
    /// [`LoadError`], when it is not to be trusted or cannot be a library.
    pub fn read(path: &Path, trust: Trust) -> Result<Self, LoadError> {
        read(path, trust)
            .and_then(|bytes| Self::of_bytes(path, trust, bytes))
            .map_err(|reason| LoadError::new(path, reason))
    }

    pub(crate) fn of_bytes(path: &Path, trust: Trust, bytes: Vec<u8>) -> Result<Self, Refusal> {
        elf::check(&bytes)?;
        let tag = elf::tag(&bytes);
        if tag.as_ref().and_then(|tag| tag.panic.as_deref()) == Some("abort") {
            return Err(Refusal::Aborts);
        }
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { path: path.to_owned(), trust, sha256, tag, bytes })
    }

    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Puts the bytes where nobody can change them any more, this process included.
    pub(crate) fn seal(&self) -> Result<Sealed, Refusal> {
        seal(&self.bytes)
            .map(|file| Sealed(Arc::new(file)))
            .map_err(|error| Refusal::Unreadable(format!("keeping it in memory: {error}")))
    }
}

/// The handle is asked, not the path again: what was judged is what is read.
fn read(path: &Path, trust: Trust) -> Result<Vec<u8>, Refusal> {
    if !path.is_absolute() {
        let text = "its path is not absolute, and plugins are never looked for elsewhere";
        return Err(Refusal::NotTrusted(text.to_owned()));
    }
    // Without NONBLOCK a named pipe would be waited for.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| {
        Refusal::Unreadable(match error {
            rustix::io::Errno::LOOP => "it is a symbolic link; name the file itself".to_owned(),
            rustix::io::Errno::NOENT => "there is no such file".to_owned(),
            error => error.to_string(),
        })
    })?;
    let file = std::fs::File::from(file);
    let unreadable = |error: std::io::Error| Refusal::Unreadable(error.to_string());
    let meta = file.metadata().map_err(unreadable)?;
    if meta.is_dir() {
        return Err(Refusal::Unreadable("it is a folder, not a library".to_owned()));
    }
    if !meta.is_file() {
        return Err(Refusal::Unreadable("it is not a plain file".to_owned()));
    }
    if meta.len() > PLUGIN_FILE_BYTES_MAX {
        return Err(Refusal::TooLarge(meta.len()));
    }
    if trust == Trust::Configured {
        trust::check(path, &meta)?;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0));
    file.take(PLUGIN_FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() as u64 {
        grown if grown > PLUGIN_FILE_BYTES_MAX => Err(Refusal::TooLarge(grown)),
        0 => Err(Refusal::Unreadable("it is empty".to_owned())),
        _ => Ok(bytes),
    }
}

fn seal(bytes: &[u8]) -> std::io::Result<std::fs::File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = std::fs::File::from(rustix::fs::memfd_create("skybridge-plugin", flags)?);
    file.write_all(bytes)?;
    add_seals(&file)?;
    Ok(file)
}

/// How often the kernel is asked to seal, 10 ms apart.
const SEALING_TRIES: u32 = 100;

/// Linux answers EBUSY while it holds a page of the file itself, to write it out or to move it, and
/// asks to be asked again (`memfd_wait_for_pins` in mm/memfd.c).
fn add_seals(file: &std::fs::File) -> std::io::Result<()> {
    let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
    for _ in 1..SEALING_TRIES {
        match rustix::fs::fcntl_add_seals(file, seals) {
            Err(rustix::io::Errno::BUSY) => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            sealed => return Ok(sealed?),
        }
    }
    Ok(rustix::fs::fcntl_add_seals(file, seals)?)
}

/// A library's bytes in a sealed memory file.
///
/// glibc knows a library by its name first. Were the file closed, its number would be used again, and
/// the next plugin would silently be this one: a process that has opened one keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Sealed(pub(crate) Arc<std::fs::File>);

impl Sealed {
    /// The name by which the system loader opens it.
    pub(crate) fn name(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }
}
