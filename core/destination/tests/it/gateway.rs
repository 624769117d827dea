//! The platform's gateway, as far as its documentation goes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::server::{Answer, Call, Server};
use crate::world::KEY;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) object: String,
    pub(crate) input: Value,
}

pub(crate) fn credential(id: &str, name: &str) -> Credential {
    let object = "AzureCloudCredentials".to_owned();
    Credential { id: id.to_owned(), name: name.to_owned(), object, input: Value::Null }
}

#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) types: Vec<&'static str>,
    pub(crate) multiple: bool,
    pub(crate) single_types: Vec<&'static str>,
    pub(crate) credentials: Vec<Credential>,
}

pub(crate) fn connector(id: &str, name: &str, display_name: &str) -> Connector {
    Connector {
        id: id.to_owned(),
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        types: vec!["AksDirect", "AzureCloud"],
        multiple: true,
        single_types: vec!["AksDirect"],
        credentials: Vec::new(),
    }
}

/// What happens to the next call; calls beyond the list pass.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    Pass,
    /// The connection ends and nothing was done.
    LostBefore,
    /// It was done, and the connection ends.
    LostAfter,
    /// Nothing is done and no answer comes.
    HungBefore,
    /// It was done and no answer comes.
    HungAfter,
    /// This is the answer, and nothing was done.
    Instead(Answer),
    /// It is done, and the answer has one more header.
    Header(&'static str, &'static str),
    /// It is done, and the answer shows the credentials as they were before.
    Stale,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) connectors: Vec<Connector>,
    /// The operations called, in order.
    pub(crate) calls: Vec<String>,
    pub(crate) faults: VecDeque<Fault>,
    /// What trying credentials says: nothing, or why they do not work.
    pub(crate) invalid: Option<String>,
    next: u32,
}

