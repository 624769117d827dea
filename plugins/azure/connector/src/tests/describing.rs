//! The plan a reader sees: addresses, what needs what, and what is handed over.

use std::fmt::Write as _;

use expect_test::{expect, expect_file};
use serde_json::json;
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
    describe("contoso", &Settings::read(settings).unwrap())
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
        verification.subscription@SUB <- client-secret, role-assignment.reader@SUB, role-assignment.storage-blob-data-reader@SUB, role-assignment.storage-file-data-privileged-reader@SUB, role-assignment.custom@SUB, role-assignment.aks-rbac-reader@SUB, role-assignment.aks-cluster-user@SUB
        verification.directory <- client-secret, admin-consent.directory-read-all, admin-consent.policy-read-all, role-assignment.management-group-reader@11111111-2222-3333-4444-555555555555
        unplanned-grants <- application, service-principal, api-permissions, role-definition.custom, admin-consent.directory-read-all, admin-consent.policy-read-all, role-assignment.management-group-reader@11111111-2222-3333-4444-555555555555, role-assignment.reader@SUB, role-assignment.storage-blob-data-reader@SUB, role-assignment.storage-file-data-privileged-reader@SUB, role-assignment.custom@SUB, role-assignment.aks-rbac-reader@SUB, role-assignment.aks-cluster-user@SUB
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

/// Every input is an output of a direct dependency, and every need stands before its step.
#[test]
fn the_graph_is_sound() {
    let cluster = "/subscriptions/33333333-4444-5555-6666-777777777777/resourceGroups/rg\
                   /providers/Microsoft.ContainerService/managedClusters/aks";
    for aks in [json!(false), json!({ "scope": "subscription" }), json!({ "clusters": [cluster] })]
    {
        let mut settings = settings();
        settings["aks"] = aks;
        let description = described(settings);
        for (position, step) in description.steps.iter().enumerate() {
            assert!(step.needs.iter().all(|need| (*need as usize) < position));
            let template = &description.templates[step.template as usize];
            for input in &template.inputs {
                let (word, output) = input.rsplit_once('.').unwrap();
                let gives = step.needs.iter().any(|need| {
                    let from = &description.steps[*need as usize];
                    let from = &description.templates[from.template as usize];
                    let name = from.name.as_ref().map(|n| format!(".{n}")).unwrap_or_default();
                    format!("{}{name}", from.kind) == word
                        && from.outputs.iter().any(|o| o == output)
                });
                assert!(gives, "{input} of {}", template.title);
            }
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
