//! Replacing the credential of a connection, over real HTTPS and cut short everywhere.

use serde_json::{Value, json};
use skybridge_azure_client::graph::applications::{self, Application};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{Applied, applied, observed};
use skybridge_plugin_sdk::protocol::verify::check_status;
use skybridge_plugin_sdk::{Retry, kind};

use super::support::{NO_LAG, Rehearsal, eventually, patiently};
use crate::errors::{Lag, classify};
use crate::proof;
use crate::settings::Settings;
use crate::{checks, names, rotation};

/// A connection made with `credential`.
async fn connected(scenario: &str, credential: Value) -> Rehearsal {
    let mut settings = super::support::settings();
    settings["credential"] = credential;
    let mut rehearsal = Rehearsal::with(Some(scenario), settings).await;
    rehearsal.run_all(None).await;
    rehearsal
}

/// Goes over to the steps of a rotation, as the run `run`.
fn begin_rotation(rehearsal: &mut Rehearsal, run: &str) {
    rehearsal.description =
        rotation::describe("contoso", &rehearsal.settings, None, &Map::new()).unwrap();
    rehearsal.outputs.clear();
    rehearsal.run = run.into();
}

async fn application(rehearsal: &Rehearsal) -> Application {
    let name = names::application(
        "contoso",
        &rehearsal.settings.tenant_id(),
        &rehearsal.settings.display_name,
    );
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    patiently(|| async {
        let request = applications::get_by_unique_name_request(&name);
        session.json(&request).await.map_err(|error| classify(error, Lag::Possible))
    })
    .await
    .unwrap()
}

fn vault_names(rehearsal: &Rehearsal) -> Vec<String> {
    rehearsal.host.secrets.lock().unwrap().keys().cloned().collect()
}

/// Whether the login service takes what the vault keeps, or kept, as `name`.
async fn is_taken(rehearsal: &Rehearsal, text: &str) -> bool {
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let client_id = application(rehearsal).await.app_id;
    let proof = proof::Proof::Secret(skybridge_azure_client::Secret::new(text));
    let client = session.connectors.connector(&client_id, proof);
    client.fresh_token(skybridge_azure_client::Service::ResourceManager).await.is_ok()
}

fn text_in_vault(rehearsal: &Rehearsal, name: &str) -> String {
    String::from_utf8(rehearsal.host.secrets.lock().unwrap()[name].clone()).unwrap()
}

/// Nothing that is sealed stands in what is told.
fn assert_silent(rehearsal: &Rehearsal, told: &str) {
    for (name, secret) in rehearsal.host.secrets.lock().unwrap().iter() {
        let text = String::from_utf8(secret.clone()).unwrap();
        let line = text.lines().nth(2).unwrap_or(&text);
        assert!(!told.contains(line), "{name}");
    }
}

/// Goal: the connection as it was handed over works before, during and after, the old secret is
/// refused in the end and nobody keeps its text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_replaced_before_it_is_removed() {
    let mut rehearsal = connected("", json!({})).await;
    let before = rehearsal.connection();
    let old = before["client-secret"].as_str().unwrap().to_owned();
    let old_text = text_in_vault(&rehearsal, &old);
    begin_rotation(&mut rehearsal, "rotate-1");
    let last = rehearsal.positions().next_back().unwrap();
    assert_eq!(rehearsal.word(last), "retired-credentials");
    for position in rehearsal.positions() {
        let seen = rehearsal.observe(position).await.unwrap();
        let expected = if position == 0 { observed::MATCHES } else { observed::ABSENT };
        assert_eq!(seen.state, expected, "{}", rehearsal.word(position));
    }
    for position in 0..last {
        let done = rehearsal.run_step(position).await.unwrap();
        assert_silent(&rehearsal, &format!("{done:?}"));
        // Whoever reads the connection as it was handed over goes on reading.
        assert!(is_taken(&rehearsal, &old_text).await, "{}", rehearsal.word(position));
    }
    let after = rehearsal.connection();
    assert_ne!(after["client-secret"], before["client-secret"]);
    assert_eq!(after["client-id"], before["client-id"]);
    let retired = rehearsal.run_step(last).await.unwrap();
    assert_eq!(retired.action, applied::UPDATED);
    assert!(!is_taken(&rehearsal, &old_text).await);
    assert_eq!(vault_names(&rehearsal), [after["client-secret"].as_str().unwrap()]);
    let again = rehearsal.run_step(last).await.unwrap();
    assert_eq!(again.action, applied::UNCHANGED);

    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let works = async || {
        let report = checks::report(&session, &after).await.unwrap();
        report.checks.iter().all(|check| check.status == check_status::OK)
    };
    // The new secret is young: not every front end takes it at once.
    eventually("every check is well", works).await;
    let report = checks::report(&session, &after).await.unwrap();
    assert_eq!(report.credential_expires.as_deref(), after["expires"].as_str());
    assert_eq!(report.credential_warn_from.as_deref(), after["warn-from"].as_str());
    assert_silent(&rehearsal, &format!("{:?}", rehearsal.host.writes.lock().unwrap()));
}

