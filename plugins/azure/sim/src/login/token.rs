//! The token endpoint: client credentials for applications, passwords for people.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::discovery::unknown_tenant;
use super::error::Refusal;
use super::{Api, names_tenant};
use crate::chance::View;
use crate::graph::directory_roles;
use crate::graph::microsoft_graph;
use crate::http::encoding::{decode_form, percent_decode};
use crate::http::{Call, Reply};
use crate::limits::TOKEN_SECONDS;
use crate::throttle::Verdict;
use crate::world::World;

type Answer<T> = Result<T, Reply>;

/// Who asks, and for what.
struct Request {
    client_id: Uuid,
    secret: Option<String>,
    audience: String,
}

/// Answers a token request.
pub(super) fn issue(world: &mut World, call: &Call, tenant: &str) -> Answer<Reply> {
    let bucket = world.scenario.throttle.login.tokens;
    if let Verdict::Wait(seconds) = world.buckets.take("login".to_owned(), bucket, call.now) {
        let message = "The service is busy: too many requests.";
        let busy = refuse(world, call, 429, "temporarily_unavailable", 90_055, message);
        return Err(busy.with("retry-after", seconds.to_string()));
    }
    if !names_tenant(world, tenant) {
        return Err(unknown_tenant(world, call, tenant));
    }
    let form = read_form(call);
    let grant = required(world, call, &form, "grant_type")?;
    match grant.as_str() {
        "client_credentials" => {
            let request = read_request(world, call, &form)?;
            application_token(world, call, &request)
        }
        "password" => {
            let request = read_request(world, call, &form)?;
            let name = required(world, call, &form, "username")?;
            let password = required(world, call, &form, "password")?;
            person_token(world, call, &request, &name, &password)
        }
        other => {
            let shown: String = other.chars().take(100).collect();
            let message = format!("The app requested an unsupported grant type '{shown}'.");
            Err(refuse(world, call, 400, "unsupported_grant_type", 70_003, message))
        }
    }
}

/// Only a form is read: what comes as anything else has no parameters.
fn read_form(call: &Call) -> Vec<(String, String)> {
    let content_type = call.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Vec::new();
    }
    let text = std::str::from_utf8(&call.body).ok();
    text.and_then(decode_form).unwrap_or_default()
}

fn required(world: &World, call: &Call, form: &[(String, String)], name: &str) -> Answer<String> {
    let found = form.iter().find(|(key, value)| key == name && !value.is_empty());
    found.map(|(_, value)| value.clone()).ok_or_else(|| {
        let message = format!("The request body must contain the following parameter: '{name}'.");
        refuse(world, call, 400, "invalid_request", 900_144, message)
    })
}

