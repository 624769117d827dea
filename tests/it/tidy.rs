//! The architecture's invariants as far as a look at the sources can keep them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use skybridge_tests::workspace;

/// A file longer than this has more than one idea.
const FILE_LINES_MAX: usize = 800;

const README_LINES_MAX: usize = 150;

fn metadata() -> Value {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = std::process::Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        // Other platforms' packages are not fetched, hence not there to be looked at.
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Everything `package` needs to run, by name, however indirectly; development needs left out.
fn needs(metadata: &Value, package: &str) -> BTreeSet<String> {
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
        .collect();
    let start = names.iter().find(|(_, name)| **name == package);
    let mut open = vec![*start.unwrap_or_else(|| panic!("no package {package}")).0];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        for dep in nodes[id]["deps"].as_array().unwrap() {
            let kinds = dep["dep_kinds"].as_array().unwrap();
            let at_run_time = kinds.iter().any(|kind| kind["kind"].is_null());
            let id = dep["pkg"].as_str().unwrap();
            if at_run_time && seen.insert(id) {
                open.push(id);
            }
        }
    }
    seen.into_iter().map(|id| names[id].to_owned()).collect()
}

fn ours(metadata: &Value, folder: &str) -> Vec<String> {
    let root = workspace().join(folder);
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| Path::new(package["manifest_path"].as_str().unwrap()).starts_with(&root))
        .map(|package| package["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn who_may_depend_on_whom() {
    let metadata = metadata();
    let core = ours(&metadata, "core");
    let plugins: Vec<String> =
        ours(&metadata, "plugins").into_iter().chain(ours(&metadata, "examples")).collect();
    assert!(core.len() >= 8 && plugins.len() >= 5, "{core:?} {plugins:?}");
    let none = |package: &str, forbidden: &[&str]| {
        let needs = needs(&metadata, package);
        for name in forbidden {
            assert!(!needs.contains(*name), "{package} must not depend on {name}");
        }
    };
    let all: Vec<&str> = core.iter().chain(&plugins).map(String::as_str).collect();
    none("skybridge-plugin-api", &all);
    none("skybridge-plugin-api", &["tokio", "reqwest", "serde_json", "skybridge-plugin-protocol"]);
    none("skybridge-plugin-protocol", &["tokio", "reqwest", "abi_stable"]);
    let core_names: Vec<&str> = core.iter().map(String::as_str).collect();
    let plugin_names: Vec<&str> = plugins.iter().map(String::as_str).collect();
    plugins.iter().for_each(|plugin| none(plugin, &core_names));
    core.iter().for_each(|package| none(package, &plugin_names));
    for pure in ["skybridge-manifest", "skybridge-plan", "skybridge-model"] {
        none(pure, &["tokio", "reqwest", "fs-err"]);
    }
    let sim = needs(&metadata, "skybridge-azure-sim");
    assert!(!sim.iter().any(|name| name.starts_with("skybridge")), "the simulator stands alone");
    for client in ["skybridge-azure-client", "skybridge-azure"] {
        none(client, &["skybridge-azure-sim"]);
    }
    // Two clouds, and neither knows the other.
    let of = |cloud: &'static str| move |name: &&String| name.contains(cloud);
    for aws in plugins.iter().filter(of("aws")) {
        plugins.iter().filter(of("azure")).for_each(|azure| {
            none(aws, &[azure]);
            none(azure, &[aws]);
        });
    }
    for package in &all {
        none(package, &["openssl-sys", "native-tls", "aws-lc-sys"]);
    }
}

#[test]
fn nobody_links_a_plugin_and_no_package_is_called_core() {
    let metadata = metadata();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let own = package["source"].is_null();
        assert!(!(own && name == "core"), "a package called core breaks the paths of macros");
        for dependency in package["dependencies"].as_array().unwrap() {
            let needed = dependency["name"].as_str().unwrap();
            let plugin = matches!(
                needed,
                "skybridge-plugin-aws"
                    | "skybridge-plugin-azure"
                    | "hello-connector"
                    | "skybridge-misbehaving"
            );
            assert!(!plugin, "{name} links the plugin {needed}");
        }
    }
}

