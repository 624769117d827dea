//! `admin-consent.PERMISSION`: a Graph permission for the application, granted for the tenant.

use serde_json::{Value, json};
use skybridge_azure_client::ClientError;
use skybridge_azure_client::graph::GRAPH_APP_ID;
use skybridge_azure_client::graph::app_role_assignments::{self, AppRoleAssignment};
use skybridge_azure_client::graph::service_principals::{self, ServicePrincipal};
use skybridge_azure_client::login::admin_consent_address;
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::audit::Notice;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, applied, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::errors::{LATER, Lag, classify, known_as};
use crate::outcome::{
    absent, did, gone, is_fresh, known, matches, needed, nothing_left, outputs, own_output,
    ready_if, removed, still_if, undo_field,
};
use crate::roles::{self, GraphPermission};
use crate::session::Session;
use crate::settings::{Consent, Settings};
use crate::steps::Family;
use crate::template::{MINUTE_MS, PRIVILEGED_ROLE_ADMINISTRATOR, call, undo, wait, words};

pub(crate) const KIND: &str = "admin-consent";

pub(crate) struct AdminConsent;

pub(crate) fn template(
    permission: GraphPermission,
    settings: &Settings,
    graph: &str,
) -> StepTemplate {
    let budget = match settings.consent {
        Consent::Grant => 10 * MINUTE_MS,
        Consent::HandOff => settings.consent_wait.milliseconds(),
    };
    let all = format!("{graph}/v1.0/servicePrincipals");
    let granted = format!("{all}/<<microsoft-graph>/appRoleAssignedTo");
    StepTemplate {
        kind: KIND.into(),
        name: Some(permission.word.into()),
        title: format!("consent to {} for the whole tenant", permission.value),
        group: "Tenant".into(),
        reference: Some("2.8".into()),
        effect: effect::ENSURE.into(),
        desired: json!({
            "permission": permission.value,
            "app-role-id": permission.id,
            "principal-id": "<service-principal.object-id>",
        }),
        inputs: words([
            "service-principal.object-id",
            "service-principal.fresh",
            "application.client-id",
        ]),
        outputs: words(["id", "principal-id"]),
        calls: vec![
            call("GET", format!("{all}(appId='{GRAPH_APP_ID}')"), "Application.Read.All"),
            call(
                "GET",
                format!("{all}/<service-principal.object-id>/appRoleAssignments"),
                "Application.Read.All",
            ),
            call("POST", granted.clone(), PRIVILEGED_ROLE_ADMINISTRATOR),
        ],
        undo: undo(
            "revoke the consent",
            vec![call(
                "DELETE",
                format!("{granted}/<admin-consent.{}.id>", permission.word),
                PRIVILEGED_ROLE_ADMINISTRATOR,
            )],
        ),
        readiness: wait("the consent is given and listed", 3, budget),
        throttle: "graph".into(),
        notes: vec![
            "the page says Application Administrator is enough; for application permissions of \
             Microsoft Graph it is not: Privileged Role Administrator or Global Administrator is"
                .into(),
        ],
        ..StepTemplate::default()
    }
}

/// A grant with nothing left to decide.
struct Wanted {
    permission: GraphPermission,
    principal: String,
    /// The object id of Graph's service principal in this tenant.
    resource: String,
    app_role: String,
}

fn permission_of(step: &StepCall) -> Result<GraphPermission> {
    let word = step.name.as_deref().unwrap_or_default();
    roles::graph_permission(word).ok_or_else(|| {
        let message = format!("internal error: there is no permission `{word}`");
        Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-HOST-003")
    })
}

