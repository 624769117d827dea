//! `unplanned-grants`: what the connector was given behind our back.
//!
//! Every other step looks whether its own grant is there; none would notice one too many. This one
//! lists everything our service principal holds, and takes away what no step asked for. An
//! application somebody else made keeps what it has: there the list is only told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use skybridge_azure_client::graph::GRAPH_APP_ID;
use skybridge_azure_client::graph::applications::{self, Application};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Change, Observation, Ready, ReadyRequest, Remains, Step, StepCall,
    StepTemplate, Undone, applied, effect, observed,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::errors::{Lag, classify};
use crate::names;
use crate::outcome::{absent, did, known, matches, needed, nothing_left, ready_if};
use crate::roles;
use crate::session::Session;
use crate::steps::application::is_ours;
use crate::steps::{Family, admin_consent, nothing_to_undo, role_assignment};
use crate::template::{
    APPLICATION_ADMINISTRATOR, MINUTE_MS, PRIVILEGED_ROLE_ADMINISTRATOR, UNASSIGN, call, wait,
    words,
};

mod found;
use found::{Extra, extras};

pub(crate) const KIND: &str = "unplanned-grants";

pub(crate) struct UnplannedGrants;

/// Every grant that a step of the plan makes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Planned {
    /// Where each role is assigned, by the role's name word.
    roles: BTreeMap<String, Vec<String>>,
    /// The ids of Graph permissions.
    permissions: Vec<String>,
    /// Scopes that are meant and could not be planned now: what was granted there stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left_alone: Vec<String>,
}

impl Planned {
    /// Nothing yet, with scopes in which nothing is too much.
    pub(crate) fn leaving(left_alone: Vec<String>) -> Self {
        Self { left_alone, ..Self::default() }
    }

