//! The steps of replacing the credential: make another, prove it, let the host hand it over, and
//! only then remove what it supersedes. The old one works until then, so that whatever reads the
//! connection meanwhile goes on reading.

use serde_json::Value;
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{Description, Step, StepTemplate};
use skybridge_plugin_sdk::{Error, Result, kind};

use crate::describe::{self, position};
use crate::settings::{CredentialKind, Settings};
use crate::steps::{application, certificate, client_secret, retired_credentials, verification};
use crate::survey::Facts;

/// Every step of replacing the credential of a connection made with `settings`, of which the record
/// says `connection`.
pub(crate) fn describe(
    connector: &str,
    settings: &Settings,
    facts: Option<&Facts>,
    connection: &Map,
) -> Result<Description> {
    let addresses = settings.addresses();
    let (login, graph, arm) = (addresses.login, addresses.graph, addresses.resource_manager);
    let (tenant, kind) = (settings.tenant_id(), settings.credential.kind);
    let made = match kind {
        CredentialKind::ClientSecret => {
            client_secret::rotation_template(connector, settings, graph)
        }
        CredentialKind::Certificate => certificate::rotation_template(connector, settings, graph),
        CredentialKind::Federated => return Err(nothing_to_rotate()),
    };
    let mut out = Description::default();
    let application =
        add(&mut out, application::existing_template(connector, settings, graph), None, vec![]);
    let made = add(&mut out, made, None, vec![application]);
    let directory = verification::directory_template(settings, login, graph, arm);
    add(&mut out, directory, None, vec![made]);
    let ids = connected(connection, describe::subscription_ids(settings, facts));
    // One is enough to show that Resource Manager takes it: no grant changes in a rotation.
    if let Some(first) = ids.first() {
        let proof = verification::subscription_template(settings, login, arm);
        add(&mut out, proof, Some(first), vec![made]);
    }
    let retired = retired_credentials::template(kind, graph, login, &tenant);
    add(&mut out, retired, None, vec![application, made]);
    out.notes = vec![
        "the credential in use goes on working until the new one is proved and handed over".into(),
    ];
    out.handover = describe::handover(settings, &ids);
    out.platforms = describe::platforms(kind);
    Ok(out)
}

/// Those of `meant` that are connected: a new credential changes nothing about which of them work,
/// and cannot be proved in one where the connector has no role. Whoever asks without a record gets
/// all.
fn connected(connection: &Map, meant: Vec<String>) -> Vec<String> {
    let Some(recorded) = connection.get("subscriptions").and_then(Value::as_str) else {
        return meant;
    };
    let recorded: Vec<&str> = recorded.split(',').filter(|id| !id.is_empty()).collect();
    meant.into_iter().filter(|id| recorded.contains(&id.as_str())).collect()
}

fn add(out: &mut Description, template: StepTemplate, scope: Option<&str>, needs: Vec<u32>) -> u32 {
    out.templates.push(template);
    out.steps.push(Step {
        template: position(out.templates.len()),
        scope: scope.map(str::to_owned),
        needs,
        ..Step::default()
    });
    position(out.steps.len())
}

fn nothing_to_rotate() -> Error {
    let message = "a federated credential has nothing to rotate: no secret was ever made";
    Error::new(kind::PRECONDITION, message)
        .code("AZ-ROTATE-001")
        .pointer("/credential/kind")
        .help("the issuer renews its own keys; to trust another issuer or subject, change the manifest and run `skybridge apply`")
}
