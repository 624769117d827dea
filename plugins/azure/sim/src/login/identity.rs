//! Managed identity, in the form App Service gives it to what it hosts.

use serde_json::json;

use super::application::{Proof, issue};
use crate::http::{Call, Reply};
use crate::limits::TOKEN_SECONDS;
use crate::world::World;

const API_VERSION: &str = "2019-08-01";

/// `GET /_simulator/identity?api-version=2019-08-01&resource=…[&client_id=…]`.
pub(crate) fn answer(world: &mut World, call: &Call) -> Reply {
    let refused = |status: u16, message: &str| {
        Reply::json(status, json!({"statusCode": status, "message": message}))
    };
    let header = call.header("x-identity-header").unwrap_or_default();
    if !world.sign_ins.identity_header.is(header) {
        return refused(401, "The X-IDENTITY-HEADER header is missing or not this host's.");
    }
    if call.parameter("api-version") != Some(API_VERSION) {
        return refused(400, "The api-version is missing or not 2019-08-01.");
    }
    let Some(resource) = call.parameter("resource").filter(|it| !it.is_empty()) else {
        return refused(400, "The parameter resource is missing.");
    };
    let client = world.scenario.operator.client_id;
    let asked = call.parameter("client_id");
    if asked.is_some_and(|asked| !asked.eq_ignore_ascii_case(&client.to_string())) {
        return refused(
            400,
            "No User Assigned or Delegated Managed Identity found for specified \
             ClientId/ResourceId/PrincipalId.",
        );
    }
    let resource = resource.to_owned();
    let token = match issue(world, call, client, &Proof::Host, &resource) {
        Ok(reply) => reply.body.map(|body| body["access_token"].clone()),
        Err(refusal) => {
            let text = refusal.body.map(|body| body["error_description"].clone());
            let text = text.as_ref().and_then(|it| it.as_str()).unwrap_or("No token was issued.");
            return refused(400, text);
        }
    };
    let expires = call.now.div_euclid(1000) + TOKEN_SECONDS + 1;
    Reply::json(
        200,
        json!({
            "access_token": token,
            "client_id": client,
            "expires_on": expires.to_string(),
            "resource": resource,
            "token_type": "Bearer",
        }),
    )
}
