//! Tells the crate which platform it is built for; only a build script is told.

fn main() {
    let target = std::env::var_os("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=SKYBRIDGE_TARGET={}", target.display());
    println!("cargo::rerun-if-changed=build.rs");
}
