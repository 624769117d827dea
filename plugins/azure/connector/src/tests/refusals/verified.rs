//! What `verify` reports when something of a connection was taken away, or is not as it should be:
//! every probe that can fail, failing.

use std::fmt::Write as _;

use expect_test::expect_file;
use serde_json::json;
use skybridge_azure_client::graph::passwords;
use skybridge_plugin_sdk::protocol::onboard::Applied;
use skybridge_plugin_sdk::protocol::verify::check_status;

use super::{Bench, answer, fault};
use crate::checks;
use crate::tests::support::{NO_LAG, SUBSCRIPTION, settings};

impl Bench {
    /// A connection of which everything is in place, and what each step did.
    async fn connected(scenario: &str) -> (Self, Vec<(u32, Applied)>) {
        let mut bench = Self::with("subscription", scenario, settings()).await;
        let done = bench.rehearsal.run_all(None).await;
        (bench, done)
    }

    /// Notes every check of a report that failed. A refusal of a service has the id it is known by
    /// there, and whatever fails has a code and says what to do.
    async fn report(&mut self, row: &str) {
        let report = {
            let session = self.rehearsal.azure.session(&self.rehearsal.host).unwrap();
            checks::report(&session, &self.rehearsal.connection()).await.unwrap()
        };
        let failed = report.checks.iter().filter(|check| check.status == check_status::FAILED);
        let mut count = 0;
        for check in failed {
            let code = check.code.as_deref().unwrap_or_else(|| panic!("no code: {check:?}"));
            let help = check.help.as_deref().unwrap_or_else(|| panic!("no help: {check:?}"));
            let keys: Vec<&str> = check.context.iter().map(|(key, _)| key.as_str()).collect();
            assert_eq!(keys.contains(&"status"), keys.contains(&"request-id"), "{check:?}");
            writeln!(self.seen, "== {row}: {}\nstep: verify", check.what).unwrap();
            writeln!(self.seen, "error: {code} (failed check, Permanent)").unwrap();
            writeln!(self.seen, "says: {}\nhelp: {help}", check.detail).unwrap();
            if !keys.is_empty() {
                writeln!(self.seen, "context: {}", keys.join(", ")).unwrap();
            }
            self.seen.push('\n');
            count += 1;
        }
        assert!(count > 0, "{row}: {report:#?}");
    }
}

/// Each grant in turn is taken away by somebody.
#[tokio::test]
async fn grants_that_were_taken_away() {
    let mut seen = String::new();
    for word in [
        "admin-consent.directory-read-all",
        "admin-consent.policy-read-all",
        "role-assignment.management-group-reader",
        "role-assignment.reader",
        "role-assignment.storage-blob-data-reader",
        "role-assignment.custom",
    ] {
        let (mut bench, done) = Bench::connected(NO_LAG).await;
        let position = bench.rehearsal.find(word);
        let (_, done) = done.iter().find(|(at, _)| *at == position).unwrap();
        bench.rehearsal.undo(position, &done.undo).await.unwrap();
        bench.report(&format!("without {word}")).await;
        seen.push_str(&bench.seen);
    }
    let mut bench = Bench::before("subscription").await;
    bench.seen = seen;
    bench.compare(&expect_file!["verified/grants.txt"]);
}

/// The credential was taken off the application, the vault was emptied, the application was deleted.
#[tokio::test]
async fn credentials_that_are_gone() {
    let (mut bench, done) = Bench::connected(NO_LAG).await;
    let kept = std::mem::take(&mut *bench.rehearsal.host.secrets.lock().unwrap());
    bench.report("an empty vault").await;
    *bench.rehearsal.host.secrets.lock().unwrap() = kept;
    let app = bench.rehearsal.output("application", "object-id");
    let key = bench.rehearsal.output("client-secret", "key-id");
    {
        let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
        session.send(&passwords::remove_request(&app, &key)).await.unwrap();
    }
    bench.report("a secret that was removed").await;
    let position = bench.rehearsal.find("application");
    let (_, done) = done.iter().find(|(at, _)| *at == position).unwrap();
    bench.rehearsal.undo(position, &done.undo).await.unwrap();
    bench.report("an application that was deleted").await;
    bench.compare(&expect_file!["verified/credentials.txt"]);
}

/// What services say without anything having been taken away.
#[tokio::test]
async fn services_that_refuse() {
    let (mut bench, _) = Bench::connected(NO_LAG).await;
    let none = answer(404, "NotFound", "The management group cannot be found.");
    let closed = answer(403, "AuthorizationFailed", "The client does not have authorization.");
    let denied = answer(403, "Authorization_RequestDenied", "Insufficient privileges.");
    let unknown = answer(400, "invalid_resource", "AADSTS500011: The resource was not found.");
    for (row, call, effect) in [
        ("no root management group", "resource-manager GET /managementGroups/", &none),
        ("clusters that may not be listed", "resource-manager GET /managedClusters", &closed),
        ("permissions that may not be listed", "resource-manager GET /permissions", &closed),
        ("an organization that may not be read", "graph GET /organization", &denied),
        ("a service the tenant does not know", "login POST /token", &unknown),
    ] {
        bench.faults(&fault(call, effect)).await;
        bench.report(row).await;
    }
    bench.faults("").await;
    let id = SUBSCRIPTION;
    bench.answered_json(
        "33333333-4444-5555-6666-777777777777?api-version=2022-12-01",
        json!({"id": format!("/subscriptions/{id}"), "subscriptionId": id, "state": "Disabled"}),
    );
    bench.report("a subscription that was switched off").await;
    bench.compare(&expect_file!["verified/services.txt"]);
}

/// Clusters that do not ask Azure who may do what: nothing fails, and it is told which they are. No
/// token for Kubernetes is asked for, so that a tenant that never had a cluster with Entra sign-in,
/// which does not know the service (AADSTS500011), is verified all the same.
#[tokio::test]
async fn clusters_without_azure_roles() {
    let cluster = |name: &str, managed: bool| {
        format!(
            "[[clusters]]\nname = \"{name}\"\nsubscription = \"{SUBSCRIPTION}\"\n\
             resource-group = \"rg-production\"\nmanaged = {managed}\nazure-rbac = false\n"
        )
    };
    let plain = format!(
        "[[subscriptions]]\nid = \"{SUBSCRIPTION}\"\nname = \"One\"\n\
         resource-groups = [\"rg-production\"]\n{}{}{NO_LAG}",
        cluster("one", false),
        cluster("two", false)
    );
    let (bench, _) = Bench::connected(&plain).await;
    let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
    let report = checks::report(&session, &bench.rehearsal.connection()).await.unwrap();
    let failed = report.checks.iter().filter(|check| check.status == check_status::FAILED);
    assert_eq!(failed.count(), 0, "{report:#?}");
    let clusters = report.checks.iter().find(|check| check.what == "list Kubernetes clusters");
    assert_eq!(
        clusters.unwrap().detail,
        "2 clusters; without Azure RBAC, so that its roles mean nothing inside: one, two"
    );
}
