//! `role-assignment.ROLE@SCOPE`: a role for the service principal at a scope.

use serde_json::{Value, json};
use skybridge_azure_client::arm::role_assignments::{self, NewAssignment, RoleAssignment};
use skybridge_azure_client::arm::{last_segment, management_groups};
use skybridge_azure_client::graph::service_principals;
use skybridge_azure_client::{ClientError, Request, Service};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, Undone, applied,
};
use skybridge_plugin_sdk::{Error, Result, Retry, async_trait, kind};

use crate::errors::{Lag, classify};
use crate::names;
use crate::outcome::{
    absent, did, foreign, gone, is_fresh, known, matches, outputs, own_output, ready_if, removed,
    scope_of, still_if, undo_field,
};
use crate::roles::{self, MANAGEMENT_GROUP_READER, Role};
use crate::session::Session;
use crate::settings::RootManagementGroup;
use crate::steps::{Family, elevation};

mod template;
pub(crate) use template::{At, root_template, template};

pub(crate) const KIND: &str = "role-assignment";

pub(crate) struct RoleAssignments;

/// One assignment with nothing left to decide.
struct Wanted {
    role: Role,
    /// The resource scope: `/subscriptions/…`.
    scope: String,
    principal: String,
    /// The GUID of the role.
    role_id: String,
    /// The GUID the assignment gets.
    name: String,
}

impl Wanted {
    /// What `step` wants; nothing while it is not known who and which role.
    fn of(session: &Session<'_>, step: &StepCall) -> Result<Option<Self>> {
        let word = step.name.as_deref().unwrap_or_default();
        let role = roles::by_word(word).ok_or_else(|| {
            let message = format!("internal error: there is no role `{word}`");
            Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-HOST-003")
        })?;
        let at = scope_of(step)?;
        let scope = if role == MANAGEMENT_GROUP_READER {
            management_groups::scope(&session.settings.tenant_id())
        } else if at.starts_with('/') {
            at.to_owned()
        } else {
            format!("/subscriptions/{at}")
        };
        let role_id = match role.id {
            Some(id) => Some(id),
            None => known(step, "role-definition.custom.role-definition-id").map(last_segment),
        };
        let principal = known(step, "service-principal.object-id");
        let (Some(principal), Some(role_id)) = (principal, role_id) else { return Ok(None) };
        Ok(Some(Self {
            role,
            name: names::role_assignment(&scope, principal, role_id),
            principal: principal.to_owned(),
            role_id: role_id.to_owned(),
            scope,
        }))
    }

    /// The role's whole id. Management groups take it without a subscription in front.
    fn role_definition(&self) -> String {
        let mut parts = self.scope.split('/').skip(1);
        let below = match (parts.next(), parts.next()) {
            (Some("subscriptions"), Some(id)) => format!("/subscriptions/{id}"),
            _ => String::new(),
        };
        format!("{below}/providers/Microsoft.Authorization/roleDefinitions/{}", self.role_id)
    }

    fn is(&self, found: &RoleAssignment) -> bool {
        found.grants(&self.scope, &self.principal, &self.role_id)
    }

    /// Management groups take no filter by principal.
    fn list_request(&self) -> Request {
        if self.role == MANAGEMENT_GROUP_READER {
            role_assignments::list_at_scope_request(&self.scope)
        } else {
            role_assignments::list_for_principal_request(&self.scope, &self.principal)
        }
    }

    fn undo(&self) -> Value {
        json!({ "scope": self.scope, "name": self.name })
    }
}

/// Reads the assignment under our name. Another one under it cannot be ours or be changed.
async fn find_ours(session: &Session<'_>, wanted: &Wanted) -> Result<Option<RoleAssignment>> {
    let found: Option<RoleAssignment> = session
        .find(&role_assignments::get_request(&wanted.scope, &wanted.name))
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    match found {
        Some(found) if !wanted.is(&found) => {
            let message = format!("the assignment {} exists and says something else", found.id);
            Err(Error::new(kind::PRECONDITION, message)
                .code("AZ-RBAC-003")
                .help("somebody narrowed or replaced it; delete it, so that it can be made anew"))
        }
        found => Ok(found),
    }
}

/// The same assignment under a name somebody else chose.
async fn find_foreign(session: &Session<'_>, wanted: &Wanted) -> Result<Option<RoleAssignment>> {
    let listed: Vec<RoleAssignment> = session
        .list(wanted.list_request())
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    Ok(listed.into_iter().find(|found| wanted.is(found)))
}

/// The root management group can be read, and with it assigned to.
async fn check_root(session: &Session<'_>, wanted: &Wanted) -> Result<()> {
    if wanted.role != MANAGEMENT_GROUP_READER {
        return Ok(());
    }
    let request = management_groups::get_request(&session.settings.tenant_id());
    match session.json::<management_groups::ManagementGroup>(&request).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_status(404) => {
            let error = classify(error, Lag::Impossible).code("AZ-MG-001");
            Err(error.help(
                "the tenant has never used management groups; open Management groups in the \
                 portal once, which makes the root group",
            ))
        }
        Err(error) => Err(explain_root(error)),
    }
}