/// Goal: a secret made elsewhere is nobody's to remove, and is told of.
#[tokio::test]
async fn what_this_vault_does_not_know_stays() {
    let mut rehearsal = connected(NO_LAG, json!({})).await;
    let app = application(&rehearsal).await;
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let tag = names::secret_tag("contoso", "another-machine/contoso.client-secret");
    for name in [tag.as_str(), "somebody else's"] {
        let request = skybridge_azure_client::graph::passwords::add_request(
            &app.id,
            name,
            "2026-01-01T00:00:00Z",
            "2027-01-01T00:00:00Z",
        );
        session.send(&request).await.unwrap();
    }
    begin_rotation(&mut rehearsal, "rotate-1");
    let done = rehearsal.run_all(None).await;
    let detail = done.last().unwrap().1.detail.clone().unwrap();
    assert!(detail.contains("made elsewhere and left alone: client secret "), "{detail}");
    assert_eq!(application(&rehearsal).await.password_credentials.len(), 3);
}

/// Goal: answers of every call may be lost, before and after the effect, and nothing is left over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_leave_no_orphan() {
    let mut scenario = NO_LAG.to_owned();
    for (path, effect) in [
        ("/addPassword", "reset-after-commit"),
        ("/addPassword", "reset-before-commit"),
        ("/removePassword", "reset-after-commit"),
        ("/removePassword", "reset-before-commit"),
    ] {
        scenario.push_str(&format!(
            "[[faults]]\nservice = \"graph\"\nmethod = \"POST\"\npath-contains = \"{path}\"\n\
             every = 2\ntimes = 3\neffect = \"{effect}\"\n"
        ));
    }
    let mut rehearsal = connected(&scenario, json!({})).await;
    for run in ["rotate-1", "rotate-2", "rotate-3"] {
        begin_rotation(&mut rehearsal, run);
        rehearsal.run_all(None).await;
        assert_one_credential(&rehearsal).await;
    }
}

async fn assert_one_credential(rehearsal: &Rehearsal) {
    let app = application(rehearsal).await;
    let ids: Vec<&str> = app.password_credentials.iter().map(|one| one.key_id.as_str()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(vault_names(rehearsal), [names::vault_name(ids[0])]);
    let text = text_in_vault(rehearsal, &names::vault_name(ids[0]));
    assert!(is_taken(rehearsal, &text).await);
}

/// Runs the step, and stops dead at the `left`th time that something was written anywhere. Gives
/// nothing when that happened.
async fn run_step_cut_short(rehearsal: &mut Rehearsal, position: u32) -> Option<Applied> {
    let stopped = std::sync::Arc::clone(&rehearsal.host.stopped);
    tokio::select! {
        biased;
        () = stopped.notified() => None,
        done = rehearsal.run_step(position) => Some(done.unwrap()),
    }
}

/// Goal: whatever instant the process dies at, the same run gone on with ends with one working
/// credential, and the one before is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_short_anywhere_and_gone_on_with() {
    let mut rehearsal = connected(NO_LAG, json!({})).await;
    let mut cut = 1;
    loop {
        let old = vault_names(&rehearsal);
        let old_text = text_in_vault(&rehearsal, &old[0]);
        begin_rotation(&mut rehearsal, &format!("rotate-{cut}"));
        rehearsal.host.stop_after(cut);
        let mut deaths = 0;
        for position in rehearsal.positions() {
            if run_step_cut_short(&mut rehearsal, position).await.is_none() {
                deaths += 1;
                rehearsal.host.stop_after(0);
                rehearsal.run_step(position).await.unwrap();
            }
        }
        assert_one_credential(&rehearsal).await;
        assert!(!is_taken(&rehearsal, &old_text).await, "cut at {cut}");
        if deaths == 0 {
            break;
        }
        cut += 1;
    }
    // Made, sealed; listed for removal, removed, forgotten, list dropped.
    assert!(cut > 5, "{cut}");
}

