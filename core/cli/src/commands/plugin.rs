//! `skybridge plugin list | inspect`.

use std::path::Path;

use skybridge_host::library::{Candidate, Trust};

use crate::app::App;
use crate::args::PluginCommand;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

pub(crate) fn run(app: &App, command: &PluginCommand) -> Outcome {
    match command {
        PluginCommand::List => list(app),
        PluginCommand::Inspect { file, run } => inspect(app, file, *run),
    }
}

fn list(app: &App) -> Outcome {
    let found = app.search.list();
    app.ui.out(|out| {
        for (path, trust) in &found {
            match Candidate::read(path, *trust).and_then(Candidate::load) {
                Ok(library) => {
                    let manifest = &library.manifest;
                    writeln!(out, "{} {} - {}", manifest.name, manifest.version, manifest.title)?;
                    writeln!(out, "  can      {}", manifest.capabilities.join(", "))?;
                    writeln!(out, "  file     {}", path.display())?;
                    writeln!(out, "  api      {}", library.api_version)?;
                    writeln!(out, "  sha256   {}", library.sha256)?;
                }
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

fn inspect(app: &App, file: &Path, load: bool) -> Outcome {
    let path = fs_err::canonicalize(file)
        .map_err(|error| Failure::usage(error.to_string(), "name a plugin's shared library"))?;
    // Reading runs nothing, so who may write the file does not matter; running it does.
    let trust =
        if load && !beside_host(app, &path) { Trust::Configured } else { Trust::BesideHost };
    let candidate = Candidate::read(&path, trust)?;
    let mut report = serde_json::json!({
        "file": path,
        "sha256": candidate.sha256,
        "tag": candidate.tag,
    });
    if load {
        let library = candidate.load()?;
        report["plugin-api"] = library.api_version.clone().into();
        report["manifest"] = serde_json::json!(library.manifest);
    }
    app.ui.json(&report)?;
    Ok(Exit::Done)
}

fn beside_host(app: &App, path: &Path) -> bool {
    app.search.beside_host.as_deref() == path.parent()
}
