//! `skybridge dev`: builds a plugin from its sources and shows the plan made with it; with `--watch` again
//! and again, whenever something of it changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use skybridge_host::search::SearchPath;
use tokio::time::MissedTickBehavior;

use crate::app::App;
use crate::args::{DevArgs, PlanArgs};
use crate::commands::plan;
use crate::connect;
use crate::failure::{Failure, Outcome};
use crate::render::diagnostics;

/// Between two looks at the sources: sooner than a person notices.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// What is looked at, and when it was last changed.
type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

pub(crate) async fn run(app: App, args: &DevArgs) -> Outcome {
    let package = match &args.package {
        Some(package) => package.clone(),
        None => connect::folder_of(&args.manifest),
    };
    let package = fs_err::canonicalize(package)
        .ok()
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .ok_or_else(|| {
            let summary = "there is no package of a plugin beside the manifest";
            Failure::usage(summary, "name the folder of its Cargo.toml with --package")
        })?;
    let mut app = app;
    let own = app.search.clone();
    loop {
        // Before it is built: what changes meanwhile is built next.
        let seen = look(&package, &args.manifest);
        let outcome = once(&mut app, &own, &package, args).await;
        if !args.watch {
            return outcome;
        }
        if let Err(failure) = outcome {
            diagnostics::show(&app.ui, &failure.diagnostics, failure.source.as_deref());
        }
        app.ui.say(format!("watching {}; Ctrl-C ends it", package.display()));
        changed(&package, &args.manifest, &seen).await;
    }
}

/// Builds, and shows the plan; a library that cannot be built leaves the one before it in its place.
async fn once(app: &mut App, own: &SearchPath, package: &Path, args: &DevArgs) -> Outcome {
    app.ui.say(format!("building {}", package.display()));
    let folder = package.display().to_string();
    let built = tokio::task::spawn_blocking(move || skybridge_plugin_testkit::build(&folder)).await;
    let built = built.map_err(|error| Failure::usage(error.to_string(), "try again"))?;
    let library = match built {
        Ok(library) => library,
        Err(said) => {
            app.ui.say(said.trim_end());
            let summary = "the plugin does not build; the one built before it stays";
            return Err(Failure::usage(summary, "mend what the compiler says above"));
        }
    };
    app.search = with(own, &library);
    let plan = PlanArgs {
        manifest: args.manifest.clone(),
        offline: !args.simulate.any() && !args.online,
        simulate: args.simulate.clone(),
        only: Vec::new(),
        upto: None,
        destroy: false,
        format: None,
        verbose: args.verbose,
        out: None,
        detailed_exit_code: false,
    };
    plan::run(app, &plan).await
}

/// The built library's folder before all others. Nothing counts as built with the host: a library that
/// is loaded in here is never unloaded, and the next one would not be seen.
fn with(own: &SearchPath, library: &Path) -> SearchPath {
    let built = library.parent().map(Path::to_owned);
    let folders = built.into_iter().chain(own.beside_host.clone()).chain(own.folders.clone());
    SearchPath { beside_host: None, folders: folders.collect(), ..own.clone() }
}

/// Returns once something is not as it was seen.
async fn changed(package: &Path, manifest: &Path, seen: &Seen) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while look(package, manifest) == *seen {
        ticks.tick().await;
    }
}

/// Everything of the package but what cargo and the host write, and the manifest.
fn look(package: &Path, manifest: &Path) -> Seen {
    let mut seen = Seen::new();
    let mut open = vec![manifest.to_owned(), package.to_owned()];
    while let Some(path) = open.pop() {
        // What vanished meanwhile is a change: it is not in the list then.
        let Ok(meta) = fs_err::metadata(&path) else { continue };
        if meta.is_file() {
            seen.insert(path, (meta.modified().ok(), meta.len()));
            continue;
        }
        let Ok(entries) = fs_err::read_dir(&path) else { continue };
        open.extend(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            !(name.starts_with('.') || name == "target" || name == "Cargo.lock")
        }));
    }
    seen
}
