//! Assertions in place of a secret: signed with a certificate of the application, or by an issuer
//! the application trusts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;

use super::Answer;
use super::token::{refuse, required};
use crate::chance::View;
use crate::clock::{Millis, login_time};
use crate::http::{Call, Reply};
use crate::limits::ASSERTION_BYTES_MAX;
use crate::store::Application;
use crate::world::World;
use crate::x509::Certificate;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far two clocks may be apart, in seconds.
const SKEW: i64 = 300;

/// The only kind of assertion there is.
pub(super) fn require_type(world: &World, call: &Call, form: &[(String, String)]) -> Answer<()> {
    let kind = required(world, call, form, "client_assertion_type")?;
    if kind == JWT_BEARER {
        return Ok(());
    }
    let message = format!("The 'client_assertion_type' parameter must be '{JWT_BEARER}'.");
    Err(refuse(world, call, 400, "invalid_request", 900_144, message))
}

/// An assertion, taken apart.
struct Assertion<'a> {
    whole: &'a str,
    text: &'a str,
    header: Value,
    claims: Value,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    fn read(whole: &'a str) -> Option<Self> {
        let (text, signature) = whole.rsplit_once('.')?;
        let (header, claims) = text.split_once('.')?;
        let json =
            |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Self {
            whole,
            text,
            header: json(header)?,
            claims: json(claims)?,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    fn claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// One audience, given as a text or as a list of one.
    fn audience(&self) -> &str {
        match self.claims.get("aud") {
            Some(Value::Array(items)) => match items.as_slice() {
                [Value::String(one)] => one,
                _ => "",
            },
            _ => self.claim("aud"),
        }
    }
}

/// Whether an assertion stands for an application.
pub(super) fn check(world: &mut World, call: &Call, client: Uuid, text: &str) -> Answer<()> {
    let malformed = |world: &World, why: &str| {
        let message = format!("JWT token is invalid or malformed. {why}");
        refuse(world, call, 401, "invalid_client", 50_027, message)
    };
    if text.len() > ASSERTION_BYTES_MAX {
        return Err(malformed(world, "It is too long."));
    }
    let Some(assertion) = Assertion::read(text) else {
        return Err(malformed(world, "It does not have three parts of base64url and JSON."));
    };
    let living = world.store.applications.values();
    let app = living.filter(|app| app.deleted.is_none()).find(|app| app.app_id == client).cloned();
    let Some(app) = app else {
        return Err(super::token::unknown_client(world, call, &client.to_string()));
    };
    if assertion.claim("iss") == client.to_string() {
        if assertion.claim("jti").is_empty() {
            return Err(malformed(world, "The claim 'jti' is missing."));
        }
        return check_certificate(world, call, &app, &assertion);
    }
    check_federated(world, call, &app, &assertion)
}

/// Signed with the key of a certificate that is registered on the application.
fn check_certificate(
    world: &mut World,
    call: &Call,
    app: &Application,
    assertion: &Assertion<'_>,
) -> Answer<()> {
    let header = |name: &str| {
        let text = assertion.header.get(name).and_then(Value::as_str).unwrap_or_default();
        text.trim_end_matches('=').to_owned()
    };
    let (short, long) = (header("x5t"), header("x5t#S256"));
    let lag = world.scenario.lag.certificate;
    let mut known = app.keys.iter().filter_map(|key| {
        let certificate = Certificate::from_base64(&key.key).ok()?;
        let named = if long.is_empty() {
            certificate.thumbprint() == short
        } else {
            certificate.thumbprint_sha256() == long
        };
        named.then_some((key, certificate))
    });
    let named = if long.is_empty() { &short } else { &long };
    let found = known.next();
    drop(known);
    let seen =
        found.filter(|(key, _)| world.sees(View::Effect, key.key_id, key.created, lag, call.now));
    let Some((key, certificate)) = seen else {
        return Err(bad_key(world, call, app.app_id, named, "The key was not found."));
    };
    let algorithm = header("alg");
    if !certificate.signed(&algorithm, assertion.text.as_bytes(), &assertion.signature) {
        let reason = "The key was found, but use of the key to verify the signature failed.";
        return Err(bad_key(world, call, app.app_id, named, reason));
    }
    if key.end.min(certificate.not_after) <= call.now {
        return Err(bad_key(world, call, app.app_id, named, "The key used is expired."));
    }
    if key.start.max(certificate.not_before) > call.now {
        return Err(bad_key(world, call, app.app_id, named, "The key used is not valid yet."));
    }
    if assertion.claim("sub") != app.app_id.to_string() {
        let message =
            "Client assertion application identifier doesn't match 'client_id' parameter.";
        return Err(refuse(world, call, 401, "invalid_client", 700_021, message));
    }
    if !is_own_audience(world, assertion.audience()) {
        let message = "Client assertion audience claim does not match Realm issuer.";
        return Err(refuse(world, call, 401, "invalid_client", 700_023, message));
    }
    check_time(world, call, assertion)
}

fn bad_key(world: &World, call: &Call, app: Uuid, thumbprint: &str, reason: &str) -> Reply {
    let shown: String = thumbprint.chars().take(100).collect();
    let message = if reason == "The key was not found." {
        format!(
            "The certificate with identifier used to sign the client assertion is not registered \
             on application. [Reason - {reason}, Thumbprint of key used by client: '{shown}', \
             Configured on application '{app}']"
        )
    } else {
        format!(
            "Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of \
             key used by client: '{shown}', Configured on application '{app}']"
        )
    };
    refuse(world, call, 401, "invalid_client", 700_027, message)
}

/// The token endpoint, by every name it has here.
fn is_own_audience(world: &World, audience: &str) -> bool {
    let tenant = &world.scenario.tenant;
    let names = [tenant.id.to_string(), tenant.domain.clone(), super::graph_domain(world)];
    names.iter().any(|name| {
        let base = format!("{}/{name}", world.endpoints.login);
        ["oauth2/v2.0/token", "oauth2/token", "v2.0"]
            .iter()
            .any(|path| audience.eq_ignore_ascii_case(&format!("{base}/{path}")))
    })
}

fn check_time(world: &World, call: &Call, assertion: &Assertion<'_>) -> Answer<()> {
    let now = call.now.div_euclid(1000);
    let seconds = |name: &str| assertion.claims.get(name).and_then(Value::as_i64);
    let (from, until) =
        (seconds("nbf").or(seconds("iat")).unwrap_or(0), seconds("exp").unwrap_or(0));
    let begun = from <= now.saturating_add(SKEW);
    if begun && until.saturating_add(SKEW) > now {
        return Ok(());
    }
    let shown = |time: i64| login_time(Millis::saturating_mul(time, 1000));
    let message = format!(
        "Client assertion is not within its valid time range. Current time: {}, assertion valid \
         from {}, expiry time of assertion {}.",
        login_time(call.now),
        shown(from),
        shown(until)
    );
    Err(refuse(world, call, 401, "invalid_client", 700_024, message))
}

/// Signed by an issuer the application trusts: every letter of issuer, subject and audience counts.
fn check_federated(
    world: &mut World,
    call: &Call,
    app: &Application,
    assertion: &Assertion<'_>,
) -> Answer<()> {
    let lag = world.scenario.lag.federated_credential;
    let mut trusted = app.federated.clone();
    trusted.retain(|it| world.sees(View::Effect, it.id, it.created, lag, call.now));
    let (issuer, subject) = (assertion.claim("iss"), assertion.claim("sub"));
    let audience = assertion.audience();
    if trusted.is_empty() {
        let message = format!(
            "No matching federated identity record found for presented assertion. Assertion \
             Issuer: '{}'. Assertion Subject: '{}'. Assertion Audience: '{}'.",
            short(issuer),
            short(subject),
            short(audience)
        );
        return Err(refuse(world, call, 401, "invalid_client", 70_021, message));
    }
    for (code, name, value) in [
        (700_211, "issuer", issuer),
        (700_213, "subject", subject),
        (700_212, "audience", audience),
    ] {
        trusted.retain(|it| match name {
            "issuer" => it.issuer == issuer,
            "subject" => it.subject == subject,
            _ => it.audiences.iter().any(|one| one == audience),
        });
        if trusted.is_empty() {
            let message = format!(
                "No matching federated identity record found for presented assertion {name} \
                 '{}'. Check your federated identity credential Subject, Audience and Issuer \
                 against the presented assertion.",
                short(value)
            );
            return Err(refuse(world, call, 401, "invalid_client", code, message));
        }
    }
    if !world.scenario.issuers.iter().any(|it| it.url == issuer) {
        let message = "Request to External OIDC endpoint failed.";
        return Err(refuse(world, call, 400, "invalid_request", 50_166, message));
    }
    let key = world.sign_ins.issuer_key.as_ref();
    if key.is_none_or(|key| key.verify(assertion.whole).is_none()) {
        let message = "Unable to verify token signature. The signing key identifier does not \
                       match any valid registered keys.";
        return Err(refuse(world, call, 401, "invalid_client", 5_000_811, message));
    }
    check_time(world, call, assertion)
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
