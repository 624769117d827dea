//! A connector like the ones a cloud's plugin describes: directory steps once, subscription steps for
//! each subscription.

use serde_json::json;
use skybridge_model::{Position, Span};
use skybridge_plan::{ConnectorInput, Dependency};
use skybridge_plugin_protocol::onboard::{
    Call, Description, HandoverField, Readiness, Step, StepTemplate, Undo,
};

const GRAPH: &str = "https://graph.microsoft.com/v1.0";
const ARM: &str = "https://management.azure.com/subscriptions/{scope}/providers";
const ROLE_GUID: &str = "<service-principal.object-id>";

pub(crate) const FIRST: &str = "33333333-0000-0000-0000-000000000001";
pub(crate) const SECOND: &str = "33333333-0000-0000-0000-000000000002";

/// `contoso` with two subscriptions.
pub(crate) fn contoso() -> ConnectorInput {
    connector("contoso", &[FIRST, SECOND])
}

pub(crate) fn connector(name: &str, subscriptions: &[&str]) -> ConnectorInput {
    ConnectorInput {
        name: name.to_owned(),
        plugin: "azure".to_owned(),
        description: description(subscriptions),
        destination: "local".to_owned(),
        destination_title: "the local store".to_owned(),
        depends_on: Vec::new(),
        span: Some(span(3)),
    }
}

pub(crate) fn span(line: u32) -> Span {
    Span { file: "contoso.toml".to_owned(), start: Position { line, column: 1 }, bytes: (0, 1) }
}

pub(crate) fn depends(on: &str, line: u32) -> Dependency {
    Dependency { connector: on.to_owned(), span: Some(span(line)) }
}

/// The template of a kind, by the names the addresses have.
fn template(kind: &str, name: &str, group: &str, title: &str, effect: &str) -> StepTemplate {
    StepTemplate {
        kind: kind.to_owned(),
        name: (!name.is_empty()).then(|| name.to_owned()),
        title: title.to_owned(),
        group: group.to_owned(),
        effect: effect.to_owned(),
        throttle: "graph".to_owned(),
        ..StepTemplate::default()
    }
}

fn call(method: &str, url: String, permission: &str) -> Call {
    Call {
        method: method.to_owned(),
        url,
        permission: (!permission.is_empty()).then(|| permission.to_owned()),
    }
}

