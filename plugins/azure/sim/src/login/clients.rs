//! The clients people sign in to, and what each may do in a person's name: the Azure CLI, which
//! every tenant has, and the scenario's own. Nobody consents while signing in.

use serde_json::json;
use uuid::Uuid;

use super::token::{refuse, unknown_client};
use super::{Answer, Api};
use crate::http::{Call, Reply};
use crate::scenario::PublicClient;
use crate::world::World;

/// The Azure CLI's application id, the same in every tenant.
pub(crate) const COMMAND_LINE: Uuid = uuid::uuid!("04b07795-8ddb-461a-bbee-02f9e1bf7b46");
/// What the Azure CLI is always given, whatever it asks for.
const COMMAND_LINE_SCOPES: &str = "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All \
     AuditLog.Read.All DelegatedPermissionGrant.ReadWrite.All Directory.AccessAsUser.All email \
     Group.ReadWrite.All openid profile User.Read.All User.ReadWrite.All";
/// The one permission of every other service.
const IMPERSONATION: &str = "user_impersonation";
/// What tokens for Microsoft Graph say of the person's identity.
const IDENTITY: [&str; 3] = ["email", "openid", "profile"];

/// The client of this id, if the tenant has it; whether people may sign in to it shows later.
pub(super) fn known(world: &World, call: &Call, text: &str) -> Answer<Uuid> {
    let id = Uuid::parse_str(text).ok();
    let here = |id: &Uuid| {
        *id == COMMAND_LINE
            || world.scenario.public_client(*id).is_some()
            || world
                .store
                .applications
                .values()
                .any(|app| app.deleted.is_none() && app.app_id == *id)
    };
    id.filter(here).ok_or_else(|| unknown_client(world, call, text))
}

/// The permissions in a token: all that was consented to, of which `asked` is a part.
pub(super) fn granted(
    world: &World,
    call: &Call,
    client: Uuid,
    audience: &str,
    asked: &[String],
) -> Answer<String> {
    let api = Api::named(world, audience);
    if client == COMMAND_LINE {
        let graph = api == Some(Api::Graph);
        return Ok(if graph { COMMAND_LINE_SCOPES } else { IMPERSONATION }.to_owned());
    }
    let Some(client) = world.scenario.public_client(client) else {
        return Err(confidential(world, call));
    };
    let mut scopes: Vec<&str> = match api {
        Some(Api::Graph) => client.graph_scopes.iter().map(String::as_str).collect(),
        Some(Api::ResourceManager) if client.resource_manager => vec![IMPERSONATION],
        _ => Vec::new(),
    };
    if scopes.is_empty() || !asked.iter().all(|scope| scopes.contains(&scope.as_str())) {
        return Err(not_consented(world, call, client));
    }
    if api == Some(Api::Graph) {
        scopes.extend(IDENTITY);
        scopes.sort_by_key(|scope| scope.to_lowercase());
    }
    Ok(scopes.join(" "))
}

/// An application that is not public has to prove itself even when a person signed in.
fn confidential(world: &World, call: &Call) -> Reply {
    let message = "The request body must contain the following parameter: 'client_assertion' or \
                   'client_secret'.";
    refuse(world, call, 401, "invalid_client", 7_000_218, message)
}

fn not_consented(world: &World, call: &Call, client: &PublicClient) -> Reply {
    let message = format!(
        "The user or administrator has not consented to use the application with ID '{}' named \
         '{}'. Send an interactive authorization request for this user and resource.",
        client.client_id, client.name
    );
    let mut reply = refuse(world, call, 400, "invalid_grant", 65_001, message);
    if let Some(body) = &mut reply.body {
        body["suberror"] = json!("consent_required");
    }
    reply
}
