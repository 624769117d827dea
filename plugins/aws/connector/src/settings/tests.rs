//! What a manifest may say, by the schema and beyond it.

use serde_json::{Value, json};

use super::Settings;
use crate::schema;

fn base(more: Value) -> Value {
    let mut all = json!({ "account": "111122223333", "trust": { "account": "999988887777" } });
    for (key, value) in more.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    all
}

fn fits(value: &Value) -> bool {
    jsonschema::draft202012::new(&schema::settings()).unwrap().is_valid(value)
}

#[test]
fn what_is_left_out_is_what_vendors_ask_for() {
    let settings = Settings::read(base(json!({}))).unwrap();
    assert_eq!(
        settings.role_arn("111122223333"),
        "arn:aws:iam::111122223333:role/skybridge-connector"
    );
    assert_eq!(settings.trusted_principal(), "arn:aws:iam::999988887777:root");
    assert_eq!(
        settings.policy_arns(),
        [
            "arn:aws:iam::aws:policy/SecurityAudit",
            "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
        ]
    );
    assert_eq!(settings.session_duration.seconds(), 3600);
    assert_eq!(settings.scope.listed("1"), Some(vec!["1"]));
}

/// Goal: schema and reader agree on what is good.
#[test]
fn good_settings() {
    for more in [
        json!({}),
        json!({ "trust": { "principal": "arn:aws:iam::999988887777:role/scanner" } }),
        json!({ "trust": { "account": "999988887777", "proof": { "profile": "vendor" } } }),
        json!({ "external-id": "env:VENDOR_ID", "session-duration": "90m", "existing-role": "adopt" }),
        json!({ "scope": { "organization": true, "exclude": ["sandbox-*"] } }),
        json!({ "scope": { "accounts": ["111122223333", "222233334444"] }, "member-role": "Enter" }),
        json!({ "cloud": "aws-us-gov" }),
        json!({ "cloud": { "endpoint": "http://127.0.0.1:5000" } }),
        json!({ "cloud": { "region": "eu-central-1", "endpoints": { "sts": "https://sts.example.org" } } }),
        json!({ "permissions-boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess" }),
    ] {
        let value = base(more);
        assert!(fits(&value), "{value}");
        Settings::read(value).unwrap();
    }
}

#[test]
fn what_the_schema_refuses() {
    for more in [
        json!({ "account": "1111-2222-3333" }),
        json!({ "account": 111_122_223_333_u64 }),
        json!({ "trust": {} }),
        json!({ "trust": { "account": "999988887777", "principal": "arn:aws:iam::999988887777:root" } }),
        json!({ "external-id": "written-here" }),
        json!({ "trust": { "account": "999988887777", "proof": { "access-key-id": "AKIA", "secret-access-key": "x" } } }),
        json!({ "session-duration": "1d" }),
        json!({ "policies": [] }),
        json!({ "scope": {} }),
        json!({ "scope": { "organization": false } }),
        json!({ "cloud": "azure" }),
        json!({ "role": "x" }),
    ] {
        assert!(!fits(&base(more.clone())), "{more}");
    }
}

#[test]
fn what_only_the_reader_refuses() {
    let lines: Vec<String> = [
        json!({ "session-duration": "30m" }),
        json!({ "scope": { "accounts": ["111122223333", "111122223333"] } }),
        json!({ "scope": { "accounts": ["111122223333"], "include": ["a"] } }),
        json!({ "cloud": { "region": "cn-north-1" } }),
        json!({ "cloud": { "endpoint": "http://example.org" } }),
        json!({ "cloud": "aws-cn", "trust": { "principal": "arn:aws:iam::999988887777:root" } }),
        json!({ "cloud": "aws-cn", "permissions-boundary": "arn:aws:iam::aws:policy/X" }),
        json!({ "policies": ["AdministratorAccess"] }),
        json!({ "policies": ["A/Same", "B/Same"] }),
    ]
    .into_iter()
    .map(|more| {
        let error = Settings::read(base(more)).unwrap_err().detail;
        let (code, pointer) = (error.code.unwrap_or_default(), error.pointer.unwrap_or_default());
        format!("{code} {pointer}: {}", error.message)
    })
    .collect();
    expect_test::expect![[r#"
        AWS-CONFIG-001 : reading the settings: `30m` is no time from `1h` to `12h`
        AWS-CONFIG-002 /scope/accounts/1: account 111122223333 is listed twice
        AWS-CONFIG-002 /scope: `include` and `exclude` go with `organization = true` only
        AWS-CONFIG-002 /cloud/region: cn-north-1 is not in the partition aws
        AWS-CONFIG-006 /cloud/endpoint: `http://example.org` is plain http to another machine: whoever listens reads all of it
        AWS-CONFIG-002 /trust/principal: `arn:aws:iam::999988887777:root` is not in the partition aws-cn
        AWS-CONFIG-002 /permissions-boundary: `arn:aws:iam::aws:policy/X` is no policy of the partition aws-cn
        AWS-POLICY-001 /policies/0: AdministratorAccess lets its holder change things; the role only reads
        AWS-CONFIG-002 /policies/1: the policy B/Same is listed twice"#]].assert_eq(&lines.join("\n"));
}