fn undo(title: &str, url: String) -> Option<Undo> {
    Some(Undo { title: title.to_owned(), calls: vec![call("DELETE", url, "")] })
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn ready(waits_for: &str) -> Option<Readiness> {
    Some(Readiness {
        waits_for: waits_for.to_owned(),
        successes: 3,
        interval_ms: 2_000,
        budget_ms: 300_000,
    })
}

const DIRECTORY: &str = "Entra application";
const SUBSCRIPTION: &str = "Subscription {scope}";

fn role(name: &str, title: &str, reference: &str) -> StepTemplate {
    let url =
        format!("{ARM}/Microsoft.Authorization/roleAssignments/<service-principal.object-id>");
    StepTemplate {
        reference: Some(reference.to_owned()),
        desired: json!({ "role": title, "principal": ROLE_GUID, "scope": "/subscriptions/{scope}" }),
        inputs: words(&["service-principal.object-id"]),
        outputs: words(&["id"]),
        calls: vec![call("PUT", url.clone(), "Microsoft.Authorization/roleAssignments/write")],
        undo: undo("delete the role assignment", url),
        throttle: "arm/{scope}".to_owned(),
        ..template("role-assignment", name, SUBSCRIPTION, &format!("assign {title}"), "ensure")
    }
}

/// Steps that are done once, in the order of [`OPERATOR`] and its fellows.
fn directory_templates() -> Vec<StepTemplate> {
    [preflight_templates(), application_templates(), grant_templates(), credential_templates()]
        .concat()
}

fn preflight_templates() -> Vec<StepTemplate> {
    vec![
        StepTemplate {
            outputs: words(&["principal-id"]),
            calls: vec![call("GET", format!("{GRAPH}/me"), "")],
            ..template(
                "preflight",
                "operator",
                "Preflight",
                "look up who runs the onboarding",
                "read",
            )
        },
        StepTemplate {
            calls: vec![call(
                "GET",
                "https://management.azure.com/providers/Microsoft.Authorization/providerOperations"
                    .to_owned(),
                "",
            )],
            throttle: "arm".to_owned(),
            notes: words(&["the page misspells Microsoft.Web; the action is corrected"]),
            ..template(
                "preflight",
                "role-actions",
                "Preflight",
                "check the actions of the custom role",
                "read",
            )
        },
    ]
}

fn application_templates() -> Vec<StepTemplate> {
    let applications = format!("{GRAPH}/applications");
    let application = format!("{applications}/<application.object-id>");
    vec![
        StepTemplate {
            reference: Some("1.1-1.6".to_owned()),
            desired: json!({ "displayName": "{display-name}" }),
            outputs: words(&["object-id", "client-id"]),
            calls: vec![call("POST", applications.clone(), "Application.ReadWrite.All")],
            undo: undo("delete the application", application.clone()),
            readiness: ready("the application is readable in the directory"),
            ..template(
                "application",
                "",
                DIRECTORY,
                "create the application {display-name}",
                "ensure",
            )
        },
        StepTemplate {
            desired: json!({ "appId": "<application.client-id>" }),
            inputs: words(&["application.client-id"]),
            outputs: words(&["object-id"]),
            calls: vec![call(
                "POST",
                format!("{GRAPH}/servicePrincipals"),
                "Application.ReadWrite.All",
            )],
            undo: undo(
                "delete the service principal",
                format!("{GRAPH}/servicePrincipals/<service-principal.object-id>"),
            ),
            readiness: ready("role assignments find the service principal"),
            ..template("service-principal", "", DIRECTORY, "create its service principal", "ensure")
        },
    ]
}

fn grant_templates() -> Vec<StepTemplate> {
    let application = format!("{GRAPH}/applications/<application.object-id>");
    vec![
        StepTemplate {
            reference: Some("2.1-2.7".to_owned()),
            desired: json!({ "id": "<application.object-id>", "access": ["Directory.Read.All", "User.Read.All"] }),
            calls: vec![call("PATCH", application.clone(), "")],
            undo: undo("take the permissions off the application", application.clone()),
            ..template(
                "permission",
                "required",
                "Graph permissions",
                "ask for the permissions",
                "ensure",
            )
        },
        consent("directory-read", "Directory.Read.All"),
        consent("user-read", "User.Read.All"),
        StepTemplate {
            reference: Some("1.19-1.22".to_owned()),
            desired: json!({ "principal": ROLE_GUID }),
            outputs: words(&["id"]),
            undo: undo("delete the role assignment", "https://management.azure.com/x".to_owned()),
            throttle: "arm".to_owned(),
            ..template(
                "role-assignment",
                "management-group-reader",
                "Root management group",
                "assign Management Group Reader at the root",
                "ensure",
            )
        },
    ]
}

fn credential_templates() -> Vec<StepTemplate> {
    let application = format!("{GRAPH}/applications/<application.object-id>");
    vec![
        StepTemplate {
            reference: Some("2.9-2.13".to_owned()),
            desired: json!({ "application": "<application.object-id>", "lifetime": "180d" }),
            outputs: words(&["secret", "key-id"]),
            calls: vec![call("POST", format!("{application}/addPassword"), "")],
            undo: undo("remove the client secret", format!("{application}/removePassword")),
            ..template("client-secret", "", "Credential", "mint a client secret", "mint")
        },
        StepTemplate {
            inputs: words(&["client-secret.secret", "application.client-id"]),
            ..template(
                "verification",
                "directory",
                "Verification",
                "prove the connection to the directory",
                "read",
            )
        },
    ]
}

fn consent(name: &str, permission: &str) -> StepTemplate {
    let url = format!("{GRAPH}/servicePrincipals/<service-principal.object-id>/appRoleAssignments");
    StepTemplate {
        reference: Some("2.8".to_owned()),
        inputs: words(&["service-principal.object-id"]),
        desired: json!({ "principal": ROLE_GUID, "role": permission }),
        calls: vec![call("POST", url.clone(), "AppRoleAssignment.ReadWrite.All")],
        undo: undo("withdraw the consent", url),
        ..template(
            "consent",
            name,
            "Graph permissions",
            &format!("consent to {permission}"),
            "ensure",
        )
    }
}

fn subscription_templates() -> Vec<StepTemplate> {
    let definition = format!("{ARM}/Microsoft.Authorization/roleDefinitions/scanner");
    vec![
        StepTemplate {
            calls: vec![call(
                "GET",
                "https://management.azure.com/subscriptions/{scope}".to_owned(),
                "",
            )],
            throttle: "arm/{scope}".to_owned(),
            ..template(
                "preflight",
                "subscription",
                SUBSCRIPTION,
                "check that the subscription is enabled",
                "read",
            )
        },
        role("reader", "Reader", "1.7-1.12"),
        role("blob-reader", "Storage Blob Data Reader", "1.7-1.12"),
        role("file-reader", "Storage File Data Privileged Reader", "1.7-1.12"),
        StepTemplate {
            reference: Some("1.13-1.17".to_owned()),
            desired: json!({ "roleName": "scanner", "assignableScopes": ["/subscriptions/{scope}"] }),
            outputs: words(&["id"]),
            calls: vec![call(
                "PUT",
                definition.clone(),
                "Microsoft.Authorization/roleDefinitions/write",
            )],
            undo: undo("delete the custom role", definition),
            throttle: "arm/{scope}".to_owned(),
            readiness: ready("the custom role can be assigned"),
            ..template(
                "role-definition",
                "scanner",
                SUBSCRIPTION,
                "define the custom role",
                "ensure",
            )
        },
        StepTemplate {
            inputs: words(&["service-principal.object-id", "role-definition.scanner.id"]),
            notes: words(&["the page forgets to assign the role it defines"]),
            ..role("scanner", "the custom role", "1.18")
        },
        role("aks-reader", "Azure Kubernetes Service RBAC Reader", "1.12"),
        role("aks-user", "Azure Kubernetes Service Cluster User", "1.12"),
        StepTemplate {
            inputs: words(&["client-secret.secret"]),
            throttle: "arm/{scope}".to_owned(),
            ..template(
                "verification",
                "subscription",
                "Verification",
                "prove the connection to {scope}",
                "read",
            )
        },
    ]
}

/// Positions of the directory steps in the description.
const OPERATOR: u32 = 0;
const ROLE_ACTIONS: u32 = 1;
const APPLICATION: u32 = 2;
const SERVICE_PRINCIPAL: u32 = 3;
const SECRET: u32 = 8;

pub(crate) fn description(subscriptions: &[&str]) -> Description {
    let directory = directory_templates();
    let first = u32::try_from(directory.len()).unwrap();
    let needs: [&[u32]; 10] = [
        &[],
        &[OPERATOR],
        &[OPERATOR],
        &[APPLICATION],
        &[APPLICATION],
        &[SERVICE_PRINCIPAL],
        &[SERVICE_PRINCIPAL],
        &[OPERATOR, SERVICE_PRINCIPAL],
        &[APPLICATION],
        &[APPLICATION, 5, 6, 7, SECRET],
    ];
    let mut steps: Vec<Step> = needs
        .iter()
        .zip(0..)
        .map(|(needs, template)| Step { template, needs: needs.to_vec(), ..Step::default() })
        .collect();
    steps[APPLICATION as usize]
        .vars
        .insert("display-name".to_owned(), "skybridge-connector".to_owned());
    for subscription in subscriptions {
        add_subscription(&mut steps, first, subscription);
    }
    let field = |name: &str, label: &str, value: &str, secret| HandoverField {
        name: name.to_owned(),
        label: label.to_owned(),
        value: value.to_owned(),
        secret,
        scopes: false,
    };
    Description {
        templates: directory.into_iter().chain(subscription_templates()).collect(),
        steps,
        notes: words(&["the page never assigns the custom role it defines; this plan does"]),
        handover: vec![
            field("client-id", "Client ID", "<application.client-id>", false),
            field("client-secret", "Client secret", "<client-secret.secret>", true),
        ],
        ..Description::default()
    }
}

/// Nine steps: a check, three roles, the custom role and its assignment, two for clusters, a proof.
fn add_subscription(steps: &mut Vec<Step>, first_template: u32, scope: &str) {
    let check = u32::try_from(steps.len()).unwrap();
    let definition = check + 4;
    let needs: [Vec<u32>; 9] = [
        vec![OPERATOR],
        vec![SERVICE_PRINCIPAL, check],
        vec![SERVICE_PRINCIPAL, check],
        vec![SERVICE_PRINCIPAL, check],
        vec![ROLE_ACTIONS, check],
        vec![SERVICE_PRINCIPAL, definition, check],
        vec![SERVICE_PRINCIPAL, check],
        vec![SERVICE_PRINCIPAL, check],
        [vec![SECRET, 5, 6], (check + 1..check + 8).collect()].concat(),
    ];
    steps.extend(needs.into_iter().zip(first_template..).map(|(needs, template)| Step {
        template,
        scope: Some(scope.to_owned()),
        needs,
        ..Step::default()
    }));
}
