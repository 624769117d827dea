//! Independent looks at what a journey left: the simulated cloud's own truth, and the vault.

use serde_json::Value;
use skybridge_azure_client::graph::federated_credentials;
use skybridge_plugin_sdk::protocol::onboard::observed;

use super::cloud::{ADMIN, Cloud};
use crate::names;
use crate::tests::support::Rehearsal;

fn of(tenant: &Value, kind: &str, is: impl Fn(&Value) -> bool) -> Vec<Value> {
    tenant[kind].as_array().unwrap().iter().filter(|one| is(one)).cloned().collect()
}

fn count(object: &Value, member: &str) -> usize {
    object[member].as_array().map_or(0, Vec::len)
}

pub(super) fn vault_names(rehearsal: &Rehearsal) -> Vec<String> {
    rehearsal.host.secrets.lock().unwrap().keys().cloned().collect()
}

/// The connector's only application.
fn application(tenant: &Value, rehearsal: &Rehearsal) -> Value {
    let name = rehearsal.settings.display_name.as_str();
    let mut apps = of(tenant, "applications", |app| app["displayName"] == name);
    assert_eq!(apps.len(), 1, "applications {apps:?}");
    apps.remove(0)
}

/// Everything is there, as wanted, and once; and nobody kept a right that was for the way only.
pub(super) async fn connected(cloud: &Cloud, rehearsal: &mut Rehearsal) {
    for position in rehearsal.positions() {
        let kept = rehearsal.outputs.remove(&position).unwrap();
        let seen = rehearsal.observe(position).await.unwrap();
        assert_eq!(seen.state, observed::MATCHES, "{}: {seen:?}", rehearsal.word(position));
        let elevates = rehearsal.word(position) == "elevation";
        rehearsal.outputs.insert(position, if elevates { seen.outputs } else { kept });
    }
    let tenant = cloud.tenant().await;
    let app = application(&tenant, rehearsal);
    let federated = federated_credentials::list_request(app["id"].as_str().unwrap());
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let federated: Vec<Value> = session.list(federated).await.unwrap();
    let minted = count(&app, "passwordCredentials") + count(&app, "keyCredentials");
    assert_eq!(minted + federated.len(), 1, "credentials of {app} and {federated:?}");
    assert_eq!(vault_names(rehearsal).len(), minted, "sealed: {:?}", vault_names(rehearsal));
    let principals = of(&tenant, "servicePrincipals", |one| one["appId"] == app["appId"]);
    assert_eq!(principals.len(), 1, "service principals {principals:?}");
    let id = &principals[0]["id"];
    let consents = of(&tenant, "appRoleAssignments", |one| one["principalId"] == *id);
    assert_eq!(consents.len(), steps(rehearsal, "admin-consent"), "consents {consents:?}");
    let roles = of(&tenant, "roleAssignments", |one| one["properties"]["principalId"] == *id);
    assert_eq!(roles.len(), steps(rehearsal, "role-assignment"), "roles {roles:?}");
    let custom = format!("Skybridge Connector ({})", rehearsal.settings.display_name);
    let defined =
        of(&tenant, "roleDefinitions", |one| one["properties"]["roleName"] == custom.as_str());
    assert_eq!(defined.len(), 1, "custom roles {defined:?}");
    nobody_is_elevated(&tenant);
}

fn steps(rehearsal: &Rehearsal, kind: &str) -> usize {
    rehearsal.positions().filter(|at| rehearsal.word(*at).starts_with(&format!("{kind}."))).count()
}

fn nobody_is_elevated(tenant: &Value) {
    let at_the_root = of(tenant, "roleAssignments", |one| {
        one["properties"]["scope"] == "/" && one["properties"]["principalId"] == ADMIN
    });
    assert!(at_the_root.is_empty(), "elevated {at_the_root:?}");
}

/// One application with one service principal, and nothing more among the deleted than before.
pub(super) async fn one_application(cloud: &Cloud, rehearsal: &Rehearsal, before: &Value) {
    let tenant = cloud.tenant().await;
    let app = application(&tenant, rehearsal);
    let principals = of(&tenant, "servicePrincipals", |one| one["appId"] == app["appId"]);
    assert_eq!(principals.len(), 1, "service principals {principals:?}");
    assert_eq!(tenant["deletedItems"], before["deletedItems"]);
}

/// The tenant is what it was before, and the vault is empty.
pub(super) async fn let_go(cloud: &Cloud, rehearsal: &Rehearsal, before: &Value) {
    assert_eq!(cloud.tenant().await, *before);
    assert_eq!(vault_names(rehearsal), Vec::<String>::new());
}

/// One credential is left, which is sealed under its own name and was not there before.
pub(super) async fn rotated(cloud: &Cloud, rehearsal: &Rehearsal, old: &[String]) {
    let app = application(&cloud.tenant().await, rehearsal);
    let (secrets, keys) = (count(&app, "passwordCredentials"), count(&app, "keyCredentials"));
    assert_eq!(secrets + keys, 1, "credentials of {app}");
    let names = vault_names(rehearsal);
    assert_eq!(names.len(), 1, "sealed: {names:?}");
    assert!(!old.contains(&names[0]), "{names:?} was there before");
    if let Some(secret) = app["passwordCredentials"].get(0) {
        assert_eq!(names[0], names::vault_name(secret["keyId"].as_str().unwrap()));
    }
}
