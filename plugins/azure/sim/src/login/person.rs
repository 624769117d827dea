//! Delegated tokens: what a client may do in the name of a person.

use serde_json::{Value, json};
use uuid::Uuid;

use super::token::{common_claims, given, known_resource, refuse, required, token_reply};
use super::{Answer, Api, clients};
use crate::graph::{directory_roles, microsoft_graph};
use crate::http::{Call, Reply};
use crate::limits::REFRESH_TOKEN_SECONDS;
use crate::scenario::User;
use crate::world::World;

/// Scopes that are about the person and not about a resource.
const IDENTITY: [&str; 4] = ["openid", "profile", "offline_access", "email"];
/// The audience of refresh tokens: no resource has this name.
const REFRESH: &str = "refresh";

/// What a client asks for in the name of a person.
pub(super) struct Asked {
    audience: String,
    /// Names of permissions; none for everything the client has (`.default`).
    scopes: Vec<String>,
    text: String,
}

impl Asked {
    /// Reads a scope parameter: permissions of one resource.
    pub(super) fn read(world: &World, call: &Call, text: &str) -> Answer<Self> {
        let mut audience: Option<String> = None;
        let mut scopes = Vec::new();
        for part in text.split_whitespace().filter(|part| !IDENTITY.contains(part)) {
            let (resource, scope) = match part.rsplit_once('/') {
                Some((resource, scope)) if !resource.is_empty() => (resource, scope),
                _ => ("https://graph.microsoft.com", part),
            };
            if audience.as_ref().is_some_and(|known| known != resource) {
                let message = "Provided value for the input parameter scope is not valid because \
                               it contains more than one resource.";
                return Err(refuse(world, call, 400, "invalid_request", 28_000, message));
            }
            audience = Some(resource.to_owned());
            if scope != ".default" {
                scopes.push(scope.to_owned());
            }
        }
        let audience = audience.unwrap_or_else(|| {
            scopes.push("User.Read".to_owned());
            "https://graph.microsoft.com".to_owned()
        });
        let asked = Self { audience, scopes, text: text.to_owned() };
        asked.check(world, call)?;
        Ok(asked)
    }

    fn check(&self, world: &World, call: &Call) -> Answer<()> {
        let resource = known_resource(world, call, &self.audience)?;
        let unknown = self.scopes.iter().find(|scope| match resource {
            Api::Graph => !microsoft_graph::is_scope(scope),
            _ => *scope != "user_impersonation",
        });
        let Some(unknown) = unknown else { return Ok(()) };
        let shown: String = unknown.chars().take(100).collect();
        let message = format!(
            "The application asked for scope '{shown}' that doesn't exist on the resource. \
             Contact the app vendor."
        );
        Err(refuse(world, call, 400, "invalid_client", 650_053, message))
    }

    fn offline(&self) -> bool {
        self.text.split_whitespace().any(|part| part == "offline_access")
    }
}

/// `grant_type=password`.
pub(super) fn with_password(
    world: &World,
    call: &Call,
    form: &[(String, String)],
) -> Answer<Reply> {
    let client = required(world, call, form, "client_id")?;
    let client = clients::known(world, call, &client)?;
    let asked = Asked::read(world, call, &required(world, call, form, "scope")?)?;
    let name = required(world, call, form, "username")?;
    let password = required(world, call, form, "password")?;
    let right = |known: &String| same(known, &password);
    let user = world.scenario.user_named(&name);
    let Some(user) = user.filter(|user| user.password.as_ref().is_some_and(right)) else {
        let message = "Error validating credentials due to invalid username or password.";
        return Err(refuse(world, call, 400, "invalid_grant", 50_126, message));
    };
    token(world, call, user, client, &asked)
}

/// Compares in a time that does not tell where the difference is.
fn same(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && left.bytes().zip(right.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// `grant_type=refresh_token`.
pub(super) fn refresh(world: &World, call: &Call, form: &[(String, String)]) -> Answer<Reply> {
    let client = required(world, call, form, "client_id")?;
    let client = clients::known(world, call, &client)?;
    let text = required(world, call, form, "refresh_token")?;
    let claims = world.keys.verify(&text).filter(|claims| claims["aud"] == REFRESH);
    let Some(claims) = claims.filter(|claims| claims["client"] == json!(client)) else {
        let message = "Provided grant is invalid or malformed.";
        return Err(refuse(world, call, 400, "invalid_grant", 70_000, message));
    };
    if claims["exp"].as_i64().unwrap_or(0) <= call.now.div_euclid(1000) {
        let message = "The refresh token has expired due to inactivity.";
        return Err(refuse(world, call, 400, "invalid_grant", 700_082, message));
    }
    let scope = given(form, "scope").or(claims["scope"].as_str()).unwrap_or_default();
    let asked = Asked::read(world, call, &format!("{scope} offline_access"))?;
    let of_token = |user: &&User| claims["oid"] == json!(user.id);
    let Some(user) = world.scenario.users.iter().find(of_token) else {
        let message = "The user account does not exist in the directory.";
        return Err(refuse(world, call, 400, "invalid_grant", 50_034, message));
    };
    token(world, call, user, client, &asked)
}

/// The token of a person who signed in, and a refresh token if the client may come back.
pub(super) fn token(
    world: &World,
    call: &Call,
    user: &User,
    client: Uuid,
    asked: &Asked,
) -> Answer<Reply> {
    let scopes = clients::granted(world, call, client, &asked.audience, &asked.scopes)?;
    let mut claims = common_claims(world, call, &asked.audience, client);
    claims["oid"] = json!(user.id);
    claims["sub"] = json!(user.id);
    claims["idtyp"] = json!("user");
    claims["scp"] = json!(scopes);
    claims["acct"] = json!(u8::from(user.guest));
    claims["name"] = json!(user.name);
    claims["upn"] = json!(user.principal_name);
    claims["unique_name"] = json!(user.principal_name);
    claims["wids"] = json!(directory_roles::templates(&user.directory_roles));
    let mut reply = token_reply(world, call, &claims)?;
    if let Some(body) = &mut reply.body {
        body["scope"] = json!(shown_scopes(&asked.audience, &scopes));
        if asked.offline() {
            body["refresh_token"] = json!(refresh_token(world, call, user, client, asked));
        }
    }
    Ok(reply)
}

fn shown_scopes(audience: &str, scopes: &str) -> String {
    let shown = scopes.split(' ').map(|scope| {
        if IDENTITY.contains(&scope) { scope.to_owned() } else { format!("{audience}/{scope}") }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Opaque to everybody but us.
fn refresh_token(
    world: &World,
    call: &Call,
    user: &User,
    client: Uuid,
    asked: &Asked,
) -> Option<String> {
    let claims: Value = json!({
        "aud": REFRESH,
        "oid": user.id,
        "client": client,
        "scope": asked.text,
        "exp": call.now.div_euclid(1000) + REFRESH_TOKEN_SECONDS,
        "uti": call.request_id,
    });
    world.keys.sign(&claims)
}