impl Wanted {
    /// Looks the permission up by its name: ids could differ between clouds, names do not.
    async fn of(session: &Session<'_>, step: &StepCall, principal: &str) -> Result<Self> {
        let permission = permission_of(step)?;
        let graph: ServicePrincipal = session
            .json(&service_principals::get_app_roles_request(GRAPH_APP_ID))
            .await
            .map_err(|error| classify(error, Lag::Impossible))?;
        let role = graph.app_roles.iter().find(|role| {
            role.value.as_deref() == Some(permission.value) && role.is_enabled != Some(false)
        });
        let Some(role) = role else {
            let message = format!("Microsoft Graph offers no permission {}", permission.value);
            return Err(Error::new(kind::NOT_FOUND, message)
                .code("AZ-CONSENT-002")
                .help("this cloud's Graph lacks the permission"));
        };
        let app_role = role.id.clone();
        Ok(Self { permission, principal: principal.into(), resource: graph.id, app_role })
    }

    async fn find(
        &self,
        session: &Session<'_>,
    ) -> std::result::Result<Option<AppRoleAssignment>, ClientError> {
        let listed: Vec<AppRoleAssignment> =
            session.list(app_role_assignments::list_request(&self.principal)).await?;
        Ok(listed
            .into_iter()
            .find(|grant| grant.grants(&self.principal, &self.resource, &self.app_role)))
    }

    fn done(&self, action: &str, grant: &AppRoleAssignment) -> Applied {
        let undo = json!({
            "resource": self.resource,
            "id": grant.id,
            "principal": self.principal,
        });
        did(action, describe(grant), undo)
    }
}

fn describe(grant: &AppRoleAssignment) -> Map {
    outputs([("id", json!(grant.id)), ("principal-id", json!(grant.principal_id))])
}

/// Whether a refusal only says that the grant is there: two spellings are in use.
fn is_duplicate(error: &ClientError) -> bool {
    error
        .service()
        .is_some_and(|error| matches!(error.status, 400 | 409) && error.says("already exists"))
}

/// What a consent that somebody was asked for is called.
pub(crate) const HANDED_OFF: &str = "handed-off";

/// Where somebody who may consent does so, for all permissions at once.
fn address(session: &Session<'_>, step: &StepCall) -> String {
    let tenant = session.settings.tenant_id();
    let client_id = known(step, "application.client-id").unwrap_or_default();
    admin_consent_address(session.client.endpoints(), &tenant, client_id)
}

const WHO: &str = "a Privileged Role Administrator or Global Administrator";

/// A missing right here can be lent by somebody else without handing over the rest: a link does it.
fn explain_denied(
    session: &Session<'_>,
    step: &StepCall,
    permission: GraphPermission,
    error: ClientError,
) -> Error {
    let link = address(session, step);
    classify(error, Lag::Impossible).code("AZ-CONSENT-001").help(format!(
        "consenting to {} takes {WHO}; have such a person open {link} and run again, or set \
         `consent = \"hand-off\"`, which waits for that person",
        permission.value
    ))
}

/// Asks a person, once for all permissions.
fn ask(session: &Session<'_>, step: &StepCall) {
    let wanted = session.settings.grants().graph;
    let names: Vec<&str> = wanted.iter().map(|permission| permission.value).collect();
    session.ask(&Notice {
        text: format!(
            "{WHO} has to open this address, sign in and accept: it grants {} to `{}`. The run \
             goes on by itself afterwards",
            names.join(" and "),
            session.settings.display_name
        ),
        url: Some(address(session, step)),
        code: None,
    });
}

fn handed_off(wanted: &Wanted) -> Applied {
    let outputs = outputs([("id", json!("")), ("principal-id", json!(wanted.principal))]);
    // Whoever consents, it is not us: there will be nothing of ours to take back.
    let detail = format!("{WHO} was asked to consent to {}", wanted.permission.value);
    Applied { detail: Some(detail), ..did(HANDED_OFF, outputs, json!(null)) }
}

