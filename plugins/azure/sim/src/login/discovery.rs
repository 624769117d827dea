//! Discovery documents: what client libraries read before they ask for a token.

use serde_json::json;

use super::error::Refusal;
use super::{ANY_TENANT, names_tenant};
use crate::http::{Call, Reply};
use crate::world::World;

/// Which authority hosts belong together: only this one.
pub(super) fn instance(world: &World, call: &Call) -> Reply {
    let host = world.endpoints.login.trim_start_matches("https://");
    let tenant = world.scenario.tenant.id;
    // A library that asks about one tenant wants that tenant's document back.
    let named = call
        .parameter("authorization_endpoint")
        .and_then(|url| url.split('/').nth(3))
        .filter(|name| !ANY_TENANT.contains(name))
        .map_or_else(|| tenant.to_string(), str::to_owned);
    let document =
        format!("{}/{named}/v2.0/.well-known/openid-configuration", world.endpoints.login);
    Reply::json(
        200,
        json!({
            "tenant_discovery_endpoint": document,
            "api-version": "1.1",
            "metadata": [
                {"preferred_network": host, "preferred_cache": host, "aliases": [host]},
            ],
        }),
    )
}

/// The OpenID configuration of a tenant.
pub(super) fn configuration(world: &World, call: &Call, name: &str, version: &str) -> Reply {
    if !ANY_TENANT.contains(&name) && !names_tenant(world, name) {
        return unknown_tenant(world, call, name);
    }
    let base = &world.endpoints.login;
    // For a tenant nobody named the issuer keeps its place holder.
    let tenant = if ANY_TENANT.contains(&name) {
        "{tenantid}".to_owned()
    } else {
        world.scenario.tenant.id.to_string()
    };
    let path = if ANY_TENANT.contains(&name) { name } else { tenant.as_str() };
    let issuer = match version {
        "v1.0" => format!("https://sts.windows.net/{tenant}/"),
        _ => format!("{base}/{tenant}/v2.0"),
    };
    Reply::json(
        200,
        json!({
            "token_endpoint": format!("{base}/{path}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": [
                "client_secret_post", "private_key_jwt", "client_secret_basic",
            ],
            "jwks_uri": format!("{base}/{path}/discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer,
            "request_uri_parameter_supported": false,
            "authorization_endpoint": format!("{base}/{path}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/{path}/oauth2/v2.0/devicecode"),
            "end_session_endpoint": format!("{base}/{path}/oauth2/v2.0/logout"),
            "http_logout_supported": true,
            "tenant_region_scope": "EU",
            "cloud_instance_name": base.trim_start_matches("https://"),
            "cloud_graph_host_name": world.endpoints.graph.trim_start_matches("https://"),
            "msgraph_host": world.endpoints.graph.trim_start_matches("https://"),
        }),
    )
}

/// The keys tokens are signed with.
pub(super) fn keys(world: &World, call: &Call, name: &str) -> Reply {
    if !ANY_TENANT.contains(&name) && !names_tenant(world, name) {
        return unknown_tenant(world, call, name);
    }
    let issuer = format!("https://sts.windows.net/{}/", world.scenario.tenant.id);
    Reply::json(200, world.keys.public_keys(&issuer))
}

/// Whether a person's password is checked here or somewhere else.
pub(super) fn user_realm(world: &World, name: &str) -> Reply {
    let host = world.endpoints.login.trim_start_matches("https://");
    let known = world.scenario.users.iter().any(|user| user.principal_name.to_lowercase() == name);
    let kind = if known { "Managed" } else { "Unknown" };
    Reply::json(
        200,
        json!({
            "ver": "1.0",
            "account_type": kind,
            "domain_name": world.scenario.tenant.domain,
            "cloud_instance_name": host,
            "cloud_audience_urn": "urn:federation:MicrosoftOnline",
        }),
    )
}

/// A tenant that is not here.
pub(super) fn unknown_tenant(world: &World, call: &Call, name: &str) -> Reply {
    let shown: String = name.chars().take(100).collect();
    Refusal {
        status: 400,
        error: "invalid_request",
        code: 90_002,
        message: format!(
            "Tenant '{shown}' not found. Check to make sure you have the correct tenant ID and are \
             signing into the correct cloud. Check with your subscription administrator, this may \
             happen if there are no active subscriptions for the tenant."
        ),
    }
    .reply(world, call)
}
