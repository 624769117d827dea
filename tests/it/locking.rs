//! `skybridge.lock` and signatures: which bytes a manifest's plugins are, and who vouches for them.

use expect_test::expect;
use skybridge_tests::{Output, TestEnv, ThirdParty, built};

const MANIFEST: &str = "schema = 1\n[connectors.odd]\nplugin = \"misbehaving\"\n\
    settings = { what = \"nothing odd\" }\n";

fn folder() -> TestEnv {
    let env = TestEnv::new();
    env.write("odd.toml", MANIFEST);
    env
}

fn lock(env: &TestEnv, more: &[&str]) -> Output {
    env.run(&[&["plugin", "lock", "odd.toml"], more].concat())
}

fn lock_file(env: &TestEnv) -> String {
    fs_err::read_to_string(env.path().join("skybridge.lock")).unwrap()
}

fn plan(env: &TestEnv) -> Output {
    env.run(&["plan", "odd.toml", "--offline"])
}

/// Without what differs from build to build.
fn steady(env: &TestEnv, text: &str) -> String {
    let text = text
        .replace(&env.path().display().to_string(), "TEST")
        .replace(&built().display().to_string(), "BUILT");
    let hash = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let pieces = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let steady = pieces.map(|piece| {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if hash(word) { piece.replace(word, "HASH") } else { piece.to_owned() }
    });
    steady.collect()
}

