//! Signing in on another device: a code is given out, a person approves it, the client polls.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::discovery::unknown_tenant;
use super::person::{self, Asked};
use super::token::{given, read_form, refuse, required, throttle};
use super::{Answer, clients, is_any_tenant, names_tenant};
use crate::chance::seeded_id;
use crate::clock::Millis;
use crate::http::{Call, Reply};
use crate::limits::DEVICE_CODES_MAX;
use crate::signing::random_text;
use crate::world::World;

/// What a poll that comes too early adds to the interval.
const SLOWER: Millis = 5_000;
/// Letters of a user code: none that looks like another, and none that makes a word.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A code that was given out.
struct Code {
    secret: String,
    client: Uuid,
    scope: String,
    born: Millis,
    interval: Millis,
    polled: Option<Millis>,
    decision: Decision,
}

/// What came of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Pending,
    Approved(Uuid),
    Declined,
    Used,
}

/// Every code that was given out, by what a person types.
#[derive(Default)]
pub(crate) struct Codes {
    count: u64,
    by_user_code: BTreeMap<String, Code>,
}

/// Why a person's decision does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undecidable {
    NoSuchCode,
    NoSuchUser,
    Over,
}

/// `POST /{tenant}/oauth2/v2.0/devicecode`.
pub(super) fn begin(world: &mut World, call: &Call, tenant: &str) -> Answer<Reply> {
    throttle(world, call)?;
    if !names_tenant(world, tenant) && !is_any_tenant(tenant) {
        return Err(unknown_tenant(world, call, tenant));
    }
    let form = read_form(call);
    let client = required(world, call, &form, "client_id")?;
    let client = clients::known(world, call, &client)?;
    let scope = required(world, call, &form, "scope")?;
    Asked::read(world, call, &scope)?;
    let settings = world.scenario.device_code.clone();
    let lifetime = Millis::from(settings.lifetime_seconds) * 1000;
    let codes = &mut world.sign_ins.codes;
    codes.by_user_code.retain(|_, code| code.born + 2 * lifetime > call.now);
    let Some(secret) = random_text().filter(|_| codes.by_user_code.len() < DEVICE_CODES_MAX) else {
        let message = "The service is temporarily unavailable.";
        return Err(refuse(world, call, 503, "temporarily_unavailable", 90_033, message));
    };
    codes.count += 1;
    let user_code = user_code(world.scenario.seed, codes.count);
    let code = Code {
        secret: secret.clone(),
        client,
        scope,
        born: call.now,
        interval: Millis::from(settings.interval_seconds) * 1000,
        polled: None,
        decision: Decision::Pending,
    };
    codes.by_user_code.insert(user_code.clone(), code);
    let page = format!("{}/devicelogin", world.endpoints.login);
    let message = format!(
        "To sign in, use a web browser to open the page {page} and enter the code {user_code} to \
         authenticate."
    );
    Ok(Reply::json(
        200,
        json!({
            "user_code": user_code,
            "device_code": secret,
            "verification_uri": page,
            "expires_in": settings.lifetime_seconds,
            "interval": settings.interval_seconds,
            "message": message,
        }),
    ))
}

fn user_code(seed: u64, count: u64) -> String {
    let id = seeded_id(seed, "user-code", count);
    let letters = id.as_bytes().iter().take(9);
    letters
        .filter_map(|byte| LETTERS.get(usize::from(byte % 20)))
        .map(|it| char::from(*it))
        .collect()
}

/// `grant_type=urn:ietf:params:oauth:grant-type:device_code`.
pub(super) fn poll(world: &mut World, call: &Call, form: &[(String, String)]) -> Answer<Reply> {
    let client = required(world, call, form, "client_id")?;
    let client = clients::known(world, call, &client)?;
    let secret = match given(form, "device_code") {
        Some(secret) => secret.to_owned(),
        None => required(world, call, form, "code")?,
    };
    approve_by_scenario(world, call.now);
    let lifetime = Millis::from(world.scenario.device_code.lifetime_seconds) * 1000;
    let mut codes = world.sign_ins.codes.by_user_code.values_mut();
    let found = codes.find(|code| code.secret == secret && code.client == client);
    let Some(code) = found else {
        let message = "Bad verification code.";
        return Err(refuse(world, call, 400, "bad_verification_code", 70_018, message));
    };
    if call.now >= code.born + lifetime {
        let message = "The provided value for the input parameter 'device_code' is not valid. \
                       This device code has expired.";
        return Err(refuse(world, call, 400, "expired_token", 70_020, message));
    }
    let early = code.polled.is_some_and(|last| call.now - last < code.interval);
    code.polled = Some(call.now);
    if early {
        code.interval += SLOWER;
        let message = "The client polls faster than the interval it was told.";
        return Err(refuse(world, call, 400, "slow_down", 70_022, message));
    }
    match code.decision {
        Decision::Pending => {
            let message =
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
            Err(refuse(world, call, 400, "authorization_pending", 70_016, message))
        }
        Decision::Declined => {
            let message = "The end user denied the authorization request.";
            Err(refuse(world, call, 400, "authorization_declined", 70_017, message))
        }
        Decision::Used => {
            let message = "The code was already redeemed.";
            Err(refuse(world, call, 400, "invalid_grant", 54_005, message))
        }
        Decision::Approved(user) => {
            code.decision = Decision::Used;
            let scope = code.scope.clone();
            let asked = Asked::read(world, call, &scope)?;
            let Some(user) = world.scenario.users.iter().find(|it| it.id == user) else {
                let message = "The user account does not exist in the directory.";
                return Err(refuse(world, call, 400, "invalid_grant", 50_034, message));
            };
            person::token(world, call, user, client, &asked)
        }
    }
}

/// The scenario may have somebody who approves everything after a while.
fn approve_by_scenario(world: &mut World, now: Millis) {
    let settings = &world.scenario.device_code;
    let user = settings.approve_as.as_deref().and_then(|name| world.scenario.user_named(name));
    let (Some(user), after) = (user.map(|user| user.id), settings.after_ms) else { return };
    for code in world.sign_ins.codes.by_user_code.values_mut() {
        if code.decision == Decision::Pending && now >= code.born + after {
            code.decision = Decision::Approved(user);
        }
    }
}

/// A person decides: as whom, or not at all.
pub(crate) fn decide(
    world: &mut World,
    user_code: &str,
    user: Option<&str>,
    now: Millis,
) -> Result<(), Undecidable> {
    let user = match user {
        None => None,
        Some(name) => Some(world.scenario.user_named(name).ok_or(Undecidable::NoSuchUser)?.id),
    };
    let lifetime = Millis::from(world.scenario.device_code.lifetime_seconds) * 1000;
    let typed = user_code.to_uppercase();
    let code = world.sign_ins.codes.by_user_code.get_mut(&typed);
    let code = code.ok_or(Undecidable::NoSuchCode)?;
    if code.decision != Decision::Pending || now >= code.born + lifetime {
        return Err(Undecidable::Over);
    }
    code.decision = user.map_or(Decision::Declined, Decision::Approved);
    Ok(())
}

/// The codes that wait for a person, as the control address shows them.
pub(crate) fn waiting(world: &World) -> Vec<Value> {
    let codes = world.sign_ins.codes.by_user_code.iter();
    let waiting = codes.filter(|(_, code)| code.decision == Decision::Pending);
    waiting
        .map(|(user_code, code)| {
            json!({"userCode": user_code, "clientId": code.client, "scope": code.scope})
        })
        .collect()
}
