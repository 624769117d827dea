//! One subscription: readable, with every role in place and in effect.

use skybridge_azure_client::arm::managed_clusters::{self, ManagedCluster};
use skybridge_azure_client::arm::permissions::{self, Permission};
use skybridge_azure_client::arm::role_assignments::{self, RoleAssignment};
use skybridge_azure_client::arm::role_definitions::{self, RoleDefinition};
use skybridge_azure_client::arm::subscriptions::{self, Subscription};
use skybridge_azure_client::{Claims, ClientError, Service};
use skybridge_plugin_sdk::{Error, kind};

use super::probe::Probe;
use super::{Prover, token_probe_name};
use crate::grants::Grants;
use crate::names;
use crate::roles::Role;
use crate::settings::{Aks, subscription_of_cluster};

const ROLES_HELP: &str = "a role is missing or was taken back; run `skybridge apply`";

/// Every probe of the subscription `id`, in a stable order.
pub(super) async fn prove(prover: &Prover<'_>, id: &str) -> Vec<Probe> {
    let token = match prover.client.fresh_token(Service::ResourceManager).await {
        Ok(token) => token,
        Err(error) => {
            let what = token_probe_name(Service::ResourceManager);
            return vec![
                Probe::failed(id, &what, error, "the credential is not accepted"),
                Probe::skipped(id, "read the subscription", "there is no token to ask with"),
            ];
        }
    };
    let principal = Claims::of(&token.secret).and_then(|claims| claims.oid).unwrap_or_default();
    let mut probes = vec![readable(prover, id).await];
    probes.push(assignments(prover, id, &principal).await);
    let grants = prover.session.settings.grants();
    if !grants.actions.is_empty() {
        probes.push(custom_actions_in_effect(prover, id, &grants).await);
    }
    if !grants.for_kubernetes.is_empty() {
        probes.push(clusters(prover, id).await);
    }
    probes
}

async fn readable(prover: &Prover<'_>, id: &str) -> Probe {
    let what = "read the subscription";
    match prover.client.json::<Subscription>(&subscriptions::get_request(id)).await {
        Ok(found) if found.state.as_deref() == Some("Enabled") => {
            Probe::works(id, what, found.display_name.unwrap_or_default())
        }
        Ok(found) => {
            let state = found.state.unwrap_or_else(|| "in an unknown state".into());
            let error = Error::new(kind::PRECONDITION, format!("the subscription is {state}"))
                .code("AZ-SUB-003")
                .help("enable it in the portal, or take it out of `scope`");
            Probe::refused(id, what, error)
        }
        Err(error) => Probe::failed(id, what, error, ROLES_HELP),
    }
}

pub(super) async fn assignments(prover: &Prover<'_>, id: &str, principal: &str) -> Probe {
    let what = "find every role assigned";
    let help = ROLES_HELP;
    let scope = format!("/subscriptions/{id}");
    let request = role_assignments::list_for_principal_request(&scope, principal);
    let listed = match prover.client.list::<RoleAssignment>(request).await {
        Ok(listed) => listed,
        Err(error) => return Probe::failed(id, what, error, help),
    };
    let custom = match custom_role_ids(prover, &scope).await {
        Ok(ids) => ids,
        Err(error) => return Probe::failed(id, what, error, help),
    };
    let clusters = match listed_clusters(prover, id).await {
        Ok(clusters) => clusters,
        Err(error) => return Probe::failed(id, what, error, help),
    };
    let expected = expected(prover, id, &clusters);
    let missing: Vec<String> = expected
        .iter()
        .filter(|(role, at)| {
            let ids: Vec<&str> = match role.id {
                Some(id) => vec![id],
                None => custom.iter().map(String::as_str).collect(),
            };
            !listed.iter().any(|found| ids.iter().any(|id| found.grants(at, principal, id)))
        })
        .map(
            |(role, at)| {
                if *at == scope { role.title.into() } else { format!("{} on {at}", role.title) }
            },
        )
        .collect();
    if missing.is_empty() {
        return Probe::works(id, what, format!("{} roles", expected.len()));
    }
    Probe::not_yet(id, what, format!("missing: {}", missing.join(", ")), help)
}