/// A gateway with one connector for Azure and one for something else.
pub(crate) struct Gateway {
    pub(crate) server: Server,
    state: Arc<Mutex<State>>,
    /// Told when a call hangs.
    pub(crate) hung: Arc<Notify>,
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            connectors: vec![
                connector("1", "jenkins", "Jenkins"),
                connector("2", "azure", "AZURE"),
            ],
            calls: Vec::new(),
            faults: VecDeque::new(),
            invalid: None,
            next: 0,
        }));
        let hung = Arc::new(Notify::new());
        let (inner, bell) = (Arc::clone(&state), Arc::clone(&hung));
        let server = Server::start(move |call| {
            let answer = inner.lock().unwrap().answer(&call);
            if matches!(answer, Answer::Never) {
                bell.notify_one();
            }
            answer
        })
        .await;
        Self { server, state, hung }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The next calls meet these.
    pub(crate) fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults = faults.into_iter().collect();
    }

    /// The credentials of the connector for Azure.
    pub(crate) fn credentials(&self) -> Vec<Credential> {
        self.state().connectors[1].credentials.clone()
    }

    pub(crate) fn add(&self, credential: Credential) {
        self.state().connectors[1].credentials.push(credential);
    }

    /// The names of the operations since the last time.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    operation_name: String,
    query: String,
    variables: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    #[serde(rename = "connectorID")]
    connector: String,
    #[serde(rename = "credentialsType")]
    kind: String,
    #[serde(rename = "credentialsName")]
    name: String,
    #[serde(rename = "credentialsInput")]
    input: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verify {
    #[serde(rename = "connectorID")]
    connector: String,
    #[serde(rename = "credentialsID")]
    credentials: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remove {
    #[serde(rename = "connectorID")]
    connector: String,
    #[serde(rename = "credentialsId")]
    credentials: String,
}

fn answer(body: &Value) -> Answer {
    Answer::new(200, body.to_string()).with("content-type", "application/json")
}

pub(crate) fn errors(code: &str, message: &str) -> Answer {
    answer(&json!({ "data": null, "errors": [
        { "message": message, "extensions": { "code": code } },
    ]}))
}

impl State {
    fn answer(&mut self, call: &Call) -> Answer {
        assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/api/apollo-gateway"));
        assert_eq!(call.header("content-type"), Some("application/json"));
        let request: Request = serde_json::from_slice(&call.body).unwrap();
        self.calls.push(request.operation_name.clone());
        if call.header("authorization") != Some(KEY) {
            return Answer::new(401, format!("no such key: {:?}", call.header("authorization")));
        }
        let before = self.connectors.clone();
        match self.faults.pop_front().unwrap_or(Fault::Pass) {
            Fault::Pass => self.perform(&request),
            Fault::LostBefore => Answer::Lost,
            Fault::HungBefore => Answer::Never,
            Fault::LostAfter => {
                self.perform(&request);
                Answer::Lost
            }
            Fault::HungAfter => {
                self.perform(&request);
                Answer::Never
            }
            Fault::Instead(answer) => answer,
            Fault::Header(name, value) => self.perform(&request).with(name, value),
            Fault::Stale => {
                self.perform(&request);
                answer(&json!({ "data": {
                    "addCredentials": { "connector": shown(&before[1], &request.query) },
                    "getConnectorsByFamily": families(&before, &request.query),
                }}))
            }
        }
    }

    fn perform(&mut self, request: &Request) -> Answer {
        check_document(&request.query);
        let declares = |text: &str| assert!(request.query.contains(text), "{}", request.query);
        let input = |name: &str| request.variables.get(name).cloned().unwrap();
        match request.operation_name.as_str() {
            "GetConnectorsByFamily" => {
                declares("query GetConnectorsByFamily($family: String)");
                answer(&json!({ "data": {
                    "getConnectorsByFamily": families(&self.connectors, &request.query),
                }}))
            }
            "AddCredentials" => {
                declares("($addCredentialsInput: AddCredentialsInput!)");
                let add: Add = serde_json::from_value(input("addCredentialsInput")).unwrap();
                self.next += 1;
                let id = format!("c{}", self.next);
                let connector = self.connector(&add.connector);
                assert!(connector.types.contains(&add.kind.as_str()));
                let object = format!("{}Credentials", add.kind);
                let added = Credential { id, name: add.name, object, input: add.input };
                connector.credentials.push(added);
                let shown = shown(connector, &request.query);
                answer(&json!({ "data": { "addCredentials": { "connector": shown } } }))
            }
            "VerifySingleConnectorCredentials" => {
                declares("($verifyCredentialsInput: VerifyCredentialsInput!)");
                let verify: Verify =
                    serde_json::from_value(input("verifyCredentialsInput")).unwrap();
                let invalid = self.invalid.clone();
                let known = self.connector(&verify.connector).credentials.clone();
                assert!(known.iter().any(|one| one.id == verify.credentials));
                answer(&json!({ "data": { "verifySingleConnectorCredentials": {
                    "credentialsAreValid": invalid.is_none(),
                    "validationMessage": invalid,
                }}}))
            }
            "RemoveCredentials" => {
                declares("($removeCredentialsInput: RemoveCredentialsInput!)");
                let remove: Remove =
                    serde_json::from_value(input("removeCredentialsInput")).unwrap();
                let connector = self.connector(&remove.connector);
                let count = connector.credentials.len();
                connector.credentials.retain(|one| one.id != remove.credentials);
                if connector.credentials.len() == count {
                    return errors("INTERNAL_SERVER_ERROR", "no such credentials");
                }
                let id = remove.connector;
                answer(&json!({ "data": { "removeCredentials": { "connector": { "id": id } } } }))
            }
            other => panic!("an operation that is not documented: {other}"),
        }
    }

    fn connector(&mut self, id: &str) -> &mut Connector {
        self.connectors.iter_mut().find(|connector| connector.id == id).unwrap()
    }
}

/// A document is balanced, asks for nothing that could bear a secret, and holds no value.
fn check_document(query: &str) {
    let count = |wanted: char| query.chars().filter(|c| *c == wanted).count();
    assert_eq!(count('{'), count('}'));
    assert!(!query.contains('"'), "a value stands in the document: {query}");
    let words: Vec<&str> = query.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    for secret in ["password", "clientSecret", "token", "secretKey", "apiKey", "iv"] {
        assert!(!words.contains(&secret), "{query}");
    }
}

/// Every family lists the connectors; some list nothing.
fn families(connectors: &[Connector], query: &str) -> Value {
    let listed: Vec<Value> =
        connectors.iter().map(|one| json!({ "connector": shown(one, query) })).collect();
    json!([
        { "connectors": listed },
        { "connectors": [null, { "connector": null }, listed.last()] },
        { "connectors": null },
        null,
    ])
}

fn shown(connector: &Connector, query: &str) -> Value {
    let credentials: Vec<Value> = connector
        .credentials
        .iter()
        .map(|one| match query.contains(&format!("... on {} {{", one.object)) {
            true => json!({ "credentialsId": one.id, "credentialsName": one.name }),
            false => json!({}),
        })
        .collect();
    json!({
        "id": connector.id,
        "name": connector.name,
        "displayName": connector.display_name,
        "credentialsTypes": connector.types,
        "enableMultiCredentials": connector.multiple,
        "disabledMultiCredentialsTypes": connector.single_types,
        "credentials": credentials,
    })
}
