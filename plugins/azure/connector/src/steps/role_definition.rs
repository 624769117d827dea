//! `role-definition.custom`: the custom role, one for the tenant, assignable in every subscription.
//!
//! Its assignable scopes are the subscriptions themselves, also when the manifest names a
//! management group or the tenant: writing the role takes the right to do so in every one of its
//! scopes, and the operator surely has it in the subscriptions that are onboarded. Azure takes at
//! most [`SCOPES_MAX`] of them. Beyond that one management group stands in their place, more than
//! one Azure does not take: the manifest's when it names a single one, else the root group.
//!
//! A subscription that failed in the run is not among them. The next plan finds it missing and adds
//! it.
//!
//! Connectors of one display name share the role: each adds its scopes and its name ([`used_by`]),
//! and takes both out again in the end.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};
use skybridge_azure_client::ClientError;
use skybridge_azure_client::arm::role_definitions::{self, NewRole, RoleDefinition};
use skybridge_azure_client::arm::{last_segment, management_groups};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Change, Observation, Ready, ReadyRequest, Remains, StepCall,
    StepTemplate, Undone, applied, effect,
};
use skybridge_plugin_sdk::{Error, Result, Retry, async_trait, kind};

use crate::errors::{Lag, classify};
use crate::names;
use crate::outcome::{
    absent, change, compared, did, foreign, not_ready, outputs, own_output, ready_if,
};
use crate::session::Session;
use crate::settings::{Settings, Watched};
use crate::steps::Family;
use crate::template::{DEFINE, MINUTE_MS, UNDEFINE, call, undo, wait, words};

mod finding;
mod taking_back;
mod used_by;

use finding::{Found, elsewhere, find};
use used_by::UsedBy;

pub(crate) const KIND: &str = "role-definition";

/// Attempts at a role whose name is taken where nobody sees it: one that another connector makes at
/// this moment is seen within seconds.
const UNSEEN_ATTEMPTS: u32 = 8;

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

