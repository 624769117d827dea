//! A deleted application that holds our unique name, where the manifest says not to touch it.

use skybridge_plugin_sdk::protocol::survey::PlannedWrite;
use skybridge_plugin_sdk::{Result, kind};

use super::findings::{Findings, Problem, Weight};
use crate::session::Session;
use crate::settings::DeletedApplication;
use crate::steps::application;

/// Looks when the application is going to be made and a deleted one would end the run.
pub(super) async fn check(
    session: &Session<'_>,
    steps: &[PlannedWrite],
    findings: &mut Findings,
) -> Result<()> {
    let refuses = session.settings.deleted_application == DeletedApplication::Refuse;
    let Some(step) = steps.iter().find(|step| refuses && step.kind == application::KIND) else {
        return Ok(());
    };
    findings.looked();
    let error = match application::deleted_in_the_way(session).await {
        Ok(error) => error,
        // The step may come to the same, or not.
        Err(error) if error.kind == kind::PERMISSION_DENIED => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Some(error) = error {
        let problem = Problem {
            weight: Weight::Error,
            code: "AZ-APP-003",
            summary: error.detail.message,
            help: error.detail.help.unwrap_or_default(),
        };
        findings.add(problem, None, std::slice::from_ref(&step.address));
    }
    Ok(())
}
