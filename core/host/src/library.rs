//! From a path to a running root module, one check after the other.
//!
//! 1. the path: absolute, a plain file, its folder and itself writable by nobody else;
//! 2. the bytes, read once: bounds, then SHA-256;
//! 3. exactly those bytes, from a sealed memory file, through the system loader;
//! 4. the header, the interface's version, the layout in both directions;
//! 5. the root module and the manifest it tells of itself.
//!
//! A library is never unloaded: its threads, thread-locals and vtables point into it.

use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use abi_stable::StableAbi;
use abi_stable::library::{AbiHeader, AbiHeaderRef, LibHeader, ROOT_MODULE_LOADER_NAME_WITH_NUL};
use libloading::os::unix::{Library as SystemLibrary, RTLD_LOCAL, RTLD_NOW};
use rustix::fs::{MemfdFlags, SealFlags};
use sha2::{Digest as _, Sha256};
use skybridge_model::limits::PLUGIN_FILE_BYTES_MAX;
use skybridge_plugin_api::{API_VERSION, PluginModuleRef};
use skybridge_plugin_protocol::manifest::PluginManifest;

use crate::elf;
use crate::error::{LoadError, Refusal};
use crate::layout;

/// How a library's folder is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The folder of the host's own executable: who can write there can replace the host.
    BesideHost,
    /// A folder that was configured: it and the file must be writable by their owner alone, who is
    /// root or the user.
    Configured,
}

/// A loaded plugin.
#[derive(Clone)]
pub struct Library {
    pub(crate) module: PluginModuleRef,
    /// What the plugin says of itself.
    pub manifest: PluginManifest,
    /// Where it was found.
    pub path: PathBuf,
    /// SHA-256 of the bytes that run, in hex.
    pub sha256: String,
    /// The version of the interface it was built with.
    pub api_version: String,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Library({} {})", self.manifest.name, self.path.display())
    }
}

/// A library's bytes, checked and not yet run.
#[derive(Debug)]
pub struct Candidate {
    /// Where they were read.
    pub path: PathBuf,
    /// Their SHA-256, in hex.
    pub sha256: String,
    /// What the SDK wrote into them.
    pub tag: Option<elf::Tag>,
    bytes: Vec<u8>,
}

impl Candidate {
    /// Reads and checks a library without running any of it.
    ///
    /// # Errors
    /// [`LoadError`], when it is not to be trusted or cannot be a library.
    pub fn read(path: &Path, trust: Trust) -> Result<Self, LoadError> {
        let refuse = |reason: Refusal| LoadError::new(path, reason);
        if !path.is_absolute() {
            let text = "its path is not absolute, and plugins are never looked for elsewhere";
            return Err(refuse(Refusal::NotTrusted(text.to_owned())));
        }
        let meta = fs_err::symlink_metadata(path)
            .map_err(|error| refuse(Refusal::Unreadable(error.to_string())))?;
        if !meta.is_file() {
            return Err(refuse(Refusal::Unreadable("it is not a plain file".to_owned())));
        }
        if meta.len() > PLUGIN_FILE_BYTES_MAX {
            return Err(refuse(Refusal::TooLarge(meta.len())));
        }
        if trust == Trust::Configured {
            check_owner(path, &meta).map_err(refuse)?;
            let folder = path.parent().unwrap_or(path);
            let meta = fs_err::metadata(folder)
                .map_err(|error| refuse(Refusal::Unreadable(error.to_string())))?;
            check_owner(folder, &meta).map_err(refuse)?;
        }
        let bytes = fs_err::read(path).map_err(|e| refuse(Refusal::Unreadable(e.to_string())))?;
        elf::check(&bytes).map_err(|error| refuse(error.into()))?;
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { path: path.to_owned(), sha256, tag: elf::tag(&bytes), bytes })
    }

    /// Runs the library's constructors and its root module.
    ///
    /// # Errors
    /// [`LoadError`], when it does not fit this host.
    pub fn load(self) -> Result<Library, LoadError> {
        let Self { path, sha256, bytes, .. } = self;
        let refuse = |reason| LoadError::new(&path, reason);
        let header = open(&bytes).map_err(refuse)?;
        drop(bytes);
        let (module, api_version) = check(header).map_err(refuse)?;
        let manifest = read_manifest(module).map_err(refuse)?;
        tracing::debug!(
            plugin = manifest.name,
            version = manifest.version,
            sha256,
            "plugin loaded"
        );
        Ok(Library { module, manifest, path, sha256, api_version })
    }
}

