//! `role@ACCOUNT`: the role the vendor becomes. It trusts one principal that names the external id,
//! and is ours by its tags, which are given in the very call that makes it: a crash after that call
//! leaves a role that the next attempt knows.

use serde::Deserialize;
use serde_json::{Value, json};
use skybridge_aws_client::iam::{NewRole, Role, role};
use skybridge_aws_client::{ClientError, Endpoints, Request, Secret, Service};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Change, Observation, Ready, ReadyRequest, Remains, StepCall,
    StepTemplate, Undone, applied, effect,
};
use skybridge_plugin_sdk::{Error, Result, Retry, async_trait, kind};

use super::{Family, desired};
use crate::errors::plain;
use crate::outcome::{
    absent, change, compared, did, foreign, not_ready, outputs, own_output, ready_if, scope_of,
};
use crate::session::Session;
use crate::settings::Settings;
use crate::template::{MINUTE_MS, call, undo, wait, words};
use crate::trust_policy;

mod taking_back;

pub(crate) const KIND: &str = "role";

/// The tags by which a role is ours. Never to change.
const MANAGED_BY: (&str, &str) = ("managed-by", "skybridge");
const CONNECTOR: &str = "skybridge-connector";

pub(crate) struct Roles;

pub(crate) fn template(
    connector: &str,
    settings: &Settings,
    endpoints: &Endpoints,
) -> StepTemplate {
    let iam = endpoints.base(Service::Iam, None);
    let one = |action: &str| call(&iam, "iam", action);
    let mut calls = vec![
        one("GetRole"),
        one("CreateRole"),
        // The tags go with the call before, and take a right of their own.
        one("TagRole"),
        one("UpdateAssumeRolePolicy"),
        one("UpdateRole"),
    ];
    if settings.permissions_boundary.is_some() {
        calls.push(one("PutRolePermissionsBoundary"));
    }
    StepTemplate {
        kind: KIND.into(),
        title: format!("make the role {} in account {{scope}}", settings.role_name),
        group: "Account {scope}".into(),
        effect: effect::ENSURE.into(),
        desired: json!({
            "role-name": settings.role_name,
            "trusts": settings.trusted_principal(),
            "external-id": "<external-id.vault-name>",
            "session-seconds": settings.session_duration.seconds(),
            "permissions-boundary": settings.permissions_boundary,
            "description": format!("Read-only, for {}. Managed by Skybridge.", settings.trusted_principal()),
            "connector": connector,
            "existing-role": settings.existing_role.word(),
        }),
        inputs: words(["external-id.vault-name"]),
        outputs: words(["arn", "role-id", "ours", "fresh", "trusts-anew"]),
        calls,
        undo: undo(
            "delete the role and everything attached to it",
            vec![
                one("ListAttachedRolePolicies"),
                one("DetachRolePolicy"),
                one("ListRolePolicies"),
                one("DeleteRolePolicy"),
                one("ListInstanceProfilesForRole"),
                one("DeleteRole"),
            ],
        ),
        readiness: wait("the role can be read back as written", 3, 5 * MINUTE_MS),
        throttle: "iam/{scope}".into(),
        ..StepTemplate::default()
    }
}

/// The template's `desired`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Wanted {
    role_name: String,
    trusts: String,
    session_seconds: u32,
    permissions_boundary: Option<String>,
    description: String,
    connector: String,
    existing_role: String,
}

impl Wanted {
    fn tags(&self) -> [(&str, &str); 2] {
        [MANAGED_BY, (CONNECTOR, &self.connector)]
    }

    fn is_ours(&self, found: &Role) -> bool {
        self.tags().iter().all(|(key, value)| found.tag(key) == Some(value))
    }

