//! A library whose constructor aborts.
#![expect(unsafe_code, reason = "this is what the library is for")]

extern "C" fn construct() {
    std::process::abort();
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = construct;
