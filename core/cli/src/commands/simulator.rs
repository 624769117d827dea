//! `skybridge simulator`: a plugin's simulated cloud as a server, until Ctrl-C.

use std::path::Path;

use skybridge_plugin_protocol::simulate::SimulateRequest;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::connect::simulates;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::simulation;
use crate::state::StateDir;

pub(crate) async fn run(
    app: &App,
    cloud: &str,
    listen: &str,
    scenario: Option<&Path>,
    record: Option<&Path>,
) -> Outcome {
    let library = app.search.load(cloud).map_err(|error| Failure::load(&error.to_string()))?;
    // Without --state nothing outlives the server: it is a server, not a place.
    let state = app.global.state.as_deref().map(StateDir::open).transpose();
    let state = state.map_err(|error| Failure::io("opening the state directory", &error))?;
    let request = SimulateRequest {
        listen: listen.to_owned(),
        state_dir: state.map(|state| state.path().display().to_string()),
        scenario: scenario.map(simulation::read_scenario).transpose()?,
        record: record.map(|path| path.display().to_string()),
    };
    if !simulates(&library) {
        let help = "`skybridge plugin list` shows what each can do";
        return Err(simulation::cannot(&library, &request, &app.log, help).await);
    }
    // Listened for before the line is printed: whoever reads it may stop us at once.
    let mut interrupt = signal(SignalKind::interrupt())
        .map_err(|error| Failure::io("listening for Ctrl-C", &error))?;
    let mut terminate = signal(SignalKind::terminate())
        .map_err(|error| Failure::io("listening for SIGTERM", &error))?;
    let (instance, reply) = simulation::start(&library, &request, &app.log).await?;
    let line = serde_json::to_string(&reply)
        .map_err(|error| Failure::io("writing the ready line", &error.into()))?;
    app.ui.out(|out| writeln!(out, "{line}"))?;
    app.ui.say(format!("simulated {cloud} at {}; Ctrl-C stops it", reply.url));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    instance
        .stop_simulation()
        .await
        .map_err(|error| Failure::plugin("stopping the simulated cloud", &error))?;
    Ok(Exit::Done)
}