#[async_trait]
impl Family for AdminConsent {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let Some(principal) = known(step, "service-principal.object-id") else {
            return Ok(absent("the service principal does not exist yet"));
        };
        let wanted = Wanted::of(session, step, principal).await?;
        let found = wanted.find(session).await.map_err(|error| classify(error, Lag::Impossible))?;
        Ok(match found {
            Some(grant) => matches(describe(&grant)),
            None => absent(format!("{} is not granted", wanted.permission.value)),
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let step = &request.step;
        let principal = needed(step, "service-principal.object-id")?;
        let wanted = Wanted::of(session, step, principal).await?;
        let lag = Lag::when(is_fresh(step, "service-principal.fresh"));
        if let Some(grant) = wanted.find(session).await.map_err(|error| classify(error, lag))? {
            let found = wanted.done(applied::UNCHANGED, &grant);
            // At a first attempt it cannot be ours: what somebody else consented to stays. Nor where
            // a person is asked: revoking what that person gave would be refused, and it goes with
            // the service principal.
            let theirs = request.attempt == 0 || session.settings.consent == Consent::HandOff;
            return Ok(if theirs { Applied { undo: json!(null), ..found } } else { found });
        }
        let post = app_role_assignments::grant_request(
            &wanted.principal,
            &wanted.resource,
            &wanted.app_role,
        );
        match session.json::<AppRoleAssignment>(&post).await {
            Ok(grant) => Ok(wanted.done(applied::CREATED, &grant)),
            Err(error) if is_duplicate(&error) => {
                match wanted.find(session).await.map_err(|error| classify(error, lag))? {
                    Some(grant) => Ok(wanted.done(applied::UNCHANGED, &grant)),
                    None => {
                        let message = "the consent exists and is not listed yet";
                        let soon = Error::new(kind::NOT_REPLICATED, message)
                            .code("AZ-CONSENT-003")
                            .operation("granting admin consent")
                            .help(LATER);
                        Err(known_as(soon, &error))
                    }
                }
            }
            Err(error) if error.is_status(403) && session.settings.consent == Consent::HandOff => {
                ask(session, step);
                Ok(handed_off(&wanted))
            }
            Err(error) if error.is_status(403) => {
                Err(explain_denied(session, step, wanted.permission, error))
            }
            Err(error) => {
                // The principal is readable if its grants could be listed above.
                Err(classify(error, Lag::Possible))
            }
        }
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let id = own_output(&request.outputs, "id")?;
        let principal = own_output(&request.outputs, "principal-id")?;
        if id.is_empty() {
            // A resumed run asks anew: the person may never have seen the first notice.
            ask(session, &request.step);
            let wanted = Wanted::of(session, &request.step, principal).await?;
            let found =
                wanted.find(session).await.map_err(|error| classify(error, Lag::Possible))?;
            return Ok(ready_if(found.is_some(), "nobody has consented yet"));
        }
        let listed: Vec<AppRoleAssignment> = session
            .list(app_role_assignments::list_request(principal))
            .await
            .map_err(|error| classify(error, Lag::Possible))?;
        Ok(ready_if(listed.iter().any(|grant| grant.id == id), "the consent is not listed yet"))
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        let (resource, id) = (undo_field(undo, "resource")?, undo_field(undo, "id")?);
        match session.send(&app_role_assignments::revoke_request(resource, id)).await {
            Ok(_) => Ok(removed("revoked the consent")),
            Err(error) if error.is_status(404) => Ok(gone()),
            Err(error) => Err(classify(error, Lag::Impossible)),
        }
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        let id = undo_field(undo, "id")?;
        // What was undone by an earlier version did not say whose consent it was.
        let Some(principal) = undo.get("principal").and_then(Value::as_str) else {
            return Ok(nothing_left());
        };
        let request = app_role_assignments::list_request(principal);
        match session.list::<AppRoleAssignment>(request).await {
            Ok(listed) => Ok(still_if(
                listed.iter().any(|grant| grant.id == id),
                "the consent is still given",
            )),
            Err(error) if error.is_status(404) => Ok(nothing_left()),
            Err(error) => Err(classify(error, Lag::Impossible)),
        }
    }
}
