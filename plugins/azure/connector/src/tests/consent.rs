//! Consent that somebody else has to give.

use serde_json::json;
use skybridge_plugin_sdk::protocol::onboard::{ReadyRequest, observed};

use super::support::{NO_LAG, Rehearsal, settings};
use crate::steps;
use crate::steps::admin_consent::HANDED_OFF;

const MAY_NOT: &str = "[operator]\ngraph-roles = [\"Application.ReadWrite.All\"]\n";

async fn handing_off(scenario: &str) -> Rehearsal {
    let mut settings = settings();
    settings["consent"] = json!("hand-off");
    settings["consent-wait"] = json!("30m");
    Rehearsal::with(Some(scenario), settings).await
}

/// Goal: a person is asked once for both permissions, waited for, and what that person gave is not
/// taken back by us.
#[tokio::test]
async fn a_person_is_asked_and_waited_for() {
    let mut rehearsal = handing_off(&format!("{MAY_NOT}{NO_LAG}")).await;
    rehearsal.run_all(Some("api-permissions")).await;
    let words = ["admin-consent.directory-read-all", "admin-consent.policy-read-all"];
    for word in words {
        let position = rehearsal.find(word);
        let done = rehearsal.apply(position).await.unwrap();
        assert_eq!((done.action.as_str(), &done.undo), (HANDED_OFF, &json!(null)));
        let step = rehearsal.call(position);
        let request = ReadyRequest { step, outputs: done.outputs };
        let session = rehearsal.azure.session(&rehearsal.host).unwrap();
        let ready = steps::family("admin-consent").unwrap().ready(&session, &request).await;
        assert_eq!(ready.unwrap().reason.as_deref(), Some("nobody has consented yet"));
    }
    let notices = std::mem::take(&mut *rehearsal.host.notices.lock().unwrap());
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    let client_id = rehearsal.output("application", "client-id");
    let link = notice.url.as_deref().unwrap();
    assert!(link.ends_with(&format!("/adminconsent?client_id={client_id}")), "{link}");
    assert!(notice.text.contains("Global Administrator"), "{}", notice.text);

    let body = json!({ "client-id": client_id, "user": "admin@contoso.example" });
    rehearsal.control("_simulator/consents", Some(body)).await;
    for word in words {
        let position = rehearsal.find(word);
        rehearsal.run_step(position).await.unwrap();
        assert_eq!(rehearsal.observe(position).await.unwrap().state, observed::MATCHES);
    }
    let description = &rehearsal.description;
    let consent = description.templates.iter().find(|t| t.kind == "admin-consent").unwrap();
    assert_eq!(consent.readiness.as_ref().unwrap().budget_ms, 30 * 60 * 1_000);
}

/// Goal: once somebody consented the run goes on by itself, to the end.
#[tokio::test]
async fn the_run_goes_on_by_itself() {
    let scenario = format!(
        "{MAY_NOT}[consent]\napprove-as = \"admin@contoso.example\"\nafter-ms = 300\n{NO_LAG}"
    );
    let mut rehearsal = handing_off(&scenario).await;
    let done = rehearsal.run_all(None).await;
    let handed = done.iter().filter(|(_, applied)| applied.action == HANDED_OFF).count();
    assert!(handed >= 1, "{done:?}");
}