/// Every role this subscription should show, with the scope it is assigned at.
fn expected(prover: &Prover<'_>, id: &str, clusters: &[String]) -> Vec<(Role, String)> {
    let scope = format!("/subscriptions/{id}");
    let settings = prover.session.settings;
    let grants = settings.grants();
    let mut all: Vec<(Role, String)> =
        grants.on_subscription.into_iter().map(|role| (role, scope.clone())).collect();
    for role in grants.for_kubernetes {
        match &settings.aks {
            Aks::Off => {}
            Aks::Subscription => all.push((role, scope.clone())),
            Aks::Clusters(_) => all.extend(clusters.iter().map(|at| (role, at.clone()))),
        }
    }
    all
}

/// The settings' clusters in the subscription `id`, without those that are no longer there.
async fn listed_clusters(prover: &Prover<'_>, id: &str) -> Result<Vec<String>, ClientError> {
    let of_here =
        |cluster: &&String| subscription_of_cluster(cluster).is_some_and(|of| of.to_string() == id);
    let wanted: Vec<&String> = prover.session.settings.clusters().iter().filter(of_here).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let there: Vec<ManagedCluster> = prover.client.list(managed_clusters::list_request(id)).await?;
    let exists = |id: &str| there.iter().any(|one| one.id.eq_ignore_ascii_case(id));
    Ok(wanted.into_iter().filter(|id| exists(id)).cloned().collect())
}

/// The custom role's id as we give it, and as it is when a role of the name was there before.
async fn custom_role_ids(prover: &Prover<'_>, scope: &str) -> Result<Vec<String>, ClientError> {
    let (connector, settings) = (prover.session.connector, prover.session.settings);
    let name = names::custom_role(&settings.display_name);
    let mut ids = vec![names::custom_role_id(connector, &settings.tenant_id(), &name)];
    let request = role_definitions::list_by_name_request(scope, &name);
    let listed = prover.client.list::<RoleDefinition>(request).await?;
    ids.extend(listed.into_iter().map(|role| role.name));
    Ok(ids)
}

/// Asks what may be done instead of doing it: both actions reveal live secrets.
async fn custom_actions_in_effect(prover: &Prover<'_>, id: &str, wanted: &Grants) -> Probe {
    let what = "may use the custom role's actions";
    let request = permissions::list_request(&format!("/subscriptions/{id}"));
    match prover.client.list::<Permission>(request).await {
        Ok(grants) => {
            let missing: Vec<String> = wanted
                .action_names()
                .into_iter()
                .filter(|action| !permissions::any_allows(&grants, action))
                .collect();
            if missing.is_empty() {
                return Probe::works(id, what, "all are allowed");
            }
            Probe::not_yet(id, what, format!("not allowed: {}", missing.join(", ")), ROLES_HELP)
        }
        Err(error) => Probe::failed(id, what, error, ROLES_HELP),
    }
}

async fn clusters(prover: &Prover<'_>, id: &str) -> Probe {
    let what = "list Kubernetes clusters";
    match prover.client.list::<ManagedCluster>(managed_clusters::list_request(id)).await {
        Ok(found) => {
            let deaf: Vec<&str> = found
                .iter()
                .filter(|cluster| !cluster.honours_azure_roles())
                .map(|cluster| cluster.name.as_str())
                .collect();
            let plural = if found.len() == 1 { "" } else { "s" };
            let mut detail = format!("{} cluster{plural}", found.len());
            if !deaf.is_empty() {
                detail.push_str("; without Azure RBAC, so that its roles mean nothing inside: ");
                detail.push_str(&deaf.join(", "));
            }
            Probe::works(id, what, detail)
        }
        Err(error) => Probe::failed(id, what, error, ROLES_HELP),
    }
}
