//! `role-definition.custom`: the custom role, one for the tenant, assignable in every subscription.
//!
//! Its assignable scopes are the subscriptions themselves, also when the manifest names a
//! management group or the tenant: writing the role takes the right to do so in every one of its
//! scopes, and the operator surely has it in the subscriptions that are onboarded. Azure takes at
//! most [`SCOPES_MAX`] of them. Beyond that one management group stands in their place, more than
//! one Azure does not take: the manifest's when it names a single one, else the root group.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};
use skybridge_azure_client::ClientError;
use skybridge_azure_client::arm::management_groups;
use skybridge_azure_client::arm::role_definitions::{self, NewRole, RoleDefinition};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Change, Observation, Ready, ReadyRequest, Remains, StepCall,
    StepTemplate, Undone, applied, effect,
};
use skybridge_plugin_sdk::{Error, Result, Retry, async_trait, kind};

use crate::errors::{Lag, classify};
use crate::names;
use crate::outcome::{absent, change, compared, did, foreign, not_ready, outputs, ready_if};
use crate::session::Session;
use crate::settings::{Settings, Watched};
use crate::steps::Family;
use crate::template::{DEFINE, MINUTE_MS, UNDEFINE, call, undo, wait, words};

mod taking_back;

pub(crate) const KIND: &str = "role-definition";

const DESCRIPTION: &str =
    "Two actions a security platform needs beyond Reader. Managed by Skybridge.";

/// Azure's limit of assignable scopes.
const SCOPES_MAX: usize = 2_000;

pub(crate) struct RoleDefinitions;

/// Where the role can be assigned, when `subscriptions` are onboarded.
pub(crate) fn assignable_scopes(settings: &Settings, subscriptions: &[String]) -> Vec<String> {
    if subscriptions.len() <= SCOPES_MAX {
        return subscriptions.iter().map(|id| format!("/subscriptions/{id}")).collect();
    }
    let group = match &settings.scope.watched {
        Watched::ManagementGroups(groups) if groups.len() == 1 => groups.first().cloned(),
        _ => None,
    };
    vec![management_groups::scope(&group.unwrap_or_else(|| settings.tenant_id()))]
}

pub(crate) fn template(settings: &Settings, scopes: Vec<String>, arm: &str) -> StepTemplate {
    let grants = settings.grants();
    let wanted = Wanted::new(
        settings,
        names::custom_role(&settings.display_name),
        grants.action_names(),
        scopes,
    );
    let one = format!(
        "{arm}{}/providers/Microsoft.Authorization/roleDefinitions/{}?api-version=2022-04-01",
        wanted.home, wanted.id
    );
    let mut notes: Vec<String> = grants
        .actions
        .iter()
        .map(|action| format!("{} exposes {}", action.action, action.exposes))
        .collect();
    notes.push("role names are unique in a tenant: one role serves all subscriptions".into());
    StepTemplate {
        kind: KIND.into(),
        name: Some("custom".into()),
        title: format!("define the custom role {}", wanted.role_name),
        group: "Tenant".into(),
        reference: Some("1.13-1.17".into()),
        effect: effect::ENSURE.into(),
        desired: json!({
            "role-name": wanted.role_name,
            "actions": wanted.actions,
            "assignable-scopes": wanted.scopes,
        }),
        outputs: words(["role-definition-id", "fresh"]),
        calls: vec![
            call("GET", one.clone(), "Microsoft.Authorization/roleDefinitions/read"),
            call("PUT", one.clone(), DEFINE),
        ],
        undo: undo("delete the custom role", vec![call("DELETE", one, UNDEFINE)]),
        readiness: wait("the custom role can be read back as written", 3, 5 * MINUTE_MS),
        throttle: "arm/tenant".into(),
        notes,
        ..StepTemplate::default()
    }
}

/// The template's `desired`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Desired {
    role_name: String,
    actions: Vec<String>,
    assignable_scopes: Vec<String>,
}

/// The role with nothing left to decide.
struct Wanted {
    role_name: String,
    id: String,
    /// Where requests about it go: any subscription it can be assigned in would do.
    home: String,
    scopes: Vec<String>,
    actions: Vec<String>,
}

impl Wanted {
    /// What the step wants: a resumed run has nothing else to go by.
    fn of(session: &Session<'_>, step: &StepCall) -> Result<Self> {
        let desired: Desired = serde_json::from_value(step.desired.clone()).map_err(|error| {
            let message = format!("internal error: {}: {error}", step.address);
            Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-HOST-001")
        })?;
        let Desired { role_name, actions, assignable_scopes } = desired;
        Ok(Self::new(session.settings, role_name, actions, assignable_scopes))
    }

    fn new(
        settings: &Settings,
        role_name: String,
        actions: Vec<String>,
        scopes: Vec<String>,
    ) -> Self {
        Self {
            id: names::custom_role_id(&settings.tenant_id(), &role_name),
            role_name,
            home: scopes.first().cloned().unwrap_or_default(),
            scopes,
            actions,
        }
    }

    fn role_definition_id(&self, id: &str) -> String {
        format!("{}/providers/Microsoft.Authorization/roleDefinitions/{id}", self.home)
    }

    fn differences(&self, found: &RoleDefinition) -> Vec<Change> {
        let says = &found.properties;
        let name = change("role-name", json!(says.role_name), json!(self.role_name));
        let (has, wants) = (allowed(found), lowered(&self.actions));
        let actions = change("actions", json!(has), json!(wants));
        // Others may assign the role elsewhere: more scopes than ours are no difference.
        let missing = self.missing_scopes(found);
        let scopes = change("assignable-scopes", json!([]), json!(missing));
        name.into_iter().chain(actions).chain(scopes).collect()
    }