pub(crate) fn template(
    connector: &str,
    settings: &Settings,
    scopes: Vec<String>,
    arm: &str,
) -> StepTemplate {
    let grants = settings.grants();
    let wanted = Wanted::new(
        (connector, settings),
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
struct Wanted<'a> {
    connector: &'a str,
    role_name: String,
    /// The GUID it gets if this connector makes it.
    id: String,
    /// The GUID it has if an early version made it.
    id_once: String,
    /// Where requests about it go: any subscription it can be assigned in would do.
    home: String,
    scopes: Vec<String>,
    /// Subscriptions that the run does without.
    without: Vec<String>,
    actions: Vec<String>,
}

impl<'a> Wanted<'a> {
    /// What the step wants: a resumed run has nothing else to go by.
    fn of(session: &Session<'a>, step: &StepCall) -> Result<Self> {
        let desired: Desired = serde_json::from_value(step.desired.clone()).map_err(|error| {
            let message = format!("internal error: {}: {error}", step.address);
            Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-HOST-001")
        })?;
        let Desired { role_name, actions, assignable_scopes } = desired;
        let failed: BTreeSet<String> =
            step.without.iter().map(|id| format!("/subscriptions/{id}")).collect();
        let (without, scopes): (Vec<String>, Vec<String>) =
            assignable_scopes.into_iter().partition(|scope| failed.contains(scope));
        let of = (session.connector, session.settings);
        Ok(Self { without, ..Self::new(of, role_name, actions, scopes) })
    }

    fn new(
        (connector, settings): (&'a str, &Settings),
        role_name: String,
        actions: Vec<String>,
        scopes: Vec<String>,
    ) -> Self {
        let tenant = settings.tenant_id();
        Self {
            connector,
            id: names::custom_role_id(connector, &tenant, &role_name),
            id_once: names::custom_role_id_once(&tenant, &role_name),
            role_name,
            home: scopes.first().cloned().unwrap_or_default(),
            scopes,
            without: Vec::new(),
            actions,
        }
    }

    fn role_definition_id(&self, id: &str) -> String {
        format!("{}/providers/Microsoft.Authorization/roleDefinitions/{id}", self.home)
    }

    fn differences(&self, found: &Found) -> Vec<Change> {
        let says = &found.role.properties;
        let name = change("role-name", json!(says.role_name), json!(self.role_name));
        let (has, wants) = (allowed(&found.role), lowered(&self.actions));
        let actions = change("actions", json!(has), json!(wants));
        // Others may assign the role elsewhere: more scopes than ours are no difference.
        let missing = self.missing_scopes(&found.role);
        let scopes = change("assignable-scopes", json!([]), json!(missing));
        let used_by = UsedBy::of(&found.role);
        let with_us = used_by.with(self.connector);
        let noted = found.ours && used_by != with_us;
        let used_by = noted.then(|| change("used-by", used_by.to_json(), with_us.to_json()));
        name.into_iter().chain(actions).chain(scopes).chain(used_by.flatten()).collect()
    }

    fn missing_scopes(&self, found: &RoleDefinition) -> Vec<String> {
        let has = lowered(&found.properties.assignable_scopes);
        self.scopes.iter().filter(|s| !has.contains(&s.to_lowercase())).cloned().collect()
    }

    /// What the found role becomes: ours, with what others need of it.
    async fn extend(
        &self,
        session: &Session<'_>,
        found: &Found,
    ) -> std::result::Result<RoleDefinition, ClientError> {
        let mut scopes = found.role.properties.assignable_scopes.clone();
        scopes.extend(self.missing_scopes(&found.role));
        let used_by = UsedBy::of(&found.role).with(self.connector);
        self.put(session, found.at(self), &found.role.name, &scopes, &used_by).await
    }

    async fn create(
        &self,
        session: &Session<'_>,
    ) -> std::result::Result<RoleDefinition, ClientError> {
        let used_by = UsedBy::default().with(self.connector);
        self.put(session, &self.home, &self.id, &self.scopes, &used_by).await
    }

    async fn put(
        &self,
        session: &Session<'_>,
        at: &str,
        id: &str,
        scopes: &[String],
        used_by: &UsedBy,
    ) -> std::result::Result<RoleDefinition, ClientError> {
        let role = NewRole {
            role_name: &self.role_name,
            description: &used_by.description(),
            actions: &self.actions,
            assignable_scopes: scopes,
        };
        session.json(&role_definitions::put_request(at, id, role)).await
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

/// A role of our name, but not of our making, is used only as it is.
fn refuse_other(wanted: &Wanted<'_>, found: &Found) -> Result<()> {
    let missing = wanted.missing_scopes(&found.role);
    if found.ours {
        return refuse_sharing(wanted, found);
    }
    let why = if allowed(&found.role) != lowered(&wanted.actions) {
        "allows something else".to_owned()
    } else if let Some(first) = missing.first() {
        format!("was made by somebody else, who does not let it be assigned in {first}")
    } else {
        return Ok(());
    };
    let message = format!("a role called `{}` exists and {why}", wanted.role_name);
    Err(Error::new(kind::ALREADY_EXISTS, message)
        .code("AZ-ROLE-002")
        .help("choose another `display-name`, or rename that role"))
}

/// What one connector needs of the role must not take from another what it needs.
fn refuse_sharing(wanted: &Wanted<'_>, found: &Found) -> Result<()> {
    let others = UsedBy::of(&found.role).without(wanted.connector);
    if others.is_empty() || allowed(&found.role) == lowered(&wanted.actions) {
        return Ok(());
    }
    let message = format!(
        "the role `{}` is shared with {others}, which needs other actions of it",
        wanted.role_name
    );
    Err(Error::new(kind::ALREADY_EXISTS, message)
        .code("AZ-ROLE-007")
        .help("choose another `display-name` for one of them, or the same `permissions`"))
}

fn describe(wanted: &Wanted<'_>, id: &str, fresh: bool) -> Map {
    outputs([("role-definition-id", json!(wanted.role_definition_id(id))), ("fresh", json!(fresh))])
}

/// `has` are the scopes the role had: ours among them are ours to take out, also those that this run
/// did without.
fn undo_of(wanted: &Wanted<'_>, id: &str, has: &[String]) -> Value {
    let has = lowered(has);
    let before = wanted.without.iter().filter(|scope| has.contains(&scope.to_lowercase()));
    let scopes: Vec<&String> = wanted.scopes.iter().chain(before).collect();
    json!({ "home": wanted.home, "id": id, "scopes": scopes })
}

/// Uses a role that is there, as it is or with our part added.
async fn share(
    session: &Session<'_>,
    wanted: &Wanted<'_>,
    found: &Found,
    fresh: bool,
) -> Result<Applied> {
    refuse_other(wanted, found)?;
    let id = &found.role.name;
    let has = &found.role.properties.assignable_scopes;
    let undo = if found.ours { undo_of(wanted, id, has) } else { json!(null) };
    if wanted.differences(found).is_empty() {
        let action = if found.ours { applied::UNCHANGED } else { applied::ADOPTED };
        return Ok(did(action, describe(wanted, id, fresh), undo));
    }
    let extended = wanted.extend(session, found).await;
    extended.map_err(|error| classify(error, Lag::Impossible))?;
    Ok(did(applied::UPDATED, describe(wanted, id, true), undo))
}

#[async_trait]
impl Family for RoleDefinitions {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let wanted = Wanted::of(session, step)?;
        let Some(found) = find(session, &wanted).await? else {
            return Ok(absent(format!("there is no role `{}`", wanted.role_name)));
        };
        refuse_other(&wanted, &found)?;
        let outputs = describe(&wanted, &found.role.name, false);
        if !found.ours {
            return Ok(foreign(outputs, format!("the role exists as {}", found.role.name)));
        }
        Ok(compared(outputs, wanted.differences(&found)))
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let wanted = Wanted::of(session, &request.step)?;
        // An earlier attempt may have made it and lost the answer.
        let fresh = request.attempt > 0;
        if let Some(found) = find(session, &wanted).await? {
            return share(session, &wanted, &found, fresh).await;
        }
        let Err(error) = wanted.create(session).await else {
            let undo = undo_of(&wanted, &wanted.id, &[]);
            return Ok(did(applied::CREATED, describe(&wanted, &wanted.id, true), undo));
        };
        let taken = error.service().is_some_and(|it| it.is("RoleDefinitionWithSameNameExists"));
        let classified = classify(error, Lag::Impossible);
        if !taken {
            return Err(classified);
        }
        match elsewhere(session, &wanted).await? {
            Some(found) => share(session, &wanted, &found, fresh).await,
            // Another connector may have made it a moment ago, unseen as yet.
            None if request.attempt < UNSEEN_ATTEMPTS => Err(classified.retry(Retry::Eventual)),
            None => Err(classified),
        }
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let wanted = Wanted::of(session, &request.step)?;
        let id = last_segment(own_output(&request.outputs, "role-definition-id")?);
        let found = session
            .find::<RoleDefinition>(&role_definitions::get_request(&wanted.home, id))
            .await
            .map_err(|error| classify(error, Lag::Impossible))?;
        let Some(role) = found else {
            return Ok(not_ready("the custom role cannot be read back yet"));
        };
        let changed = wanted.differences(&Found::new(&wanted, role)).is_empty();
        Ok(ready_if(changed, "the custom role still reads as it was before"))
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        taking_back::undo(session, undo).await
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        taking_back::remains(session, undo).await
    }
}
