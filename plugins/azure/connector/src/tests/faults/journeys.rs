//! What people set out to do: each journey from its first step to an independent look at what it
//! left.

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::Applied;

use super::cloud::{ADMIN_NAME, ADMIN_PASSWORD, CLIENT, Cloud, ISSUER};
use super::fate::Fate;
use super::judge;
use crate::rotation;
use crate::tests::support::Rehearsal;

/// Whose tokens the federated credential trusts.
const SUBJECT: &str = "repo:contoso/watcher:ref:refs/heads/main";

/// A journey, by what is special about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Journey {
    ClientSecret,
    Certificate,
    Federated,
    Elevation,
    HandOff,
    Restore,
    Purge,
    RotateSecret,
    RotateCertificate,
}

/// All of them, in the order of the page.
pub(super) const JOURNEYS: [Journey; 9] = [
    Journey::ClientSecret,
    Journey::Certificate,
    Journey::Federated,
    Journey::Elevation,
    Journey::HandOff,
    Journey::Restore,
    Journey::Purge,
    Journey::RotateSecret,
    Journey::RotateCertificate,
];

impl Journey {
    /// For people, and for the files with the counts.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ClientSecret => "connecting and offboarding with a client secret",
            Self::Certificate => "connecting and offboarding with a certificate",
            Self::Federated => "connecting and offboarding with a federated credential",
            Self::Elevation => "elevation at the root group, and taking back with one",
            Self::HandOff => "consent that somebody else gives",
            Self::Restore => "restoring a deleted application",
            Self::Purge => "purging a deleted application",
            Self::RotateSecret => "rotating a client secret",
            Self::RotateCertificate => "rotating a certificate",
        }
    }

    /// Steps that meet faults: those the journey is about, where another has the rest already.
    pub(super) const fn watched(self) -> &'static [&'static str] {
        match self {
            Self::ClientSecret | Self::RotateSecret | Self::RotateCertificate => &[],
            Self::Certificate => {
                &["certificate", "verification.directory", "verification.subscription"]
            }
            Self::Federated => {
                &["federated-credential", "verification.directory", "verification.subscription"]
            }
            Self::Elevation => {
                &["elevation", "role-assignment.management-group-reader", "elevation-removal"]
            }
            Self::HandOff => &["admin-consent.directory-read-all", "admin-consent.policy-read-all"],
            Self::Restore | Self::Purge => &["application", "service-principal"],
        }
    }

    fn settings(self, cloud: &Cloud) -> Value {
        match self {
            Self::ClientSecret | Self::RotateSecret => json!({}),
            Self::Certificate | Self::RotateCertificate => {
                json!({ "aks": false, "credential": { "kind": "certificate" } })
            }
            Self::Federated => json!({ "aks": false, "credential": {
                "kind": "federated",
                "issuer": ISSUER,
                "subject": SUBJECT,
                "assertion": format!("file:{}", cloud.folder.path().join("token").display()),
            } }),
            Self::Elevation => json!({ "aks": false, "root-management-group": "elevate" }),
            Self::HandOff => json!({
                "aks": false,
                "consent": "hand-off",
                "root-management-group": "skip",
            }),
            Self::Restore => json!({ "deleted-application": "restore" }),
            Self::Purge => json!({ "deleted-application": "purge" }),
        }
    }

    /// Somebody who has not been here before, signed in as the journey wants it.
    async fn connector(self, cloud: &Cloud) -> Rehearsal {
        let mut rehearsal = cloud.connector(&self.settings(cloud));
        match self {
            Self::Elevation => rehearsal.azure.operate_as(ADMIN_NAME, ADMIN_PASSWORD),
            Self::HandOff => {
                rehearsal.azure.operate_through(CLIENT, ADMIN_NAME, ADMIN_PASSWORD);
            }
            Self::Federated => {
                let body = json!({ "issuer": ISSUER, "subject": SUBJECT });
                let issued = rehearsal.control("_simulator/assertions", Some(body)).await;
                let file = cloud.folder.path().join("token");
                fs_err::write(file, issued["assertion"].as_str().unwrap()).unwrap();
            }
            _ => {}
        }
        rehearsal
    }

    /// Travels once in peace and then as often as it takes for every call to meet `fate`'s fault.
    pub(super) async fn travel(self, fate: &mut Fate<'_>) {
        let fault = fate.fault.take();
        match self {
            Self::RotateSecret | Self::RotateCertificate => self.rotate(fate, fault).await,
            Self::Restore | Self::Purge => {
                self.take_up_again(fate).await;
                fate.fault = fault;
                for round in 0..fate.rounds() {
                    fate.round = round;
                    self.take_up_again(fate).await;
                }
            }
            _ => {
                self.connect_and_let_go(fate).await;
                fate.fault = fault;
                for round in 0..fate.rounds() {
                    fate.round = round;
                    self.connect_and_let_go(fate).await;
                }
            }
        }
    }

    /// Goal: connected as if nothing had been; and let go, the tenant is what it was before, to the
    /// last object.
    async fn connect_and_let_go(self, fate: &mut Fate<'_>) {
        let before = fate.cloud.tenant().await;
        let mut rehearsal = self.connector(fate.cloud).await;
        let mut made: Vec<(u32, Value)> = Vec::new();
        for position in rehearsal.positions() {
            let Applied { undo, .. } = fate.apply(&mut rehearsal, position).await;
            if !undo.is_null() {
                made.push((position, undo));
            }
        }
        judge::connected(fate.cloud, &mut rehearsal).await;
        for (position, undo) in made.iter().rev() {
            fate.take_back(&mut rehearsal, *position, undo).await;
        }
        judge::let_go(fate.cloud, &rehearsal, &before).await;
    }

    /// Goal: what an earlier connection left among the deleted applications is used, or removed, and
    /// there is one application afterwards.
    async fn take_up_again(self, fate: &mut Fate<'_>) {
        let before = fate.cloud.tenant().await;
        let mut first = self.connector(fate.cloud).await;
        let done = first.run_all(Some("service-principal")).await;
        let id = first.output("application", "object-id");
        // As in the portal: its service principal goes with it.
        let application = first.find("application");
        let (_, applied) = done.iter().find(|(position, _)| *position == application).unwrap();
        first.undo(application, &applied.undo).await.unwrap();
        let (name, settings) = (first.settings.display_name.clone(), self.settings(fate.cloud));
        let mut rehearsal = fate.cloud.connector_called(&name, &settings);
        let mut made: Vec<(u32, Value)> = Vec::new();
        for position in 0..=rehearsal.find("service-principal") {
            let Applied { undo, .. } = fate.apply(&mut rehearsal, position).await;
            made.push((position, undo));
        }
        let restored = rehearsal.output("application", "object-id") == id;
        assert_eq!(restored, self == Self::Restore, "{}", self.name());
        judge::one_application(fate.cloud, &rehearsal, &before).await;
        for (position, undo) in made.iter().rev().filter(|(_, undo)| !undo.is_null()) {
            fate.take_back(&mut rehearsal, *position, undo).await;
        }
        judge::let_go(fate.cloud, &rehearsal, &before).await;
    }

    /// Goal: the connection has one credential, the new one, which works, and the vault has no other.
    async fn rotate(self, fate: &mut Fate<'_>, fault: Option<super::fate::Fault>) {
        let mut rehearsal = self.connector(fate.cloud).await;
        rehearsal.run_all(None).await;
        self.rotate_once(fate, &mut rehearsal, "rotate-0").await;
        fate.fault = fault;
        for round in 0..fate.rounds() {
            fate.round = round;
            self.rotate_once(fate, &mut rehearsal, &format!("rotate-{}", round + 1)).await;
        }
    }

    async fn rotate_once(self, fate: &mut Fate<'_>, rehearsal: &mut Rehearsal, run: &str) {
        let old = judge::vault_names(rehearsal);
        rehearsal.description =
            rotation::describe("contoso", &rehearsal.settings, None, &Map::new()).unwrap();
        rehearsal.outputs.clear();
        rehearsal.run = run.into();
        for position in rehearsal.positions() {
            fate.apply(rehearsal, position).await;
        }
        judge::rotated(fate.cloud, rehearsal, &old).await;
    }
}
