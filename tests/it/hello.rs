//! The smallest plugin: loads, plans, runs, and is refused well when it is not what it should be.

use skybridge_tests::{TestEnv, built};

const LIBRARY: &str = "libskybridge_plugin_hello.so";

fn hello(env: &TestEnv) {
    let folder = env.path().join("greetings");
    fs_err::create_dir(&folder).unwrap();
    env.write(
        "hello.toml",
        &format!(
            "schema = 1\n[connectors.greetings]\nplugin = \"hello\"\n\
             settings = {{ folder = {folder:?}, names = [\"ada\", \"grace\"] }}\n"
        ),
    );
}

#[test]
fn greets_once() {
    let env = TestEnv::new();
    hello(&env);
    let first = env.run(&["apply", "hello.toml", "--yes", "--log", "info"]).expect(0);
    assert!(first.stderr.contains("skybridge_plugin_hello: greeted"), "{}", first.stderr);
    let text = fs_err::read_to_string(env.path().join("greetings/ada.txt")).unwrap();
    assert_eq!(text, "hello, ada");
    let second = env.run(&["apply", "hello.toml", "--yes"]).expect(0);
    assert!(second.stdout.starts_with("Nothing to do"), "{}", second.stdout);
}

#[test]
fn inspect_reads_the_tag_without_running_anything() {
    let env = TestEnv::new();
    let file = built().join(LIBRARY);
    let report = env.run(&["plugin", "inspect", file.to_str().unwrap()]).expect(0);
    assert!(report.stdout.contains("\"plugin-api\": \"1.0.0\""), "{}", report.stdout);
}

/// Each is refused in at most twelve lines that end in help, with exit code 6, and without a crash.
#[test]
fn what_is_no_plugin_is_refused_with_help() {
    let env = TestEnv::new();
    let whole = fs_err::read(built().join(LIBRARY)).unwrap();
    let mut foreign = whole.clone();
    foreign[18] = 243;
    let zlib = ["/lib/x86_64-linux-gnu/libz.so.1", "/lib/aarch64-linux-gnu/libz.so.1"];
    let zlib = zlib.iter().find_map(|path| fs_err::read(path).ok());
    let mut cases = vec![
        ("empty", Vec::new(), "not a shared library"),
        ("text", b"#!/bin/sh\n".to_vec(), "not a shared library"),
        ("truncated-1000", whole[..1_000].to_vec(), "truncated"),
        ("truncated-half", whole[..whole.len() / 2].to_vec(), "truncated"),
        ("foreign", foreign, "RISC-V"),
    ];
    cases.extend(zlib.map(|bytes| ("zlib", bytes, "not a Skybridge plugin")));
    for (name, bytes, says) in cases {
        let file = env.path().join(format!("{name}.so"));
        fs_err::write(&file, bytes).unwrap();
        let refused = env.run(&["plugin", "inspect", file.to_str().unwrap(), "--run"]);
        assert_eq!(refused.code, 6, "{name}: {}", refused.stderr);
        assert!(refused.stderr.contains(says), "{name}: {}", refused.stderr);
        assert!(refused.stderr.contains("help:"), "{name}: {}", refused.stderr);
        assert!(refused.stderr.lines().count() <= 12, "{name}: {}", refused.stderr);
    }
}

#[test]
fn a_plugin_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let env = TestEnv::new();
    let folder = env.path().join("plugins");
    fs_err::create_dir(&folder).unwrap();
    let file = folder.join("libskybridge_plugin_other.so");
    fs_err::copy(built().join(LIBRARY), &file).unwrap();
    fs_err::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    env.write("other.toml", "schema = 1\n[connectors.a]\nplugin = \"other\"\n");
    let refused = env.run(&["validate", "other.toml", "--plugin-dir", "plugins"]).expect(6);
    assert!(refused.stderr.contains("can be written by others"), "{}", refused.stderr);
    // Whole, but under another plugin's name.
    fs_err::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = env.run(&["validate", "other.toml", "--plugin-dir", "plugins"]).expect(6);
    assert!(refused.stderr.contains("it is the plugin `hello`"), "{}", refused.stderr);
}

#[test]
fn the_working_directory_is_never_searched() {
    let env = TestEnv::new();
    let file = env.path().join("libskybridge_plugin_here.so");
    fs_err::copy(built().join(LIBRARY), file).unwrap();
    env.write("here.toml", "schema = 1\n[connectors.a]\nplugin = \"here\"\n");
    let refused = env.run(&["validate", "here.toml"]).expect(2);
    assert!(refused.stderr.contains("no plugin `here`"), "{}", refused.stderr);
}
