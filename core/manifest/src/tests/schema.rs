//! A plugin's settings against its schema.

use expect_test::expect;
use serde_json::json;

use super::{check_schema_of, check_settings};

const TENANT: &str = "tenant = '11111111-2222-3333-4444-555555555555'";
const GUID: &str = "'33333333-3333-3333-3333-333333333333'";

fn with(settings: &str) -> String {
    format!("{TENANT}, scope = {{ tenant = true }},\n{settings}")
}

#[test]
fn missing_and_unknown_keys() {
    check_settings(
        "",
        expect![[r#"
            1:25+3 011 missing key `scope` in `settings`
            1:25+3 011 missing key `tenant` in `settings`
              help: `tenant` is the directory id, a GUID such as `11111111-2222-3333-4444-555555555555`
        "#]],
    );
    check_settings(
        "tenent = 'x', scope = { tenant = true }",
        expect![[r#"
        1:26+6 010 unknown key `tenent` in `settings`
          help: did you mean `tenant`? known keys are `aks`, `cloud`, `credential`, `display-name`, `parallel`, `permissions`, `scope` and `tenant`
    "#]],
    );
    check_settings(
        &with("display_name = 'x', colour = 1"),
        expect![[r#"
        2:1+12 010 unknown key `display_name` in `settings`
          help: keys are kebab-case: write `display-name`
        2:21+6 010 unknown key `colour` in `settings`
          help: did you mean `cloud`? known keys are `aks`, `cloud`, `credential`, `display-name`, `parallel`, `permissions`, `scope` and `tenant`
    "#]],
    );
}

#[test]
fn types() {
    check_settings(
        &with("display-name = 5, permissions = ['seed'], parallel = 'many', credential = 'x'"),
        expect![[r#"
            2:16+1 012 expected a string for `settings.display-name`, found an integer
            2:33+8 012 expected `seed` or `least` for `settings.permissions`, found an array
            2:54+6 012 expected an integer for `settings.parallel`, found a string
            2:75+3 012 expected a table for `settings.credential`, found a string
        "#]],
    );
    check_settings(
        "tenant = {}, scope = []",
        expect![[r#"
        1:35+2 012 expected a string for `settings.tenant`, found a table
        1:47+2 012 expected a table for `settings.scope`, found an array
    "#]],
    );
}

#[test]
fn texts_and_numbers() {
    check_settings(
        &format!(
            "tenant = 'my-tenant', scope = {{ tenant = true }}, display-name = '{}', parallel = 0",
            "n".repeat(90)
        ),
        expect![[r#"
            1:35+11 014 `settings.tenant` must be a GUID such as `33333333-3333-3333-3333-333333333333`
              note: found `my-tenant`
            1:90+92 014 `settings.display-name` has more than 20 characters
            1:195+1 015 `settings.parallel` must be at least 1, found `0`
        "#]],
    );
    check_settings(
        &with("display-name = '', parallel = 65"),
        expect![[r#"
        2:16+2 014 `settings.display-name` is empty
        2:31+2 015 `settings.parallel` must be at most 64, found `65`
    "#]],
    );
}

#[test]
fn listed_values() {
    check_settings(
        &with("permissions = 'Least', cloud = 'us-goverment'"),
        expect![[r#"
            2:15+7 013 `Least` is not one of `seed`, `least`
              help: did you mean `least`?
            2:32+14 013 `us-goverment` is not one of `public`, `us-government`, `us-government-dod`, `china`
              help: did you mean `us-government`?
        "#]],
    );
    check_settings(
        &with("cloud = { logins = 'x' }"),
        expect![[r#"
        2:9+16 011 missing key `login` in `settings.cloud`
    "#]],
    );
    check_settings(
        &with("cloud = 5"),
        expect![[r#"
            2:9+1 012 expected `public`, `us-government`, `us-government-dod`, `china` or a table for `settings.cloud`, found an integer
        "#]],
    );
}

#[test]
fn scopes() {
    let scope = |scope: &str| format!("{TENANT},\nscope = {scope}");
    check_settings(
        &scope("{}"),
        expect![[r#"
        2:9+2 011 missing one of `management-groups`, `subscriptions` or `tenant` in `settings.scope`
    "#]],
    );
    check_settings(
        &scope("{ exclude = ['a'] }"),
        expect![[r#"
        2:9+19 011 missing one of `management-groups`, `subscriptions` or `tenant` in `settings.scope`
    "#]],
    );
    check_settings(
        &scope("{ subscription = ['a'] }"),
        expect![[r#"
            2:11+12 010 unknown key `subscription` in `settings.scope`
              help: did you mean `subscriptions`? known keys are `exclude`, `include`, `management-groups`, `subscriptions` and `tenant`
        "#]],
    );
    check_settings(
        &scope("{ managementGroups = ['a'] }"),
        expect![[r#"
        2:11+16 010 unknown key `managementGroups` in `settings.scope`
          help: keys are kebab-case: write `management-groups`
    "#]],
    );
    check_settings(
        &scope(&format!("{{ subscriptions = [{GUID}], management-groups = ['a'] }}")),
        expect![[r#"
            2:69+17 017 `management-groups` cannot stand beside `subscriptions` in `settings.scope`
              help: keep either `subscriptions` or `management-groups`
        "#]],
    );
    check_settings(
        &scope(&format!("{{ subscriptions = [{GUID}, 'two', {GUID}, 4] }}")),
        expect![[r#"
            2:68+5 014 `settings.scope.subscriptions[1]` must be a GUID such as `33333333-3333-3333-3333-333333333333`
              note: found `two`
            2:75+38 016 `33333333-3333-3333-3333-333333333333` is listed twice in `settings.scope.subscriptions`
            2:115+1 012 expected a string for `settings.scope.subscriptions[3]`, found an integer
        "#]],
    );
    check_settings(
        &scope("{ subscriptions = [] }"),
        expect![[r#"
        2:27+2 016 `settings.scope.subscriptions` needs at least 1 item, found 0
    "#]],
    );
    check_settings(
        &scope("{ tenant = false }"),
        expect![[r#"
        2:20+5 013 `settings.scope.tenant` must be `true`, found `false`
    "#]],
    );
    check_settings(
        &scope("{ tenant = true, exclud = ['a'] }"),
        expect![[r#"
            2:26+6 010 unknown key `exclud` in `settings.scope`
              help: did you mean `exclude`? known keys are `exclude`, `include`, `management-groups`, `subscriptions` and `tenant`
        "#]],
    );
    check_settings(
        &scope("'tenant'"),
        expect![[r#"
        2:9+8 012 expected a table for `settings.scope`, found a string
    "#]],
    );
}

#[test]
fn aks() {
    check_settings(&with("aks = false"), expect![[""]]);
    check_settings(
        &with("aks = true"),
        expect![[r#"
        2:7+4 012 expected `false` or a table for `settings.aks`, found `true`
    "#]],
    );
    check_settings(
        &with("aks = { scope = 'subscriptions' }"),
        expect![[r#"
        2:17+15 013 `settings.aks.scope` must be `subscription`, found `subscriptions`
          help: did you mean `subscription`?
    "#]],
    );
    check_settings(
        &with("aks = { clusters = [] }"),
        expect![[r#"
        2:20+2 016 `settings.aks.clusters` needs at least 1 item, found 0
    "#]],
    );
    check_settings(
        &with("aks = { cluster = [] }"),
        expect![[r#"
            2:9+7 010 unknown key `cluster` in `settings.aks`
              help: did you mean `clusters`? known keys are `clusters` and `scope`
        "#]],
    );
}

#[test]
fn credentials() {
    check_settings(
        &with("credential = { lifetime = '1d' }"),
        expect![[r#"
        2:14+19 011 missing key `kind` in `settings.credential`
          help: `kind` is `client-secret`, `certificate` or `federated`
    "#]],
    );
    check_settings(
        &with("credential = { kind = 'clientsecret' }"),
        expect![[r#"
            2:23+14 013 `clientsecret` is not one of `client-secret`, `certificate`, `federated`
              help: did you mean `client-secret`?
        "#]],
    );
    check_settings(
        &with("credential = { kind = 'federated', isuer = 'x' }"),
        expect![[r#"
        2:36+5 010 unknown key `isuer` in `settings.credential`
          help: did you mean `issuer`? known keys are `issuer` and `kind`
    "#]],
    );
    check_settings(
        &with("credential = { kind = 'certificate', warn = '1d', lifetime = 'long' }"),
        expect![[r#"
            2:38+4 010 unknown key `warn` in `settings.credential`
              help: known keys are `kind` and `lifetime`
            2:62+6 014 `settings.credential.lifetime` must be a duration such as `180d` or `12h`
              note: found `long`
        "#]],
    );
    check_settings(
        &with("credential = { kind = 5 }"),
        expect![[r#"
            2:23+1 013 `5` is not one of `client-secret`, `certificate`, `federated`
        "#]],
    );
}

#[test]
fn other_keywords() {
    let schema = json!({
        "properties": {
            "a": { "type": "array", "contains": { "const": 1 }, "maxItems": 1 },
            "b": { "multipleOf": 5, "exclusiveMaximum": 10 },
            "c": { "format": "date" },
            "d": { "description": "A word of the alphabet.", "pattern": "^[a-z]+$" },
            "e": { "type": ["string", "null"] },
            "f": { "type": "object", "propertyNames": { "pattern": "^[a-z]+$" } },
            "g": { "not": { "const": 1 } },
            "h": false,
            "i": { "anyOf": [{ "type": "object", "required": ["x"] }, { "type": "object", "required": ["y"] }] },
            "j": { "oneOf": [{ "required": ["x"] }, { "required": ["y"] }] },
            "k": { "prefixItems": [{ "type": "string" }], "items": false },
            "l": { "type": "string", "format": "secret-reference" },
            "m": { "oneOf": [{ "const": "one" }, { "const": "two" }] },
        },
        "allOf": [{ "properties": { "z": {} } }],
        "dependentRequired": { "a": ["b2"] },
        "unevaluatedProperties": false,
    });
    check_schema_of(
        "a = [2, 3], b = 12, c = 'today', d = 'A1', e = 1,\n f = { B = 1 }, g = 1, h = 1, i = {},\n\
         j = { x = 1, y = 1 }, k = ['a', 'b'], l = 'env:', m = 'tow', n = 1",
        &schema,
        expect![[r#"
            1:25+157 011 missing key `b2` in `settings`
            1:30+6 016 `settings.a` lacks an item that it must have
            1:30+6 016 `settings.a` takes at most 1 item, found 2
            1:42+2 015 `settings.b` must be a multiple of 5
            1:42+2 015 `settings.b` must be less than 10, found `12`
            1:50+7 014 `today` does not fit `settings.c`
              note: it must match the format `date`
            1:63+4 014 `A1` does not fit `settings.d`
              note: A word of the alphabet.
            1:73+1 012 expected a string for `settings.e`, found an integer
            2:8+1 014 `B` cannot be a name in `settings.f`
            2:21+1 014 `settings.g` has a form that is not allowed
            2:28+1 010 `settings.h` is not allowed here
            2:35+2 011 missing one of `x` or `y` in `settings.i`
            3:5+16 017 `settings.j` mixes several forms
              help: keep only one of `x` and `y`
            3:33+3 010 `settings.k[1]` is not allowed here
            3:39+1 031 `l` is not a usable reference to a secret
              help: write `env:NAME` or `file:PATH`: a name is letters, digits and underscores, a path is not empty
            3:55+5 013 `tow` is not one of `one`, `two`
              help: did you mean `two`?
            3:62+1 010 unknown key `n` in `settings`
              help: known keys are `a`, `b`, `c`, `d`, `e`, `f`, `g`, `h`, `i`, `j`, `k`, `l`, `m` and `z`
        "#]],
    );
}

#[test]
fn schemas_that_cannot_be_used() {
    check_schema_of(
        "",
        &json!({ "type": "strange" }),
        expect![[r#"
        1:14+8 040 the plugin's schema for `settings` cannot be used
          note: "strange" is not valid under any of the schemas listed in the 'anyOf' keyword
          help: this is no mistake in the manifest: update the plugin or tell its author
    "#]],
    );
    check_schema_of(
        "",
        &json!({ "$ref": "https://example.com/other.json" }),
        expect![[r#"
        1:14+8 040 the plugin's schema for `settings` cannot be used
          note: Resource 'https://example.com/other.json' is not present in a registry and retrieving it failed: Retrieval is disabled, cannot fetch https://example.com/other.json
          help: this is no mistake in the manifest: update the plugin or tell its author
    "#]],
    );
    check_schema_of(
        "",
        &json!({ "$ref": "file:///etc/passwd" }),
        expect![[r#"
        1:14+8 040 the plugin's schema for `settings` cannot be used
          note: Resource 'file:///etc/passwd' is not present in a registry and retrieving it failed: Retrieval is disabled, cannot fetch file:///etc/passwd
          help: this is no mistake in the manifest: update the plugin or tell its author
    "#]],
    );
    check_schema_of(
        "",
        &json!({ "pattern": "(?=a)b" }),
        expect![[r#"
        1:14+8 040 the plugin's schema for `settings` cannot be used
          note: "(?=a)b" is not a "regex"
          help: this is no mistake in the manifest: update the plugin or tell its author
    "#]],
    );
    check_schema_of("a = {}", &json!({ "$ref": "#" }), expect![[""]]);
}

#[test]
fn a_schema_that_refers_to_itself() {
    let schema = json!({
        "properties": { "a": { "$ref": "#" } },
        "oneOf": [{ "$ref": "#/$defs/x" }, { "required": ["b"] }],
        "$defs": { "x": { "required": ["a"], "properties": { "a": { "$ref": "#" } } } },
    });
    check_schema_of(
        "a = { a = { c = 1 } }",
        &schema,
        expect![[r#"
        1:36+9 011 missing one of `a` or `b` in `settings.a.a`
    "#]],
    );
}
