//! Whole onboardings against the simulated cloud, over real HTTPS.

use serde_json::json;
use skybridge_azure_client::arm::role_assignments::{self, NewAssignment};
use skybridge_azure_client::graph::applications::{self, Application};
use skybridge_plugin_sdk::protocol::onboard::{applied, observed};
use skybridge_plugin_sdk::protocol::verify::check_status;
use skybridge_plugin_sdk::{Retry, kind};

use super::support::{NO_LAG, Rehearsal, SUBSCRIPTION, patiently};
use crate::checks;
use crate::errors::{Lag, classify};
use crate::roles;

async fn application(rehearsal: &Rehearsal) -> Option<Application> {
    let outputs = &rehearsal.outputs[&rehearsal.find("application")];
    let id = outputs["object-id"].as_str().unwrap();
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    patiently(|| async {
        let request = applications::get_request(id);
        session.find(&request).await.map_err(|error| classify(error, Lag::Possible))
    })
    .await
    .unwrap()
}

/// Goal: the default tenant, with its lag, paging and busy answers, is connected, proved, found
/// unchanged by a second run, and left without a trace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn onboard_again_verify_offboard() {
    let mut rehearsal = Rehearsal::new(None).await;
    let done = rehearsal.run_all(None).await;
    assert_eq!(done.len(), rehearsal.description.steps.len());
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let secret = &rehearsal.outputs[&rehearsal.find("client-secret")];
    let connection = [
        ("client-id".to_owned(), secret["client-id"].clone()),
        ("client-secret".to_owned(), secret["vault-name"].clone()),
        ("expires".to_owned(), secret["expires"].clone()),
    ];
    let report = checks::report(&session, &connection.into()).await.unwrap();
    for check in &report.checks {
        assert_eq!(check.status, check_status::OK, "{check:?}");
    }
    assert_eq!(report.checks.len(), 11);
    assert!(report.credential_expires > report.credential_warn_from);

    let minted = rehearsal.writes("creating client secret");
    for position in rehearsal.positions() {
        let seen = rehearsal.observe(position).await.unwrap();
        assert_eq!(seen.state, observed::MATCHES, "{}: {seen:?}", rehearsal.word(position));
    }
    rehearsal.run = "run-2".into();
    for position in rehearsal.positions() {
        let again = rehearsal.apply(position).await.unwrap();
        let quiet = [applied::UNCHANGED, applied::CHECKED].contains(&again.action.as_str());
        assert!(quiet, "{}: {again:?}", rehearsal.word(position));
    }
    assert_eq!(rehearsal.writes("creating client secret"), minted);

    for (position, applied) in done.iter().rev() {
        if !applied.undo.is_null() {
            rehearsal.undo(*position, &applied.undo).await.unwrap();
            let twice = rehearsal.undo(*position, &applied.undo).await;
            assert!(twice.is_ok(), "{}: {twice:?}", rehearsal.word(*position));
        }
    }
    assert!(rehearsal.host.secrets.lock().unwrap().is_empty());
    for position in rehearsal.positions() {
        if ["application", "role-definition.custom"].contains(&rehearsal.word(position).as_str()) {
            rehearsal.until_gone(position).await;
        }
    }
    // The deleted application holds its name; a new onboarding brings it back.
    rehearsal.outputs.clear();
    rehearsal.run_all(Some("client-secret")).await;
}

/// Goal: an answer with a secret in it that is lost leaves no second secret behind.
#[tokio::test]
async fn a_lost_secret_is_removed() {
    let scenario = "[[faults]]\nservice = \"graph\"\nmethod = \"POST\"\n\
                    path-contains = \"/addPassword\"\nevery = 1\ntimes = 2\n\
                    effect = \"reset-after-commit\"\n";
    let mut rehearsal = Rehearsal::new(Some(scenario)).await;
    rehearsal.run_all(Some("client-secret")).await;
    assert_eq!(rehearsal.writes("creating client secret"), 3);
    let app = application(&rehearsal).await.unwrap();
    assert_eq!(app.password_credentials.len(), 1, "{:?}", app.password_credentials);
    assert_eq!(rehearsal.host.secrets.lock().unwrap().len(), 1);
}

