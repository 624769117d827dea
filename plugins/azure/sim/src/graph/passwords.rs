//! Passwords of applications: shown once, listed without their text.

use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::{bad_request, refuse};
use super::{Answer, odata, policies};
use crate::clock::{DAY, Millis, graph_time, parse_time};
use crate::http::{Call, Reply};
use crate::limits::{DISPLAY_NAME_CHARS_MAX, PASSWORDS_MAX};
use crate::store::{Application, Object, Password};
use crate::world::World;

/// Characters of a secret.
const SECRET_CHARS: usize = 40;
/// 64 of them, so that every random byte gives one without bias.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A secret as the directory makes them: 40 characters, of which the fourth to sixth say nothing.
/// `None` if the system has no randomness to give.
pub(crate) fn new_secret() -> Option<String> {
    let mut random = [0_u8; SECRET_CHARS];
    SystemRandom::new().fill(&mut random).ok()?;
    let mut secret: String = random
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 64)))
        .map(|byte| char::from(*byte))
        .collect();
    secret.replace_range(3..6, "8Q~");
    Some(secret)
}

/// What people tell secrets apart by.
pub(crate) fn hint_of(secret: &str) -> String {
    secret.chars().take(3).collect()
}

/// `POST /applications/{id}/addPassword`.
pub(super) fn add(world: &mut World, call: &Call, mut app: Application) -> Answer {
    let (display_name, start, end) = read_credential(call)?;
    if end <= start {
        return Err(bad_request(
            call,
            "The end date of a credential must be after its start date.",
        ));
    }
    policies::allow_password(world, call, end - start)?;
    if app.passwords.len() >= PASSWORDS_MAX {
        return Err(bad_request(call, "The application has too many password credentials."));
    }
    let Some(secret) = new_secret() else {
        return Err(refuse(call, 503, "ServiceUnavailable", "No secret could be made."));
    };
    let key_id = world.new_id();
    let hint = hint_of(&secret);
    let created = call.now;
    let password =
        Password { key_id, secret: secret.into(), hint, display_name, start, end, created };
    let mut shown = to_json(&password);
    shown["secretText"] = json!(password.secret.clear());
    app.passwords.push(password);
    app.changed = call.now;
    world.store.put(Object::Application(app));
    Ok(odata::entity(world, call, 200, "microsoft.graph.passwordCredential", shown))
}

type Credential = (Option<String>, Millis, Millis);

fn read_credential(call: &Call) -> Result<Credential, Reply> {
    let mut body = if call.body.is_empty() { Map::new() } else { read_json(call)? };
    let given = body.remove("passwordCredential");
    if let Some(odd) = body.keys().find(|name| !name.starts_with('@')) {
        let shown: String = odd.chars().take(100).collect();
        return Err(bad_request(call, format!("Invalid property '{shown}'.")));
    }
    let mut given = match given {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(given)) => given,
        Some(_) => return Err(bad_request(call, "Invalid value for 'passwordCredential'.")),
    };
    let wrong = |name: &str| bad_request(call, format!("Invalid value specified for '{name}'."));
    let display_name = match given.remove("displayName") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.chars().count() <= DISPLAY_NAME_CHARS_MAX => Some(text),
        Some(_) => return Err(wrong("displayName")),
    };
    let mut time = |name: &str| match given.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => parse_time(&text).map(Some).ok_or_else(|| wrong(name)),
        Some(_) => Err(wrong(name)),
    };
    let start = time("startDateTime")?.unwrap_or(call.now);
    // Two years, when nothing else is asked for.
    let end = time("endDateTime")?.unwrap_or(start.saturating_add(730 * DAY));
    let odd = given.iter().find(|(name, value)| !name.starts_with('@') && !value.is_null());
    match odd {
        Some((name, _)) => {
            let shown: String = name.chars().take(100).collect();
            Err(bad_request(call, format!("Property '{shown}' cannot be set.")))
        }
        None => Ok((display_name, start, end)),
    }
}

fn read_json(call: &Call) -> Result<Map<String, Value>, Reply> {
    call.json_object().map_err(|reason| {
        refuse(call, 400, "BadRequest", format!("Unable to read JSON request payload: {reason}"))
    })
}

/// `POST /applications/{id}/removePassword`.
pub(super) fn remove(world: &mut World, call: &Call, mut app: Application) -> Answer {
    let body = read_json(call)?;
    let key = body.get("keyId").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
    let Some(key) = key else {
        return Err(bad_request(call, "A value is required for parameter 'keyId'."));
    };
    if !app.passwords.iter().any(|password| password.key_id == key) {
        return Err(bad_request(call, "No password credential found with keyId."));
    }
    app.passwords.retain(|password| password.key_id != key);
    app.changed = call.now;
    world.store.put(Object::Application(app));
    Ok(Reply::empty(204))
}

/// How a password is listed: its text is gone for good.
pub(crate) fn to_json(password: &Password) -> Value {
    json!({
        "customKeyIdentifier": null,
        "displayName": password.display_name,
        "endDateTime": graph_time(password.end),
        "hint": password.hint,
        "keyId": password.key_id,
        "secretText": null,
        "startDateTime": graph_time(password.start),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_look_like_the_directory_makes_them() {
        let (first, second) = (new_secret().unwrap(), new_secret().unwrap());
        assert_ne!(first, second);
        assert_eq!(first.len(), SECRET_CHARS);
        assert_eq!(first.get(3..6), Some("8Q~"));
    }
}
