//! A stranger ships a plugin: a new one, the contract suite against any library, and the guide that
//! tells of both.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use skybridge_tests::{TestEnv, built, eventually, workspace};

fn library(name: &str) -> String {
    built().join(format!("libskybridge_plugin_{name}.so")).display().to_string()
}

fn at(file: &str) -> String {
    workspace().join(file).display().to_string()
}

/// The cases of one report, `outcome name`, in order.
fn suite(plugin: &str, settings: &str, isolation: &str, code: i32) -> Vec<String> {
    let env = TestEnv::new();
    let (library, settings) = (library(plugin), at(settings));
    let args = ["plugin", "test", &library, "--settings", &settings, "--format", "json"];
    let args: Vec<&str> = args.into_iter().chain(["--isolation", isolation]).collect();
    let output = env.run(&args).expect(code);
    // The suite hears everything; whoever started it does not.
    for level in [" INFO ", "DEBUG ", "TRACE "] {
        assert!(!output.stderr.contains(level), "{}", output.stderr);
    }
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(report["format"], "skybridge-plugin-test");
    let reports = report["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0]["isolation"], isolation);
    let case = |case: &Value| {
        format!("{} {}", case["outcome"].as_str().unwrap(), case["name"].as_str().unwrap())
    };
    reports[0]["cases"].as_array().unwrap().iter().map(case).collect()
}

fn count(cases: &[String], outcome: &str) -> usize {
    cases.iter().filter(|case| case.starts_with(outcome)).count()
}

const BOTH: [&str; 2] = ["process", "in-process"];

/// Goal: the plugins that need no time keep the contract wherever they run, and nothing is left out
/// that they can do.
#[test]
fn small_plugins_keep_the_contract() {
    for isolation in BOTH {
        let hello = suite("hello", "examples/hello-connector/contract.toml", isolation, 0);
        assert_eq!((count(&hello, "passed"), count(&hello, "left-out")), (11, 5), "{hello:#?}");
        let acme = suite("acme", "plugin-api/template/contract.toml", isolation, 0);
        assert_eq!((count(&acme, "passed"), count(&acme, "left-out")), (16, 0), "{acme:#?}");
        let aws = suite("aws", "plugins/aws/contract.toml", isolation, 0);
        assert_eq!(count(&aws, "passed"), 5, "{aws:#?}");
    }
}

fn azure(isolation: &str) {
    let cases = suite("azure", "plugins/azure/contract.toml", isolation, 0);
    // It does not collect yet, and does not say that it did.
    assert_eq!((count(&cases, "passed"), count(&cases, "left-out")), (14, 1), "{cases:#?}");
}

#[test]
fn azure_keeps_the_contract_in_the_host() {
    azure("in-process");
}

#[test]
fn azure_keeps_the_contract_apart() {
    azure("process");
}

/// Goal: what does not hold is told with its reason and ends with 4; a suite that always passes proves
/// nothing.
#[test]
fn what_does_not_hold_is_told() {
    let env = TestEnv::new();
    env.write(
        "odd.toml",
        "settings = { what = 'forget-an-output' }\nrefused = [{ what = 'nothing' }]",
    );
    let library = library("misbehaving");
    let args = ["plugin", "test", &library, "--settings", "odd.toml", "--isolation", "process"];
    let output = env.run(&args).expect(4);
    assert!(output.stdout.contains("FAILED    settings are judged"), "{}", output.stdout);
    assert!(output.stdout.contains("is neither against the schema nor refused"));
    assert!(output.stdout.contains("did not put out `id`"), "{}", output.stdout);
    assert!(output.stdout.contains("left out  applying twice"), "{}", output.stdout);
}

/// Goal: whoever calls it wrongly is told what to do.
#[test]
fn what_cannot_be_tested_is_refused_with_help() {
    let env = TestEnv::new();
    env.write("wrong.toml", "[setings]\n");
    let library = library("hello");
    let refused = env.run(&["plugin", "test", &library, "--settings", "wrong.toml"]).expect(2);
    assert!(refused.stderr.contains("unknown field `setings`"), "{}", refused.stderr);
    assert!(refused.stderr.contains("write-a-plugin.md"), "{}", refused.stderr);
    let refused = env.run(&["plugin", "test", "wrong.toml"]).expect(6);
    assert!(refused.stderr.contains("not a shared library"), "{}", refused.stderr);
    let refused = env.run(&["plugin", "test", &library, "--settings", "nowhere.toml"]).expect(2);
    assert!(refused.stderr.contains("--settings names a TOML file"), "{}", refused.stderr);
}

/// Goal: nothing is overwritten, and no name is taken that would not work later.
#[test]
fn a_new_plugin_is_refused_with_help() {
    let env = TestEnv::new();
    let new = |folder: &str, cloud: &str, more: &[&str]| {
        let args = [["plugin", "new", folder, "--cloud", cloud].as_slice(), more].concat();
        env.run(&args).expect(2).stderr
    };
    for name in ["", "My-Cloud", "9lives", "a--b", "a-", "../etc", "a b", &"a".repeat(41)] {
        let told = new("fresh", name, &[]);
        assert!(told.contains("is not a plugin's name") && told.contains("help:"), "{told}");
    }
    let told = new(".", "mine", &[]);
    assert!(told.contains("is not empty") && told.contains("help:"), "{told}");
    let told = new("contoso.toml", "mine", &[]);
    assert!(told.contains("Not a directory") && told.contains("help:"), "{told}");
    let told = new("fresh", "mine", &["--api", "."]);
    assert!(told.contains("the folder `plugin-api` of a checkout"), "{told}");
    assert!(!env.path().join("fresh").exists(), "a refusal leaves nothing");
}

/// Goal: without a checkout the new plugin asks for the published crates, and no trace of the
/// template's name is left.
#[test]
fn a_new_plugin_has_its_own_name() {
    let env = TestEnv::new();
    let said = env.run(&["plugin", "new", "deep/down", "--cloud", "two-words"]).expect(0).stdout;
    assert!(said.contains("libskybridge_plugin_two_words.so"), "{said}");
    let folder = env.path().join("deep/down");
    let manifest = fs_err::read_to_string(folder.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("skybridge-plugin-sdk = { version = \"1.0.0\" }"), "{manifest}");
    assert!(manifest.contains("name = \"skybridge_plugin_two_words\""), "{manifest}");
    for file in env.files().iter().filter(|file| file.starts_with(&folder)) {
        let text = fs_err::read_to_string(file).unwrap();
        assert!(!text.to_lowercase().contains("acme"), "{}", file.display());
        assert!(!text.contains("@API@"), "{}", file.display());
    }
}

/// One block of a page: what its fence says, and what it holds.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(word), None) => open = Some((word.to_owned(), String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some((_, text))) => text.push_str(&format!("{line}\n")),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of the page does not end");
    found
}