fn check_owner(path: &Path, meta: &std::fs::Metadata) -> Result<(), Refusal> {
    let user = rustix::process::geteuid().as_raw();
    if meta.uid() != user && meta.uid() != 0 {
        let text = format!("{} belongs to user {}", path.display(), meta.uid());
        return Err(Refusal::NotTrusted(text));
    }
    if meta.mode() & 0o022 != 0 {
        let text = format!(
            "{} can be written by others (mode {:o})",
            path.display(),
            meta.mode() & 0o7777
        );
        return Err(Refusal::NotTrusted(text));
    }
    Ok(())
}

/// Puts the bytes into a memory file nobody can change any more.
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

#[expect(unsafe_code, reason = "opening a shared library and reading its exported header")]
fn open(bytes: &[u8]) -> Result<&'static LibHeader, Refusal> {
    let file = seal(bytes).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let name = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: the library's constructors run here. Loading native code is trusting it; which code
    // that is was decided by the path, the owner and the bytes. NOW: a missing symbol shows itself
    // here and not in the middle of a step. LOCAL: two plugins' C libraries do not bind to each other.
    let library = unsafe { SystemLibrary::open(Some(&name), RTLD_NOW | RTLD_LOCAL) }
        .map_err(|error| Refusal::Loader(chain(&error)))?;
    // SAFETY: the symbol is abi_stable's header by its name, and starts with a magic text that is
    // checked before anything else of it is used.
    let header: AbiHeaderRef =
        *unsafe { library.get::<AbiHeaderRef>(ROOT_MODULE_LOADER_NAME_WITH_NUL.as_bytes()) }
            .map_err(|_| Refusal::NotAPlugin)?;
    // glibc knows a library by its name first. Were the file closed, its number would be used again,
    // and the next plugin would silently be this one.
    std::mem::forget(file);
    std::mem::forget(library);
    if !header.is_valid() {
        let text = |major: u32, minor: u32| format!("{major}.{minor}");
        let ours = AbiHeader::VALUE;
        return Err(Refusal::AbiStable(
            text(header.abi_major, header.abi_minor),
            text(ours.abi_major, ours.abi_minor),
        ));
    }
    header.upgrade().map_err(|error| Refusal::Start(first_line(&error.to_string())))
}

#[expect(unsafe_code, reason = "the layout is compared by hand, in both directions")]
fn check(header: &'static LibHeader) -> Result<(PluginModuleRef, String), Refusal> {
    let theirs = header.layout().ok_or(Refusal::NoLayout)?;
    let plugin = header.version_strings().version.to_string();
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    if major(&plugin) != major(API_VERSION) {
        return Err(Refusal::ApiVersion { plugin });
    }
    layout::compare(<PluginModuleRef as StableAbi>::LAYOUT, theirs)
        .map_err(|differences| Refusal::Layout { plugin: plugin.clone(), differences })?;
    // SAFETY: one side's layout extends the other's, which is what the checked variant would ask,
    // except that it asks it in one direction only.
    let module = unsafe { header.init_root_module_with_unchecked_layout::<PluginModuleRef>() }
        .map_err(|error| Refusal::Start(first_line(&error.to_string())))?;
    Ok((module, plugin))
}

fn read_manifest(module: PluginModuleRef) -> Result<PluginManifest, Refusal> {
    let manifest: PluginManifest = serde_json::from_str(&module.manifest()())
        .map_err(|error| Refusal::Manifest(error.to_string()))?;
    if skybridge_model::address::is_word(&manifest.name) {
        Ok(manifest)
    } else {
        Err(Refusal::Manifest(format!("`{}` is not a plugin's name", manifest.name)))
    }
}

/// libloading keeps the text of `dlerror` in the source; its own says only that opening failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    text
}

fn first_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("no reason given")
        .to_owned()
}