/// Owning every subscription gives no right at the root: that refusal gets its own help.
fn explain_root(error: ClientError) -> Error {
    let denied = error.is_status(403);
    let error = classify(error, Lag::Impossible);
    if !denied {
        return error;
    }
    error.code("AZ-MG-002").help(
        "the operator needs User Access Administrator at the root management group; a Global \
         Administrator can switch on `Access management for Azure resources` in Entra for the \
         time of the onboarding, and off again",
    )
}

/// Tells "not replicated yet" from "wrong id": the directory itself is asked for the principal.
async fn lag_of_principal(session: &Session<'_>, step: &StepCall, wanted: &Wanted) -> Lag {
    let request = service_principals::get_request(&wanted.principal);
    match session.find::<service_principals::ServicePrincipal>(&request).await {
        Ok(Some(_)) => Lag::Possible,
        Ok(None) | Err(_) => Lag::when(is_fresh(step, "service-principal.fresh")),
    }
}

async fn refuse(
    session: &Session<'_>,
    step: &StepCall,
    wanted: &Wanted,
    error: ClientError,
) -> Error {
    let code = |code| error.service().is_some_and(|error| error.is(code));
    if code("PrincipalNotFound") {
        let lag = lag_of_principal(session, step, wanted).await;
        return classify(error, lag);
    }
    if code("RoleDefinitionDoesNotExist") {
        let lag = Lag::when(is_fresh(step, "role-definition.custom.fresh"));
        return classify(error, lag);
    }
    if wanted.role == MANAGEMENT_GROUP_READER {
        return explain_root(error);
    }
    classify(error, Lag::Impossible)
}

/// The role of `principal` at `scope` as a subscription below it lists it: who owns a subscription
/// sees there what is inherited from above, and may see nothing above.
pub(crate) async fn seen_from_below(
    session: &Session<'_>,
    step: &StepCall,
    scope: &str,
    principal: &str,
    role: &str,
) -> Result<Option<RoleAssignment>> {
    let Some(from) = step.desired.get("seen-from").and_then(Value::as_str) else {
        return Ok(None);
    };
    let request = role_assignments::list_for_principal_request(from, principal);
    match session.list::<RoleAssignment>(request).await {
        Ok(listed) => Ok(listed.into_iter().find(|found| found.grants(scope, principal, role))),
        Err(error) if error.is_status(403) || error.is_status(404) => Ok(None),
        Err(error) => Err(classify(error, Lag::Impossible)),
    }
}

/// What can be said of the root group's role by an operator who has no right there as yet.
async fn observe_from_below(
    session: &Session<'_>,
    step: &StepCall,
    wanted: &Wanted,
) -> Result<Observation> {
    let (scope, principal, role) = (&wanted.scope, &wanted.principal, &wanted.role_id);
    Ok(match seen_from_below(session, step, scope, principal, role).await? {
        Some(found) if found.name == wanted.name => matches(describe(&found)),
        Some(found) => {
            foreign(describe(&found), format!("the role is assigned already, as {}", found.id))
        }
        None => absent("the role is not seen; the operator is elevated to look and to assign it"),
    })
}

/// Whether the operator is, or may be, elevated for the root group.
fn elevates(session: &Session<'_>, scope: &str) -> bool {
    session.settings.root_management_group == RootManagementGroup::Elevate
        && scope == management_groups::scope(&session.settings.tenant_id())
}

fn describe(found: &RoleAssignment) -> Map {
    outputs([("id", json!(found.id))])
}

async fn renew_token(session: &Session<'_>) -> Result<()> {
    let fresh = session.client.fresh_token(Service::ResourceManager).await;
    fresh.map(drop).map_err(|error| classify(error, Lag::Impossible))
}

async fn assign(session: &Session<'_>, request: &ApplyRequest, wanted: &Wanted) -> Result<Applied> {
    check_root(session, wanted).await?;
    if let Some(found) = find_ours(session, wanted).await? {
        return Ok(did(applied::UNCHANGED, describe(&found), wanted.undo()));
    }
    let role_definition = wanted.role_definition();
    let description = format!("managed by Skybridge, connector {}", session.connector);
    let new = NewAssignment {
        role_definition_id: &role_definition,
        principal_id: &wanted.principal,
        principal_type: "ServicePrincipal",
        description: Some(&description),
    };
    let put = role_assignments::put_request(&wanted.scope, &wanted.name, new);
    match session.json::<RoleAssignment>(&put).await {
        Ok(made) => Ok(did(applied::CREATED, describe(&made), wanted.undo())),
        // Ours after all, or the same under another name: a look decides.
        Err(error) if error.is_status(409) => {
            if let Some(found) = find_ours(session, wanted).await? {
                return Ok(did(applied::UNCHANGED, describe(&found), wanted.undo()));
            }
            match find_foreign(session, wanted).await? {
                Some(found) => Ok(did(applied::ADOPTED, describe(&found), json!(null))),
                None => Err(classify(error, Lag::Impossible).retry(Retry::Eventual)),
            }
        }
        Err(error) => Err(refuse(session, &request.step, wanted, error).await),
    }
}

