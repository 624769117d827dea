//! Founding a tenant: the operator and the grants it holds before anything happens.

use serde_json::{Map, json};
use uuid::Uuid;

use crate::arm::builtin_roles;
use crate::chance::seeded_id;
use crate::clock::{DAY, Millis};
use crate::error::SimulatorError;
use crate::graph::{hint_of, microsoft_graph, new_secret};
use crate::scenario::{FederatedTrust, Scenario};
use crate::store::{
    AppRoleAssignment, Application, FederatedCredential, KeyCredential, Object, Password,
    RoleAssignment, ServicePrincipal, Store, TenantRecord,
};
use crate::x509::Certificate;

/// How long ago the operator was made: long enough for everything to have been replicated.
const AGE: Millis = 30 * DAY;
/// How long its secret is good for.
const SECRET_LIFETIME: Millis = 730 * DAY;

/// Founds the tenant of a scenario, or checks that the one in the store is that tenant.
///
/// The operator's secret is a new one at each start, unless the scenario says what it is: nobody
/// has to write it down. It is what is given back.
pub(crate) fn found(
    store: &mut Store,
    scenario: &Scenario,
    now: Millis,
) -> Result<String, SimulatorError> {
    let secret = match &scenario.operator.secret {
        Some(secret) => secret.clone(),
        None => new_secret()
            .ok_or_else(|| SimulatorError::key("the operator's secret", "no randomness"))?,
    };
    let password = operator_password(scenario, &secret, now);
    if let Some(record) = &store.tenant {
        if record.tenant != scenario.tenant.id {
            return Err(SimulatorError::OtherTenant {
                found: record.tenant.to_string(),
                expected: scenario.tenant.id.to_string(),
            });
        }
        let of_operator = |app: &&Application| app.app_id == scenario.operator.client_id;
        if let Some(mut app) = store.applications.values().find(of_operator).cloned() {
            app.passwords = vec![password];
            (app.keys, app.federated) = (certificates(scenario, now)?, federated(scenario, now));
            store.put(Object::Application(app));
            store.commit()?;
        }
        return Ok(secret);
    }
    let tenant = scenario.tenant.id;
    for object in operator(scenario, password, now)? {
        store.put(object);
    }
    store.put(Object::Tenant(TenantRecord { tenant, created: now }));
    store.commit()?;
    Ok(secret)
}

fn operator_password(scenario: &Scenario, secret: &str, now: Millis) -> Password {
    let born = now - AGE;
    Password {
        key_id: seeded_id(scenario.seed, "operator-key", 0),
        hint: hint_of(secret),
        secret: secret.to_owned().into(),
        display_name: Some("operator".to_owned()),
        start: born,
        end: now + SECRET_LIFETIME,
        created: born,
    }
}

/// The certificates of the scenario, on the operator's application.
fn certificates(scenario: &Scenario, now: Millis) -> Result<Vec<KeyCredential>, SimulatorError> {
    let pems = scenario.operator.certificates.iter().enumerate();
    let read = pems.map(|(count, pem)| {
        let certificate =
            Certificate::from_pem(pem).map_err(|it| SimulatorError::key("a certificate", it))?;
        Ok(KeyCredential {
            key_id: seeded_id(scenario.seed, "operator-certificate", count as u64),
            key: certificate.to_base64(),
            custom_id: certificate.custom_id(),
            display_name: Some("operator".to_owned()),
            start: certificate.not_before,
            end: certificate.not_after,
            created: now - AGE,
        })
    });
    read.collect()
}

/// The assertions of the scenario that the operator's application trusts.
fn federated(scenario: &Scenario, now: Millis) -> Vec<FederatedCredential> {
    let trusted = scenario.operator.federated.iter().enumerate();
    let credential = |(count, it): (usize, &FederatedTrust)| FederatedCredential {
        id: seeded_id(scenario.seed, "operator-federated", count as u64),
        name: format!("operator-{count}"),
        issuer: it.issuer.clone(),
        subject: it.subject.clone(),
        audiences: vec![it.audience.clone()],
        description: None,
        created: now - AGE,
    };
    trusted.map(credential).collect()
}

fn operator(
    scenario: &Scenario,
    password: Password,
    now: Millis,
) -> Result<Vec<Object>, SimulatorError> {
    let born = now - AGE;
    let id = |label: &str, count: usize| seeded_id(scenario.seed, label, count as u64);
    let app_id = scenario.operator.client_id;
    let principal = operator_principal(scenario);
    let mut properties = Map::new();
    properties.insert("displayName".to_owned(), json!(scenario.operator.display_name));
    let mut app_properties = properties.clone();
    app_properties.insert("signInAudience".to_owned(), json!("AzureADMyOrg"));
    let mut made = vec![
        Object::Application(Application {
            id: id("operator-application", 0),
            app_id,
            created: born,
            changed: born,
            deleted: None,
            created_by: None,
            properties: app_properties,
            passwords: vec![password],
            keys: certificates(scenario, now)?,
            federated: federated(scenario, now),
        }),
        Object::ServicePrincipal(ServicePrincipal {
            id: principal,
            app_id,
            created: born,
            deleted: None,
            created_by: None,
            properties,
        }),
    ];
    let roles = scenario.operator.graph_roles.iter();
    for (count, role) in roles.filter_map(|it| microsoft_graph::app_role_named(it)).enumerate() {
        made.push(Object::AppRoleAssignment(AppRoleAssignment {
            id: id("operator-grant", count),
            principal,
            resource: microsoft_graph::object_id_of(scenario.seed),
            app_role: role.id,
            created: born,
        }));
    }
    made.extend(roles_held(scenario, now).into_iter().map(Object::RoleAssignment));
    Ok(made)
}

/// Id of the operator's service principal.
pub(crate) fn operator_principal(scenario: &Scenario) -> Uuid {
    seeded_id(scenario.seed, "operator-principal", 0)
}

/// The roles the operator and the people hold; those they may only take are not among them.
fn roles_held(scenario: &Scenario, now: Millis) -> Vec<RoleAssignment> {
    let born = now - AGE;
    let operator = operator_principal(scenario);
    let own = scenario.operator.assignments.iter();
    let own = own.enumerate().map(|(count, wanted)| {
        let name = seeded_id(scenario.seed, "operator-assignment", count as u64);
        (name, operator, "ServicePrincipal", wanted)
    });
    let people = scenario.users.iter().flat_map(|user| {
        user.assignments.iter().enumerate().map(|(count, wanted)| {
            let label = format!("user-assignment/{}", user.id);
            (seeded_id(scenario.seed, &label, count as u64), user.id, "User", wanted)
        })
    });
    own.chain(people)
        .filter(|(.., wanted)| !wanted.eligible)
        .filter_map(|(name, principal, principal_type, wanted)| {
            let role = builtin_roles::named(&wanted.role)?;
            let condition = wanted.condition.clone();
            Some(RoleAssignment {
                name,
                scope: scenario.scope_or_root(&wanted.scope),
                role: role.id,
                principal,
                principal_type: principal_type.to_owned(),
                description: None,
                condition_version: condition.as_ref().map(|_| "2.0".to_owned()),
                condition,
                created: born,
                updated: born,
                created_by: operator,
                updated_by: operator,
            })
        })
        .collect()
}
