//! `skybridge plugin new`: a plugin that compiles, is tested and says what it is. Its files are those of
//! `plugin-api/template`, with another name.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::app::App;
use crate::args::PluginNewArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// The version of the SDK that a new plugin asks for.
const SDK_VERSION: &str = skybridge_plugin_api::API_VERSION;

/// What the template's cloud is called.
const NAME: &str = "acme";

/// Enough for any cloud; it becomes part of file names.
const NAME_CHARS_MAX: usize = 40;

macro_rules! template {
    ($($to:literal from $from:literal),* $(,)?) => {
        [$(($to, include_str!(concat!("../../../../../plugin-api/template/", $from)))),*]
    };
}

/// Each file, and its text in the template.
const FILES: [(&str, &str); 14] = template![
    "Cargo.toml" from "new.toml",
    ".gitignore" from "gitignore",
    "README.md" from "README.md",
    "contract.toml" from "contract.toml",
    "example.toml" from "example.toml",
    "src/lib.rs" from "src/lib.rs",
    "src/settings.rs" from "src/settings.rs",
    "src/api.rs" from "src/api.rs",
    "src/reader.rs" from "src/reader.rs",
    "src/checks.rs" from "src/checks.rs",
    "src/machines.rs" from "src/machines.rs",
    "src/simulator.rs" from "src/simulator.rs",
    "tests/contract.rs" from "tests/contract.rs",
    "rustfmt.toml" from "rustfmt.toml",
];

pub(super) fn run(app: &App, args: &PluginNewArgs) -> Outcome {
    check_name(&args.cloud)?;
    let api = args.api.as_deref().map(checkout).transpose()?;
    check_folder(&args.folder)?;
    for (name, text) in FILES {
        let path = args.folder.join(name);
        let written = path
            .parent()
            .map_or(Ok(()), fs_err::create_dir_all)
            .and_then(|()| fs_err::write(&path, fill(text, &args.cloud, api.as_deref())));
        written.map_err(|error| Failure::io("writing the new plugin", &error))?;
    }
    let library = skybridge_host::search::file_name(&args.cloud);
    let folder = args.folder.display();
    app.ui.out(|out| {
        writeln!(out, "wrote the plugin `{}` into {folder}; in it, try", args.cloud)?;
        writeln!(out, "  cargo test")?;
        writeln!(out, "  skybridge plugin test target/debug/{library} --settings contract.toml")?;
        writeln!(out, "  skybridge apply example.toml --plugin-dir target/debug --simulate --yes")
    })?;
    Ok(Exit::Done)
}

/// The name is part of a crate's, of a file's and of addresses.
fn check_name(cloud: &str) -> Outcome<()> {
    let starts = cloud.starts_with(|first: char| first.is_ascii_lowercase());
    let tidy = !cloud.ends_with('-') && !cloud.contains("--") && cloud.len() <= NAME_CHARS_MAX;
    if starts && tidy && skybridge_model::address::is_word(cloud) {
        return Ok(());
    }
    Err(Failure::usage(
        format!("--cloud `{}` is not a plugin's name", cloud.escape_default()),
        format!(
            "use lower-case letters, digits and single hyphens, a letter first, at most \
             {NAME_CHARS_MAX}: `my-cloud`"
        ),
    ))
}

fn check_folder(folder: &Path) -> Outcome<()> {
    let help = "name a folder that does not exist yet, or an empty one";
    match fs_err::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::usage(error.to_string(), help)),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => {
                let folder = folder.display();
                let summary = format!("{folder} is not empty, and nothing is overwritten");
                Err(Failure::usage(summary, help))
            }
        },
    }
}

/// Where the crates of `plugin-api` lie.
fn checkout(api: &Path) -> Outcome<PathBuf> {
    let help = "name the folder `plugin-api` of a checkout";
    let api = fs_err::canonicalize(api).map_err(|e| Failure::usage(e.to_string(), help))?;
    if !api.join("sdk/Cargo.toml").is_file() || !api.join("testkit/Cargo.toml").is_file() {
        let summary = format!("{} has no `sdk` and `testkit`", api.display());
        return Err(Failure::usage(summary, help));
    }
    Ok(api)
}

fn fill(text: &str, cloud: &str, api: Option<&Path>) -> String {
    let dependency = |member: &str| match api {
        // A basic string of TOML is written like one of JSON.
        Some(api) => format!("path = {}", Value::from(api.join(member).display().to_string())),
        None => format!("version = \"{SDK_VERSION}\""),
    };
    text.replace("@API@/sdk", &dependency("sdk"))
        .replace("@API@/http", &dependency("http"))
        .replace("@API@/testkit", &dependency("testkit"))
        .replace("plugin_acme", &format!("plugin_{}", cloud.replace('-', "_")))
        .replace("Acme", &title(cloud))
        .replace(NAME, cloud)
}

/// `my-cloud` is `My Cloud` to people.
fn title(cloud: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    cloud.split('-').map(word).collect::<Vec<_>>().join(" ")
}
