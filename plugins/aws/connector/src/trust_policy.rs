//! Whom a role trusts: the document, and whether a role has it.
//!
//! IAM keeps the document much as it was written, other people write it in other ways, and so what
//! is compared is what it says. An external id never leaves this module in a difference.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use skybridge_aws_client::{Secret, iam};
use skybridge_plugin_sdk::protocol::onboard::Change;

/// The key of the condition that names the external id.
const EXTERNAL_ID: &str = "sts:ExternalId";

/// Lets `principal` become the role, if it names the external id.
pub(crate) fn document(principal: &str, external_id: &Secret) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": principal },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { EXTERNAL_ID: external_id.expose() } },
        }],
    })
}

/// What differs between what the role says (as IAM encodes it) and what it should.
pub(crate) fn difference(
    found: Option<&str>,
    principal: &str,
    external_id: &Secret,
) -> Option<Change> {
    let wanted = document(principal, external_id);
    let found = found.map(iam::document).unwrap_or_default();
    let found: Value = serde_json::from_str(&found).unwrap_or(Value::Null);
    if meaning(&found) == meaning(&wanted) {
        return None;
    }
    Some(Change {
        path: "trust-policy".into(),
        from: shown(&found, external_id),
        to: shown(&wanted, external_id),
    })
}

/// The statements, each in one way of writing, in no order.
fn meaning(document: &Value) -> BTreeSet<String> {
    let statements = match document.get("Statement") {
        Some(Value::Array(all)) => all.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    statements.into_iter().map(|it| normal(it).to_string()).collect()
}

/// A statement without its name, lists of one as the one, and accounts by ARN.
fn normal(statement: Value) -> Value {
    let Value::Object(mut fields) = statement else { return statement };
    fields.remove("Sid");
    if let Some(Value::Object(principal)) = fields.get_mut("Principal")
        && let Some(accounts) = principal.get_mut("AWS")
    {
        *accounts = flat(std::mem::take(accounts), &|text| {
            let account = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
            if account { format!(":iam::{text}:root") } else { without_partition(text) }
        });
    }
    Value::Object(
        fields.into_iter().map(|(key, value)| (key, flat(value, &str::to_owned))).collect(),
    )
}

/// An ARN from its service on: the partition is the account's own.
fn without_partition(arn: &str) -> String {
    let mut parts = arn.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("arn"), Some(_), Some(rest)) => format!(":{rest}"),
        _ => arn.to_owned(),
    }
}

fn flat(value: Value, text: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(one) => Value::String(text(&one)),
        Value::Array(all) => {
            let all: BTreeSet<String> =
                all.into_iter().map(|one| flat(one, text)).map(|it| it.to_string()).collect();
            let mut all: Vec<Value> =
                all.iter().filter_map(|one| serde_json::from_str(one).ok()).collect();
            if all.len() == 1 { all.remove(0) } else { Value::Array(all) }
        }
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, flat(value, text))).collect())
        }
        other => other,
    }
}

/// A document for people: external ids by what they are to us.
fn shown(document: &Value, external_id: &Secret) -> Value {
    match document {
        Value::Object(fields) => {
            let mut out = Map::new();
            for (key, value) in fields {
                let is_id = key.eq_ignore_ascii_case(EXTERNAL_ID);
                let value =
                    if is_id { named(value, external_id) } else { shown(value, external_id) };
                out.insert(key.clone(), value);
            }
            Value::Object(out)
        }
        Value::Array(all) => all.iter().map(|one| shown(one, external_id)).collect(),
        other => other.clone(),
    }
}

fn named(value: &Value, external_id: &Secret) -> Value {
    match value {
        Value::Array(all) => all.iter().map(|one| named(one, external_id)).collect(),
        Value::String(text) if text == external_id.expose() => json!("[the external id]"),
        _ => json!("[another external id]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VENDOR: &str = "arn:aws:iam::999988887777:root";

    fn differs(found: &Value) -> bool {
        let id = Secret::new("the-id");
        difference(Some(&found.to_string()), VENDOR, &id).is_some()
    }

    fn with(principal: Value, action: Value, condition: Value) -> Value {
        let statement = json!({
            "Sid": "Anything", "Effect": "Allow", "Principal": principal, "Action": action,
            "Condition": condition,
        });
        json!({ "Version": "2012-10-17", "Statement": statement })
    }

    #[test]
    fn what_it_says_counts_and_not_how() {
        let id = || json!({ "StringEquals": { "sts:ExternalId": "the-id" } });
        let vendor = || json!({ "AWS": VENDOR });
        assert!(!differs(&document(VENDOR, &Secret::new("the-id"))));
        assert!(!differs(&with(vendor(), json!(["sts:AssumeRole"]), id())));
        assert!(!differs(&with(json!({ "AWS": ["999988887777"] }), json!("sts:AssumeRole"), id())));
        assert!(differs(&with(vendor(), json!("sts:AssumeRole"), json!({}))));
        assert!(differs(&with(json!("*"), json!("sts:AssumeRole"), id())));
        assert!(differs(&with(
            json!({ "AWS": [VENDOR, "111122223333"] }),
            json!("sts:AssumeRole"),
            id()
        )));
        assert!(differs(&with(vendor(), json!(["sts:AssumeRole", "sts:TagSession"]), id())));
        let like = json!({ "StringLike": { "sts:ExternalId": "the-id" } });
        assert!(differs(&with(vendor(), json!("sts:AssumeRole"), like)));
        assert!(differs(&Value::Null));
        let mut two = document(VENDOR, &Secret::new("the-id"));
        let again = with(json!({ "Service": "ec2.amazonaws.com" }), json!("sts:AssumeRole"), id());
        two["Statement"].as_array_mut().unwrap().push(again["Statement"].clone());
        assert!(differs(&two));
    }

    #[test]
    fn no_external_id_is_shown() {
        let id = Secret::new("the-id");
        let other = document(VENDOR, &Secret::new("old-id")).to_string();
        let change = difference(Some(&other), VENDOR, &id).unwrap();
        let text = format!("{change:?}");
        assert!(!text.contains("the-id") && !text.contains("old-id"), "{text}");
        assert!(text.contains("[another external id]") && text.contains("[the external id]"));
    }
}