/// The page as a script: shell blocks run, each into a file of its own; blocks of a file are written
/// there; what a text block says must have been said by the block before it.
fn script(blocks: &[(String, String)], prepare: &str) -> String {
    let mut script = String::from("set -euo pipefail\nout=$PWD/said\nmkdir \"$out\"\n");
    for (number, (fence, text)) in blocks.iter().enumerate() {
        let (word, file) = fence.split_once(' ').unwrap_or((fence, ""));
        match (word, file) {
            ("sh", "") => {
                script.push_str(&format!("{{\n{text}}} >\"$out/{number}\" 2>&1 || exit 1\n"));
            }
            (_, "") => assert_eq!(word, "text", "a block that nobody runs"),
            (_, file) => script.push_str(&format!("cat >{file} <<'BLOCK'\n{text}BLOCK\n")),
        }
        if number == 0 {
            script.push_str(prepare);
        }
    }
    script
}

/// Goal: whoever follows the guide literally in an empty folder outside the workspace gets what it says.
#[test]
fn the_guide_holds() {
    let env = TestEnv::new();
    let page = fs_err::read_to_string(at("plugin-api/docs/write-a-plugin.md")).unwrap();
    let blocks = blocks(&page);
    assert!(blocks.len() > 10, "{} blocks", blocks.len());
    // What was built once need not be built again, and nothing is fetched.
    let shared = outside();
    let prepare = format!("ln -s '{}' target\ncp \"$SKYBRIDGE/Cargo.lock\" .\n", shared.display());
    let folder = env.path().join("empty");
    fs_err::create_dir(&folder).unwrap();
    let output = author(&folder).arg("-c").arg(script(&blocks, &prepare)).output().unwrap();
    let said = |number: usize| {
        fs_err::read_to_string(folder.join(format!("said/{number}"))).unwrap_or_default()
    };
    let last = (0..blocks.len()).rev().map(said).find(|text| !text.is_empty()).unwrap_or_default();
    assert!(output.status.success(), "{}\n{last}", String::from_utf8_lossy(&output.stderr));
    for (number, (fence, text)) in blocks.iter().enumerate() {
        if fence == "text" {
            let heard = said(number - 1);
            let mut rest = heard.as_str();
            for line in text.lines() {
                let place = rest.find(line);
                assert!(
                    place.is_some(),
                    "block {number} says {line:?}, and what was said is\n{heard}"
                );
                rest = rest.get(place.unwrap_or(0) + line.len()..).unwrap_or_default();
            }
        }
    }
    clean(&folder.join("my-cloud"), "my-cloud");
}

