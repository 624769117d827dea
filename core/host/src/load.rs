//! From sealed bytes to a running root module, in this process: the host's own, or the child's that
//! runs a plugin apart.
//!
//! 1. the system loader, which runs the library's constructors;
//! 2. the header, the interface's version, the layout in both directions;
//! 3. the root module and the manifest it tells of itself.
//!
//! A library is never unloaded: its threads, thread-locals and vtables point into it.

use abi_stable::StableAbi;
use abi_stable::library::{AbiHeader, AbiHeaderRef, LibHeader, ROOT_MODULE_LOADER_NAME_WITH_NUL};
use libloading::os::unix::{Library as SystemLibrary, RTLD_LOCAL, RTLD_NOW};
use skybridge_plugin_api::{API_VERSION, PluginModuleRef};
use skybridge_plugin_protocol::manifest::PluginManifest;

use crate::candidate::Sealed;
use crate::error::Refusal;
use crate::layout;

/// What came of loading.
pub(crate) struct Loaded {
    pub(crate) module: PluginModuleRef,
    /// JSON, as the plugin told it.
    pub(crate) manifest: String,
    /// The version of the interface the plugin was built with.
    pub(crate) api_version: String,
}

/// Loads a library and asks it who it is.
pub(crate) fn load(sealed: &Sealed) -> Result<Loaded, Refusal> {
    let header = open(sealed)?;
    let (module, api_version) = check(header)?;
    let manifest = module.manifest()().into_string();
    Ok(Loaded { module, manifest, api_version })
}

#[expect(unsafe_code, reason = "opening a shared library and reading its exported header")]
fn open(sealed: &Sealed) -> Result<&'static LibHeader, Refusal> {
    // SAFETY: the library's constructors run here. Loading native code is trusting it; which code
    // that is was decided by the path, the owner and the bytes. NOW: a missing symbol shows itself
    // here and not in the middle of a step. LOCAL: two plugins' C libraries do not bind to each other.
    let library = unsafe { SystemLibrary::open(Some(sealed.name()), RTLD_NOW | RTLD_LOCAL) }
        .map_err(|error| Refusal::Loader(loader_says(&error)))?;
    // SAFETY: the symbol is abi_stable's header by its name, and starts with a magic text that is
    // checked before anything else of it is used.
    let header: AbiHeaderRef =
        *unsafe { library.get::<AbiHeaderRef>(ROOT_MODULE_LOADER_NAME_WITH_NUL.as_bytes()) }
            .map_err(|_| Refusal::NotAPlugin)?;
    // Neither the library nor its file is ever closed.
    std::mem::forget(sealed.clone());
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

/// Reads what a plugin tells of itself.
pub(crate) fn read_manifest(text: &str) -> Result<PluginManifest, Refusal> {
    let manifest: PluginManifest =
        serde_json::from_str(text).map_err(|error| Refusal::Manifest(error.to_string()))?;
    if skybridge_model::address::is_word(&manifest.name) {
        Ok(manifest)
    } else {
        let name: String = manifest.name.chars().take(100).collect();
        Err(Refusal::Manifest(format!("`{}` is not a plugin's name", name.escape_default())))
    }
}

/// libloading keeps the text of `dlerror` in the source; its own says only that opening failed. The
/// name in it is that of the memory file, which says nothing.
fn loader_says(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    let text = first_line(&text);
    match text.split_once(": ") {
        Some((name, rest)) if name.starts_with("/proc/self/fd/") => rest.to_owned(),
        _ => text,
    }
}

fn first_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("no reason given")
        .to_owned()
}
