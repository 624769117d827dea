//! The plan a reader sees: addresses, what needs what, and what is handed over.

use std::fmt::Write as _;

use expect_test::expect;
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
        verification.directory <- client-secret, admin-consent.directory-read-all, admin-consent.policy-read-all, role-assignment.management-group-reader@11111111-2222-3333-4444-555555555555
        role-assignment.reader@SUB <- service-principal, subscription@SUB
        role-assignment.storage-blob-data-reader@SUB <- service-principal, subscription@SUB
        role-assignment.storage-file-data-privileged-reader@SUB <- service-principal, subscription@SUB
        role-assignment.custom@SUB <- service-principal, subscription@SUB, role-definition.custom
        role-assignment.aks-rbac-reader@SUB <- service-principal, subscription@SUB
        role-assignment.aks-cluster-user@SUB <- service-principal, subscription@SUB
        verification.subscription@SUB <- client-secret, role-assignment.reader@SUB, role-assignment.storage-blob-data-reader@SUB, role-assignment.storage-file-data-privileged-reader@SUB, role-assignment.custom@SUB, role-assignment.aks-rbac-reader@SUB, role-assignment.aks-cluster-user@SUB
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
    expect![[r#"
        [Preflight] check that Azure knows the custom role's actions
            GET https://management.azure.com/providers/Microsoft.Authorization/providerOperations/Microsoft.Web?api-version=2022-04-01&$expand=resourceTypes
            GET https://management.azure.com/providers/Microsoft.Authorization/providerOperations/Microsoft.Network?api-version=2022-04-01&$expand=resourceTypes
        [Preflight] check subscription {scope} and the operator's rights in it
            GET https://management.azure.com/subscriptions/{scope}?api-version=2022-12-01
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01
        [Application] register the application skybridge-connector
            GET https://graph.microsoft.com/v1.0/applications(uniqueName='skybridge-contoso-567cfb6d')
            PATCH https://graph.microsoft.com/v1.0/applications(uniqueName='skybridge-contoso-567cfb6d')
        [Application] create the application's service principal
            GET https://graph.microsoft.com/v1.0/servicePrincipals(appId='<application.client-id>')
            POST https://graph.microsoft.com/v1.0/servicePrincipals
        [Tenant] define the custom role Skybridge Connector (skybridge-connector)
            GET https://management.azure.com/subscriptions/33333333-4444-5555-6666-777777777777/providers/Microsoft.Authorization/roleDefinitions/32083145-6575-50be-a418-8e09632c6b3f?api-version=2022-04-01
            PUT https://management.azure.com/subscriptions/33333333-4444-5555-6666-777777777777/providers/Microsoft.Authorization/roleDefinitions/32083145-6575-50be-a418-8e09632c6b3f?api-version=2022-04-01
        [Application] list the Graph permissions on the application
            GET https://graph.microsoft.com/v1.0/applications/<application.object-id>
            PATCH https://graph.microsoft.com/v1.0/applications/<application.object-id>
        [Tenant] consent to Directory.Read.All for the whole tenant
            GET https://graph.microsoft.com/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')
            GET https://graph.microsoft.com/v1.0/servicePrincipals/<service-principal.object-id>/appRoleAssignments
            POST https://graph.microsoft.com/v1.0/servicePrincipals/<<microsoft-graph>/appRoleAssignedTo
        [Tenant] consent to Policy.Read.All for the whole tenant
            GET https://graph.microsoft.com/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')
            GET https://graph.microsoft.com/v1.0/servicePrincipals/<service-principal.object-id>/appRoleAssignments
            POST https://graph.microsoft.com/v1.0/servicePrincipals/<<microsoft-graph>/appRoleAssignedTo
        [Tenant] assign Management Group Reader on the root management group
            GET https://management.azure.com/providers/Microsoft.Management/managementGroups/{scope}?api-version=2023-04-01
            GET https://management.azure.com/providers/Microsoft.Management/managementGroups/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
            PUT https://management.azure.com/providers/Microsoft.Management/managementGroups/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
        [Credential] create the client secret and seal it in the vault
            GET https://graph.microsoft.com/v1.0/applications/<application.object-id>
            POST https://graph.microsoft.com/v1.0/applications/<application.object-id>/addPassword
        [Verification] prove that the connector can read the directory and the root management group
            POST https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token
            GET https://graph.microsoft.com/v1.0/organization
            GET https://graph.microsoft.com/v1.0/policies/authorizationPolicy
            GET https://management.azure.com/providers/Microsoft.Management/managementGroups/11111111-2222-3333-4444-555555555555?api-version=2023-04-01
        [Subscription {scope}] assign Reader on subscription {scope}
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
            PUT https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
        [Subscription {scope}] assign Storage Blob Data Reader on subscription {scope}
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
            PUT https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
        [Subscription {scope}] assign Storage File Data Privileged Reader on subscription {scope}
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
            PUT https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
        [Subscription {scope}] assign the custom role on subscription {scope}
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
            PUT https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
        [Subscription {scope}] assign Azure Kubernetes Service RBAC Reader on subscription {scope}
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
            PUT https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
        [Subscription {scope}] assign Azure Kubernetes Service Cluster User Role on subscription {scope}
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
            PUT https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>?api-version=2022-04-01
        [Verification] prove that the connector can read subscription {scope}
            POST https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token
            GET https://management.azure.com/subscriptions/{scope}?api-version=2022-12-01
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01
            GET https://management.azure.com/subscriptions/{scope}/providers/Microsoft.ContainerService/managedClusters?api-version=2024-02-01
    "#]].assert_eq(&text);
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
    assert_eq!(description.steps.len(), 10_000 * 8 + 10);
}
