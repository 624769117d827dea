//! The platform's GraphQL: four documents, and what its answers mean.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skybridge_model::Secret;

use super::words::Words;
use crate::codes;
use crate::connection::Opened;
use crate::error::{DeliveryError, Result, Retry, kind};
use crate::http::{Address, Http, Reply, body, key_header, later, rate_limited, refused};
use crate::limits::ID_BYTES_MAX;
use crate::quote::Hidden;
use crate::wait;

/// Words that tell an error about the key, or about what it may do.
const AUTH_WORDS: [&str; 10] = [
    "unauthenticated",
    "unauthorized",
    "not authenticated",
    "not authorized",
    "authentication",
    "forbidden",
    "permission",
    "api key",
    "access denied",
    "jwt",
];
const AUTH_CODES: [&str; 2] = ["UNAUTHENTICATED", "FORBIDDEN"];
const RATE_WORDS: [&str; 3] = ["rate limit", "too many requests", "throttl"];
/// What Apollo calls a document or variables that it does not take: the platform has changed.
const CONTRACT_CODES: [&str; 3] =
    ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"];

/// A connector of the platform, as far as it matters.
#[derive(Debug)]
pub(crate) struct Connector {
    pub(crate) id: String,
    name: Option<String>,
    display_name: Option<String>,
    /// What people see.
    pub(crate) title: String,
    pub(crate) credentials_types: Vec<String>,
    /// Those of our type that have an id.
    pub(crate) credentials: Vec<Credential>,
    /// How many more there are, of other types.
    pub(crate) unreadable: usize,
    multiple: bool,
    /// The types of which it takes one set only.
    single_types: Vec<String>,
}

impl Connector {
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.display_name, &self.name].into_iter().filter_map(|name| name.as_deref())
    }

    /// Whether it takes one set of such credentials only.
    pub(crate) fn single(&self, credentials_type: &str) -> bool {
        !self.multiple || self.single_types.iter().any(|single| single == credentials_type)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Credential> {
        first(&self.credentials, name)
    }
}

/// Of several of one name, which a lost answer can leave behind, every attempt must mean the same.
pub(crate) fn first<'a>(credentials: &'a [Credential], name: &str) -> Option<&'a Credential> {
    credentials.iter().filter(|one| one.name == name).min_by(|a, b| a.id.cmp(&b.id))
}

/// Credentials as they are listed: never what is in them.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What the platform says after it tried credentials.
pub(crate) struct Verdict {
    pub(crate) valid: bool,
    pub(crate) message: Option<String>,
}

/// The platform's API with one key, for one attempt.
pub(crate) struct Gateway<'a> {
    http: &'a Http,
    to: Address,
    key: HeaderValue,
    now: Timestamp,
    hidden: Hidden,
    /// The last answer said that no call is left, and perhaps for how long.
    spent: Option<Option<Duration>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a, V: Serialize> {
    operation_name: &'a str,
    query: &'a str,
    variables: V,
}

impl<'a> Gateway<'a> {
    pub(crate) fn new(
        http: &'a Http,
        to: Address,
        key: &Secret<String>,
        now: Timestamp,
    ) -> Result<Self> {
        let mut hidden = Hidden::default();
        hidden.add(key);
        Ok(Self { http, to, key: key_header(key)?, now, hidden, spent: None })
    }

    /// Where secrets are put that must not be shown from now on.
    pub(crate) fn hidden(&mut self) -> &mut Hidden {
        &mut self.hidden
    }

    /// All connectors, each once however many families list it.
    pub(crate) async fn connectors(&mut self, object: &str) -> Result<Vec<Connector>> {
        #[derive(Serialize)]
        struct Variables {}
        let query = format!(
            "query GetConnectorsByFamily($family: String) {{ \
             getConnectorsByFamily(family: $family) {{ connectors {{ connector {{ \
             id name displayName credentialsTypes enableMultiCredentials \
             disabledMultiCredentialsTypes \
             credentials {{ ... on {object} {{ credentialsId credentialsName }} }} }} }} }} }}"
        );
        let answer: answers::Families =
            self.call("GetConnectorsByFamily", &query, Variables {}).await?;
        let families = answer.families.into_iter().flatten().flatten();
        let listed = families.flat_map(|family| family.connectors).flatten().flatten();
        let mut seen = BTreeSet::new();
        Ok(listed
            .filter_map(|listed| Connector::try_from(listed.connector?).ok())
            .filter(|connector| seen.insert(connector.id.clone()))
            .collect())
    }

