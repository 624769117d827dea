//! The token endpoint: which grant is asked for, and what every token and refusal looks like.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::discovery::unknown_tenant;
use super::error::Refusal;
use super::{Answer, Api, application, device, names_tenant, person};
use crate::http::encoding::decode_form;
use crate::http::{Call, Reply};
use crate::limits::TOKEN_SECONDS;
use crate::throttle::Verdict;
use crate::world::World;

/// A form, decoded.
pub(super) type Form = Vec<(String, String)>;

/// Answers a token request.
pub(super) fn issue(world: &mut World, call: &Call, tenant: &str) -> Answer<Reply> {
    throttle(world, call)?;
    if !names_tenant(world, tenant) && !super::is_any_tenant(tenant) {
        return Err(unknown_tenant(world, call, tenant));
    }
    let form = read_form(call);
    let grant = required(world, call, &form, "grant_type")?;
    match grant.as_str() {
        // Without a tenant there is nobody to ask about an application.
        _ if grant == "client_credentials" && super::is_any_tenant(tenant) => {
            Err(unknown_tenant(world, call, tenant))
        }
        "client_credentials" => application::token(world, call, &form),
        "password" => person::with_password(world, call, &form),
        "refresh_token" => person::refresh(world, call, &form),
        "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
            device::poll(world, call, &form)
        }
        other => {
            let shown: String = other.chars().take(100).collect();
            let message = format!("The app requested an unsupported grant type '{shown}'.");
            Err(refuse(world, call, 400, "unsupported_grant_type", 70_003, message))
        }
    }
}

/// All callers share one bucket.
pub(super) fn throttle(world: &mut World, call: &Call) -> Answer<()> {
    let bucket = world.scenario.throttle.login.tokens;
    match world.buckets.take("login".to_owned(), bucket, call.now) {
        Verdict::Go(_) => Ok(()),
        Verdict::Wait(seconds) => {
            let message = "The service is busy: too many requests.";
            let busy = refuse(world, call, 429, "temporarily_unavailable", 90_055, message);
            Err(busy.with("retry-after", seconds.to_string()))
        }
    }
}

/// Only a form is read: what comes as anything else has no parameters.
pub(super) fn read_form(call: &Call) -> Form {
    let content_type = call.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Vec::new();
    }
    let text = std::str::from_utf8(&call.body).ok();
    text.and_then(decode_form).unwrap_or_default()
}

pub(super) fn required(
    world: &World,
    call: &Call,
    form: &[(String, String)],
    name: &str,
) -> Answer<String> {
    given(form, name).map(str::to_owned).ok_or_else(|| {
        let message = format!("The request body must contain the following parameter: '{name}'.");
        refuse(world, call, 400, "invalid_request", 900_144, message)
    })
}

/// A parameter that may be left out.
pub(super) fn given<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = form.iter().find(|(key, value)| key == name && !value.is_empty());
    found.map(|(_, value)| value.as_str())
}

/// The client that asks: any text is a parameter, only an id can be a client.
pub(super) fn client_id(world: &World, call: &Call, text: &str) -> Answer<Uuid> {
    Uuid::parse_str(text).map_err(|_| unknown_client(world, call, text))
}

pub(super) fn known_resource(world: &World, call: &Call, audience: &str) -> Answer<Api> {
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

pub(super) fn common_claims(world: &World, call: &Call, audience: &str, client: Uuid) -> Value {
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

pub(super) fn token_reply(world: &World, call: &Call, claims: &Value) -> Answer<Reply> {
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

pub(super) fn unknown_client(world: &World, call: &Call, client: &str) -> Reply {
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

pub(super) fn refuse(
    world: &World,
    call: &Call,
    status: u16,
    error: &'static str,
    code: u32,
    message: impl std::fmt::Display,
) -> Reply {
    Refusal { status, error, code, message }.reply(world, call)
}
