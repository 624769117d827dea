//! The tenant: tokens, what is in them, and what they open.

use skybridge_azure_client::arm::management_groups::{self, ManagementGroup};
use skybridge_azure_client::graph::organization::{self, Organization};
use skybridge_azure_client::graph::policies::{self, AuthorizationPolicy};
use skybridge_azure_client::{Claims, Service};
use skybridge_plugin_sdk::{Error, kind};

use super::probe::Probe;
use super::{Prover, token_probe_name};
use crate::grants::Grants;

const CONSENT_HELP: &str = "admin consent is missing or was revoked; run `skybridge apply`";

/// Every probe of the tenant, in a stable order.
pub(super) async fn prove(prover: &Prover<'_>) -> Vec<Probe> {
    let mut probes = graph(prover).await;
    if prover.session.settings.grants().root_group {
        probes.extend(root_group(prover).await);
    }
    probes
}

async fn graph(prover: &Prover<'_>) -> Vec<Probe> {
    let tenant = prover.session.settings.tenant_id();
    let grants = prover.session.settings.grants();
    let what = token_probe_name(Service::Graph);
    // Roles are written into a token when it is issued: an older one would not show a new grant.
    let token = match prover.client.fresh_token(Service::Graph).await {
        Ok(token) => token,
        Err(error) => {
            let mut probes = vec![Probe::failed(&tenant, &what, error, CONSENT_HELP)];
            for what in readable(&grants) {
                probes.push(Probe::skipped(&tenant, what, "there is no token to ask with"));
            }
            return probes;
        }
    };
    let claims = Claims::of(&token.secret).unwrap_or_default();
    let mut probes = vec![Probe::works(&tenant, &what, "issued")];
    for permission in &grants.graph {
        let what = format!("hold {}", permission.value);
        probes.push(if claims.roles.iter().any(|role| role == permission.value) {
            Probe::works(&tenant, &what, "the token carries it")
        } else {
            Probe::not_yet(&tenant, &what, "the token does not carry it", CONSENT_HELP)
        });
    }
    let readable = readable(&grants);
    if readable.contains(&READ_ORGANIZATION) {
        probes.push(organization(prover, &tenant).await);
    }
    if readable.contains(&READ_POLICY) {
        probes.push(policy(prover, &tenant).await);
    }
    probes
}

const READ_ORGANIZATION: &str = "read the organization";
const READ_POLICY: &str = "read the authorization policy";

/// What the granted permissions open.
fn readable(grants: &Grants) -> Vec<&'static str> {
    let opens = [(READ_ORGANIZATION, "Directory.Read.All"), (READ_POLICY, "Policy.Read.All")];
    opens.into_iter().filter(|(_, value)| grants.has_graph(value)).map(|(what, _)| what).collect()
}

async fn organization(prover: &Prover<'_>, tenant: &str) -> Probe {
    let what = READ_ORGANIZATION;
    let listed = prover.client.list::<Organization>(organization::list_request()).await;
    match listed {
        Ok(found) if found.iter().any(|one| one.id.eq_ignore_ascii_case(tenant)) => {
            let name = found.into_iter().find_map(|one| one.display_name).unwrap_or_default();
            Probe::works(tenant, what, name)
        }
        Ok(_) => {
            let message = "Microsoft Graph shows another tenant than the manifest's";
            let error = Error::new(kind::INVALID_CONFIG, message)
                .code("AZ-VERIFY-002")
                .help("check `tenant` and `cloud`");
            Probe::refused(tenant, what, error)
        }
        Err(error) => Probe::failed(tenant, what, error, CONSENT_HELP),
    }
}

async fn policy(prover: &Prover<'_>, tenant: &str) -> Probe {
    let what = READ_POLICY;
    let request = policies::get_authorization_request();
    match prover.client.json::<AuthorizationPolicy>(&request).await {
        Ok(_) => Probe::works(tenant, what, "readable"),
        Err(error) => Probe::failed(tenant, what, error, CONSENT_HELP),
    }
}

async fn root_group(prover: &Prover<'_>) -> Vec<Probe> {
    let tenant = prover.session.settings.tenant_id();
    let token = token_probe_name(Service::ResourceManager);
    let what = "read the root management group";
    let help = "Management Group Reader at the root group is missing or was taken back; run \
                `skybridge apply`";
    if let Err(error) = prover.client.fresh_token(Service::ResourceManager).await {
        return vec![
            Probe::failed(&tenant, &token, error, "the credential is not accepted"),
            Probe::skipped(&tenant, what, "there is no token to ask with"),
        ];
    }
    let request = management_groups::get_request(&tenant);
    let read = match prover.client.json::<ManagementGroup>(&request).await {
        Ok(group) => {
            let name = group.properties.display_name.unwrap_or(group.name);
            Probe::works(&tenant, what, name)
        }
        Err(error) => Probe::failed(&tenant, what, error, help),
    };
    vec![Probe::works(&tenant, &token, "issued"), read]
}
