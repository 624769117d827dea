//! Who is calling: what a valid access token says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;

use crate::clock::Millis;
use crate::http::Call;
use crate::login::Api;
use crate::world::World;

/// A caller.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) object_id: Uuid,
    pub(crate) app_id: Uuid,
    /// When the token was made: grants made later are not in it.
    pub(crate) issued: Millis,
    /// App roles of an application.
    pub(crate) roles: Vec<String>,
    /// The name of a person; `None` for an application.
    pub(crate) person: Option<String>,
    /// Template ids of a person's directory roles.
    pub(crate) directory_roles: Vec<String>,
    /// What a person let the client do.
    pub(crate) scopes: Vec<String>,
    /// A person of another tenant.
    pub(crate) guest: bool,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadToken {
    Missing,
    Malformed,
    Expired { at: Millis },
    WrongTenant { tenant: String },
    WrongAudience { audience: String },
}

impl Caller {
    /// Checks the token of a call for a resource.
    pub(crate) fn of(world: &World, call: &Call, resource: Api) -> Result<Self, BadToken> {
        let token = call.bearer().filter(|token| !token.is_empty()).ok_or(BadToken::Missing)?;
        let claims = world.keys.verify(token).ok_or(BadToken::Malformed)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or(0) * 1000;
        if expires <= call.now {
            return Err(BadToken::Expired { at: expires });
        }
        if text("tid") != world.scenario.tenant.id.to_string() {
            return Err(BadToken::WrongTenant { tenant: text("tid").to_owned() });
        }
        let audience = text("aud");
        if Api::named(world, audience) != Some(resource) {
            return Err(BadToken::WrongAudience { audience: audience.to_owned() });
        }
        let id = |name: &str| Uuid::parse_str(text(name)).map_err(|_| BadToken::Malformed);
        let person = (text("idtyp") == "user").then(|| text("name").to_owned());
        Ok(Self {
            object_id: id("oid")?,
            app_id: id("appid")?,
            issued: issued(text("aio")).ok_or(BadToken::Malformed)?,
            roles: texts(&claims, "roles"),
            person,
            directory_roles: texts(&claims, "wids"),
            scopes: text("scp").split_whitespace().map(str::to_owned).collect(),
            guest: claims.get("acct").and_then(Value::as_i64) == Some(1),
        })
    }

    /// Who owns what this caller makes: the person, or the application.
    pub(crate) fn maker(&self) -> Uuid {
        if self.person.is_some() { self.object_id } else { self.app_id }
    }

    /// How messages name the caller.
    pub(crate) fn name(&self) -> String {
        match &self.person {
            Some(name) => name.clone(),
            None => self.app_id.to_string(),
        }
    }
}

fn issued(text: &str) -> Option<Millis> {
    let bytes: [u8; 8] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    Some(Millis::from_be_bytes(bytes))
}

fn texts(claims: &Value, name: &str) -> Vec<String> {
    let items = claims.get(name).and_then(Value::as_array);
    let texts = items.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}
