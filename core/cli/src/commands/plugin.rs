//! `skybridge plugin list | inspect | check | new | test | lock`.

mod new;
mod test;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use skybridge_host::candidate::TARGET;
use skybridge_host::lock::SignatureState;
use skybridge_host::search::{FindError, SearchPath};
use skybridge_host::{
    Candidate, Instance, Isolation, LoadError, Lock, NoVault, NoWitness, Trust, access,
};
use skybridge_manifest::Source;
use skybridge_plugin_api::API_VERSION;

use crate::app::App;
use crate::args::PluginCommand;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

pub(crate) async fn run(app: &App, command: &PluginCommand) -> Outcome {
    match command {
        PluginCommand::List { manifest } => list(app, manifest.as_deref()),
        PluginCommand::Inspect { file, run } => inspect(app, file, *run),
        PluginCommand::Check { file, key } => check(app, file, key.as_deref()).await,
        PluginCommand::New(args) => new::run(app, args),
        PluginCommand::Test(args) => test::run(app, args).await,
        PluginCommand::Lock { manifest, keys } => lock(app, manifest, keys),
    }
}

fn list(app: &App, manifest: Option<&Path>) -> Outcome {
    let lock = match manifest {
        Some(manifest) => connect::lock_of(&connect::folder_of(manifest))?,
        None => None,
    };
    let found = app.search.list();
    app.ui.out(|out| {
        for (path, trust) in &found {
            match entry(app, path, *trust, lock.as_ref()) {
                Ok(lines) => out.write_all(lines.as_bytes())?,
                Err(error) => writeln!(out, "{error}")?,
            }
        }
        if found.is_empty() {
            writeln!(out, "no plugins; build one beside the host, or use --plugin-dir")?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// What is known of one plugin, a line each. One that was not built with the host runs apart.
fn entry(app: &App, path: &Path, trust: Trust, lock: Option<&Lock>) -> Result<String, LoadError> {
    let candidate = Candidate::read(path, trust)?;
    let name = plugin_name(path);
    let pinned = lock.and_then(|lock| lock.key(&name));
    let signed = match (candidate.signature(pinned), pinned) {
        (SignatureState::None, _) => "no".to_owned(),
        (SignatureState::Bad(reason), _) => format!("not by the key that is pinned: {reason}"),
        (_, Some(_)) => "yes, by the key that is pinned".to_owned(),
        (_, None) => "yes, by a key that is not pinned".to_owned(),
    };
    let locked = match lock.map(|lock| lock.check(&name, &candidate)) {
        None => "no lock file was looked at; name a manifest".to_owned(),
        Some(Ok(())) => "yes".to_owned(),
        Some(Err(refusal)) => format!("no: {}", refusal.to_string().replace("\n ", ";")),
    };
    let library = app.search.open(candidate, None)?;
    let manifest = &library.manifest;
    let (party, runs) = words(trust);
    let lines = [
        ("can", manifest.capabilities.join(", ")),
        ("file", path.display().to_string()),
        ("party", party.to_owned()),
        ("runs", runs.to_owned()),
        ("api", library.api_version.clone()),
        ("sha256", library.sha256.clone()),
        ("locked", locked),
        ("signed", signed),
    ];
    let mut text = format!("{} {} - {}\n", manifest.name, manifest.version, manifest.title);
    for (label, line) in lines {
        text.push_str(&format!("  {label:8} {line}\n"));
    }
    Ok(text)
}

fn words(trust: Trust) -> (&'static str, &'static str) {
    let party = match trust {
        Trust::BesideHost => "first: built with the host",
        Trust::Configured => "third",
    };
    let runs = match SearchPath::isolation(trust, None) {
        Isolation::InProcess => "in the host, unless a manifest says isolation = \"process\"",
        Isolation::Process => {
            "in a process of its own, unless a manifest says isolation = \"in-process\""
        }
    };
    (party, runs)
}

/// The name by which manifests refer to a file: `libskybridge_plugin_two_words.so` is `two-words`.
fn plugin_name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let around = skybridge_host::search::file_name("");
    let (before, after) = around.split_once(".").unwrap_or((&around, ""));
    let stem = file.strip_prefix(before).unwrap_or(&file);
    let stem = stem.strip_suffix(&format!(".{after}")).unwrap_or(stem);
    stem.replace('_', "-")
}

fn canonical(file: &Path) -> Outcome<std::path::PathBuf> {
    fs_err::canonicalize(file)
        .map_err(|error| Failure::usage(error.to_string(), "name a plugin's shared library"))
}

fn inspect(app: &App, file: &Path, load: bool) -> Outcome {
    let path = canonical(file)?;
    let own = beside_host(app, &path);
    // Reading runs nothing, so who may write the file does not matter; running it does.
    let trust = if load && !own { Trust::Configured } else { Trust::BesideHost };
    let candidate = Candidate::read(&path, trust)?;
    let mut report = serde_json::json!({
        "file": path,
        "bytes": candidate.size(),
        "sha256": candidate.sha256,
        "tag": candidate.tag,
        "host": { "plugin-api": API_VERSION, "target": TARGET },
        "party": if own { "first" } else { "third" },
        "signature": signature_word(&candidate.signature(None)),
    });
    if load {
        let library = app.search.open(candidate, None)?;
        report["plugin-api"] = library.api_version.clone().into();
        report["manifest"] = serde_json::json!(library.manifest);
    }
    app.ui.json(&report)?;
    Ok(Exit::Done)
}

fn signature_word(state: &SignatureState) -> String {
    match state {
        SignatureState::None => "none".to_owned(),
        SignatureState::Unchecked => "there is one, and no key to hold it against".to_owned(),
        SignatureState::Good => "of that key".to_owned(),
        SignatureState::Bad(reason) => format!("not of that key: {reason}"),
    }
}

fn beside_host(app: &App, path: &Path) -> bool {
    app.search.beside_host.as_deref() == path.parent()
}

/// Loads and opens it in a process of its own, and says what came of each step.
async fn check(app: &App, file: &Path, key: Option<&str>) -> Outcome {
    let path = canonical(file)?;
    let trust = if beside_host(app, &path) { Trust::BesideHost } else { Trust::Configured };
    let candidate = Candidate::read(&path, trust)?;
    let signature = candidate.signature(key);
    let built = candidate.tag.as_ref().map_or_else(
        || "it does not say".to_owned(),
        |tag| {
            let target = tag.target.as_deref().unwrap_or("an unknown platform");
            format!("plugin-api {} on {target}", tag.plugin_api)
        },
    );
    let size = candidate.size();
    let started = Instant::now();
    let library = candidate.probe(app.search.runner(&path)?)?;
    let loading = started.elapsed();
    let opening = "opening it without settings";
    let surroundings = app.surroundings(Arc::new(NoVault), Arc::new(NoWitness));
    let started = Instant::now();
    let instance = Instance::open_simulator(&library, surroundings.services("check"), &[])
        .map_err(|error| Failure::plugin(opening, &error))?;
    let opened = started.elapsed();
    drop(instance);
    let manifest = &library.manifest;
    let held = library.confinement().cloned().unwrap_or_default();
    app.ui.out(|out| {
        writeln!(out, "{} {} - {}", manifest.name, manifest.version, manifest.title)?;
        writeln!(out, "  file       {} ({size} bytes)", path.display())?;
        writeln!(out, "  sha256     {}", library.sha256)?;
        writeln!(out, "  built for  {built}")?;
        writeln!(out, "  this host  plugin-api {API_VERSION} on {TARGET}")?;
        writeln!(out, "  signature  {}", signature_word(&signature))?;
        writeln!(out, "  loads      in a process of its own, in {loading:.1?}")?;
        writeln!(out, "  opens      without settings, in {opened:.1?}")?;
        writeln!(out, "  can        {}", manifest.capabilities.join(", "))?;
        writeln!(out, "  landlock   {}", held.landlock)?;
        writeln!(out, "  syscalls   {}", if held.seccomp { "filtered" } else { "not filtered" })?;
        for (word, why) in access::words(&manifest.needs) {
            writeln!(out, "  asks for   {word}: {why}")?;
        }
        Ok(())
    })?;
    match signature {
        SignatureState::Bad(_) => Ok(Exit::Plugin),
        SignatureState::None if key.is_some() => Ok(Exit::Plugin),
        _ => Ok(Exit::Done),
    }
}

fn lock(app: &App, manifest: &Path, keys: &[String]) -> Outcome {
    let folder = connect::folder_of(manifest);
    let mut lock = connect::lock_of(&folder)?.unwrap_or_else(|| Lock::new(&folder));
    let mut lines = Vec::new();
    for key in keys {
        let (plugin, key) = key.split_once('=').unwrap_or((key, ""));
        lock.pin(plugin, key).map_err(|error| {
            Failure::usage(
                format!("--key {error}"),
                "write PLUGIN=KEY, the key as in the .pub file",
            )
        })?;
        lines.push(format!("pinned {key} for {plugin}"));
    }
    for plugin in plugins_of(manifest)? {
        lines.push(lock_one(app, &mut lock, &plugin)?);
    }
    lock.write()
        .map_err(|error| Failure::io("writing the lock file", &std::io::Error::other(error)))?;
    app.ui.out(|out| {
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        writeln!(out, "wrote {}", lock.path.display())
    })?;
    Ok(Exit::Done)
}

/// The plugins a manifest names; the rest of it need not be right.
fn plugins_of(manifest: &Path) -> Outcome<Vec<String>> {
    let bytes = connect::read(manifest)?;
    let name = manifest.display().to_string();
    let source = Source { name: &name, text: &bytes };
    let (parsed, diagnostics) = skybridge_manifest::parse(source);
    let Some(parsed) = parsed else {
        return Err(Failure::manifest(diagnostics, skybridge_manifest::quotable(source)));
    };
    let mut plugins: Vec<String> =
        parsed.connectors.into_iter().map(|connector| connector.plugin).collect();
    plugins.sort();
    plugins.dedup();
    Ok(plugins)
}

/// What is locked has been tried, and bears the signature that is asked of it.
fn lock_one(app: &App, lock: &mut Lock, plugin: &str) -> Outcome<String> {
    let refused = |error: FindError| Failure::load(&error.to_string());
    let candidate = app.search.find(plugin).map_err(refused)?;
    let (sha256, path, trust) = (candidate.sha256.clone(), candidate.path.clone(), candidate.trust);
    let mut tried = lock.clone();
    tried.put(plugin, "", &sha256);
    tried.check(plugin, &candidate).map_err(|refusal| Failure::from_lock(&path, refusal))?;
    let library = match trust {
        Trust::BesideHost => app.search.open(candidate, None)?,
        Trust::Configured => candidate.probe(app.search.runner(&path)?)?,
    };
    app.search.named(plugin, &library).map_err(refused)?;
    let version = &library.manifest.version;
    let changed = lock.put(plugin, version, &sha256);
    let word = if changed { "locked" } else { "unchanged" };
    Ok(format!("{word} {plugin} {version} for {TARGET}: {sha256}"))
}