/// Where plugins outside of the workspace are built, each time anew over what is there.
fn outside() -> std::path::PathBuf {
    let folder = built().parent().unwrap().join("outside");
    fs_err::create_dir_all(&folder).unwrap();
    folder
}

/// A shell in which the program and the checkout are known, and nothing is fetched.
fn author(folder: &Path) -> Command {
    let mut command = Command::new("bash");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(built()).chain(std::env::split_paths(&path));
    command
        .current_dir(folder)
        .env("PATH", std::env::join_paths(paths).unwrap())
        .env("SKYBRIDGE", workspace())
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_TARGET_DIR");
    command
}

/// What a stream has said so far.
fn heard(mut stream: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&text);
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut bytes) {
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    });
    text
}

/// Goal: a source is touched and the plan made with it is shown; one that does not compile is told of,
/// and nothing is lost by it.
#[test]
fn dev_shows_the_plan_of_what_the_sources_say_now() {
    let env = TestEnv::new();
    env.run(&["plugin", "new", "mine", "--cloud", "watched", "--api", &at("plugin-api")]).expect(0);
    let folder = env.path().join("mine");
    std::os::unix::fs::symlink(outside(), folder.join("target")).unwrap();
    fs_err::copy(at("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    // The first build of all takes longer than anything that is waited for below.
    assert!(author(&folder).args(["-c", "cargo build --quiet"]).status().unwrap().success());
    let mut child = author(&folder)
        .args(["-c", "exec skybridge dev --watch example.toml --simulate"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let plans = heard(child.stdout.take().unwrap());
    let told = heard(child.stderr.take().unwrap());
    let says = |text: &Mutex<String>, part: &str| text.lock().unwrap().contains(part);
    let source = folder.join("src/reader.rs");
    let first = fs_err::read_to_string(&source).unwrap();

    eventually("the first plan", || says(&plans, "make the reader skybridge"));
    eventually("the first watch", || says(&told, "watching"));
    fs_err::write(&source, first.replace("make the reader", "install the reader")).unwrap();
    eventually("the second plan", || says(&plans, "install the reader skybridge"));

    fs_err::write(&source, first.replace("pub(crate) async fn apply", "broken")).unwrap();
    eventually("the compiler's words", || says(&told, "src/reader.rs"));
    eventually("the help", || says(&told, "the one built before it stays"));
    assert!(child.try_wait().unwrap().is_none(), "it goes on");
    fs_err::write(&source, first.replace("make the reader", "restore the reader")).unwrap();
    eventually("the last plan", || says(&plans, "restore the reader skybridge"));

    child.kill().unwrap();
    child.wait().unwrap();
    clean(&folder, "watched");
}

/// Leaves of a plugin only what others can use.
fn clean(folder: &Path, cloud: &str) {
    let command = format!("cargo clean --quiet -p skybridge-plugin-{cloud}");
    assert!(author(folder).args(["-c", &command]).status().unwrap().success());
}