    fn missing_scopes(&self, found: &RoleDefinition) -> Vec<String> {
        let has = lowered(&found.properties.assignable_scopes);
        self.scopes.iter().filter(|s| !has.contains(&s.to_lowercase())).cloned().collect()
    }
}

fn lowered(texts: &[String]) -> BTreeSet<String> {
    texts.iter().map(|text| text.to_lowercase()).collect()
}

/// Everything the role allows or takes out, small letters, marked by kind.
fn allowed(found: &RoleDefinition) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for grant in &found.properties.permissions {
        all.extend(lowered(&grant.actions));
        for (mark, list) in [
            ("not:", &grant.not_actions),
            ("data:", &grant.data_actions),
            ("not-data:", &grant.not_data_actions),
        ] {
            all.extend(list.iter().map(|action| format!("{mark}{}", action.to_lowercase())));
        }
    }
    all
}

/// The role, and whether its id is the one we give.
async fn find(session: &Session<'_>, wanted: &Wanted) -> Result<Option<(RoleDefinition, bool)>> {
    let plain = |error| classify(error, Lag::Impossible);
    let request = role_definitions::get_request(&wanted.home, &wanted.id);
    if let Some(found) = session.find::<RoleDefinition>(&request).await.map_err(plain)? {
        return Ok(Some((found, true)));
    }
    let request = role_definitions::list_by_name_request(&wanted.home, &wanted.role_name);
    let listed: Vec<RoleDefinition> = session.list(request).await.map_err(plain)?;
    let found = listed.into_iter().find(|role| role.properties.role_type != "BuiltInRole");
    Ok(found.map(|role| {
        let ours = role.name.eq_ignore_ascii_case(&wanted.id);
        (role, ours)
    }))
}

/// A role of our name, but not of our making, is used only if it allows exactly what ours would.
fn refuse_other(wanted: &Wanted, found: &RoleDefinition) -> Result<()> {
    if allowed(found) == lowered(&wanted.actions) {
        return Ok(());
    }
    let message = format!("a role called `{}` exists and allows something else", wanted.role_name);
    Err(Error::new(kind::ALREADY_EXISTS, message)
        .code("AZ-ROLE-002")
        .help("choose another `display-name`, or rename that role"))
}

async fn put(
    session: &Session<'_>,
    wanted: &Wanted,
    id: &str,
    scopes: &[String],
) -> std::result::Result<RoleDefinition, ClientError> {
    let role = NewRole {
        role_name: &wanted.role_name,
        description: DESCRIPTION,
        actions: &wanted.actions,
        assignable_scopes: scopes,
    };
    session.json(&role_definitions::put_request(&wanted.home, id, role)).await
}

fn describe(wanted: &Wanted, id: &str, fresh: bool) -> Map {
    outputs([("role-definition-id", json!(wanted.role_definition_id(id))), ("fresh", json!(fresh))])
}

fn undo_of(wanted: &Wanted, ours: bool) -> Value {
    if ours {
        json!({ "home": wanted.home, "id": wanted.id, "scopes": wanted.scopes })
    } else {
        json!(null)
    }
}

#[async_trait]
impl Family for RoleDefinitions {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let wanted = Wanted::of(session, step)?;
        let Some((found, ours)) = find(session, &wanted).await? else {
            return Ok(absent(format!("there is no role `{}`", wanted.role_name)));
        };
        let changes = wanted.differences(&found);
        let outputs = describe(&wanted, &found.name, false);
        if !ours {
            refuse_other(&wanted, &found)?;
            if changes.is_empty() {
                return Ok(foreign(outputs, format!("the role exists as {}", found.name)));
            }
        }
        Ok(compared(outputs, changes))
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let wanted = Wanted::of(session, &request.step)?;
        let existing = find(session, &wanted).await?;
        // An earlier attempt may have made it and lost the answer.
        let fresh = request.attempt > 0;
        let (id, ours, scopes, action) = match &existing {
            None => (wanted.id.as_str(), true, wanted.scopes.clone(), applied::CREATED),
            Some((found, ours)) => {
                if !ours {
                    refuse_other(&wanted, found)?;
                }
                if wanted.differences(found).is_empty() {
                    let action = if *ours { applied::UNCHANGED } else { applied::ADOPTED };
                    let outputs = describe(&wanted, &found.name, fresh);
                    return Ok(did(action, outputs, undo_of(&wanted, *ours)));
                }
                let mut scopes = found.properties.assignable_scopes.clone();
                scopes.extend(wanted.missing_scopes(found));
                (found.name.as_str(), *ours, scopes, applied::UPDATED)
            }
        };
        match put(session, &wanted, id, &scopes).await {
            Ok(_) => Ok(did(action, describe(&wanted, id, true), undo_of(&wanted, ours))),
            Err(error) => {
                let classified = classify(error, Lag::Impossible);
                // An attempt of this run may have made it a moment ago, unseen as yet.
                let ours_unseen = fresh && classified.kind == kind::ALREADY_EXISTS;
                Err(if ours_unseen { classified.retry(Retry::Eventual) } else { classified })
            }
        }
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let wanted = Wanted::of(session, &request.step)?;
        Ok(match find(session, &wanted).await? {
            None => not_ready("the custom role cannot be read back yet"),
            Some((found, _)) => ready_if(
                wanted.differences(&found).is_empty(),
                "the custom role still reads as it was before",
            ),
        })
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        taking_back::undo(session, undo).await
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        taking_back::remains(session, undo).await
    }
}
