//! Managed Kubernetes clusters, as far as the onboarding looks at them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::access::Access;
use super::error::not_found;
use super::estate::cluster_id;
use super::{Answer, Scope, api_version, generic, reply};
use crate::http::{Call, Reply};
use crate::scenario::Cluster;
use crate::world::World;

const TYPE: &str = "Microsoft.ContainerService/managedClusters";

/// `…/providers/Microsoft.ContainerService/managedClusters…`.
pub(super) fn answer(world: &mut World, call: &Call, access: &Access, parts: &[&str]) -> Answer {
    api_version::any(call)?;
    let Some(at) = super::extension_at(parts, "microsoft.containerservice") else {
        return generic::answer(world, call, access);
    };
    let (before, after) = (call.segments.get(..at).unwrap_or_default(), &call.segments[at..]);
    let Some(outer) = Scope::parse(before) else { return generic::answer(world, call, access) };
    match (call.method.as_str(), after) {
        ("GET", [_, _, _]) => {
            let shown = outer.child("providers/Microsoft.ContainerService");
            access.require(world, &format!("{TYPE}/read"), &outer, &shown)?;
            outer.require(&world.estate)?;
            let prefix = format!("{}/", outer.key());
            let all = world.estate.clusters.iter();
            let mut items: Vec<(String, Value)> = all
                .filter(|it| cluster_id(it).to_lowercase().starts_with(&prefix))
                .map(|it| (cluster_id(it).to_lowercase(), to_json(world, it)))
                .collect();
            items.sort_by(|(left, _), (right, _)| left.cmp(right));
            reply::list(world, call, items)
        }
        ("GET", [_, _, _, _]) => {
            let found = find(world, call, access, "read", call.segments.len())?;
            Ok(Reply::json(200, to_json(world, &found)))
        }
        ("POST", [_, _, _, _, verb]) if verb.eq_ignore_ascii_case("listClusterUserCredential") => {
            let action = "listClusterUserCredential/action";
            let found = find(world, call, access, action, call.segments.len() - 1)?;
            Ok(Reply::json(200, user_credential(&found)))
        }
        _ => generic::answer(world, call, access),
    }
}

fn find(
    world: &World,
    call: &Call,
    access: &Access,
    verb: &str,
    end: usize,
) -> Result<Cluster, Reply> {
    let path = call.segments.get(..end).unwrap_or_default();
    let scope = Scope::parse(path).ok_or_else(|| not_found(&call.path()))?;
    access.require(world, &format!("{TYPE}/{verb}"), &scope, &scope.text)?;
    scope.require(&world.estate)?;
    let key = scope.key();
    let found = world.estate.clusters.iter().find(|it| cluster_id(it).to_lowercase() == key);
    found.cloned().ok_or_else(|| not_found(&scope.text))
}

pub(super) fn of_subscription<'a>(
    world: &'a World,
    id: &'a str,
) -> impl Iterator<Item = &'a Cluster> {
    let all = world.estate.clusters.iter();
    all.filter(move |it| it.subscription.to_string().eq_ignore_ascii_case(id))
}

/// A cluster in a list of resources of all kinds.
pub(super) fn brief(it: &Cluster) -> (String, Value) {
    let id = cluster_id(it);
    let body = json!({"id": id, "name": it.name, "type": TYPE, "location": it.location});
    (id.to_lowercase(), body)
}

fn host(it: &Cluster) -> String {
    format!("{}.{}.azmk8s.localhost", it.name, it.location)
}

fn to_json(world: &World, it: &Cluster) -> Value {
    let mut body = json!({
        "id": cluster_id(it),
        "name": it.name,
        "type": TYPE,
        "location": it.location,
        "tags": {},
        "sku": {"name": "Base", "tier": "Standard"},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "provisioningState": "Succeeded",
            "powerState": {"code": "Running"},
            "kubernetesVersion": "1.34.1",
            "currentKubernetesVersion": "1.34.1",
            "dnsPrefix": it.name,
            "fqdn": host(it),
            "nodeResourceGroup": format!("MC_{}_{}", it.resource_group, it.name),
            "enableRBAC": true,
            "disableLocalAccounts": it.managed,
            "agentPoolProfiles": [{
                "name": "system", "count": 3, "vmSize": "Standard_D4s_v5", "osType": "Linux",
                "mode": "System", "provisioningState": "Succeeded",
            }],
            "networkProfile": {"networkPlugin": "azure", "loadBalancerSku": "standard"},
        },
    });
    if it.managed {
        body["properties"]["aadProfile"] = json!({
            "managed": true,
            "enableAzureRBAC": it.azure_rbac,
            "tenantID": world.scenario.tenant.id,
        });
    }
    body
}

/// A kubeconfig that fetches its tokens itself: it contains nothing secret.
fn user_credential(it: &Cluster) -> Value {
    let (name, host) = (&it.name, host(it));
    let config = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: {name}\n  cluster:\n    server: https://{host}:443\n\
         contexts:\n- name: {name}\n  context:\n    cluster: {name}\n    user: clusterUser_{name}\n\
         current-context: {name}\nusers:\n- name: clusterUser_{name}\n  user:\n    exec:\n      \
         apiVersion: client.authentication.k8s.io/v1beta1\n      command: kubelogin\n      args:\n      \
         - get-token\n      - --server-id\n      - 6dae42f8-4368-4678-94ff-3960e28e3630\n"
    );
    json!({"kubeconfigs": [{"name": "clusterUser", "value": BASE64.encode(config)}]})
}