/// Goal: what is locked loads; what is locked for another platform alone, locked with other bytes or
/// not locked at all is refused with both sides named; locking keeps other platforms' hashes.
#[test]
fn a_lock_file_decides_which_bytes_run() {
    let env = folder();
    plan(&env).expect(0);
    let said = lock(&env, &[]).expect(0).stdout;
    expect![[r#"
        locked misbehaving 0.1.0 for x86_64-unknown-linux-gnu: HASH
        wrote TEST/skybridge.lock
    "#]]
    .assert_eq(&steady(&env, &said));
    expect![[r##"
        # Which bytes this manifest's plugins are. Written by `skybridge plugin lock MANIFEST`; keep it with
        # the manifest. A `key` (minisign) may be added by hand: the plugin must then be signed by it.
        version = 1

        [plugins.misbehaving.targets.x86_64-unknown-linux-gnu]
        version = "0.1.0"
        sha256 = "HASH"
    "##]].assert_eq(&steady(&env, &lock_file(&env)));
    plan(&env).expect(0);
    assert!(lock(&env, &[]).expect(0).stdout.starts_with("unchanged misbehaving"));

    let elsewhere = lock_file(&env).replace("x86_64-", "aarch64-");
    env.write("skybridge.lock", &elsewhere);
    expect![[r#"
        error[SKY-PLUGIN-001]: cannot load BUILT/libskybridge_plugin_misbehaving.so: TEST/skybridge.lock has the plugin `misbehaving` for aarch64-unknown-linux-gnu, and not for x86_64-unknown-linux-gnu
         |
         = help: if you trust this file, run `skybridge plugin lock MANIFEST`; it keeps what is locked for other platforms
    "#]].assert_eq(&steady(&env, &plan(&env).expect(6).stderr));
    lock(&env, &[]).expect(0);
    let both = lock_file(&env);
    assert!(both.contains("aarch64-") && both.contains("x86_64-"), "{both}");
    plan(&env).expect(0);

    let sha256 = both.split("sha256 = \"").nth(2).unwrap().get(..64).unwrap();
    let other = both.replacen(sha256, &"0".repeat(64), 2);
    env.write("skybridge.lock", &other);
    expect![[r#"
        error[SKY-PLUGIN-001]: cannot load BUILT/libskybridge_plugin_misbehaving.so: its checksum differs from the one in TEST/skybridge.lock
         |
         = note:   locked: HASH (version 0.1.0, x86_64-unknown-linux-gnu)
                   found:  HASH (version 0.1.0)
         = help: if you meant to change the plugin, run `skybridge plugin lock MANIFEST`; otherwise do not use it
    "#]].assert_eq(&steady(&env, &plan(&env).expect(6).stderr));

    env.write("skybridge.lock", "version = 1\n");
    expect![[r#"
        error[SKY-PLUGIN-001]: cannot load BUILT/libskybridge_plugin_misbehaving.so: TEST/skybridge.lock does not have the plugin `misbehaving`
         |
         = help: if you trust this file, run `skybridge plugin lock MANIFEST`; it keeps what is locked for other platforms
    "#]].assert_eq(&steady(&env, &plan(&env).expect(6).stderr));
    env.write("skybridge.lock", "version = 2\n");
    expect![[r#"
        error[SKY-PLUGIN-005]: TEST/skybridge.lock: its version is 2, this host reads 1
         |
         = help: mend it, or remove it and run `skybridge plugin lock MANIFEST` anew
    "#]]
    .assert_eq(&steady(&env, &plan(&env).expect(6).stderr));
}

fn sign(third: &ThirdParty, with: &minisign::KeyPair) {
    let bytes = fs_err::File::open(third.file()).unwrap();
    let signature = minisign::sign(Some(&with.pk), &with.sk, bytes, None, None).unwrap();
    let name = "plugins/libskybridge_plugin_misbehaving.so.minisig";
    third.env.write(name, &signature.into_string());
}

fn keys() -> minisign::KeyPair {
    minisign::KeyPair::generate_unencrypted_keypair().unwrap()
}

/// Goal: where a key is pinned an unsigned plugin and one that somebody else signed are refused, and
/// not locked either; what was signed and changed since is refused.
#[test]
fn a_pinned_key_must_have_signed() {
    let third = ThirdParty::new("misbehaving");
    third.env.write("odd.toml", MANIFEST);
    let ours = keys();
    let key = format!("misbehaving={}", ours.pk.to_base64());
    let pin = || third.run(&["plugin", "lock", "odd.toml", "--key", &key]);
    let plan = || third.run(&["plan", "odd.toml", "--offline"]);
    let refused = pin().expect(6).stderr;
    assert!(refused.contains("it is not signed: there is no"), "{refused}");
    assert!(!third.env.path().join("skybridge.lock").exists());
    sign(&third, &keys());
    let refused = pin().expect(6).stderr;
    assert!(refused.contains("its signature is not the one"), "{refused}");
    assert!(refused.contains("pinned: RW") && refused.contains("help:"), "{refused}");
    sign(&third, &ours);
    pin().expect(0);
    plan().expect(0);
    let listed = third.run(&["plugin", "list", "odd.toml"]).expect(0).stdout;
    for line in ["party    third", "locked   yes", "signed   yes, by the key that is pinned"] {
        assert!(listed.contains(line), "{listed}");
    }
    fs_err::remove_file(third.file().with_extension("so.minisig")).unwrap();
    let refused = plan().expect(6).stderr;
    assert!(refused.contains("it is not signed: there is no"), "{refused}");
    let wrong = third.run(&["plugin", "lock", "odd.toml", "--key", "misbehaving=nonsense"]);
    assert!(wrong.expect(2).stderr.contains("write PLUGIN=KEY"));
}

/// Goal: what a file says of itself is shown without running it, and what running it shows is told
/// with the file's signature.
#[test]
fn a_file_is_inspected_and_checked() {
    let third = ThirdParty::new("misbehaving");
    let file = third.file().display().to_string();
    let told = third.run(&["plugin", "inspect", &file]).expect(0).stdout;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["tag"]["name"], "skybridge-misbehaving");
    assert_eq!(told["tag"]["plugin-api"], "1.0.0");
    assert_eq!(told["tag"]["panic"], "unwind");
    assert_eq!(told["tag"]["target"], told["host"]["target"]);
    assert_eq!((&told["party"], &told["signature"]), (&"third".into(), &"none".into()));
    assert_eq!(told["bytes"], fs_err::metadata(third.file()).unwrap().len());
    let ours = keys();
    sign(&third, &ours);
    let check = |key: &str| third.run(&["plugin", "check", &file, "--key", key]);
    let checked = check(&ours.pk.to_base64()).expect(0).stdout;
    for part in ["misbehaving 0.1.0", "signature  of that key", "opens      without settings"] {
        assert!(checked.contains(part), "{checked}");
    }
    let other = check(&keys().pk.to_base64()).expect(6).stdout;
    assert!(other.contains("signature  not of that key"), "{other}");
}
