//! No secret in, and none out.

use expect_test::expect;

use super::{check, check_all, print, read};
use crate::secrets::{is_secret_key, looks_like_secret};
use crate::{SecretReference, Source, quotable};

const LEAKS: &str = r#"schema = 1
[connectors.a]
plugin = "azure"
[connectors.a.settings]
client-secret = "hunter2"
nested = { apiKey = "hunter2", tokens = ["hunter2", "env:FINE"], password = "file:/run/pw" }
credential = { kind = "client-secret" }
tenant = "abc8Q~hunter2hunter2hunter2hunter2hunter2"
certificate = """
-----BEGIN PRIVATE KEY-----
hunter2
"""
[connectors.a.operator]
bearer_token = "hunter2"
session = "eyJhunter2.hunter2.hunter2"
[connectors.a.destination]
kind = "ox"
url = "https://x:hunter2@example.com/"
key = "hunter2"
"#;

#[test]
fn literal_secrets_are_refused_and_not_repeated() {
    check(
        LEAKS,
        expect![[r#"
            5:1+13 030 secrets are never written in the manifest
              note: `client-secret` holds one in clear
              help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
            6:12+6 030 secrets are never written in the manifest
              note: `apiKey` holds one in clear
              help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
            6:32+6 030 secrets are never written in the manifest
              note: `tokens` holds one in clear
              help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
            8:1+6 030 secrets are never written in the manifest
              note: `tenant` holds one in clear
              help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
            9:1+11 030 secrets are never written in the manifest
              note: `certificate` holds one in clear
              help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
            14:1+12 030 secrets are never written in the manifest
              note: `bearer_token` holds one in clear
              help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
            15:1+7 030 secrets are never written in the manifest
              note: `session` holds one in clear
              help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
            18:1+3 030 secrets are never written in the manifest
              note: `url` holds one in clear
              help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
            19:1+3 030 secrets are never written in the manifest
              note: `key` holds one in clear
              help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
        "#]],
    );
    let (manifest, diagnostics) = read(LEAKS);
    assert!(!format!("{manifest:?} {diagnostics:?}").contains("hunter2"));
    assert!(!quotable(Source { name: "m", text: LEAKS.as_bytes() }).contains("hunter2"));
}

#[test]
fn values_without_quotes_are_not_shown_either() {
    let text = "schema = 1\n[connectors.a]\nplugin = 'azure'\nsettings.password = hunter2\n";
    check_all(
        text,
        expect![[r#"
            4:10+8 010 unknown key `password` in `settings`
              help: known keys are `aks`, `cloud`, `credential`, `display-name`, `parallel`, `permissions`, `scope` and `tenant`
            4:21+7 003 text must be quoted
              help: write it as "…"
        "#]],
    );
    let quotable = quotable(Source { name: "m", text: text.as_bytes() });
    assert_eq!(quotable, text.replace("hunter2", "*******"));
}

#[test]
fn what_may_be_shown_keeps_its_places() {
    let text = "a = 1\nsecret = \"ключ\"\nsecret-name = \"plain\"\nkey = \"env:X\"\n";
    let shown = quotable(Source { name: "m", text: text.as_bytes() });
    assert_eq!(shown.len(), text.len());
    assert_eq!(shown, "a = 1\nsecret = **********\nsecret-name = \"plain\"\nkey = \"env:X\"\n");
    assert_eq!(quotable(Source { name: "m", text: b"\xff" }), "");
    assert_eq!(
        quotable(Source { name: "m", text: format!("x={}", "[".repeat(100)).as_bytes() }),
        ""
    );
}

#[test]
fn keys_and_values_that_are_secrets() {
    for key in
        ["password", "client-secret", "clientSecret", "API_KEY", "apiKeys", "access-token", "pwd"]
    {
        assert!(is_secret_key(key), "{key}");
    }
    for key in ["token-lifetime", "secret-name", "key", "tenant", "password-policy", "kind"] {
        assert!(!is_secret_key(key), "{key}");
    }
    assert!(!looks_like_secret("https://example.com/@here:1"));
    assert!(!looks_like_secret("33333333-3333-3333-3333-333333333333"));
}

#[test]
fn references() {
    let parse = SecretReference::parse;
    assert_eq!(parse("env:A_1"), Some(SecretReference::Env("A_1".to_owned())));
    assert_eq!(parse("file:/a b").unwrap().to_string(), "file:/a b");
    for text in
        ["env:", "env:1A", "env:A-B", "file:", "file: ", "vault:x", "ENV:A", "", "file:a\nb"]
    {
        assert_eq!(parse(text), None, "{text}");
    }
    let (_, diagnostics) =
        read("schema = 1\n[connectors.a]\nplugin = 'a'\nsettings.api-key = 'env:my key'");
    expect![[r#"
        4:10+7 031 `api-key` is not a usable reference to a secret
          help: write `env:NAME` or `file:PATH`: a name is letters, digits and underscores, a path is not empty
    "#]].assert_eq(&print(diagnostics));
}
