//! Cloud metadata: where the other services of this cloud are. Nobody has to sign in for it.

use serde_json::{Value, json};

use super::api_version;
use super::error::{not_found, wrong_method};
use crate::http::{Call, Reply};
use crate::world::World;

/// Versions that answer with a list of clouds.
const LISTS: [&str; 6] =
    ["2018-05-01", "2019-05-01", "2019-10-01", "2020-06-01", "2021-01-01", "2021-04-01"];

/// `GET /metadata/endpoints`.
pub(super) fn endpoints(world: &World, call: &Call) -> Reply {
    let path = call.path().to_lowercase();
    if path != "/metadata/endpoints" {
        return not_found(&call.path());
    }
    if call.method != "GET" {
        return wrong_method(&call.method, &call.path());
    }
    let version = match api_version::any(call) {
        Ok(version) => version,
        Err(refusal) => return refusal,
    };
    match version {
        // The first form, which private clouds still answer with.
        "2015-01-01" => Reply::json(200, first_form(world)),
        version if LISTS.contains(&version) => Reply::json(200, json!([cloud(world)])),
        _ => Reply::json(200, cloud(world)),
    }
}

fn first_form(world: &World) -> Value {
    json!({
        "galleryEndpoint": format!("{}/", world.endpoints.resource_manager),
        "graphEndpoint": format!("{}/", world.endpoints.graph),
        "portalEndpoint": format!("{}/", world.endpoints.resource_manager),
        "authentication": {
            "loginEndpoint": format!("{}/", world.endpoints.login),
            "audiences": [format!("{}/", world.endpoints.resource_manager)],
        },
    })
}

fn cloud(world: &World) -> Value {
    let (login, manager, graph) =
        (&world.endpoints.login, &world.endpoints.resource_manager, &world.endpoints.graph);
    json!({
        "name": "SkybridgeSimulator",
        "portal": format!("{manager}/"),
        "authentication": {
            "loginEndpoint": login,
            // The first one is what tools ask tokens for.
            "audiences": [
                format!("{manager}/"),
                "https://management.core.windows.net/",
                "https://management.azure.com/",
            ],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": format!("{manager}/media"),
        "graph": format!("{graph}/"),
        "graphAudience": format!("{graph}/"),
        "microsoftGraphResourceId": format!("{graph}/"),
        "resourceManager": format!("{manager}/"),
        "gallery": format!("{manager}/"),
        "batch": format!("{manager}/batch"),
        "sqlManagement": format!("{manager}/sql"),
        "vmImageAliasDoc": format!("{manager}/aliases.json"),
        "activeDirectoryDataLake": format!("{manager}/datalake"),
        "logAnalyticsResourceId": format!("{manager}/loganalytics"),
        "appInsightsResourceId": format!("{manager}/appinsights"),
        "ossrdbmsResourceId": format!("{manager}/ossrdbms"),
        "synapseAnalyticsResourceId": format!("{manager}/synapse"),
        "suffixes": {
            "acrLoginServer": "azurecr.localhost",
            "attestationEndpoint": "attest.localhost",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.localhost",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.localhost",
            "keyVaultDns": "vault.localhost",
            "mhsmDns": "managedhsm.localhost",
            "mariadbServerEndpoint": "mariadb.localhost",
            "mysqlServerEndpoint": "mysql.localhost",
            "postgresqlServerEndpoint": "postgres.localhost",
            "sqlServerHostname": "database.localhost",
            "storage": "core.localhost",
            "storageSyncEndpointSuffix": "afs.localhost",
            "synapseAnalytics": "dev.azuresynapse.localhost",
        },
    })
}
