//! `keyCredentials`: the certificates of an application, always written as a whole collection.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::{bad_request, refuse};
use super::policies;
use crate::clock::{graph_time, parse_time};
use crate::http::{Call, Reply};
use crate::limits::{CERTIFICATES_MAX, DISPLAY_NAME_CHARS_MAX};
use crate::scenario::Bucket;
use crate::store::KeyCredential;
use crate::throttle::Verdict;
use crate::world::World;
use crate::x509::Certificate;

/// Reading the bytes of certificates: 150 requests a minute in a tenant.
const KEY_READS: Bucket = Bucket { bucket: 150, per_second: 2 };
const KNOWN: [&str; 8] = [
    "customKeyIdentifier",
    "displayName",
    "endDateTime",
    "key",
    "keyId",
    "startDateTime",
    "type",
    "usage",
];

/// Whether a read asks for the certificates by name: only then their bytes are shown.
pub(super) fn asked(call: &Call) -> bool {
    call.parameter("$select").is_some_and(|it| {
        it.split(',').any(|name| name.trim().eq_ignore_ascii_case("keyCredentials"))
    })
}

/// Such reads have a narrow bucket of their own.
pub(super) fn throttle(world: &mut World, call: &Call) -> Result<(), Reply> {
    if !asked(call) {
        return Ok(());
    }
    match world.buckets.take("graph/keyCredentials".to_owned(), KEY_READS, call.now) {
        Verdict::Go(_) => Ok(()),
        Verdict::Wait(seconds) => {
            let busy = refuse(call, 429, "TooManyRequests", "Too many requests.");
            Err(busy.with("retry-after", seconds.to_string()))
        }
    }
}

/// Reads a new collection. What was there before is named by its `keyId` and may come without its
/// bytes; everything else has to be a certificate.
pub(super) fn read(
    world: &mut World,
    call: &Call,
    before: &[KeyCredential],
    given: &Value,
) -> Result<Vec<KeyCredential>, Reply> {
    let items = given.as_array().filter(|items| items.len() <= CERTIFICATES_MAX);
    let Some(items) = items else { return Err(wrong(call, "keyCredentials")) };
    let mut read: Vec<KeyCredential> = Vec::new();
    for item in items {
        let Some(item) = item.as_object() else { return Err(wrong(call, "keyCredentials")) };
        let credential = read_one(world, call, before, item)?;
        if read.iter().any(|other| other.key_id == credential.key_id) {
            return Err(bad_request(call, "Key credentials must have unique key ids."));
        }
        read.push(credential);
    }
    Ok(read)
}

fn wrong(call: &Call, name: &str) -> Reply {
    bad_request(
        call,
        format!("Invalid value specified for property '{name}' of resource 'KeyCredential'."),
    )
}

fn read_one(
    world: &mut World,
    call: &Call,
    before: &[KeyCredential],
    item: &Map<String, Value>,
) -> Result<KeyCredential, Reply> {
    let odd = |name: &&String| !name.starts_with('@') && !KNOWN.contains(&name.as_str());
    if let Some(odd) = item.keys().find(odd) {
        let shown: String = odd.chars().take(100).collect();
        return Err(bad_request(call, format!("Invalid property '{shown}'.")));
    }
    let text = |name: &str| match item.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(wrong(call, name)),
    };
    let key_id = match text("keyId")? {
        None => None,
        Some(id) => Some(Uuid::parse_str(id).map_err(|_| wrong(call, "keyId"))?),
    };
    let known = before.iter().find(|it| Some(it.key_id) == key_id);
    let Some(key) = text("key")? else {
        return known.cloned().ok_or_else(|| wrong(call, "key"));
    };
    if let Some(known) = known.filter(|known| known.key == key) {
        return Ok(known.clone());
    }
    for (name, wanted) in [("type", "AsymmetricX509Cert"), ("usage", "Verify")] {
        if text(name)? != Some(wanted) {
            return Err(wrong(call, name));
        }
    }
    let certificate = Certificate::from_base64(key).map_err(|reason| {
        let text = format!("Key credential value is not a valid certificate: {reason}");
        refuse(call, 400, "KeyCredentialsInvalidValue", text)
    })?;
    let name = text("displayName")?;
    if name.is_some_and(|name| name.chars().count() > DISPLAY_NAME_CHARS_MAX) {
        return Err(wrong(call, "displayName"));
    }
    let time = |name: &str| match text(name)? {
        None => Ok(None),
        Some(text) => parse_time(text).map(Some).ok_or_else(|| wrong(call, name)),
    };
    let start = time("startDateTime")?.unwrap_or(certificate.not_before);
    let end = time("endDateTime")?.unwrap_or(certificate.not_after);
    if start >= end || start < certificate.not_before {
        return Err(refuse(
            call,
            400,
            "KeyCredentialsInvalidStartDate",
            "Key credential start date is invalid.",
        ));
    }
    if end > certificate.not_after || end <= call.now {
        return Err(refuse(
            call,
            400,
            "KeyCredentialsInvalidEndDate",
            "Key credential end date is invalid.",
        ));
    }
    policies::allow_certificate(world, call, end - start)?;
    let custom_id = text("customKeyIdentifier")?;
    Ok(KeyCredential {
        key_id: key_id.unwrap_or_else(|| world.new_id()),
        key: certificate.to_base64(),
        custom_id: custom_id.map_or_else(|| certificate.custom_id(), str::to_owned),
        display_name: name.map(str::to_owned),
        start,
        end,
        created: call.now,
    })
}

/// How a certificate is shown.
pub(super) fn to_json(it: &KeyCredential, with_bytes: bool) -> Value {
    json!({
        "customKeyIdentifier": it.custom_id,
        "displayName": it.display_name,
        "endDateTime": graph_time(it.end),
        "key": with_bytes.then_some(&it.key),
        "keyId": it.key_id,
        "startDateTime": graph_time(it.start),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    })
}
