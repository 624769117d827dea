//! The host: reads the command line, wires the crates together, prints, and ends the process.
//!
//! The only crate that prints, reads the environment or exits. Each command is a file in
//! [`commands`]; what they share is in [`connect`] (from a manifest to open connectors),
//! [`simulation`], [`mod@perform`] (the engine's runner) and [`render`].

mod app;
mod args;
mod clock;
mod commands;
mod connect;
mod exit;
mod expiry;
mod failure;
mod handover;
mod inject;
mod input;
mod interrupts;
mod live;
mod logging;
mod made;
mod observe;
#[cfg(feature = "otlp")]
mod otlp;
mod perform;
mod platforms;
mod put_back;
mod record;
mod render;
mod run;
mod saved;
mod session;
mod simulation;
mod spans;
mod state;
mod survey;
mod ui;
mod undo;
mod vault;
mod watchers;
#[cfg(test)]
#[path = "../../../tests/simulation/mod.rs"]
mod whole_system;
mod witness;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use tracing::Instrument as _;

use crate::app::App;
use crate::args::{Cli, Command};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::ui::Ui;

/// Threads of the host's runtime: it mostly waits.
const WORKERS: usize = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.command, Command::PluginRunner) {
        // Before anything is opened or started: it locks itself in.
        return skybridge_host::runner::serve();
    }
    let ui = Ui::new(&cli.global);
    // reqwest and rustls are built without a default cryptography; this is ours. An error means
    // that it is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    // A core file would hold whatever secrets were in memory.
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = rustix::process::setrlimit(rustix::process::Resource::Core, none) {
        ui.say(format!("core files cannot be switched off: {error}"));
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    let exit = match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(run(cli, ui)).unwrap_or_else(|failure| {
                render::diagnostics::show(&ui, &failure.diagnostics, failure.source.as_deref());
                failure.exit
            });
            logging::finish();
            // A plugin's call that does not end must not keep the process.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            ui.say(format!("internal error: starting threads: {error}"));
            Exit::Internal
        }
    };
    exit.into()
}

async fn run(cli: Cli, ui: Ui) -> Outcome {
    let Cli { global, command } = cli;
    let log = logging::filter(&global.log)
        .map_err(|error| Failure::usage(error, "levels are error, warn, info, debug, trace"))?;
    let tests = matches!(command, Command::Plugin(args::PluginCommand::Test(_)));
    let capture = tests.then(skybridge_plugin_testkit::Capture::default);
    let log = logging::start(log, ui.color_err, capture.clone());
    let app = App { capture, ..App::new(global, ui, log)? };
    let span = tracing::info_span!("command", name = command.word());
    Box::pin(perform(app, command)).instrument(span).await
}

async fn perform(app: App, command: Command) -> Outcome {
    match command {
        Command::Validate { manifest, format } => commands::validate::run(&app, &manifest, format),
        Command::Plan(args) => commands::plan::run(&app, &args).await,
        Command::Diff(args) => commands::diff::run(&app, &args).await,
        Command::Apply(args) => commands::apply::run(&app, &args).await,
        Command::Offboard(args) => commands::offboard::run(&app, &args).await,
        Command::Rotate(args) => commands::rotate::run(&app, &args).await,
        Command::Resume { run, limits, inject } => {
            commands::resume::run(&app, run.as_deref(), &limits, &inject).await
        }
        Command::Status { run, watch, format } => {
            let asked = commands::status::Asked { run: run.as_deref(), format, watch };
            commands::status::run(&app, &asked).await
        }
        Command::Audit(command) => commands::audit::run(&app, &command),
        Command::Verify { manifest, simulate, format } => {
            commands::verify::run(&app, &manifest, &simulate, format).await
        }
        Command::Permissions { manifest, format } => {
            commands::permissions::run(&app, &manifest, format).await
        }
        Command::Explain { code: Some(code), .. } => commands::explain::run(&app, &code),
        Command::Explain { plugin, .. } => commands::explain::all(&app, plugin.as_deref()),
        Command::Dev(args) => commands::dev::run(app, &args).await,
        Command::Plugin(command) => commands::plugin::run(&app, &command).await,
        Command::Simulator { cloud, listen, scenario, record } => {
            commands::simulator::run(&app, &cloud, &listen, scenario.as_deref(), record.as_deref())
                .await
        }
        Command::PluginRunner => Ok(Exit::Internal),
        Command::Completions { shell } => completions(&app, shell),
        Command::Schema { format } => commands::schema::run(&app, format),
    }
}

fn completions(app: &App, shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "skybridge", &mut script);
    app.ui.out(|out| out.write_all(&script))?;
    Ok(Exit::Done)
}
