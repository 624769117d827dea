//! The token service: discovery documents, keys and tokens.

use crate::http::{Call, Reply};
use crate::signing::SigningKey;
use crate::store::objects::SecretText;
use crate::world::World;

pub(crate) mod application;
mod assertion;
pub(crate) mod clients;
mod consent_page;
pub(crate) mod device;
mod discovery;
mod error;
pub(crate) mod identity;
mod person;
mod resources;
mod token;

pub(crate) use resources::Api;

/// An answer, or a refusal that is already worded.
pub(crate) type Answer<T> = Result<T, Reply>;

/// Names that stand for a tenant nobody named yet.
const ANY_TENANT: [&str; 3] = ["common", "organizations", "consumers"];

/// What the token service remembers between two calls; none of it outlives the process, except the
/// key of the issuers.
pub(crate) struct SignIns {
    /// Device codes.
    pub(crate) codes: device::Codes,
    /// What a hosted program shows to be given its identity.
    pub(crate) identity_header: SecretText,
    /// The key of every issuer of the scenario.
    pub(crate) issuer_key: Option<SigningKey>,
}

impl SignIns {
    pub(crate) fn new(identity_header: SecretText, issuer_key: Option<SigningKey>) -> Self {
        Self { codes: device::Codes::default(), identity_header, issuer_key }
    }
}

/// Answers one call.
pub(crate) fn answer(world: &mut World, call: &Call) -> Reply {
    let lower: Vec<String> = call.segments.iter().map(|part| part.to_lowercase()).collect();
    let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
    match (call.method.as_str(), parts.as_slice()) {
        ("GET", [_, "discovery", "instance"]) => discovery::instance(world, call),
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
            discovery::configuration(world, call, tenant, "v2.0")
        }
        ("GET", [tenant, ".well-known", "openid-configuration"]) => {
            discovery::configuration(world, call, tenant, "v1.0")
        }
        ("GET", [tenant, "discovery", "v2.0", "keys"] | [tenant, "discovery", "keys"]) => {
            discovery::keys(world, call, tenant)
        }
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => {
            token::issue(world, call, tenant).unwrap_or_else(|refusal| refusal)
        }
        ("POST", [tenant, "oauth2", "v2.0", "devicecode"]) => {
            device::begin(world, call, tenant).unwrap_or_else(|refusal| refusal)
        }
        ("GET", ["devicelogin"]) => consent_page::device_login(world),
        ("GET", [tenant, "adminconsent"]) => {
            consent_page::consent(world, call, tenant).unwrap_or_else(|refusal| refusal)
        }
        ("GET", ["common", "userrealm", name]) => discovery::user_realm(world, name),
        (_, [_, "oauth2", "v2.0", "token" | "devicecode"]) => error::Refusal {
            status: 400,
            error: "invalid_request",
            code: 900_561,
            message: "The endpoint only accepts POST requests.",
        }
        .reply(world, call),
        _ => error::Refusal {
            status: 404,
            error: "invalid_request",
            code: 900_144,
            message: "The requested resource does not exist.",
        }
        .reply(world, call),
    }
}

/// Adds what every reply of this service carries.
pub(crate) fn with_headers(call: &Call, reply: Reply) -> Reply {
    let client_id = call.header("client-request-id").or(call.header("x-ms-client-request-id"));
    let reply = match client_id {
        Some(id) => reply.with("client-request-id", id),
        None => reply,
    };
    let reply = match reply.header("content-type") {
        Some(_) => reply,
        None => reply.with("content-type", "application/json; charset=utf-8"),
    };
    reply
        .with("x-ms-request-id", call.request_id.to_string())
        .with("strict-transport-security", "max-age=31536000; includeSubDomains")
        .with("pragma", "no-cache")
}

/// Whether a path names this tenant: by id, by a verified domain, or not at all.
pub(crate) fn names_tenant(world: &World, name: &str) -> bool {
    let tenant = &world.scenario.tenant;
    name == tenant.id.to_string()
        || name == tenant.domain.to_lowercase()
        || name == graph_domain(world)
}

/// Whether a path leaves open which tenant is meant.
fn is_any_tenant(name: &str) -> bool {
    ANY_TENANT.contains(&name)
}

/// The domain every tenant has from the start.
pub(crate) fn graph_domain(world: &World) -> String {
    let name: String = world
        .scenario
        .tenant
        .display_name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase();
    format!("{name}.onmicrosoft.example")
}
