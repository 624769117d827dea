//! The connection seen from outside, by the operator: for credentials that only somebody else can
//! sign in with. Everything the sign-in needs is looked for; the sign-in itself is said to be
//! untried.

use skybridge_azure_client::arm::role_assignments::{self, RoleAssignment};
use skybridge_azure_client::arm::subscriptions::{self, Subscription};
use skybridge_azure_client::graph::app_role_assignments::{self, AppRoleAssignment};
use skybridge_azure_client::graph::applications::{self, Application};
use skybridge_azure_client::graph::federated_credentials::{self, FederatedCredential};
use skybridge_azure_client::graph::service_principals::{self, ServicePrincipal};

use super::Prover;
use super::probe::Probe;
use super::subscription::assignments;
use crate::names;
use crate::roles::MANAGEMENT_GROUP_READER;

const UNTRIED: &str = "the sign-in itself could not be tried from here: it takes a token of the \
                       issuer, which `credential.assertion` can name";
const APPLY_HELP: &str = "it is missing or was taken back; run `skybridge apply`";

/// The application, what it trusts, and what it was granted in the tenant.
pub(super) async fn directory(prover: &Prover<'_>, client_id: &str) -> Vec<Probe> {
    let tenant = prover.session.settings.tenant_id();
    let mut probes = vec![trusted(prover, &tenant, client_id).await];
    let what = "find the service principal";
    let principal = match principal(prover, client_id).await {
        Ok(found) => found,
        Err(error) => {
            probes.push(Probe::failed(&tenant, what, error, APPLY_HELP));
            probes.push(Probe::skipped(&tenant, "find every grant", "nobody to look for"));
            return probes;
        }
    };
    let detail = "seen by the operator";
    probes.push(if principal.account_enabled == Some(false) {
        Probe::not_yet(&tenant, what, "it is disabled", "enable it under Enterprise applications")
    } else {
        Probe::works(&tenant, what, detail)
    });
    probes.extend(consents(prover, &tenant, &principal.id).await);
    if prover.session.settings.grants().root_group {
        probes.push(root_group(prover, &tenant, &principal.id).await);
    }
    probes.push(Probe::skipped(&tenant, "sign in as the connector", UNTRIED));
    probes
}

async fn principal(
    prover: &Prover<'_>,
    client_id: &str,
) -> Result<ServicePrincipal, skybridge_azure_client::ClientError> {
    prover.client.json(&service_principals::get_by_app_id_request(client_id)).await
}

async fn trusted(prover: &Prover<'_>, tenant: &str, client_id: &str) -> Probe {
    let what = "find the federated credential";
    let settings = prover.session.settings;
    let Some(wanted) = settings.credential.federation() else {
        return Probe::skipped(tenant, what, "the settings name no issuer any more");
    };
    let name = names::application(prover.session.connector, tenant, &settings.display_name);
    let request = applications::get_by_unique_name_request(&name);
    let app: Application = match prover.client.json(&request).await {
        Ok(app) => app,
        Err(error) => return Probe::failed(tenant, what, error, APPLY_HELP),
    };
    if !app.app_id.eq_ignore_ascii_case(client_id) {
        let detail = format!("the application {name} has the client id {} now", app.app_id);
        return Probe::not_yet(tenant, what, detail, "it was made anew; run `skybridge apply`");
    }
    let request = federated_credentials::list_request(&app.id);
    match prover.client.list::<FederatedCredential>(request).await {
        Ok(list) => {
            let fits = |one: &&FederatedCredential| {
                one.issuer == wanted.issuer
                    && one.subject == wanted.subject
                    && one.audiences.iter().any(|audience| audience == wanted.audience)
            };
            match list.iter().find(fits) {
                Some(found) => Probe::works(tenant, what, format!("`{}`", found.name)),
                None => Probe::not_yet(
                    tenant,
                    what,
                    "none has the manifest's issuer, subject and audience",
                    APPLY_HELP,
                ),
            }
        }
        Err(error) => Probe::failed(tenant, what, error, APPLY_HELP),
    }
}

async fn consents(prover: &Prover<'_>, tenant: &str, principal: &str) -> Vec<Probe> {
    let request = app_role_assignments::list_request(principal);
    let listed = match prover.client.list::<AppRoleAssignment>(request).await {
        Ok(listed) => listed,
        Err(error) => {
            return vec![Probe::failed(tenant, "find every admin consent", error, APPLY_HELP)];
        }
    };
    let wanted = prover.session.settings.grants().graph;
    wanted
        .into_iter()
        .map(|permission| {
            let what = format!("hold {}", permission.value);
            if listed.iter().any(|one| one.app_role_id.eq_ignore_ascii_case(permission.id)) {
                Probe::works(tenant, &what, "consented to")
            } else {
                Probe::not_yet(tenant, &what, "nobody has consented to it", APPLY_HELP)
            }
        })
        .collect()
}

async fn root_group(prover: &Prover<'_>, tenant: &str, principal: &str) -> Probe {
    let what = "find Management Group Reader at the root management group";
    let scope = format!("/providers/Microsoft.Management/managementGroups/{tenant}");
    let request = role_assignments::list_at_scope_request(&scope);
    let role = MANAGEMENT_GROUP_READER.id.unwrap_or_default();
    match prover.client.list::<RoleAssignment>(request).await {
        Ok(listed) if listed.iter().any(|one| one.grants(&scope, principal, role)) => {
            Probe::works(tenant, what, "assigned")
        }
        Ok(_) => Probe::not_yet(tenant, what, "it is not assigned", APPLY_HELP),
        Err(error) => Probe::failed(tenant, what, error, APPLY_HELP),
    }
}

/// One subscription, with every role in place as far as assignments show.
pub(super) async fn subscription(prover: &Prover<'_>, client_id: &str, id: &str) -> Vec<Probe> {
    let what = "read the subscription";
    let request = subscriptions::get_request(id);
    let read = match prover.client.json::<Subscription>(&request).await {
        Ok(found) if found.state.as_deref() == Some("Enabled") => {
            Probe::works(id, what, "enabled, seen by the operator")
        }
        Ok(found) => {
            let state = found.state.unwrap_or_default();
            Probe::not_yet(id, what, format!("its state is {state}"), "enable it in the portal")
        }
        Err(error) => Probe::failed(id, what, error, "the operator cannot see it"),
    };
    let assigned = match principal(prover, client_id).await {
        Ok(principal) => assignments(prover, id, &principal.id).await,
        Err(error) => Probe::failed(id, "find the service principal", error, APPLY_HELP),
    };
    vec![read, assigned, Probe::skipped(id, "read it as the connector", UNTRIED)]
}