fn read_request(world: &World, call: &Call, form: &[(String, String)]) -> Answer<Request> {
    let (client, secret) = match basic(call) {
        Some((client, secret)) => (client, Some(secret)),
        None => {
            let client = required(world, call, form, "client_id")?;
            (client, required(world, call, form, "client_secret").ok())
        }
    };
    let scope = required(world, call, form, "scope")?;
    let audience = audience_of(world, call, &scope)?;
    let client_id = Uuid::parse_str(&client).map_err(|_| unknown_client(world, call, &client))?;
    Ok(Request { client_id, secret, audience })
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

fn application_token(world: &mut World, call: &Call, request: &Request) -> Answer<Reply> {
    let Some(secret) = request.secret.as_deref() else {
        let message = "The request body must contain the following parameter: 'client_assertion' \
                       or 'client_secret'.";
        return Err(refuse(world, call, 401, "invalid_client", 7_000_218, message));
    };
    let principal = known_principal(world, call, request.client_id)?;
    check_secret(world, call, request.client_id, secret)?;
    let resource = known_resource(world, call, &request.audience)?;
    let mut claims = common_claims(world, call, &request.audience, request.client_id);
    claims["oid"] = json!(principal);
    claims["sub"] = json!(principal);
    claims["idtyp"] = json!("app");
    claims["appidacr"] = json!("1");
    if resource == Api::Graph {
        let roles = granted_roles(world, call, principal);
        if !roles.is_empty() {
            claims["roles"] = json!(roles);
        }
    }
    token_reply(world, call, &claims)
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
fn check_secret(world: &mut World, call: &Call, client_id: Uuid, secret: &str) -> Answer<()> {
    let matching = world
        .store
        .applications
        .values()
        .filter(|app| app.app_id == client_id && app.deleted.is_none())
        .flat_map(|app| &app.passwords)
        .find(|password| password.secret.is(secret))
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

/// Compares in a time that does not tell where the difference is.
fn same(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && left.bytes().zip(right.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

fn known_resource(world: &World, call: &Call, audience: &str) -> Answer<Api> {
    Api::named(world, audience).ok_or_else(|| {
        let shown: String = audience.chars().take(200).collect();
        let tenant = &world.scenario.tenant.display_name;
        let message = format!(
            "The resource principal named {shown} was not found in the tenant named {tenant}. \
             This can happen if the application has not been installed by the administrator of \
             the tenant or consented to by any user in the tenant."
        );
        refuse(world, call, 400, "invalid_resource", 500_011, message)
    })
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

fn person_token(
    world: &World,
    call: &Call,
    request: &Request,
    name: &str,
    password: &str,
) -> Answer<Reply> {
    let users = &world.scenario.users;
    let user = users.iter().find(|user| user.principal_name.eq_ignore_ascii_case(name));
    let right = |known: &String| same(known, password);
    let Some(user) = user.filter(|user| user.password.as_ref().is_some_and(right)) else {
        let message = "Error validating credentials due to invalid username or password.";
        return Err(refuse(world, call, 400, "invalid_grant", 50_126, message));
    };
    known_resource(world, call, &request.audience)?;
    let mut claims = common_claims(world, call, &request.audience, request.client_id);
    claims["oid"] = json!(user.id);
    claims["sub"] = json!(user.id);
    claims["idtyp"] = json!("user");
    claims["scp"] = json!("user_impersonation");
    claims["name"] = json!(user.name);
    claims["upn"] = json!(user.principal_name);
    claims["unique_name"] = json!(user.principal_name);
    claims["wids"] = json!(directory_roles::templates(&user.directory_roles));
    token_reply(world, call, &claims)
}

fn common_claims(world: &World, call: &Call, audience: &str, client: Uuid) -> Value {
    let tenant = world.scenario.tenant.id;
    let issuer = format!("https://sts.windows.net/{tenant}/");
    let now = call.now.div_euclid(1000);
    json!({
        "aud": audience,
        "iss": issuer,
        "idp": issuer,
        "iat": now,
        "nbf": now,
        // The endpoint answers one second less than the token is good for.
        "exp": now + TOKEN_SECONDS + 1,
        // Opaque to everybody but us: the time of issue, finer than a second.
        "aio": URL_SAFE_NO_PAD.encode(call.now.to_be_bytes()),
        "appid": client,
        "tid": tenant,
        "uti": URL_SAFE_NO_PAD.encode(call.request_id.as_bytes()),
        "ver": "1.0",
    })
}

fn token_reply(world: &World, call: &Call, claims: &Value) -> Answer<Reply> {
    let Some(token) = world.keys.sign(claims) else {
        let message = "A token could not be signed.";
        return Err(refuse(world, call, 503, "temporarily_unavailable", 90_033, message));
    };
    Ok(Reply::json(
        200,
        json!({
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "ext_expires_in": TOKEN_SECONDS,
            "access_token": token,
        }),
    ))
}

fn unknown_client(world: &World, call: &Call, client: &str) -> Reply {
    let shown: String = client.chars().take(100).collect();
    let tenant = &world.scenario.tenant.display_name;
    let message = format!(
        "Application with identifier '{shown}' was not found in the directory '{tenant}'. This \
         can happen if the application has not been installed by the administrator of the tenant \
         or consented to by any user in the tenant. You may have sent your authentication request \
         to the wrong tenant."
    );
    refuse(world, call, 400, "unauthorized_client", 700_016, message)
}

fn refuse(
    world: &World,
    call: &Call,
    status: u16,
    error: &'static str,
    code: u32,
    message: impl std::fmt::Display,
) -> Reply {
    Refusal { status, error, code, message }.reply(world, call)
}