    /// Adds credentials; returns those that the connector has in the answer.
    pub(crate) async fn add(
        &mut self,
        connector: &str,
        words: &Words,
        name: &str,
        input: Opened<'_>,
    ) -> Result<Vec<Credential>> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Variables<'v> {
            add_credentials_input: Input<'v>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Input<'v> {
            #[serde(rename = "connectorID")]
            connector_id: &'v str,
            credentials_type: &'v str,
            credentials_name: &'v str,
            credentials_input: Opened<'v>,
        }
        let query = format!(
            "mutation AddCredentials($addCredentialsInput: AddCredentialsInput!) {{ \
             addCredentials(addCredentialsInput: $addCredentialsInput) {{ connector {{ \
             id credentials {{ ... on {} {{ credentialsId credentialsName }} }} }} }} }}",
            words.credentials_object
        );
        let variables = Variables {
            add_credentials_input: Input {
                connector_id: connector,
                credentials_type: &words.credentials_type,
                credentials_name: name,
                credentials_input: input,
            },
        };
        let answer: answers::Added = self.call("AddCredentials", &query, variables).await?;
        let connector = answer.response.and_then(|response| response.connector);
        let (credentials, _) = split(connector.and_then(|connector| connector.credentials));
        Ok(credentials)
    }

    /// Has the platform try credentials.
    pub(crate) async fn verify(&mut self, connector: &str, id: &str) -> Result<Verdict> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Variables<'v> {
            verify_credentials_input: Input<'v>,
        }
        #[derive(Serialize)]
        struct Input<'v> {
            #[serde(rename = "connectorID")]
            connector_id: &'v str,
            #[serde(rename = "credentialsID")]
            credentials_id: &'v str,
        }
        const QUERY: &str = "mutation VerifySingleConnectorCredentials\
            ($verifyCredentialsInput: VerifyCredentialsInput!) { \
            verifySingleConnectorCredentials(verifyCredentialsInput: $verifyCredentialsInput) { \
            credentialsAreValid validationMessage } }";
        let variables = Variables {
            verify_credentials_input: Input { connector_id: connector, credentials_id: id },
        };
        let answer: answers::Verified =
            self.call("VerifySingleConnectorCredentials", QUERY, variables).await?;
        let said = answer.response.message.map(|text| self.hidden.quote(&text));
        Ok(Verdict { valid: answer.response.valid, message: said.filter(|text| !text.is_empty()) })
    }

    /// Removes credentials.
    pub(crate) async fn remove(&mut self, connector: &str, id: &str) -> Result<()> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Variables<'v> {
            remove_credentials_input: Input<'v>,
        }
        #[derive(Serialize)]
        struct Input<'v> {
            #[serde(rename = "connectorID")]
            connector_id: &'v str,
            #[serde(rename = "credentialsId")]
            credentials_id: &'v str,
        }
        const QUERY: &str = "mutation RemoveCredentials($removeCredentialsInput: RemoveCredentialsInput!) { \
             removeCredentials(removeCredentialsInput: $removeCredentialsInput) { \
             connector { id } } }";
        let variables = Variables {
            remove_credentials_input: Input { connector_id: connector, credentials_id: id },
        };
        self.call::<Value>("RemoveCredentials", QUERY, variables).await.map(drop)
    }

    async fn call<T: DeserializeOwned>(
        &mut self,
        operation: &str,
        query: &str,
        variables: impl Serialize,
    ) -> Result<T> {
        if let Some(wait) = self.spent {
            return Err(rate_limited(&self.to, wait));
        }
        let body = body(&Request { operation_name: operation, query, variables })?;
        let headers = HeaderMap::from_iter([(AUTHORIZATION, self.key.clone())]);
        let reply = self.http.post(&self.to, headers, body).await?;
        let status = reply.status.as_u16();
        tracing::debug!(to = %self.to, operation, status, "called the platform");
        if wait::used_up(&reply.headers) {
            self.spent = Some(wait::reset(&reply.headers));
        }
        self.judge(&reply)
    }

    /// What an answer means.
    fn judge<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T> {
        let (to, hidden) = (&self.to, &self.hidden);
        let retry_after = wait::retry_after(&reply.headers, self.now);
        let wait = retry_after.or_else(|| wait::reset(&reply.headers));
        if let Some(error) = later(to, reply, wait, hidden) {
            return Err(error);
        }
        let status = reply.status.as_u16();
        if matches!(status, 401 | 403) {
            let said = reply.quote(hidden);
            return Err(key_refused(format!("{to} answered {}: {said}", reply.status)));
        }
        let answer = serde_json::from_slice::<answers::Answer>(&reply.body);
        // Apollo answers 400 with `errors` to a document that it does not take.
        match answer {
            Ok(answer) if !answer.errors.is_empty() => Err(self.errors(&answer.errors, wait)),
            _ if !reply.status.is_success() => Err(refused(to, reply, hidden)),
            Ok(answer) => T::deserialize(answer.data).map_err(|error| self.odd(&error, reply)),
            Err(error) => Err(self.odd(&error, reply)),
        }
    }

    fn odd(&self, error: &serde_json::Error, reply: &Reply) -> DeliveryError {
        // An error of a value repeats it.
        let error = self.hidden.quote(&error.to_string());
        let message = format!("{} gave an answer that cannot be read: {error}", self.to);
        DeliveryError::permanent(codes::ODD_ANSWER, kind::CONTRACT_VIOLATION, message)
            .fact("status", reply.status.as_u16())
            .fact("answer", reply.quote(&self.hidden))
    }

    /// What `errors` mean, by their codes and, as those are not documented, by their words.
    fn errors(&self, errors: &[Value], wait: Option<Duration>) -> DeliveryError {
        let words = errors.iter().filter_map(|error| error.get("message")?.as_str());
        let words = words.collect::<Vec<_>>().join("; ");
        let lower = words.to_lowercase();
        let said = |known: &[&str]| known.iter().any(|known| lower.contains(known));
        let coded = |known: &[&str]| {
            let code = |error: &Value| error.pointer("/extensions/code").cloned();
            errors.iter().filter_map(code).any(|code| known.iter().any(|known| code == *known))
        };
        let quoted = self.hidden.quote(&words);
        let quoted = if quoted.is_empty() { "without a word".to_owned() } else { quoted };
        let message = format!("{} answered with an error: {quoted}", self.to);
        if coded(&AUTH_CODES) {
            return key_refused(message);
        }
        if coded(&CONTRACT_CODES) {
            let kind = kind::CONTRACT_VIOLATION;
            return DeliveryError::permanent(codes::PLATFORM, kind, message);
        }
        if said(&RATE_WORDS) {
            return rate_limited(&self.to, wait).fact("answer", quoted);
        }
        if said(&AUTH_WORDS) {
            return key_refused(message);
        }
        DeliveryError::new(codes::PLATFORM, kind::UNAVAILABLE, Retry::Transient, message)
    }
}

