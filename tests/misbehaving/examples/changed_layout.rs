//! A plugin whose contract was changed without a new version.
#![expect(
    unsafe_code,
    missing_docs,
    reason = "what abi_stable generates, and a header written by hand"
)]

use abi_stable::library::{
    __call_root_module_loader, CheckTypeLayout, LibHeader, RootModule, RootModuleResult,
};
use abi_stable::prefix_type::PrefixTypeTrait as _;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::RString;
use abi_stable::{StableAbi, declare_root_module_statics};

#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModuleRef)))]
#[sabi(missing_field(option))]
pub struct PluginModule {
    pub flags: u64,
    #[sabi(last_prefix_field)]
    pub manifest: extern "C" fn() -> RString,
}

impl RootModule for PluginModuleRef {
    declare_root_module_statics! {PluginModuleRef}
    const BASE_NAME: &'static str = "skybridge_plugin";
    const NAME: &'static str = "skybridge_plugin";
    const VERSION_STRINGS: VersionStrings = VersionStrings::new("1.0.0");
}

extern "C" fn manifest() -> RString {
    RString::new()
}

fn module() -> PluginModuleRef {
    PluginModule { manifest, flags: 7 }.leak_into_prefix()
}

extern "C" fn loader() -> RootModuleResult {
    __call_root_module_loader(module)
}

#[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
pub static HEADER: LibHeader =
    unsafe { LibHeader::from_constructor::<PluginModuleRef>(loader, CheckTypeLayout::Yes) };
