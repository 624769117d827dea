//! Small helpers for writing step templates.

use skybridge_plugin_sdk::protocol::onboard::{Call, Readiness, Undo};

/// Milliseconds between two probes: longer than a replica takes to answer, short enough not to be
/// noticed.
const INTERVAL_MS: u64 = 500;

/// A minute.
pub(crate) const MINUTE_MS: u64 = 60_000;

/// Right to assign roles.
pub(crate) const ASSIGN: &str = "Microsoft.Authorization/roleAssignments/write";
/// Right to take roles back.
pub(crate) const UNASSIGN: &str = "Microsoft.Authorization/roleAssignments/delete";
/// Right to write custom roles.
pub(crate) const DEFINE: &str = "Microsoft.Authorization/roleDefinitions/write";
/// Right to delete custom roles.
pub(crate) const UNDEFINE: &str = "Microsoft.Authorization/roleDefinitions/delete";
/// Directory role that may make and change applications.
pub(crate) const APPLICATION_ADMINISTRATOR: &str =
    "Application Administrator (or as an application: Application.ReadWrite.OwnedBy)";
/// Directory role that may consent to Graph's application permissions.
pub(crate) const PRIVILEGED_ROLE_ADMINISTRATOR: &str = "Privileged Role Administrator (or as an application: AppRoleAssignment.ReadWrite.All and \
     Application.Read.All)";

/// One call.
pub(crate) fn call(method: &str, url: impl Into<String>, permission: &str) -> Call {
    let permission = (!permission.is_empty()).then(|| permission.to_owned());
    Call { method: method.into(), url: url.into(), permission }
}

/// How a step is undone.
pub(crate) fn undo(title: &str, calls: Vec<Call>) -> Option<Undo> {
    Some(Undo { title: title.into(), calls })
}

/// What is waited for.
pub(crate) fn wait(waits_for: &str, successes: u32, budget_ms: u64) -> Option<Readiness> {
    Some(Readiness { waits_for: waits_for.into(), successes, interval_ms: INTERVAL_MS, budget_ms })
}

/// Owned copies of words.
pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}
