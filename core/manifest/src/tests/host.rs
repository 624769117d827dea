//! The manifest's own keys and its text.

use expect_test::expect;

use super::{check, check_all, print, read};
use crate::{Destination, SecretReference};

const GOOD: &str = r#"schema = 1

[connectors.contoso]
plugin = "azure"

[connectors.contoso.settings]
tenant = "11111111-2222-3333-4444-555555555555"
display-name = "skybridge-connector"
permissions = "seed"
scope = { subscriptions = ["33333333-3333-3333-3333-333333333333"] }
aks = { scope = "subscription" }
credential = { kind = "client-secret", lifetime = "180d", warn = "30d" }
cloud = "public"

[connectors.contoso.operator]
auth = "azure-cli"

[connectors.contoso.destination]
kind = "local"
"#;

#[test]
fn a_good_manifest_has_no_complaints() {
    check_all(GOOD, expect![[""]]);
    let (manifest, _) = read(GOOD);
    let manifest = manifest.unwrap();
    let connector = &manifest.connectors[0];
    assert_eq!(
        (manifest.schema, connector.name.as_str(), connector.plugin.as_str()),
        (1, "contoso", "azure")
    );
    assert_eq!(connector.destination, Destination::Local);
    assert_eq!(connector.settings.value()["credential"]["warn"], "30d");
    assert_eq!(connector.span.start.line, 3);
    assert_eq!(connector.plugin_span.start.column, 10);
    let warn = connector.settings.value_span("/credential/warn");
    assert_eq!((warn.start.line, warn.start.column, warn.bytes.1), (12, 66, 5));
    assert_eq!(connector.settings.key_span("/scope/nowhere").start.line, 10);
}