#[test]
fn licences_are_ones_we_may_pass_on() {
    let allowed: BTreeSet<&str> = [
        "MIT",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "CC0-1.0",
        "CDLA-Permissive-2.0",
        "ISC",
        "MIT-0",
        "MPL-2.0",
        "Unicode-3.0",
        "Unlicense",
        "Zlib",
        "0BSD",
    ]
    .into();
    for package in metadata()["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or("none");
        // Any alternative of each part will do; parts are joined by AND, or in old style by a slash.
        let good = licence.split(" AND ").all(|part| {
            let part = part.trim_matches(['(', ')']);
            part.split(" OR ").flat_map(|p| p.split('/')).any(|one| allowed.contains(one.trim()))
        });
        assert!(good, "{}: {licence}", package["name"]);
    }
}

/// Every source file of ours.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["core", "plugin-api", "plugins", "examples", "tests"]
        .iter()
        .map(|folder| workspace().join(folder))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("node_modules") && !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs_err::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(workspace()).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 100, "{} sources", found.len());
    found
}

fn is_test(path: &Path) -> bool {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.iter().any(|part| matches!(part.as_str(), "tests" | "benches" | "fuzz" | "tests.rs"))
}

/// The lines that are code: comments, and the tests at a file's end, left out.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let code = text.get(..end).unwrap_or(text);
    code.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(at, line)| (at + 1, line))
}

#[test]
fn every_file_says_what_it_is_and_has_one_idea() {
    for (path, text) in sources() {
        let path = path.display();
        assert!(text.starts_with("//!"), "{path} must begin with //!");
        let lines = text.lines().count();
        assert!(lines <= FILE_LINES_MAX, "{path} has {lines} lines");
        for word in ["#[ignore", "should_panic", "FIXME", "XXX:"] {
            let own = path.to_string().ends_with("it/tidy.rs");
            assert!(own || !text.contains(word), "{path} holds {word}");
        }
    }
}

#[test]
fn unsafe_is_where_it_is_reviewed() {
    for (path, text) in sources() {
        if path.starts_with("core/host") || path.starts_with("plugin-api") || is_test(&path) {
            continue;
        }
        for (line, code) in code(&text) {
            let found = code.contains("unsafe {") || code.contains("unsafe fn");
            assert!(!found && !code.contains("unsafe impl"), "{}:{line}", path.display());
        }
    }
}

#[test]
fn the_middle_asks_nobody() {
    let pure = |path: &Path| {
        ["core/manifest/src", "core/plan/src", "core/model/src", "core/engine/src/machine"]
            .iter()
            .any(|folder| path.starts_with(folder))
            || path == Path::new("core/engine/src/machine.rs")
    };
    let forbidden = [
        "std::fs",
        "fs_err",
        "std::env",
        "std::net",
        "SystemTime::",
        "Instant::now",
        "Timestamp::now",
    ];
    for (path, text) in sources().iter().filter(|(path, _)| pure(path) && !is_test(path)) {
        for (line, code) in code(text) {
            for word in forbidden {
                assert!(!code.contains(word), "{}:{line} uses {word}", path.display());
            }
        }
    }
}

/// Words that only somebody who knows a cloud would write.
const CLOUD_WORDS: [&str; 11] = [
    "azure",
    "microsoft",
    "entra ",
    "amazon",
    "aws",
    "\"arn:",
    "assume_role",
    "assumerole",
    "external-id",
    "iam:",
    "moto_server",
];

#[test]
fn the_host_knows_no_cloud() {
    for (path, text) in sources() {
        if !path.starts_with("core") || is_test(&path) {
            continue;
        }
        for (line, code) in code(&text) {
            let code = code.to_lowercase();
            // A page of help may name the example; what decides may not.
            let help = path.ends_with("cli/src/args.rs");
            for cloud in CLOUD_WORDS {
                assert!(help || !code.contains(cloud), "{}:{line} knows {cloud}", path.display());
            }
        }
    }
}

#[test]
fn the_front_door_is_short() {
    let readme = fs_err::read_to_string(workspace().join("README.md")).unwrap();
    assert!(readme.lines().count() <= README_LINES_MAX);
    assert!(readme.contains("apply examples/azure/contoso.toml --simulate --yes"));
}
