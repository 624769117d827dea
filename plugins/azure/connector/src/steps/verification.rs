//! `verification.directory` and `verification.subscription@ID`: the connection works, as the
//! connector itself. Where only others can sign in as the connector, the operator looks instead.

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::checks::{self, Prover};
use crate::outcome::{absent, checked, matches, nothing_left, ready, scope_of};
use crate::proof::{self, Identity};
use crate::session::Session;
use crate::settings::{CredentialKind, Settings};
use crate::steps::{Family, nothing_to_undo};
use crate::template::{MINUTE_MS, call, wait};

pub(crate) const KIND: &str = "verification";
const DIRECTORY: &str = "directory";
const SUBSCRIPTION: &str = "subscription";

pub(crate) struct Verification;

fn template(kind: CredentialKind, name: &str) -> StepTemplate {
    StepTemplate {
        kind: KIND.into(),
        name: Some(name.into()),
        group: "Verification".into(),
        reference: Some("3".into()),
        effect: effect::READ.into(),
        inputs: proof::inputs(kind),
        readiness: wait("every grant is in effect", 1, 10 * MINUTE_MS),
        notes: vec![
            "done as the connector itself, with a new token at each attempt: an operator's token \
             would prove nothing"
                .into(),
        ],
        ..StepTemplate::default()
    }
}

pub(crate) fn directory_template(
    settings: &Settings,
    login: &str,
    graph: &str,
    arm: &str,
) -> StepTemplate {
    let tenant = settings.tenant_id();
    let mut title = "prove that the connector can read the directory".to_owned();
    let grants = settings.grants();
    let mut readable = Vec::new();
    let mut calls = vec![call("POST", format!("{login}/{tenant}/oauth2/v2.0/token"), "")];
    if grants.has_graph("Directory.Read.All") {
        readable.push("organization");
        calls.push(call("GET", format!("{graph}/v1.0/organization"), ""));
    }
    if grants.has_graph("Policy.Read.All") {
        readable.push("authorization policy");
        calls.push(call("GET", format!("{graph}/v1.0/policies/authorizationPolicy"), ""));
    }
    if grants.root_group {
        title.push_str(" and the root management group");
        readable.push("root management group");
        let root = format!(
            "{arm}/providers/Microsoft.Management/managementGroups/{tenant}?api-version=2023-04-01"
        );
        calls.push(call("GET", root, ""));
    }
    let roles: Vec<&str> = grants.graph.iter().map(|permission| permission.value).collect();
    StepTemplate {
        title,
        desired: json!({
            "token-roles": roles,
            "readable": readable,
        }),
        calls,
        throttle: "graph".into(),
        ..template(settings.credential.kind, DIRECTORY)
    }
}

pub(crate) fn subscription_template(settings: &Settings, login: &str, arm: &str) -> StepTemplate {
    let tenant = settings.tenant_id();
    let url = format!("{arm}/subscriptions/{{scope}}");
    let authorization = format!("{url}/providers/Microsoft.Authorization");
    let mut calls = vec![
        call("POST", format!("{login}/{tenant}/oauth2/v2.0/token"), ""),
        call("GET", format!("{url}?api-version=2022-12-01"), ""),
        call("GET", format!("{authorization}/roleAssignments?api-version=2022-04-01"), ""),
        call("GET", format!("{authorization}/roleDefinitions?api-version=2022-04-01"), ""),
        call("GET", format!("{authorization}/permissions?api-version=2022-04-01"), ""),
    ];
    let grants = settings.grants();
    if !grants.for_kubernetes.is_empty() {
        let clusters = format!(
            "{url}/providers/Microsoft.ContainerService/managedClusters?api-version=2024-02-01"
        );
        calls.push(call("GET", clusters, ""));
    }
    StepTemplate {
        title: "prove that the connector can read subscription {scope}".into(),
        desired: json!({
            "state": "Enabled",
            "roles": "all assigned",
            "allowed": grants.action_names(),
        }),
        calls,
        throttle: "arm/{scope}".into(),
        group: "Subscription {scope}".into(),
        part: true,
        ..template(settings.credential.kind, SUBSCRIPTION)
    }
}

async fn prove(session: &Session<'_>, step: &StepCall) -> Result<usize> {
    let identity = Identity::of_step(session, step).await?;
    let prover = Prover::new(session, identity).await?;
    let probes = match step.name.as_deref() {
        Some(DIRECTORY) => prover.directory().await,
        Some(SUBSCRIPTION) => prover.subscription(scope_of(step)?).await,
        other => {
            let other = other.unwrap_or_default();
            let message = format!("internal error: there is no verification `{other}`");
            return Err(Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-HOST-003"));
        }
    };
    checks::settle(probes)
}

#[async_trait]
impl Family for Verification {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        if !proof::is_known(session, step) {
            return Ok(absent("there is no credential to prove yet"));
        }
        // A plan reports; it does not fail because the world is not as it should be.
        Ok(match prove(session, step).await {
            Ok(_) => matches(Map::new()),
            Err(error) => absent(error.detail.message.clone()),
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let count = prove(session, &request.step).await?;
        Ok(checked(Map::new(), format!("{count} checks passed")))
    }

    async fn ready(&self, _session: &Session<'_>, _request: &ReadyRequest) -> Result<Ready> {
        Ok(ready())
    }

    async fn undo(&self, _session: &Session<'_>, _undo: &Value) -> Result<Undone> {
        Ok(nothing_to_undo())
    }

    async fn remains(&self, _session: &Session<'_>, _undo: &Value) -> Result<Remains> {
        Ok(nothing_left())
    }
}
