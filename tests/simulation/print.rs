//! What a tenant holds, without anything that chance decides: two tenants that were brought to the
//! same end have the same print.

use std::collections::BTreeMap;

use serde_json::Value;

/// Keys whose values chance or time decide.
const CHANCE: [&str; 13] = [
    "createdDateTime",
    "deletedDateTime",
    "startDateTime",
    "endDateTime",
    "createdOn",
    "updatedOn",
    "keyId",
    "hint",
    "secretText",
    "customKeyIdentifier",
    "credentialsId",
    "thumbprint",
    "key",
];

/// Kinds that are no objects of the tenant, but what was said to it.
const TALK: [&str; 2] = ["webhookDeliveries", "deviceCodes"];

/// Every object of every kind, one a line.
pub(super) fn print(tenant: &Value) -> Vec<String> {
    let names = names(tenant);
    let mut lines = Vec::new();
    for (kind, objects) in tenant.as_object().unwrap() {
        let Some(objects) = objects.as_array().filter(|_| !TALK.contains(&kind.as_str())) else {
            continue;
        };
        for object in objects {
            lines.push(format!("{kind} {}", line(object, &names)));
        }
    }
    lines.sort();
    lines
}

fn line(object: &Value, names: &BTreeMap<String, String>) -> String {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        // What it is called by chance; what it is called by people stays.
        members.remove("id");
        if members.get("properties").is_some() {
            members.remove("name");
        }
    }
    tidy(&mut object, names);
    object.to_string()
}

fn tidy(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !CHANCE.contains(&key.as_str()));
            members.values_mut().for_each(|value| tidy(value, names));
        }
        Value::Array(values) => {
            values.iter_mut().for_each(|value| tidy(value, names));
            values.sort_by_key(ToString::to_string);
        }
        Value::String(text) => {
            let tail = text.rsplit(['/', ' ']).next().unwrap_or_default();
            if let Some(name) = names.get(tail) {
                *text = text.replace(tail, name);
            } else if text.starts_with("skybridge ") && is_uuid(tail) {
                // The name of a credential ends in what tells it from the one before it.
                *text = text.replace(tail, "#");
            }
        }
        _ => {}
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4
}

/// What objects with ids by chance are called by people.
fn names(tenant: &Value) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut name = |id: &Value, name: String| {
        if let Some(id) = id.as_str() {
            names.insert(id.to_owned(), name);
        }
    };
    for (kind, word) in
        [("applications", "app"), ("servicePrincipals", "principal"), ("deletedItems", "deleted")]
    {
        for object in tenant[kind].as_array().unwrap() {
            let title = object["displayName"].as_str().unwrap_or_default();
            name(&object["id"], format!("{word}:{title}"));
            name(&object["appId"], format!("client:{title}"));
        }
    }
    // Services of the cloud's own are listed nowhere; grants name them.
    for grant in tenant["appRoleAssignments"].as_array().unwrap() {
        let title = grant["resourceDisplayName"].as_str().unwrap_or_default();
        name(&grant["resourceId"], format!("service:{title}"));
    }
    for role in tenant["roleDefinitions"].as_array().unwrap() {
        let title = role["properties"]["roleName"].as_str().unwrap_or_default();
        name(&role["name"], format!("role:{title}"));
    }
    names
}

/// What one print has and the other has not, as often as it does.
pub(super) fn differences(is: &[String], should: &[String]) -> Vec<String> {
    let count = |lines: &[String]| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        lines.iter().for_each(|line| *counts.entry(line.clone()).or_default() += 1);
        counts
    };
    let (is, should) = (count(is), count(should));
    let mut found = Vec::new();
    for line in is.keys().chain(should.keys()).collect::<std::collections::BTreeSet<_>>() {
        let of = |counts: &BTreeMap<String, i64>| counts.get(line).copied().unwrap_or_default();
        let (has, wants) = (of(&is), of(&should));
        if has > wants {
            found.push(format!("{} too many: {line}", has - wants));
        } else if has < wants {
            found.push(format!("{} missing: {line}", wants - has));
        }
    }
    found
}
