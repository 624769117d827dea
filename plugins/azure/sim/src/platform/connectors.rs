//! Connectors of the platform and the credentials they are given.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::arm;
use crate::clock::{Millis, graph_time};
use crate::http::Call;
use crate::limits::PLATFORM_CREDENTIALS_MAX;
use crate::login::application::{Proof, issue};
use crate::login::names_tenant;
use crate::scenario::Service;
use crate::store::objects::PlatformCredential;
use crate::store::{Kind, Object};
use crate::world::World;

/// A connector of the platform.
struct Connector {
    id: &'static str,
    name: &'static str,
    display_name: &'static str,
    family: &'static str,
    family_name: &'static str,
    types: &'static [&'static str],
}

/// The one connections go to, and two that resemble it by name.
const CONNECTORS: [Connector; 3] = [
    Connector {
        id: "2",
        name: "AzureRepos",
        display_name: "Azure Repos",
        family: "SourceControl",
        family_name: "Source control",
        types: &["Token"],
    },
    Connector {
        id: "47",
        name: "AzureCloud",
        display_name: "Azure",
        family: "CloudSecurity",
        family_name: "Cloud security",
        types: &["AzureCloud"],
    },
    Connector {
        id: "61",
        name: "AzureKubernetes",
        display_name: "Azure Kubernetes Service",
        family: "CloudSecurity",
        family_name: "Cloud security",
        types: &["AksDirect", "AksRunCommand", "TenantIdClientIdClientSecret"],
    },
];

type Arguments = Map<String, Value>;

/// `getConnectorsByFamily`.
pub(super) fn by_family(world: &World, arguments: &Arguments) -> Value {
    let wanted = arguments.get("family").and_then(Value::as_str);
    let mut families: Vec<&Connector> = Vec::new();
    for connector in &CONNECTORS {
        let known = families.iter().any(|it| it.family == connector.family);
        if !known && wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(connector.family)) {
            families.push(connector);
        }
    }
    let shown = families.into_iter().map(|family| {
        let members = CONNECTORS.iter().filter(|it| it.family == family.family);
        json!({
            "family": family.family,
            "familyDisplayName": family.family_name,
            "connectors": members
                .map(|it| json!({"connector": connector_json(world, it)}))
                .collect::<Vec<_>>(),
        })
    });
    shown.collect()
}

fn credentials_of<'a>(world: &'a World, connector: &str) -> Vec<&'a PlatformCredential> {
    let all = world.store.platform_credentials.values();
    let mut own: Vec<&PlatformCredential> = all.filter(|it| it.connector == connector).collect();
    own.sort_by_key(|it| (it.created, it.id));
    own
}

fn connector_json(world: &World, it: &Connector) -> Value {
    let own = credentials_of(world, it.id);
    let credentials = own.iter().map(|credential| {
        json!({
            "__typename": format!("{}Credentials", credential.kind),
            "credentialsId": credential.id,
            "credentialsName": credential.name,
            "credentialsType": credential.kind,
            "tokenExpirationDate": null,
            "hostURL": null,
        })
    });
    json!({
        "id": it.id,
        "name": it.name,
        "displayName": it.display_name,
        "family": it.family,
        "credentialsType": it.types.first(),
        "credentialsTypes": it.types,
        "credentials": credentials.collect::<Vec<_>>(),
        "isConfigured": !own.is_empty(),
        "enableMultiCredentials": true,
        "disabledMultiCredentialsTypes": [],
    })
}

fn find(input: &Value) -> Result<&'static Connector, String> {
    let id = input["connectorID"].as_str().unwrap_or_default();
    CONNECTORS.iter().find(|it| it.id == id).ok_or_else(|| "Connector not found".to_owned())
}

/// `addCredentials`: makes a new one each time, whatever names there are.
pub(super) fn add(world: &mut World, arguments: &Arguments, now: Millis) -> Result<Value, String> {
    let input = &arguments["addCredentialsInput"];
    let connector = find(input)?;
    let kind = input["credentialsType"].as_str().unwrap_or_default();
    if !connector.types.contains(&kind) {
        let name = connector.display_name;
        return Err(format!("Credentials type {kind} is not supported by connector {name}"));
    }
    if !matches!(kind, "AzureCloud" | "TenantIdClientIdClientSecret") {
        return Err(format!("Credentials type {kind} is not simulated"));
    }
    if world.store.platform_credentials.len() >= PLATFORM_CREDENTIALS_MAX {
        return Err("Too many credentials".to_owned());
    }
    let given = &input["credentialsInput"];
    let text = |name: &str| {
        let text = given[name].as_str().map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| format!("{name} is required for {kind}"))
    };
    let made = PlatformCredential {
        id: world.new_id(),
        connector: connector.id.to_owned(),
        name: input["credentialsName"].as_str().map(str::to_owned),
        kind: kind.to_owned(),
        tenant: text("tenantId")?,
        client: text("clientId")?,
        subscription: text("subscriptionId").ok(),
        secret: text("clientSecret")?.into(),
        created: now,
    };
    world.store.put(Object::PlatformCredential(made));
    Ok(json!({"connector": connector_json(world, connector)}))
}

