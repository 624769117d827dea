//! A small HTTPS client that trusts the simulator's authority.

use std::time::{Duration, Instant};

use reqwest::{Certificate, Client, Method, StatusCode};
use serde_json::{Value, json};
use skybridge_azure_sim::{Simulator, SimulatorOptions};

/// Long enough for every lag of these tests on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// No lag, so that a test about something else need not wait.
pub(crate) const PROMPT: &str = "[lag]\napplication = 0\napplication-reference = 0\nservice-principal = 0\n\
    principal = 0\nprincipal-untyped = 0\napp-role-assignment = 0\napp-role-effect = 0\n\
    role-definition = 0\nrole-definition-deletion = 0\nrole-assignment = 0\n\
    role-assignment-deletion = 0\nrole-assignment-effect = 0\nsecret = 0\n\
    credential-list = 0\ncertificate = 0\nfederated-credential = 0\napplication-deletion = 0\n\
    service-principal-deletion = 0\n";

/// A simulator and a client for it.
pub(crate) struct Cloud {
    pub(crate) simulator: Simulator,
    pub(crate) http: Client,
    pub(crate) subscription: &'static str,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_default().to_owned()
    }
}

impl Cloud {
    pub(crate) async fn start(scenario: &str) -> Self {
        Self::start_with(scenario, None).await
    }

    pub(crate) async fn start_with(scenario: &str, state_dir: Option<&std::path::Path>) -> Self {
        let simulator = Simulator::start(SimulatorOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            state_dir: state_dir.map(std::path::Path::to_owned),
            scenario: Some(scenario.to_owned()),
            record: None,
        })
        .await
        .unwrap();
        // Another test of this process may have installed it already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let ca = Certificate::from_pem(simulator.ready().ca_pem.as_bytes()).unwrap();
        let http = Client::builder()
            .tls_certs_only([ca])
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self { simulator, http, subscription: "33333333-4444-5555-6666-777777777777" }
    }

    pub(crate) fn login(&self) -> String {
        self.simulator.ready().endpoints.login.clone()
    }

    pub(crate) fn tenant(&self) -> String {
        self.simulator.ready().tenant.to_string()
    }

    pub(crate) async fn token_request(&self, id: &str, secret: &str, resource: &str) -> Answer {
        let scope = format!("{resource}/.default");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
            ("scope", &scope),
        ];
        self.form(&form).await
    }

    pub(crate) async fn form(&self, form: &[(&str, &str)]) -> Answer {
        let url = format!("{}/{}/oauth2/v2.0/token", self.login(), self.tenant());
        answer(self.http.post(url).form(form).send().await.unwrap()).await
    }

    pub(crate) async fn operator(&self, resource: &str) -> String {
        let operator = &self.simulator.ready().operator;
        let (id, secret) = (operator.client_id.to_string(), operator.client_secret.as_deref());
        let reply = self.token_request(&id, secret.unwrap(), resource).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.text("access_token")
    }

    /// A client of Resource Manager as the operator.
    pub(crate) async fn arm(&self) -> As<'_> {
        let token = self.operator("https://management.azure.com").await;
        self.arm_as(token)
    }

    pub(crate) fn arm_as(&self, token: String) -> As<'_> {
        let base = self.simulator.ready().endpoints.resource_manager.clone();
        As { cloud: self, base, token }
    }

    /// A client of the directory as the operator.
    pub(crate) async fn graph(&self) -> As<'_> {
        let token = self.operator("https://graph.microsoft.com").await;
        self.graph_as(token)
    }

    pub(crate) fn graph_as(&self, token: String) -> As<'_> {
        let base = format!("{}/v1.0", self.simulator.ready().endpoints.graph);
        As { cloud: self, base, token }
    }

    /// A call to the control address.
    pub(crate) async fn control(&self, path: &str, body: Value) -> Answer {
        let url = format!("{}/_simulator/{path}", self.simulator.ready().url);
        answer(self.http.post(url).json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn state(&self) -> Value {
        let url = format!("{}/_simulator/state", self.simulator.ready().url);
        answer(self.http.get(url).send().await.unwrap()).await.body
    }

    pub(crate) async fn traffic(&self) -> Value {
        let url = format!("{}/_simulator/traffic", self.simulator.ready().url);
        answer(self.http.get(url).send().await.unwrap()).await.body
    }

    pub(crate) async fn look(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.simulator.ready().url);
        answer(self.http.get(url).send().await.unwrap()).await
    }

    pub(crate) async fn faults(&self) -> Answer {
        self.look("/_simulator/faults").await
    }

    pub(crate) async fn replace_faults(&self, rules: &str) -> Answer {
        let url = format!("{}/_simulator/faults", self.simulator.ready().url);
        answer(self.http.post(url).body(rules.to_owned()).send().await.unwrap()).await
    }

    /// An application and its principal, as (object id, application id, principal id).
    pub(crate) async fn connector(&self) -> (String, String, String) {
        let graph = self.graph().await;
        let app = graph.post("/applications", json!({"displayName": "connector"})).await;
        assert_eq!(app.status, 201, "{app:?}");
        let body = json!({"appId": app.text("appId")});
        let principal = graph
            .until(Method::POST, "/servicePrincipals", Some(body), |reply| reply.status == 201)
            .await;
        (app.text("id"), app.text("appId"), principal.text("id"))
    }
}

/// A client with a token.
pub(crate) struct As<'a> {
    cloud: &'a Cloud,
    pub(crate) base: String,
    pub(crate) token: String,
}

impl As<'_> {
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.send_with(method, path, body, &[]).await
    }

    pub(crate) async fn send_with(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let url = if path.starts_with("https:") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let mut request = self.cloud.http.request(method, url).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Repeats a call until its answer is as wanted.
    pub(crate) async fn until(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        wanted: impl Fn(&Answer) -> bool,
    ) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let reply = self.send(method.clone(), path, body.clone()).await;
            if wanted(&reply) {
                return reply;
            }
            assert!(Instant::now() < deadline, "{path} never answered as wanted: {reply:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every item of a list, following the link of this name; also how many pages there were.
    pub(crate) async fn all(&self, path: &str, link: &str) -> (Vec<Value>, usize) {
        let (mut items, mut pages, mut next) = (Vec::new(), 0, path.to_owned());
        while !next.is_empty() {
            let reply = self.get(&next).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            items.extend(reply.body["value"].as_array().unwrap().clone());
            next = reply.text(link);
            pages += 1;
        }
        (items, pages)
    }
}

pub(crate) async fn answer(response: reqwest::Response) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status, headers, body }
}