/// Goal: every write may be done and its answer lost, and nothing is made twice.
#[tokio::test]
async fn lost_answers_make_nothing_twice() {
    let mut scenario = NO_LAG.to_owned();
    // Every second one, except where removing and making again would take turns being lost.
    for (service, method, every) in
        [("resource-manager", "PUT", 2), ("graph", "POST", 3), ("graph", "PATCH", 2)]
    {
        scenario.push_str(&format!(
            "[[faults]]\nservice = \"{service}\"\nmethod = \"{method}\"\nevery = {every}\n\
             effect = \"reset-after-commit\"\n"
        ));
    }
    let mut rehearsal = Rehearsal::new(Some(&scenario)).await;
    rehearsal.run_all(None).await;
    let app = application(&rehearsal).await.unwrap();
    assert_eq!(app.password_credentials.len(), 1);
    for position in rehearsal.positions() {
        let seen = rehearsal.observe(position).await.unwrap();
        assert_eq!(seen.state, observed::MATCHES, "{}: {seen:?}", rehearsal.word(position));
    }
}

/// Goal: an assignment somebody else made is used and never taken back.
#[tokio::test]
async fn a_foreign_assignment_is_adopted() {
    let mut rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    rehearsal.run_all(Some("service-principal")).await;
    let principal = rehearsal.outputs[&rehearsal.find("service-principal")]["object-id"].clone();
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let role = roles::READER.id.unwrap();
    let definition = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}");
    let new = NewAssignment {
        role_definition_id: &definition,
        principal_id: principal.as_str().unwrap(),
        principal_type: "ServicePrincipal",
        description: None,
    };
    let name = "0f0f0f0f-0000-4000-8000-000000000001";
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    session.send(&role_assignments::put_request(&scope, name, new)).await.unwrap();
    let reader = rehearsal.find("role-assignment.reader");
    assert_eq!(rehearsal.observe(reader).await.unwrap().state, observed::FOREIGN);
    let done = rehearsal.run_step(reader).await.unwrap();
    assert_eq!((done.action.as_str(), done.undo), (applied::ADOPTED, json!(null)));
}

/// Goal: a principal that does not exist fails at once instead of being waited for.
#[tokio::test]
async fn a_wrong_principal_is_permanent() {
    let mut rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    rehearsal.run_all(Some("service-principal")).await;
    let position = rehearsal.find("service-principal");
    let outputs = rehearsal.outputs.get_mut(&position).unwrap();
    outputs.insert("object-id".into(), json!("0f0f0f0f-0000-4000-8000-000000000002"));
    outputs.insert("fresh".into(), json!(false));
    let error = rehearsal.apply(rehearsal.find("role-assignment.reader")).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (kind::NOT_FOUND, Retry::Permanent), "{error:?}");
    assert_eq!(error.detail.code.as_deref(), Some("AZ-RBAC-001"));
}

/// Goal: an operator who may make applications and may not consent is told who can, and how.
#[tokio::test]
async fn consent_without_the_right_names_the_way_out() {
    let scenario = format!("[operator]\ngraph-roles = [\"Application.ReadWrite.All\"]\n{NO_LAG}");
    let mut rehearsal = Rehearsal::new(Some(&scenario)).await;
    rehearsal.run_all(Some("api-permissions")).await;
    let position = rehearsal.find("admin-consent.directory-read-all");
    let error = rehearsal.apply(position).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (kind::PERMISSION_DENIED, Retry::Permanent));
    assert_eq!(error.detail.code.as_deref(), Some("AZ-CONSENT-001"));
    assert!(error.detail.help.unwrap().contains("/adminconsent?client_id="));
}

/// Goal: clusters listed one by one get their roles there, and the proof looks there.
#[tokio::test]
async fn roles_on_single_clusters() {
    let cluster = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-production/providers\
         /Microsoft.ContainerService/managedClusters/aks-production"
    );
    let mut settings = super::support::settings();
    settings["aks"] = json!({ "clusters": [cluster] });
    let mut rehearsal = Rehearsal::with(Some(NO_LAG), settings).await;
    let done = rehearsal.run_all(None).await;
    assert!(done.iter().any(|(_, a)| {
        a.outputs.get("id").and_then(|id| id.as_str()).is_some_and(|id| id.starts_with(&cluster))
    }));
}