#[tokio::test]
async fn there_must_be_something_to_rotate() {
    let mut rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    begin_rotation(&mut rehearsal, "rotate-1");
    let seen = rehearsal.observe(0).await.unwrap();
    assert_eq!(seen.state, observed::ABSENT);
    let error = rehearsal.apply(0).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (kind::PRECONDITION, Retry::Permanent));
    assert_eq!(error.detail.code.as_deref(), Some("AZ-ROTATE-004"));

    let mut settings = super::support::settings();
    settings["credential"] = json!({ "kind": "federated", "issuer": "https://i", "subject": "s" });
    let error =
        rotation::describe("c", &Settings::read(settings).unwrap(), None, &Map::new()).unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AZ-ROTATE-001"));
}

/// Goal: of everything that is meant, only what is connected proves the new credential and is handed
/// over with it.
#[test]
fn a_new_credential_is_proved_in_what_is_connected() {
    let [gone, left, right] = ["1", "2", "3"].map(|n| n.repeat(8) + "-4444-4555-8666-777777777777");
    let mut settings = super::support::settings();
    settings["scope"] = json!({ "subscriptions": [gone, left, right] });
    let settings = Settings::read(settings).unwrap();
    let recorded = Map::from_iter([("subscriptions".into(), json!(format!("{left},{right}")))]);
    for (connection, proved, listed) in [
        (recorded, &left, format!("{left},{right}")),
        (Map::new(), &gone, format!("{gone},{left},{right}")),
    ] {
        let description = rotation::describe("contoso", &settings, None, &connection).unwrap();
        let scopes: Vec<&String> =
            description.steps.iter().filter_map(|step| step.scope.as_ref()).collect();
        assert_eq!(scopes, [proved]);
        let field = description.handover.iter().find(|field| field.scopes).unwrap();
        assert_eq!(field.value, listed);
    }
}

/// Goal: inside the warning window a plan says so and changes nothing; after the end, applying
/// makes a new one.
#[tokio::test]
async fn the_warning_window_is_told_and_not_acted_on() {
    let credential = json!({ "lifetime": "30d", "warn": "29d" });
    let mut rehearsal = connected(NO_LAG, credential).await;
    let position = rehearsal.find("client-secret");
    assert_eq!(rehearsal.observe(position).await.unwrap().detail, None);
    rehearsal.host.later(jiff::SignedDuration::from_hours(24 * 10));
    let seen = rehearsal.observe(position).await.unwrap();
    assert_eq!(seen.state, observed::MATCHES);
    let detail = seen.detail.unwrap();
    assert!(detail.starts_with("expires in 19 days; `skybridge rotate`"), "{detail}");
    rehearsal.run = "run-2".into();
    assert_eq!(rehearsal.apply(position).await.unwrap().action, applied::UNCHANGED);
    rehearsal.host.later(jiff::SignedDuration::from_hours(24 * 31));
    assert_eq!(rehearsal.observe(position).await.unwrap().state, observed::ABSENT);
    assert_eq!(rehearsal.apply(position).await.unwrap().action, applied::CREATED);
}