    /// What differs. What a role that is not ours says of itself is its owner's.
    fn differences(&self, found: &Role, external_id: &Secret) -> Vec<Change> {
        let trust = found.assume_role_policy_document.as_deref();
        let trust = trust_policy::difference(trust, &self.trusts, external_id);
        let seconds = found.max_session_duration.unwrap_or(60 * 60);
        let seconds = change("session-seconds", json!(seconds), json!(self.session_seconds));
        let mut all: Vec<Change> = trust.into_iter().chain(seconds).collect();
        let (has, wants) = (found.boundary(), self.permissions_boundary.as_deref());
        if self.is_ours(found) {
            let says = found.description.as_deref().unwrap_or_default();
            all.extend(change("description", json!(says), json!(self.description)));
            all.extend(change("permissions-boundary", json!(has), json!(wants)));
        } else if wants.is_some() {
            all.extend(change("permissions-boundary", json!(has), json!(wants)));
        }
        all
    }

    /// A role of our name, but not of our making, is used only when the manifest says so.
    fn refuse_other(&self, found: &Role) -> Result<()> {
        let refuse = |message: String, code: &str, help: &str| {
            Err(Error::new(kind::ALREADY_EXISTS, message).code(code).help(help))
        };
        let name = &self.role_name;
        if let Some(other) = found
            .tag(CONNECTOR)
            .filter(|_| found.tag(MANAGED_BY.0) == Some(MANAGED_BY.1) && !self.is_ours(found))
        {
            let message = format!("the role {name} belongs to the connector `{other}`");
            return refuse(message, "AWS-ROLE-002", "choose another `role-name`");
        }
        if found.path != "/" && !found.path.is_empty() {
            let message = format!("a role {name} exists under the path {}", found.path);
            return refuse(
                message,
                "AWS-ROLE-003",
                "choose another `role-name`, or rename that role",
            );
        }
        if self.existing_role == "adopt" || self.is_ours(found) {
            return Ok(());
        }
        let message = format!("a role {name} exists, and Skybridge did not make it");
        let help = "choose another `role-name`, delete that role, or set `existing-role` to \
                    \"adopt\" to have it used and changed";
        refuse(message, "AWS-ROLE-004", help)
    }
}

/// The external id, without which no role is made.
async fn external_id(session: &Session<'_>) -> Result<Secret> {
    session.external_id().await?.ok_or_else(|| {
        Error::new(kind::PRECONDITION, "the vault has no external id")
            .code("AWS-TRUST-006")
            .help("plan again: another is made, and the vendor has to be told")
    })
}

/// What later steps may read: whether it may not be seen everywhere yet, and whether some replicas
/// may still trust whom it trusted before.
fn describe(found: &Role, ours: bool, fresh: bool, trusts_anew: bool) -> Map {
    outputs([
        ("arn", json!(found.arn)),
        ("role-id", json!(found.role_id)),
        ("ours", json!(ours)),
        ("fresh", json!(fresh)),
        ("trusts-anew", json!(trusts_anew)),
    ])
}

/// What taking back needs: the id tells our role from one made anew under the same name.
fn undo_of(account: &str, found: &Role) -> Value {
    json!({ "account": account, "role-name": found.role_name, "role-id": found.role_id })
}

async fn find(session: &Session<'_>, account: &str, name: &str) -> Result<Option<Role>> {
    session.role(account, name).await.map_err(plain)
}

async fn create(
    session: &Session<'_>,
    account: &str,
    wanted: &Wanted,
    external_id: &Secret,
) -> std::result::Result<Role, ClientError> {
    let arn = session.settings.role_arn(account);
    let trust = trust_policy::document(&wanted.trusts, external_id).to_string();
    let new = NewRole {
        name: &wanted.role_name,
        description: &wanted.description,
        trust: &trust,
        session_seconds: wanted.session_seconds,
        boundary: wanted.permissions_boundary.as_deref(),
        tags: &wanted.tags(),
    };
    let made: role::Created = session.read(account, &role::create_request(&arn, new)).await?;
    Ok(made.into())
}