#[async_trait]
impl Family for RoleAssignments {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let Some(wanted) = Wanted::of(session, step)? else {
            return Ok(absent("the service principal or the role does not exist yet"));
        };
        match check_root(session, &wanted).await {
            Err(error)
                if error.kind == kind::PERMISSION_DENIED && elevates(session, &wanted.scope) =>
            {
                return observe_from_below(session, step, &wanted).await;
            }
            outcome => outcome?,
        }
        if let Some(found) = find_ours(session, &wanted).await? {
            return Ok(matches(describe(&found)));
        }
        Ok(match find_foreign(session, &wanted).await? {
            Some(found) => {
                foreign(describe(&found), format!("the role is assigned already, as {}", found.id))
            }
            None => absent("the role is not assigned"),
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let wanted = Wanted::of(session, &request.step)?.ok_or_else(|| {
            let message = "internal error: the host did not say who gets which role";
            Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-HOST-001")
        })?;
        if !elevates(session, &wanted.scope) {
            return assign(session, request, &wanted).await;
        }
        if let Some(found) = seen_from_below(
            session,
            &request.step,
            &wanted.scope,
            &wanted.principal,
            &wanted.role_id,
        )
        .await?
        {
            let ours = found.name == wanted.name;
            let undo = if ours { wanted.undo() } else { json!(null) };
            let action = if ours { applied::UNCHANGED } else { applied::ADOPTED };
            return Ok(did(action, describe(&found), undo));
        }
        if request.attempt > 0 {
            renew_token(session).await?;
        }
        // An elevation made moments ago is not known everywhere.
        let elevated = is_fresh(&request.step, "elevation.elevated");
        assign(session, request, &wanted).await.map_err(|error| {
            let soon = elevated && error.kind == kind::PERMISSION_DENIED;
            if soon { error.retry(Retry::Eventual) } else { error }
        })
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let id = own_output(&request.outputs, "id")?;
        let scope = id.split("/providers/Microsoft.Authorization/").next().unwrap_or_default();
        let name = last_segment(id);
        match session.find::<RoleAssignment>(&role_assignments::get_request(scope, name)).await {
            Ok(found) => Ok(ready_if(found.is_some(), "the assignment cannot be read back yet")),
            Err(error) if error.is_status(403) && elevates(session, scope) => {
                let seen = is_seen_from_below(session, name).await?;
                Ok(ready_if(seen, "the assignment cannot be seen from a subscription yet"))
            }
            Err(error) => Err(classify(error, Lag::Possible)),
        }
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        let (scope, name) = (undo_field(undo, "scope")?, undo_field(undo, "name")?);
        if elevates(session, scope) {
            return undo_elevated(session, scope, name).await;
        }
        delete(session, scope, name).await.map_err(|error| classify(error, Lag::Impossible))
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        let (scope, name) = (undo_field(undo, "scope")?, undo_field(undo, "name")?);
        let request = role_assignments::get_request(scope, name);
        match session.find::<RoleAssignment>(&request).await {
            Ok(found) => Ok(still_if(found.is_some(), "the role is still assigned")),
            Err(error) if error.is_status(403) && elevates(session, scope) => {
                let seen = is_seen_from_below(session, name).await?;
                Ok(still_if(seen, "the role at the root group is still assigned"))
            }
            Err(error) => Err(classify(error, Lag::Impossible)),
        }
    }
}

async fn delete(
    session: &Session<'_>,
    scope: &str,
    name: &str,
) -> std::result::Result<Undone, ClientError> {
    match session.send(&role_assignments::delete_request(scope, name)).await {
        Ok(response) if response.status() == 204 => Ok(gone()),
        Ok(_) => Ok(removed("deleted the role assignment")),
        Err(error) if error.is_status(404) => Ok(gone()),
        Err(error) => Err(error),
    }
}

/// Whether an operator without rights at the root sees the assignment `name` there.
async fn is_seen_from_below(session: &Session<'_>, name: &str) -> Result<bool> {
    let below = session.vantage().await.map_err(|error| classify(error, Lag::Impossible))?;
    let Some(scope) = below else { return Ok(false) };
    let listed: Vec<RoleAssignment> = session
        .list(role_assignments::list_at_scope_request(&scope))
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    Ok(listed.iter().any(|one| one.name.eq_ignore_ascii_case(name)))
}

/// Deleting at the root takes the same right as assigning there, for the same short time.
async fn undo_elevated(session: &Session<'_>, scope: &str, name: &str) -> Result<Undone> {
    if elevation::is_being_given_back(session).await? {
        elevation::give_back(session).await?;
        // What was cut short may have been the onboarding's removal and not ours: a look decides.
        if !is_seen_from_below(session, name).await? {
            return Ok(removed("deleted the role assignment"));
        }
    }
    match delete(session, scope, name).await {
        Ok(undone) => {
            elevation::give_back(session).await?;
            Ok(undone)
        }
        Err(error) if error.is_status(403) => {
            elevation::take(session).await?;
            Err(classify(error, Lag::Impossible).retry(Retry::Eventual))
        }
        Err(error) => Err(classify(error, Lag::Impossible)),
    }
}
