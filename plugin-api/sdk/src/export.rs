//! The one macro of a plugin crate, and the tag by which a library is known without running it.

/// Room for the tag; a name and two versions fit many times over.
pub const TAG_BYTES_MAX: usize = 512;

/// JSON `{"name","version","plugin-api"}` padded with blanks, made at compile time.
#[must_use]
pub const fn tag(name: &str, version: &str) -> [u8; TAG_BYTES_MAX] {
    let parts = [
        "{\"name\":\"",
        name,
        "\",\"version\":\"",
        version,
        "\",\"plugin-api\":\"",
        skybridge_plugin_api::API_VERSION,
        "\"}",
    ];
    let mut bytes = [b' '; TAG_BYTES_MAX];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let text = parts[part].as_bytes();
        let mut i = 0;
        while i < text.len() {
            bytes[at] = text[i];
            at += 1;
            i += 1;
        }
        part += 1;
    }
    bytes
}

/// Exports a [`crate::Connector`] as the plugin of this crate, which must be a `cdylib`.
///
/// What it writes is what `abi_stable`'s own attribute would, with paths through this crate, so that
/// a plugin needs no direct dependency on `abi_stable`; and a tag in the section `.skybridge_plugin`.
#[macro_export]
macro_rules! export_plugin {
    ($connector:ty) => {
        #[cfg(panic = "abort")]
        compile_error!("a plugin must unwind: remove `panic = \"abort\"` from its profile");

        const _: () = {
            use $crate::private::abi_stable::library::{
                __call_root_module_loader, CheckTypeLayout, LibHeader, RootModuleResult,
            };
            use $crate::private::abi_stable::prefix_type::PrefixTypeTrait as _;
            use $crate::private::abi_stable::std_types::{RSlice, RString};

            fn module() -> $crate::private::PluginModuleRef {
                $crate::private::PluginModule { manifest, open }.leak_into_prefix()
            }

            extern "C" fn manifest() -> RString {
                $crate::private::manifest::<$connector>()
            }

            extern "C" fn open(
                host: $crate::private::HostServicesBox,
                request: RSlice<'_, u8>,
            ) -> $crate::private::AbiResult<$crate::private::PluginBox> {
                $crate::private::open::<$connector>(host, request)
            }

            extern "C" fn loader() -> RootModuleResult {
                __call_root_module_loader(module)
            }

            // The name abi_stable looks for.
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            pub static HEADER: LibHeader = unsafe {
                LibHeader::from_constructor::<$crate::private::PluginModuleRef>(
                    loader,
                    CheckTypeLayout::Yes,
                )
            };

            #[used]
            #[unsafe(link_section = ".skybridge_plugin")]
            static TAG: [u8; $crate::private::TAG_BYTES_MAX] =
                $crate::private::tag(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        };
    };
}
