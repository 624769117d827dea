//! A library whose constructor never ends.
#![expect(unsafe_code, reason = "this is what the library is for")]

extern "C" fn construct() {
    loop {
        std::thread::park();
    }
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = construct;