    /// Whether `scope` is one of those in which nothing is too much, or below one.
    fn leaves(&self, scope: &str) -> bool {
        let scope = scope.to_lowercase();
        self.left_alone.iter().any(|at| {
            scope
                .strip_prefix(&at.to_lowercase())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Notes the grant that `step` of `template` makes.
    pub(crate) fn add(&mut self, template: &StepTemplate, step: &Step) {
        let word = template.name.clone().unwrap_or_default();
        if template.kind == admin_consent::KIND {
            let found = roles::graph_permission(&word);
            self.permissions.extend(found.map(|permission| permission.id.to_owned()));
        } else if template.kind == role_assignment::KIND {
            let at = step.scope.clone().unwrap_or_default();
            self.roles.entry(word).or_default().push(at);
        }
    }
}

pub(crate) fn template(planned: Planned, graph: &str, arm: &str) -> StepTemplate {
    let application = format!("{graph}/v1.0/applications/<application.object-id>");
    let principals = format!("{graph}/v1.0/servicePrincipals");
    let held = format!("{principals}/<service-principal.object-id>/appRoleAssignments");
    let assignments = "providers/Microsoft.Authorization/roleAssignments";
    let custom = planned.roles.contains_key(roles::CUSTOM.word);
    let mut inputs = words(["application.object-id", "service-principal.object-id"]);
    if custom {
        inputs.push("role-definition.custom.role-definition-id".into());
    }
    StepTemplate {
        kind: KIND.into(),
        title: "take away what the connector was given and no step asks for".into(),
        group: "Tenant".into(),
        effect: effect::ENSURE.into(),
        desired: json!({ "planned": planned }),
        inputs,
        calls: vec![
            call("GET", application.clone(), "Application.Read.All"),
            call("GET", held, "Application.Read.All"),
            call(
                "GET",
                format!("{arm}/<<subscription>/{assignments}?api-version=2022-04-01"),
                "Microsoft.Authorization/roleAssignments/read",
            ),
            call("PATCH", application, APPLICATION_ADMINISTRATOR),
            call(
                "DELETE",
                format!("{principals}/<<resource>/appRoleAssignedTo/<<grant>"),
                PRIVILEGED_ROLE_ADMINISTRATOR,
            ),
            call(
                "DELETE",
                format!("{arm}/<<scope>/{assignments}/<<name>?api-version=2022-04-01"),
                UNASSIGN,
            ),
        ],
        readiness: wait("only what was planned is listed", 2, 5 * MINUTE_MS),
        throttle: "arm/tenant".into(),
        notes: vec![
            "writes only when there is something to take away, each removal on its own".into(),
            "credentials made elsewhere are told and left alone".into(),
        ],
        ..StepTemplate::default()
    }
}

/// What there is, next to what was planned.
struct Look {
    extras: Vec<Extra>,
    /// Whether the application is of our making.
    ours: bool,
    /// What a person should know and nobody takes away.
    told: Vec<String>,
}

fn planned(step: &StepCall) -> Result<Planned> {
    let value = step.desired.get("planned").cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(|error| {
        let message = format!("internal error: {}: {error}", step.address);
        Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-HOST-001")
    })
}

async fn look(session: &Session<'_>, step: &StepCall) -> Result<Look> {
    let application = needed(step, "application.object-id")?;
    let principal = needed(step, "service-principal.object-id")?;
    let app: Application = session
        .json(&applications::get_request(application))
        .await
        .map_err(|error| classify(error, Lag::Possible))?;
    let custom = known(step, "role-definition.custom.role-definition-id");
    let planned = planned(step)?;
    let extras = extras(session, &planned, &app, principal, custom).await?;
    let ours = is_ours(session.connector, &app);
    let prefix = names::secret_prefix(session.connector);
    let mut told: Vec<String> = app
        .password_credentials
        .iter()
        .filter(|one| !one.display_name.as_deref().unwrap_or_default().starts_with(&prefix))
        .map(|one| format!("secret {} was made elsewhere", one.key_id))
        .collect();
    if !ours {
        told.extend(extras.iter().map(|extra| format!("{} (left alone)", extra.text)));
    }
    Ok(Look { extras, ours, told })
}

/// The sentence about what is only told, if there is anything.
fn detail(told: &[String]) -> Option<String> {
    (!told.is_empty()).then(|| told.join("; "))
}

#[async_trait]
impl Family for UnplannedGrants {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let inputs = ["application.object-id", "service-principal.object-id"];
        if inputs.iter().any(|input| known(step, input).is_none()) {
            return Ok(absent("there is nothing that could have been given anything yet"));
        }
        let look = look(session, step).await?;
        let detail = detail(&look.told);
        if !look.ours || look.extras.is_empty() {
            return Ok(Observation { detail, ..matches(Map::new()) });
        }
        let changes = look.extras.iter().map(|extra| Change {
            path: "extra".into(),
            from: json!(extra.text),
            to: Value::Null,
        });
        Ok(Observation {
            state: observed::DIFFERS.into(),
            changes: changes.collect(),
            detail,
            ..Observation::default()
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let look = look(session, &request.step).await?;
        let mut told = look.told;
        let extras = if look.ours { look.extras } else { Vec::new() };
        for extra in &extras {
            found::remove(session, extra).await?;
            told.push(format!("took away {}", extra.text));
        }
        let action = if extras.is_empty() { applied::UNCHANGED } else { applied::UPDATED };
        // What somebody else gave is not given back.
        let done = did(action, Map::new(), json!(null));
        Ok(Applied { detail: detail(&told), ..done })
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let look = look(session, &request.step).await?;
        let clean = !look.ours || look.extras.is_empty();
        Ok(ready_if(clean, "something that was not planned is still listed"))
    }

    async fn undo(&self, _session: &Session<'_>, _undo: &Value) -> Result<Undone> {
        Ok(nothing_to_undo())
    }

    async fn remains(&self, _session: &Session<'_>, _undo: &Value) -> Result<Remains> {
        Ok(nothing_left())
    }
}

/// Whether `resource` and `permission` are of a Graph permission that was planned.
fn is_planned_permission(planned: &Planned, resource_app_id: &str, permission: &str) -> bool {
    resource_app_id.eq_ignore_ascii_case(GRAPH_APP_ID)
        && planned.permissions.iter().any(|id| id.eq_ignore_ascii_case(permission))
}
