//! A shared library that is no plugin.
#![expect(unsafe_code, reason = "exporting a name")]

/// Something to export.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> u32 {
    42
}
