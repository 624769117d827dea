//! Tokens of applications: a secret, an assertion, or the host an application runs on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use uuid::Uuid;

use super::token::{
    client_id, common_claims, given, known_resource, refuse, required, token_reply, unknown_client,
};
use super::{Answer, Api, assertion};
use crate::chance::View;
use crate::graph::microsoft_graph;
use crate::http::encoding::percent_decode;
use crate::http::{Call, Reply};
use crate::store::objects::SecretText;
use crate::world::World;

/// How an application shows who it is.
pub(crate) enum Proof {
    /// A client secret, as it was sent or as somebody keeps it.
    Secret(SecretText),
    /// A signed assertion.
    Assertion(String),
    /// The host it runs on says so.
    Host,
}

/// `grant_type=client_credentials`.
pub(super) fn token(world: &mut World, call: &Call, form: &[(String, String)]) -> Answer<Reply> {
    let (client, secret) = match basic(call) {
        Some((client, secret)) => (client, Some(secret)),
        None => {
            let client = required(world, call, form, "client_id")?;
            (client, given(form, "client_secret").map(str::to_owned))
        }
    };
    let scope = required(world, call, form, "scope")?;
    let audience = audience_of(world, call, &scope)?;
    let client = client_id(world, call, &client)?;
    let proof = match (secret, given(form, "client_assertion")) {
        (_, Some(text)) => {
            assertion::require_type(world, call, form)?;
            Proof::Assertion(text.to_owned())
        }
        (Some(secret), None) => Proof::Secret(secret.into()),
        (None, None) => {
            let message = "The request body must contain the following parameter: \
                           'client_assertion' or 'client_secret'.";
            return Err(refuse(world, call, 401, "invalid_client", 7_000_218, message));
        }
    };
    issue(world, call, client, &proof, &audience)
}

/// The token of an application that proves itself.
pub(crate) fn issue(
    world: &mut World,
    call: &Call,
    client: Uuid,
    proof: &Proof,
    audience: &str,
) -> Answer<Reply> {
    let principal = known_principal(world, call, client)?;
    let strength = match proof {
        Proof::Secret(secret) => {
            check_secret(world, call, client, secret)?;
            "1"
        }
        Proof::Assertion(text) => {
            assertion::check(world, call, client, text)?;
            "2"
        }
        Proof::Host => "2",
    };
    let resource = known_resource(world, call, audience)?;
    let mut claims = common_claims(world, call, audience, client);
    claims["oid"] = json!(principal);
    claims["sub"] = json!(principal);
    claims["idtyp"] = json!("app");
    claims["appidacr"] = json!(strength);
    if resource == Api::Graph {
        let roles = granted_roles(world, call, principal);
        if !roles.is_empty() {
            claims["roles"] = json!(roles);
        }
    }
    token_reply(world, call, &claims)
}

fn basic(call: &Call) -> Option<(String, String)> {
    let (scheme, text) = call.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (client, secret) = text.split_once(':')?;
    // OAuth encodes both halves like form values before they are joined.
    Some((percent_decode(client, true)?, percent_decode(secret, true)?))
}

/// The resource a scope means; only `<resource>/.default` makes sense without a person.
fn audience_of(world: &World, call: &Call, scope: &str) -> Answer<String> {
    const IDENTITY: [&str; 4] = ["openid", "profile", "offline_access", "email"];
    let asked: Vec<&str> =
        scope.split_whitespace().filter(|part| !IDENTITY.contains(part)).collect();
    let [one] = asked.as_slice() else {
        let message =
            "The provided request must include a 'scope' input parameter of one resource.";
        return Err(refuse(world, call, 400, "invalid_scope", 70_011, message));
    };
    let shown: String = one.chars().take(200).collect();
    match one.strip_suffix("/.default") {
        Some(resource) if !resource.is_empty() => Ok(resource.to_owned()),
        Some(_) => {
            let message = format!(
                "The provided value for the input parameter 'scope' is not valid. The scope \
                 {shown} is not valid."
            );
            Err(refuse(world, call, 400, "invalid_scope", 70_011, message))
        }
        None => {
            let message = format!(
                "The provided value for scope {shown} is not valid. Client credential flows must \
                 have a scope value with /.default suffixed to the resource identifier \
                 (application ID URI)."
            );
            Err(refuse(world, call, 400, "invalid_scope", 1_002_012, message))
        }
    }
}

/// The application and its principal have to be replicated to the token service, too.
fn known_principal(world: &mut World, call: &Call, client_id: Uuid) -> Answer<Uuid> {
    let lag = world.scenario.lag.application;
    let born = world
        .store
        .applications
        .values()
        .find(|app| app.app_id == client_id && app.deleted.is_none())
        .map(|app| (app.id, app.created));
    let seen = born.is_some_and(|(id, born)| world.sees(View::Effect, id, born, lag, call.now));
    let principal = world.principal_of_app(client_id).map(|principal| principal.id);
    match principal {
        Some(principal) if seen => Ok(principal),
        _ => Err(unknown_client(world, call, &client_id.to_string())),
    }
}

/// A young secret is refused like a wrong one, now and then, until every front end has it.
fn check_secret(
    world: &mut World,
    call: &Call,
    client_id: Uuid,
    secret: &SecretText,
) -> Answer<()> {
    let matching = world
        .store
        .applications
        .values()
        .filter(|app| app.app_id == client_id && app.deleted.is_none())
        .flat_map(|app| &app.passwords)
        .find(|password| password.secret.same(secret))
        .map(|password| (password.key_id, password.created, password.start, password.end));
    let lag = world.scenario.lag.secret;
    match matching {
        Some((_, _, _, end)) if end <= call.now => {
            let message = format!(
                "The provided client secret keys for app '{client_id}' are expired. Create new \
                 keys for your app or consider using certificate credentials for added security."
            );
            Err(refuse(world, call, 401, "invalid_client", 7_000_222, message))
        }
        Some((id, created, start, _))
            if start <= call.now && world.sees(View::Effect, id, created, lag, call.now) =>
        {
            Ok(())
        }
        _ => {
            let message = format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is \
                 the client secret value, not the client secret ID, for a secret added to app \
                 '{client_id}'."
            );
            Err(refuse(world, call, 401, "invalid_client", 7_000_215, message))
        }
    }
}

fn granted_roles(world: &mut World, call: &Call, principal: Uuid) -> Vec<String> {
    let lag = world.scenario.lag.app_role_effect;
    let grants: Vec<_> = world
        .store
        .app_role_assignments
        .values()
        .filter(|grant| grant.principal == principal)
        .map(|grant| (grant.id, grant.created, grant.app_role))
        .collect();
    let mut roles: Vec<String> = grants
        .into_iter()
        .filter(|(id, born, _)| world.sees(View::Effect, *id, *born, lag, call.now))
        .filter_map(|(_, _, role)| microsoft_graph::app_role(role))
        .map(|role| role.value.to_owned())
        .collect();
    roles.sort();
    roles
}
