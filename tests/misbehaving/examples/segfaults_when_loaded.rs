//! A library whose constructor writes where nothing is.
#![expect(unsafe_code, reason = "this is what the library is for")]

extern "C" fn construct() {
    // SAFETY: there is none; the process ends here.
    unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = construct;