fn key_refused(message: String) -> DeliveryError {
    DeliveryError::permanent(codes::KEY_REFUSED, kind::UNAUTHENTICATED, message)
}

/// The credentials that have an id, and how many have none because they are of other types.
fn split(listed: Option<Vec<Option<answers::Credential>>>) -> (Vec<Credential>, usize) {
    let listed: Vec<answers::Credential> = listed.into_iter().flatten().flatten().collect();
    let count = listed.len();
    let known = listed.into_iter().filter_map(|one| {
        let id = one.credentials_id.filter(|id| usable(id))?;
        // Credentials that a person added may have no name.
        Some(Credential { id, name: one.credentials_name.unwrap_or_default() })
    });
    let known: Vec<Credential> = known.collect();
    let unreadable = count - known.len();
    (known, unreadable)
}

/// Ids are shown and written down; one that cannot be is not one.
fn usable(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.chars().any(char::is_control)
}

impl TryFrom<answers::Connector> for Connector {
    type Error = ();

    fn try_from(listed: answers::Connector) -> std::result::Result<Self, ()> {
        let id = listed.id.filter(|id| usable(id)).ok_or(())?;
        let (credentials, unreadable) = split(listed.credentials);
        let words = |listed: Option<Vec<Option<String>>>| {
            listed.into_iter().flatten().flatten().collect::<Vec<String>>()
        };
        let shown = listed.display_name.as_ref().or(listed.name.as_ref());
        Ok(Self {
            title: Hidden::default().quote(shown.unwrap_or(&id)),
            id,
            name: listed.name,
            display_name: listed.display_name,
            credentials_types: words(listed.credentials_types),
            credentials,
            unreadable,
            // A connector that does not say so takes several.
            multiple: listed.enable_multi_credentials != Some(false),
            single_types: words(listed.disabled_multi_credentials_types),
        })
    }
}

/// The answers as they arrive: nearly everything may be null.
mod answers {
    use super::{Deserialize, Value};

    #[derive(Deserialize)]
    pub(super) struct Answer {
        #[serde(default)]
        pub(super) data: Value,
        #[serde(default, deserialize_with = "or_none")]
        pub(super) errors: Vec<Value>,
    }

    fn or_none<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Value>, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or_default())
    }

    #[derive(Deserialize)]
    pub(super) struct Families {
        #[serde(rename = "getConnectorsByFamily")]
        pub(super) families: Option<Vec<Option<Family>>>,
    }

    #[derive(Deserialize)]
    pub(super) struct Family {
        pub(super) connectors: Option<Vec<Option<Response>>>,
    }

    #[derive(Deserialize)]
    pub(super) struct Response {
        pub(super) connector: Option<Connector>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct Connector {
        pub(super) id: Option<String>,
        pub(super) name: Option<String>,
        pub(super) display_name: Option<String>,
        pub(super) credentials_types: Option<Vec<Option<String>>>,
        pub(super) credentials: Option<Vec<Option<Credential>>>,
        pub(super) enable_multi_credentials: Option<bool>,
        pub(super) disabled_multi_credentials_types: Option<Vec<Option<String>>>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct Credential {
        pub(super) credentials_id: Option<String>,
        pub(super) credentials_name: Option<String>,
    }

    #[derive(Deserialize)]
    pub(super) struct Added {
        #[serde(rename = "addCredentials")]
        pub(super) response: Option<Response>,
    }

    #[derive(Deserialize)]
    pub(super) struct Verified {
        #[serde(rename = "verifySingleConnectorCredentials")]
        pub(super) response: Verdict,
    }

    #[derive(Deserialize)]
    pub(super) struct Verdict {
        #[serde(rename = "credentialsAreValid")]
        pub(super) valid: bool,
        #[serde(rename = "validationMessage")]
        pub(super) message: Option<String>,
    }
}
