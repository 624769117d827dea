//! Files that are no plugin for this host: refused before they run, or tried in a process of its own;
//! in a few lines that say what was built against what and what to do; and never the end of the host.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use expect_test::{Expect, expect};
use skybridge_host::runner::Limits;
use skybridge_host::{Candidate, Runner, Trust};
use skybridge_tests::{TestEnv, built, example};

/// A person reads this many lines.
const LINES_MAX: usize = 12;

/// A folder that only its owner may write, with copies of libraries to spoil.
struct Shop {
    env: TestEnv,
}

impl Shop {
    fn new() -> Self {
        let env = TestEnv::new();
        let shop = env.path().join("plugins");
        fs_err::create_dir(&shop).unwrap();
        fs_err::set_permissions(&shop, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { env }
    }

    fn path(&self) -> PathBuf {
        self.env.path().join("plugins/libskybridge_plugin_odd.so")
    }

    fn put(&self, bytes: &[u8], mode: u32) {
        fs_err::write(self.path(), bytes).unwrap();
        fs_err::set_permissions(self.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// What `plugin check` says; with the test's folder and the machine's hashes left out.
    fn check(&self) -> String {
        let file = self.path().display().to_string();
        let output = self.env.run(&["plugin", "check", &file]).expect(6);
        assert_eq!(output.stdout, "");
        let said = output.stderr;
        assert!(said.lines().count() <= LINES_MAX, "{said}");
        assert!(said.contains("help:"), "{said}");
        said.replace(&self.env.path().display().to_string(), "TEST")
    }

    fn refuses(&self, expected: &Expect) {
        expected.assert_eq(&self.check());
    }
}

fn good() -> Vec<u8> {
    fs_err::read(built().join("libskybridge_plugin_misbehaving.so")).unwrap()
}

/// Replaces a text of the library by another of the same length.
fn patch(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
}

/// Goal: what is no file, no library, or not for this machine is told apart.
#[test]
fn files_that_are_no_library() {
    let shop = Shop::new();
    fs_err::create_dir(shop.path()).unwrap();
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it is a folder, not a library
         |
         = help: name the plugin's shared library, and check that you may read it
    "#]]);
    fs_err::remove_dir(shop.path()).unwrap();
    shop.put(b"", 0o644);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it is empty
         |
         = help: name the plugin's shared library, and check that you may read it
    "#]]);
    shop.put(b"#!/bin/sh\necho hello\n", 0o644);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it is not a shared library (no ELF header)
         |
         = help: a plugin is what `cargo build` makes of a crate with crate-type = ["cdylib"]
    "#]]);
    let whole = good();
    shop.put(&whole[..1_000_000], 0o644);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it is truncated: its segments lie past the end of the file (1000000 bytes)
         |
         = help: copy or build the file again
    "#]]);
    let mut foreign = whole.clone();
    foreign[18] = 243;
    shop.put(&foreign, 0o644);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it is built for RISC-V, this machine is x86-64
         |
         = help: build it for this machine: on it, or with `cargo build --target`
    "#]]);
    let missing = shop.env.run(&["plugin", "check", "/nowhere/libodd.so"]).expect(2).stderr;
    assert!(missing.contains("No such file") && missing.contains("help:"), "{missing}");
}

/// Goal: a library that somebody else could have written is not trusted, nor is one in a folder that
/// somebody else can write, or below such a one.
#[test]
fn files_that_others_may_write() {
    let shop = Shop::new();
    let folder = shop.path().parent().unwrap().to_owned();
    let mode = |path: &Path, mode| {
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    shop.put(&good(), 0o646);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: TEST/plugins/libskybridge_plugin_odd.so can be written by others (mode 646)
         |
         = help: keep plugins in a folder that only you or root can write, such as ~/.local/share/skybridge/plugins
    "#]]);
    mode(&shop.path(), 0o644);
    mode(&folder, 0o777);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: TEST/plugins can be written by others (mode 777)
         |
         = help: keep plugins in a folder that only you or root can write, such as ~/.local/share/skybridge/plugins
    "#]]);
    mode(&folder, 0o755);
    mode(shop.env.path(), 0o773);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: TEST can be written by others (mode 773)
         |
         = help: keep plugins in a folder that only you or root can write, such as ~/.local/share/skybridge/plugins
    "#]]);
    mode(shop.env.path(), 0o700);
    mode(&shop.path(), 0o4755);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it is set-user-id or set-group-id (4755)
         |
         = help: keep plugins in a folder that only you or root can write, such as ~/.local/share/skybridge/plugins
    "#]]);
}

/// Goal: a library without a plugin, of another contract, of a layout that was changed without a new
/// version, or whose panics abort is refused with both sides named.
#[test]
fn libraries_of_another_contract() {
    let shop = Shop::new();
    let example = |name: &str| fs_err::read(example(name)).unwrap();
    shop.put(&example("no_plugin"), 0o644);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it is a shared library, but not a Skybridge plugin (no root module exported)
         |
         = help: export it with skybridge_plugin_sdk::export_plugin!
    "#]]);
    shop.put(&example("other_contract"), 0o644);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it was built for plugin-api 2.0.0, this host speaks 1.0.0
         |
         = help: build the plugin with skybridge-plugin-sdk = "1"
    "#]]);
    shop.put(&example("changed_layout"), 0o644);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: its binary layout differs from the host's (plugin-api 1.0.0 there, 1.0.0 here)
         |
         = note:   PluginModule: Package(ExpectedFound { expected: "skybridge-plugin-api", found: "skybridge-misbehaving" })
         = help: plugin-api was changed without a new version; build the plugin against this host's
    "#]]);
    let mut aborts = good();
    patch(&mut aborts, br#""panic":"unwind"}"#, br#""panic":"abort"} "#);
    shop.put(&aborts, 0o644);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it was built with panic = "abort": its first panic would end the host
         |
         = help: remove `panic = "abort"` from the profile it is built with
    "#]]);
}

/// Goal: a constructor that ends its process ends only the process in which it was tried.
#[test]
fn libraries_that_end_whoever_loads_them() {
    let shop = Shop::new();
    shop.put(&fs_err::read(example("aborts_when_loaded")).unwrap(), 0o644);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it was tried in a process of its own, and the plugin's process died: SIGABRT: abort (signal 6)
         |
         = help: this is a bug of the plugin; tell its author, with what `skybridge plugin check FILE` says
    "#]]);
    shop.put(&fs_err::read(example("segfaults_when_loaded")).unwrap(), 0o644);
    shop.refuses(&expect![[r#"
        error[SKY-PLUGIN-001]: cannot load TEST/plugins/libskybridge_plugin_odd.so: it was tried in a process of its own, and the plugin's process died: SIGSEGV: invalid memory access (signal 11)
         |
         = help: this is a bug of the plugin; tell its author, with what `skybridge plugin check FILE` says
    "#]]);
}

/// Goal: a manifest that wants a plugin of somebody else in the host gets it tried apart first.
#[test]
fn a_third_partys_plugin_is_tried_before_it_is_loaded_in_the_host() {
    let shop = Shop::new();
    shop.put(&fs_err::read(example("aborts_when_loaded")).unwrap(), 0o644);
    let text = "schema = 1\n[connectors.odd]\nplugin = \"odd\"\nisolation = \"in-process\"\n";
    shop.env.write("odd.toml", text);
    let ended = shop.env.run(&["plan", "odd.toml", "--offline", "--plugin-dir", "plugins"]);
    let said = ended.expect(6).stderr;
    assert!(said.contains("SIGABRT: abort (signal 6)"), "{said}");
}

/// Goal: a constructor that never ends is waited for no longer than a library may take.
#[test]
fn a_library_that_hangs_is_given_up() {
    let limits = Limits { load: Duration::from_millis(300), ..Limits::default() };
    let runner = Runner {
        program: built().join("skybridge"),
        args: vec!["plugin-runner".into()],
        environment: Arc::default(),
        limits,
    };
    let candidate = Candidate::read(&example("hangs_when_loaded"), Trust::BesideHost).unwrap();
    let refused = candidate.probe(&runner).unwrap_err().to_string();
    assert!(refused.contains("was ended: loading took longer than 0.3 s"), "{refused}");
}

const PLUGIN: &str = r#"
use skybridge_plugin_sdk::{Connector, Host, Result, protocol};
use protocol::{manifest::PluginManifest, open::OpenRequest};
struct Odd;
impl Connector for Odd {
    fn manifest() -> PluginManifest { PluginManifest::default() }
    fn open(_: OpenRequest, _: Host) -> Result<Self> { Ok(Self) }
}
skybridge_plugin_sdk::export_plugin!(Odd);
"#;

/// Goal: a plugin whose panics would abort is refused by the compiler. Method: the same source with
/// and without the flag.
#[test]
fn a_plugin_that_aborts_does_not_compile() {
    let env = TestEnv::new();
    env.write("odd.rs", PLUGIN);
    let deps = built().join("deps");
    let newest = fs_err::read_dir(&deps)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("libskybridge_plugin_sdk-") && name.ends_with(".rlib")
        })
        .max_by_key(|path| fs_err::metadata(path).unwrap().modified().unwrap())
        .unwrap();
    let compile = |panic: &str| {
        Command::new("rustc")
            .args(["--edition", "2024", "--crate-type", "cdylib", "--emit", "metadata"])
            .args(["-C", &format!("panic={panic}"), "-L"])
            .arg(format!("dependency={}", deps.display()))
            .arg("--extern")
            .arg(format!("skybridge_plugin_sdk={}", newest.display()))
            .arg(env.path().join("odd.rs"))
            .current_dir(env.path())
            .env("CARGO_PKG_NAME", "odd")
            .env("CARGO_PKG_VERSION", "1.0.0")
            .output()
            .unwrap()
    };
    let said = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let unwinds = compile("unwind");
    assert!(unwinds.status.success(), "{}", said(&unwinds));
    let aborts = compile("abort");
    assert!(!aborts.status.success());
    assert!(said(&aborts).contains("a plugin must unwind"), "{}", said(&aborts));
}