#[test]
fn seven_mistakes_are_seven_complaints() {
    check_all(
        r#"schema = 1

[connectors.contoso]
plugins = "azure"

[connectors.fabrikam]
plugin = "azure"

[connectors.fabrikam.settings]
tenant = "fabrikam.onmicrosoft.com"
displayName = "x"
permissions = "sead"
scope = { subscription = ["33333333-3333-3333-3333-333333333333"] }
credential = { kind = "client-secret", lifetime = 180 }

[connectors.fabrikam.destination]
kind = "manuel"
"#,
        expect![[r#"
            4:1+7 010 unknown key `plugins` in `connectors.contoso`
              help: did you mean `plugin`? known keys are `depends-on`, `destination`, `operator`, `plugin` and `settings`
            10:10+26 014 `settings.tenant` must be a GUID such as `33333333-3333-3333-3333-333333333333`
              note: found `fabrikam.onmicrosoft.com`
            11:1+11 010 unknown key `displayName` in `settings`
              help: keys are kebab-case: write `display-name`
            12:15+6 013 `sead` is not one of `seed`, `least`
              help: did you mean `seed`?
            13:11+12 010 unknown key `subscription` in `settings.scope`
              help: did you mean `subscriptions`? known keys are `exclude`, `include`, `management-groups`, `subscriptions` and `tenant`
            14:51+3 012 expected a string for `settings.credential.lifetime`, found an integer
            17:8+8 013 `manuel` is not one of `local`, `manual`, `webhook`, `ox`
              help: did you mean `manual`?
        "#]],
    );
}

#[test]
fn defaults_and_order_of_the_file() {
    let (manifest, diagnostics) = read(
        "schema = 1\n[connectors.zeta]\nplugin = 'azure'\n[connectors.alpha]\nplugin = 'azure'\n\
         destination = { kind = 'ox', url = 'https://api.example.com/q', key = 'env:OX_KEY' }\n",
    );
    assert!(diagnostics.is_empty(), "{}", print(diagnostics));
    let connectors = manifest.unwrap().connectors;
    let names: Vec<&str> = connectors.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["zeta", "alpha"]);
    assert_eq!(connectors[0].destination, Destination::Local);
    assert_eq!(connectors[0].settings.value(), &serde_json::json!({}));
    assert_eq!(connectors[0].settings.value_span("/tenant").start.line, 2);
    let key = SecretReference::Env("OX_KEY".to_owned());
    let url = "https://api.example.com/q".to_owned();
    assert_eq!(connectors[1].destination, Destination::Ox { url, key });
}

#[test]
fn top_level_keys() {
    check(
        "",
        expect![[r#"
        1:1+0 011 missing key `connectors`
          help: add a table `[connectors.NAME]` with `plugin = "…"`
        1:1+0 011 missing key `schema`
          help: begin the file with `schema = 1`
    "#]],
    );
    check(
        "schema = 1\nconnectors = {}\n",
        expect![[r#"
        2:14+2 016 `connectors` needs at least 1 entry, found 0
          help: add a table `[connectors.NAME]` with `plugin = "…"`
    "#]],
    );
    check(
        "schema = \"1\"\nconnector.a.plugin = 'azure'\nversion = 1.5\n",
        expect![[r#"
        1:10+3 012 expected an integer for `schema`, found a string
        2:1+9 010 unknown key `connector`
          help: did you mean `connectors`? known keys are `connectors` and `schema`
        3:1+7 010 unknown key `version`
          help: known keys are `connectors` and `schema`
    "#]],
    );
    check(
        "schema = 0\n[connectors.a]\nplugin = 'azure'",
        expect![[r#"
        1:10+1 013 `schema` must be `1`, found `0`
    "#]],
    );
    check(
        "schema = 2\nwhatever = true\n",
        expect![[r#"
        1:10+1 020 this manifest is written for a newer Skybridge
          note: its schema is 2, this Skybridge reads 1
          help: update Skybridge, or write the manifest for `schema = 1`
    "#]],
    );
    check(
        "schema = 1\n[[connectors]]\nplugin = 'azure'",
        expect![[r#"
        2:1+14 012 expected a table for `connectors`, found an array
    "#]],
    );
}

#[test]
fn connector_keys() {
    check(
        "schema = 1\n[connectors.Con_toso]\nplugin = 'Azure!'\nsettings = 7\noperater = {}\n[connectors]\n",
        expect![[r#"
            2:13+8 014 `Con_toso` cannot be a name in `connectors`
              note: a name is a word of lower-case letters, digits and inner dashes, such as `contoso`
            3:10+8 014 `connectors.Con_toso.plugin` must be a plugin's name; `skybridge plugin list` shows those at hand
              note: found `Azure!`
            4:12+1 012 expected a table for `connectors.Con_toso.settings`, found an integer
            5:1+8 010 unknown key `operater` in `connectors.Con_toso`
              help: did you mean `operator`? known keys are `depends-on`, `destination`, `operator`, `plugin` and `settings`
        "#]],
    );
}

#[test]
fn destinations() {
    let connector = |destination: &str| {
        format!("schema = 1\n[connectors.a]\nplugin = 'azure'\ndestination = {destination}\n")
    };
    check(
        connector("'local'"),
        expect![[r#"
        4:15+7 012 expected a table for `connectors.a.destination`, found a string
    "#]],
    );
    check(
        connector("{}"),
        expect![[r#"
        4:15+2 011 missing key `kind` in `connectors.a.destination`
          help: `kind` is `local`, `manual`, `webhook` or `ox`
    "#]],
    );
    check(
        connector("{ kind = 'weebhook' }"),
        expect![[r#"
            4:24+10 013 `weebhook` is not one of `local`, `manual`, `webhook`, `ox`
              help: did you mean `webhook`?
        "#]],
    );
    check(
        connector("{ kind = 'local', url = 'https://x' }"),
        expect![[r#"
        4:33+3 010 unknown key `url` in `connectors.a.destination`
          help: the only key known here is `kind`
    "#]],
    );
    check(
        connector("{ kind = 'webhook', url = 'http://example.com/x' }"),
        expect![[r#"
        4:41+22 014 `connectors.a.destination.url` must be an https address without user name, such as `https://api.example.com/graphql`
          note: found `http://example.com/x`
    "#]],
    );
    check(
        connector("{ kind = 'ox', URL = 'https://user:hunter2@example.com' }"),
        expect![[r#"
        4:15+57 011 missing key `key` in `connectors.a.destination`
        4:30+3 010 unknown key `URL` in `connectors.a.destination`
          help: did you mean `url`? known keys are `key`, `kind` and `url`
        4:30+3 030 secrets are never written in the manifest
          note: `URL` holds one in clear
          help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
    "#]],
    );
    check(
        connector("{ kind = 'ox', url = 'https://example.com', key = 'hunter2' }"),
        expect![[r#"
            4:59+3 030 secrets are never written in the manifest
              note: `key` holds one in clear
              help: write `env:NAME` or `file:PATH`, and change the secret if this file was shared
        "#]],
    );
    check(
        connector("{ kind = 'ox', url = 'https://example.com', key = 'env:' }"),
        expect![[r#"
        4:59+3 031 `key` is not a usable reference to a secret
          help: write `env:NAME` or `file:PATH`: a name is letters, digits and underscores, a path is not empty
    "#]],
    );
}

#[test]
fn several_syntax_errors_at_once_and_the_rest_is_still_read() {
    check_all(
        "schema = 1\n[connectors.a\nplugin = azure\n[connectors.b]\nplugin = \"azure\"\n\
         settings.permissions = \"sead\"\nsettings.tenant = \n\n[connectors.b.operator]\nauth == \"x\"\n",
        expect![[r#"
            2:14+0 003 unclosed table, expected `]`
            6:24+6 013 `sead` is not one of `seed`, `least`
              help: did you mean `seed`?
            7:19+0 003 a value is missing after `=`
            10:7+1 003 extra `=`, expected nothing
        "#]],
    );
}

#[test]
fn keys_below_an_open_header_are_not_taken_for_others() {
    check(
        "schema = 1\n[connectors.a\nplugin = \"azure\"\n",
        expect![[r#"
        2:14+0 003 unclosed table, expected `]`
    "#]],
    );
}

#[test]
fn an_open_bracket_is_one_complaint() {
    check_all(
        "schema = 1\nx = 1\n[connectors.a]\nplugin = \"azure\"\nsettings.scope = { subscriptions = [ \"a\", \n\n\
         [connectors.b]\nplugin = \"azure\"\nsettings = { tenant = 1 }\n",
        expect![[r#"
            2:1+1 010 unknown key `x`
              help: known keys are `connectors` and `schema`
            5:18+1 003 `{` is never closed
              help: close it; what follows could not be judged
        "#]],
    );
}

#[test]
fn duplicates() {
    check(
        "schema = 1\nschema = 1\n[connectors.a]\nplugin = 'azure'\nplugin = 'azure'\n[connectors.a]\n\
         [connectors.a.settings]\n",
        expect![[r#"
            2:1+6 005 `schema` is given twice
              help: keep one of them, or merge the tables
            5:1+6 005 `plugin` is given twice
              help: keep one of them, or merge the tables
            6:13+1 005 `a` is given twice
              help: keep one of them, or merge the tables
        "#]],
    );
}

#[test]
fn numbers_and_dates() {
    check(
        "schema = 1\n[connectors.a]\nplugin = 'azure'\n[connectors.a.settings]\na = 99999999999999999999\nb = inf\n",
        expect![[r#"
            5:5+20 006 the integer does not fit 64 bits
              help: write a number in range, or a text in quotes
            6:5+3 006 infinity and not-a-number are no settings
              help: write a number in range, or a text in quotes
        "#]],
    );
    let (manifest, _) = read(
        "schema = 1\n[connectors.a]\nplugin = 'azure'\n\
         settings = { a = 1979-05-27T07:32:00Z, b = 07:32:00, c = 1e3, d = 0xff, e = [1, 2.5], f = 1979-05-27 }\n",
    );
    expect![[r#"{"a":"1979-05-27T07:32:00Z","b":"07:32:00","c":1000.0,"d":255,"e":[1,2.5],"f":"1979-05-27"}"#]].assert_eq(&manifest.unwrap().connectors[0].settings.value().to_string());
}

#[test]
fn columns_are_characters() {
    let bad = "schema = 1\r\n[connectors.a]\r\nplugin = 'azure'\r\n[connectors.a.settings]\r\n\"ключ\" = 'é', x = 1\r\n";
    check(
        bad,
        expect![[r#"
        5:13+0 003 unexpected key or value, expected newline, `#`
    "#]],
    );
    check(
        format!("\u{FEFF}schema = 1, x\n{}", "[connectors.a]\nplugin = 'azure'\n"),
        expect![[r#"
            1:11+0 003 unexpected key or value, expected newline, `#`
        "#]],
    );
    check(format!("\u{FEFF}{GOOD}"), expect![[""]]);
    check(GOOD.replace('\n', "\r\n"), expect![[""]]);
}

#[test]
fn bytes_that_are_not_utf8() {
    check(
        b"schema = 1\n# caf\xe9\n",
        expect![[r#"
        2:6+1 002 the manifest is not UTF-8
          note: byte 0xe9 at offset 16 is not part of a character
          help: save the file as UTF-8
    "#]],
    );
    check(
        b"\xFF\xFEs\0c\0",
        expect![[r#"
        1:1+1 002 the manifest is not UTF-8
          note: byte 0xff at offset 0 is not part of a character
          help: it looks like UTF-16; save it as UTF-8
    "#]],
    );
}

#[test]
fn connectors_name_those_they_wait_for() {
    let text = "schema = 1\n[connectors.a]\nplugin = 'azure'\ndepends-on = ['b', 'c']\n\
                [connectors.b]\nplugin = 'azure'\n";
    let (manifest, _) = read(text);
    let manifest = manifest.unwrap();
    let first = &manifest.connectors[0].depends_on;
    let named: Vec<_> = first.iter().map(|d| (d.connector.as_str(), d.span.start.column)).collect();
    assert_eq!(named, [("b", 15), ("c", 20)]);
    assert!(manifest.connectors[1].depends_on.is_empty());
    check(
        "schema = 1\n[connectors.a]\nplugin = 'azure'\ndepends-on = ['b', 'b', 3]\n",
        expect![[r#"
            4:20+3 016 `b` is listed twice in `connectors.a.depends-on`
            4:25+1 012 expected a string for `connectors.a.depends-on[2]`, found an integer
        "#]],
    );
}
