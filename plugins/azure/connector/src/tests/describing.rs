//! The plan a reader sees: addresses, what needs what, and what is handed over.

use std::fmt::Write as _;

use expect_test::{expect, expect_file};
use serde_json::json;
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::Description;

use super::support::settings;
use crate::describe::describe;
use crate::settings::Settings;

fn address(description: &Description, position: u32) -> String {
    let step = &description.steps[position as usize];
    let template = &description.templates[step.template as usize];
    let name = template.name.as_ref().map(|n| format!(".{n}")).unwrap_or_default();
    let scope = step.scope.as_ref().map(|s| format!("@{s}")).unwrap_or_default();
    format!("{}{name}{scope}", template.kind)
}

fn described(settings: serde_json::Value) -> Description {
    describe("contoso", &Settings::read(settings).unwrap(), None)
}

#[test]
fn steps_and_edges() {
    let description = described(settings());
    let mut text = String::new();
    for position in 0..u32::try_from(description.steps.len()).unwrap() {
        let needs: Vec<_> = description.steps[position as usize]
            .needs
            .iter()
            .map(|need| address(&description, *need))
            .collect();
        writeln!(text, "{} <- {}", address(&description, position), needs.join(", ")).unwrap();
    }
    let text = text.replace("33333333-4444-5555-6666-777777777777", "SUB");
    expect![[r#"
        role-actions <- 
        subscription@SUB <- 
        application <- 
        service-principal <- application
        role-definition.custom <- role-actions, subscription@SUB
        api-permissions <- application
        admin-consent.directory-read-all <- application, service-principal, api-permissions
        admin-consent.policy-read-all <- application, service-principal, api-permissions
        role-assignment.management-group-reader@11111111-2222-3333-4444-555555555555 <- service-principal
        client-secret <- application
        role-assignment.reader@SUB <- service-principal, subscription@SUB
        role-assignment.storage-blob-data-reader@SUB <- service-principal, subscription@SUB
        role-assignment.storage-file-data-privileged-reader@SUB <- service-principal, subscription@SUB
        role-assignment.custom@SUB <- service-principal, subscription@SUB, role-definition.custom
        role-assignment.aks-rbac-reader@SUB <- service-principal, subscription@SUB
        role-assignment.aks-cluster-user@SUB <- service-principal, subscription@SUB
        verification.subscription@SUB <- subscription@SUB, client-secret, role-assignment.reader@SUB, role-assignment.storage-blob-data-reader@SUB, role-assignment.storage-file-data-privileged-reader@SUB, role-assignment.custom@SUB, role-assignment.aks-rbac-reader@SUB, role-assignment.aks-cluster-user@SUB
        verification.directory <- client-secret, admin-consent.directory-read-all, admin-consent.policy-read-all, role-assignment.management-group-reader@11111111-2222-3333-4444-555555555555
        unplanned-grants <- application, service-principal, api-permissions, role-definition.custom, admin-consent.directory-read-all, admin-consent.policy-read-all, role-assignment.management-group-reader@11111111-2222-3333-4444-555555555555, verification.subscription@SUB
    "#]].assert_eq(&text);
}

#[test]
fn texts_and_calls() {
    let description = described(settings());
    let mut text = String::new();
    for template in &description.templates {
        writeln!(text, "[{}] {}", template.group, template.title).unwrap();
        for call in &template.calls {
            writeln!(text, "    {} {}", call.method, call.url).unwrap();
        }
    }
    expect_file!["./describing.txt"].assert_eq(&text);
}

/// Goal: each kind of credential hands over its own fields, and what a platform cannot take is said.
#[test]
fn what_is_handed_over_by_kind() {
    let mut text = String::new();
    for credential in kinds() {
        let mut settings = settings();
        settings["credential"] = credential;
        let description = described(settings);
        let names: Vec<_> = description
            .handover
            .iter()
            .map(|field| {
                let mark = if field.secret { "*" } else { "" };
                format!("{mark}{}={}", field.name, field.value)
            })
            .collect();
        let ox = &description.platforms["ox"];
        let ox = if ox.get("unsupported").is_some() { "unsupported" } else { "supported" };
        writeln!(text, "{}\n    ox: {ox}", names.join("\n")).unwrap();
    }
    let text = text
        .replace("33333333-4444-5555-6666-777777777777", "SUB")
        .replace("11111111-2222-3333-4444-555555555555", "TENANT");
    expect![[r#"
        tenant-id=TENANT
        client-id=<application.client-id>
        *client-secret=<client-secret.vault-name>
        key-id=<client-secret.key-id>
        expires=<client-secret.expires>
        warn-from=<client-secret.warn-from>
        subscriptions=SUB
            ox: supported
        tenant-id=TENANT
        client-id=<application.client-id>
        *certificate=<certificate.vault-name>
        thumbprint=<certificate.thumbprint>
        key-id=<certificate.key-id>
        expires=<certificate.expires>
        warn-from=<certificate.warn-from>
        subscriptions=SUB
            ox: unsupported
        tenant-id=TENANT
        client-id=<application.client-id>
        *certificate=<certificate.vault-name>
        thumbprint=<certificate.thumbprint>
        key-id=<certificate.key-id>
        expires=<certificate.expires>
        warn-from=<certificate.warn-from>
        subscriptions=SUB
            ox: unsupported
        tenant-id=TENANT
        client-id=<application.client-id>
        issuer=<federated-credential.issuer>
        subject=<federated-credential.subject>
        audience=<federated-credential.audience>
        subscriptions=SUB
            ox: unsupported
    "#]]
    .assert_eq(&text);
}

fn kinds() -> [serde_json::Value; 4] {
    [
        json!({ "kind": "client-secret" }),
        json!({ "kind": "certificate" }),
        json!({ "kind": "certificate", "certificate": "file:/run/key.pem" }),
        json!({ "kind": "federated", "issuer": "https://i", "subject": "s" }),
    ]
}

/// Goal: what is removed comes after the hand-over and nothing that is handed over waits for it.
#[test]
fn a_rotation_in_order() {
    let settings = Settings::read(settings()).unwrap();
    let description = crate::rotation::describe("contoso", &settings, None, &Map::new()).unwrap();
    let mut text = String::new();
    for (position, step) in (0..).zip(&description.steps) {
        let template = &description.templates[step.template as usize];
        let late = if template.after_handover { " (after the hand-over)" } else { "" };
        let needs: Vec<_> = step.needs.iter().map(|need| address(&description, *need)).collect();
        let address = address(&description, position);
        writeln!(text, "{address} <- {}{late}: {}", needs.join(", "), template.effect).unwrap();
    }
    let text = text.replace("33333333-4444-5555-6666-777777777777", "SUB");
    expect![[r#"
        application <- : read
        client-secret <- application: mint
        verification.directory <- client-secret: read
        verification.subscription@SUB <- client-secret: read
        retired-credentials <- application, client-secret (after the hand-over): ensure
    "#]]
    .assert_eq(&text);
    let connect = describe("contoso", &settings, None);
    assert_eq!(format!("{:?}", connect.handover), format!("{:?}", description.handover));
}

/// Every input is an output of a direct dependency, and every need stands before its step.
#[test]
fn the_graph_is_sound() {
    let cluster = "/subscriptions/33333333-4444-5555-6666-777777777777/resourceGroups/rg\
                   /providers/Microsoft.ContainerService/managedClusters/aks";
    let aks = [json!(false), json!({ "scope": "subscription" }), json!({ "clusters": [cluster] })];
    let aks = aks.map(|value| ("aks", value)).into_iter();
    for (key, value) in aks.chain(kinds().map(|value| ("credential", value))) {
        let mut settings = settings();
        settings[key] = value;
        let rotation = Settings::read(settings.clone()).unwrap();
        let rotation = crate::rotation::describe("contoso", &rotation, None, &Map::new()).ok();
        for description in [described(settings)].into_iter().chain(rotation) {
            assert_sound(&description);
        }
    }
}

fn assert_sound(description: &Description) {
    for (position, step) in description.steps.iter().enumerate() {
        assert!(step.needs.iter().all(|need| (*need as usize) < position));
        let template = &description.templates[step.template as usize];
        for input in &template.inputs {
            let (word, output) = input.rsplit_once('.').unwrap();
            let gives = step.needs.iter().any(|need| {
                let from = &description.steps[*need as usize];
                let from = &description.templates[from.template as usize];
                let name = from.name.as_ref().map(|n| format!(".{n}")).unwrap_or_default();
                format!("{}{name}", from.kind) == word && from.outputs.iter().any(|o| o == output)
            });
            assert!(gives, "{input} of {}", template.title);
        }
    }
}

/// A tenant of ten thousand subscriptions stays a few templates, and quick.
#[test]
fn many_subscriptions() {
    let ids: Vec<String> =
        (0..10_000).map(|n| format!("00000000-0000-4000-8000-{n:012}")).collect();
    let mut settings = settings();
    settings["scope"] = json!({ "subscriptions": ids });
    let description = described(settings);
    assert!(description.templates.len() < 25);
    assert_eq!(description.steps.len(), 10_000 * 8 + 11);
}

/// Goal: somebody's custom role that is called like a predefined one is never taken for it. Predefined
/// roles are assigned by their ids, which are Azure's own.
#[test]
fn predefined_roles_are_known_by_id() {
    use crate::roles::{MANAGEMENT_GROUP_READER, ON_SUBSCRIPTION, by_word};
    let description = described(settings());
    let words = description.templates.iter().filter(|it| it.kind == "role-assignment");
    let words: Vec<&str> = words.filter_map(|it| it.name.as_deref()).collect();
    assert_eq!(words.len(), 7, "{words:?}");
    for word in words {
        let id = by_word(word).unwrap().id;
        assert_eq!(id.is_none(), word == "custom", "{word}");
        assert!(id.is_none_or(|id| uuid::Uuid::parse_str(id).is_ok()), "{word}");
    }
    let all = ON_SUBSCRIPTION.iter().chain([&MANAGEMENT_GROUP_READER]);
    let ids: std::collections::BTreeSet<_> = all.filter_map(|role| role.id).collect();
    assert!(ids.contains("acdd72a7-3385-48ef-bd42-f606fba81ae7"), "Reader");
    assert!(ids.contains("ac63b705-f282-497d-ac71-919bf39d939d"), "Management Group Reader");
}