/// `removeCredentials`.
pub(super) fn remove(world: &mut World, arguments: &Arguments) -> Result<Value, String> {
    let input = &arguments["removeCredentialsInput"];
    let connector = find(input)?;
    let own = credentials_of(world, connector.id);
    let found = match (input["credentialsId"].as_str(), input["credentialsIndex"].as_u64()) {
        (Some(id), _) => own.iter().find(|it| it.id.to_string() == id),
        (None, Some(index)) => usize::try_from(index).ok().and_then(|index| own.get(index)),
        (None, None) => return Err("credentialsId or credentialsIndex is required".to_owned()),
    };
    let id = found.map(|it| it.id).ok_or_else(|| "Credentials not found".to_owned())?;
    world.store.remove(Kind::PlatformCredential, id);
    Ok(json!({"connector": connector_json(world, connector)}))
}

/// `verifySingleConnectorCredentials`: signs in with them and reads what they are for.
pub(super) fn verify(
    world: &mut World,
    arguments: &Arguments,
    now: Millis,
) -> Result<Value, String> {
    let input = &arguments["verifyCredentialsInput"];
    let connector = find(input)?;
    let wanted = input["credentialsID"].as_str();
    let own = credentials_of(world, connector.id);
    let found = own.iter().find(|it| wanted.is_none_or(|id| it.id.to_string() == id));
    let credential = found.map(|it| PlatformCredential::clone(it));
    let credential = credential.ok_or_else(|| "Credentials not found".to_owned())?;
    let answer = |valid: bool, nothing: bool, message: Option<String>| {
        json!({
            "credentialsAreValid": valid, "noReposFound": nothing, "validationMessage": message,
        })
    };
    Ok(match subscriptions(world, &credential, now) {
        Ok(0) => answer(false, true, Some("No subscription can be read.".to_owned())),
        Ok(_) => answer(true, false, None),
        Err(reason) => answer(false, false, Some(reason)),
    })
}

/// How many subscriptions the credential reads, or why it reads none.
fn subscriptions(
    world: &mut World,
    credential: &PlatformCredential,
    now: Millis,
) -> Result<usize, String> {
    if !names_tenant(world, &credential.tenant.to_lowercase()) {
        return Err("AADSTS90002: Tenant not found.".to_owned());
    }
    let client = Uuid::parse_str(&credential.client)
        .map_err(|_| "AADSTS700016: Application not found in the directory.".to_owned())?;
    let call = |service, target: &str, headers| {
        Call::new(service, "GET", target, headers, Vec::new(), now)
            .map_err(|_| "The subscription id is not readable.".to_owned())
    };
    let login = call(Service::Login, "/", Vec::new())?;
    let proof = Proof::Secret(credential.secret.clone());
    let audience = "https://management.azure.com";
    let token = issue(world, &login, client, &proof, audience);
    let token = token.map_err(|refusal| said(refusal.body, "/error_description"))?;
    let token = token.body.map(|body| body["access_token"].clone()).unwrap_or_default();
    let bearer = format!("Bearer {}", token.as_str().unwrap_or_default());
    let headers = vec![("authorization".to_owned(), bearer)];
    let path = match &credential.subscription {
        Some(id) => format!("/subscriptions/{id}?api-version=2022-12-01"),
        None => "/subscriptions?api-version=2022-12-01".to_owned(),
    };
    let reply = arm::answer(world, &call(Service::ResourceManager, &path, headers)?);
    if reply.status != 200 {
        return Err(said(reply.body, "/error/message"));
    }
    let body = reply.body.unwrap_or_default();
    Ok(body["value"].as_array().map_or(1, Vec::len))
}

/// The first line of what a service said.
fn said(body: Option<Value>, pointer: &str) -> String {
    let body = body.unwrap_or_default();
    let text = body.pointer(pointer).and_then(Value::as_str).unwrap_or("The service refused.");
    text.split(" Trace ID:").next().unwrap_or_default().to_owned()
}

/// The credentials the platform holds, without secrets.
pub(crate) fn credentials_json(world: &World) -> Value {
    let all = world.store.platform_credentials.values();
    let mut all: Vec<&PlatformCredential> = all.collect();
    all.sort_by_key(|it| (it.created, it.id));
    let shown = all.into_iter().map(|it| {
        json!({
            "credentialsId": it.id, "connectorID": it.connector, "credentialsName": it.name,
            "credentialsType": it.kind, "tenantId": it.tenant, "clientId": it.client,
            "subscriptionId": it.subscription, "clientSecret": "REDACTED",
            "createdDateTime": graph_time(it.created),
        })
    });
    shown.collect()
}
