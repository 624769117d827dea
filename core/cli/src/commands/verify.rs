//! `skybridge verify`: prove every connection of a manifest as the connector itself.

use std::path::Path;

use skybridge_model::Timestamp;
use skybridge_plugin_protocol::manifest::capability;
use skybridge_plugin_protocol::verify::{VerifyReport, VerifyRequest, check_status};

use crate::app::App;
use crate::args::{ReportFormat, SimulateArgs};
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::render::verification::{self, Verified, expires, is_expired};
use crate::session::Session;
use crate::state::StateDir;

pub(crate) async fn run(
    app: &App,
    manifest: &Path,
    simulate: &SimulateArgs,
    format: ReportFormat,
) -> Outcome {
    let checked = connect::check_file(manifest, &app.search)?;
    connect::require(&checked, capability::VERIFY)?;
    let state = StateDir::locate(app.global.state.as_deref(), Some(manifest), simulate.any());
    let doing = format!("verify {}", manifest.display());
    let session = Session::open(app, checked, &state, simulate, &doing).await?;
    let verified = verify(&session).await;
    session.close().await;
    let verified = verified?;
    let now = app.clock.now();
    match format {
        ReportFormat::Json => app.ui.json(&serde_json::json!({
            "format": "skybridge-verification",
            "version": 1,
            "connectors": verified,
        }))?,
        ReportFormat::Text => app.ui.out(|out| {
            verified.iter().try_for_each(|verified| verification::show(&app.ui, verified, now, out))
        })?,
    }
    Ok(verified
        .iter()
        .map(|v| exit(&v.report, now))
        .max_by_key(|exit| *exit as u8)
        .unwrap_or(Exit::Done))
}

/// How bad a report is. An expired credential explains whatever else does not work.
fn exit(report: &VerifyReport, now: Timestamp) -> Exit {
    if is_expired(report, now) {
        Exit::Expires
    } else if report.checks.iter().any(|check| check.status == check_status::FAILED) {
        Exit::Failed
    } else if expires(report, now) {
        Exit::Expires
    } else {
        Exit::Done
    }
}

async fn verify(session: &Session) -> Outcome<Vec<Verified>> {
    let mut all = Vec::new();
    for (connector, connection) in session.records()? {
        let report = session.instances[&connector]
            .verify(&VerifyRequest { connection })
            .await
            .map_err(|error| Failure::plugin(&format!("verifying `{connector}`"), &error))?;
        all.push(Verified { connector, report });
    }
    Ok(all)
}