/// One request for each thing that differs.
fn repairs(
    wanted: &Wanted,
    found: &Role,
    changes: &[Change],
    external_id: &Secret,
) -> Vec<Request> {
    let (arn, name) = (found.arn.as_str(), wanted.role_name.as_str());
    let differs = |path: &str| changes.iter().any(|change| change.path == path);
    let mut all = Vec::new();
    if differs("trust-policy") {
        let trust = trust_policy::document(&wanted.trusts, external_id).to_string();
        all.push(role::update_trust_request(arn, name, &trust));
    }
    if differs("session-seconds") || differs("description") {
        // UpdateRole sets both at once: what is somebody else's stays as it is.
        let own = found.description.as_deref().unwrap_or_default();
        let says = if wanted.is_ours(found) { wanted.description.as_str() } else { own };
        all.push(role::update_request(arn, name, says, wanted.session_seconds));
    }
    if differs("permissions-boundary") {
        all.push(match &wanted.permissions_boundary {
            Some(boundary) => role::put_boundary_request(arn, name, boundary),
            None => role::delete_boundary_request(arn, name),
        });
    }
    all
}

/// Makes the role; one that came into being meanwhile is looked at by the next attempt.
async fn make(
    session: &Session<'_>,
    account: &str,
    wanted: &Wanted,
    external_id: &Secret,
) -> Result<Applied> {
    match create(session, account, wanted, external_id).await {
        Ok(made) => {
            let undo = undo_of(account, &made);
            Ok(did(applied::CREATED, describe(&made, true, true, false), undo))
        }
        Err(error) => {
            let unseen = error.is(&["EntityAlreadyExists"]);
            let error = plain(error);
            Err(if unseen { error.retry(Retry::Eventual) } else { error })
        }
    }
}

#[async_trait]
impl Family for Roles {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let (account, wanted): (&str, Wanted) = (scope_of(step)?, desired(step)?);
        let Some(found) = find(session, account, &wanted.role_name).await? else {
            return Ok(absent(format!("there is no role {}", wanted.role_name)));
        };
        wanted.refuse_other(&found)?;
        let ours = wanted.is_ours(&found);
        let Some(external_id) = session.external_id().await? else {
            return Ok(absent("the external id is made anew, and the role has to name it"));
        };
        let changes = wanted.differences(&found, &external_id);
        let outputs = describe(&found, ours, false, false);
        if !ours && changes.is_empty() {
            return Ok(foreign(
                outputs,
                "somebody else made the role; it is used and never deleted",
            ));
        }
        let detail = (!ours).then(|| "somebody else made the role; it is changed".to_owned());
        Ok(Observation { detail, ..compared(outputs, changes) })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let step = &request.step;
        let (account, wanted): (&str, Wanted) = (scope_of(step)?, desired(step)?);
        let external_id = external_id(session).await?;
        let Some(found) = find(session, account, &wanted.role_name).await? else {
            return make(session, account, &wanted, &external_id).await;
        };
        wanted.refuse_other(&found)?;
        let ours = wanted.is_ours(&found);
        let undo = if ours { undo_of(account, &found) } else { json!(null) };
        let changes = wanted.differences(&found, &external_id);
        for repair in repairs(&wanted, &found, &changes, &external_id) {
            session.send(account, &repair).await.map_err(plain)?;
        }
        let action = match (changes.is_empty(), ours) {
            (true, true) => applied::UNCHANGED,
            (true, false) => applied::ADOPTED,
            (false, _) => applied::UPDATED,
        };
        // An earlier attempt may have made it and lost the answer.
        let fresh = request.attempt > 0 || !changes.is_empty();
        let trusts_anew = request.attempt > 0 || changes.iter().any(|it| it.path == "trust-policy");
        Ok(did(action, describe(&found, ours, fresh, trusts_anew), undo))
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let step = &request.step;
        let (account, wanted): (&str, Wanted) = (scope_of(step)?, desired(step)?);
        own_output(&request.outputs, "arn")?;
        let Some(found) = find(session, account, &wanted.role_name).await? else {
            return Ok(not_ready("the role cannot be read back yet"));
        };
        let external_id = external_id(session).await?;
        let as_written = wanted.differences(&found, &external_id).is_empty();
        Ok(ready_if(as_written, "the role still reads as it was before"))
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        taking_back::undo(session, undo).await
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        taking_back::remains(session, undo).await
    }
}
