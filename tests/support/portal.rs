//! Somebody else at the simulated Azure: changes things behind our back, as the operator could in the
//! portal.

use reqwest::{Certificate, Client, Method};
use serde_json::Value;

use crate::SimulatorProcess;

fn text(value: &Value) -> String {
    value.as_str().expect("a text in the ready line").to_owned()
}

/// A client that believes the simulator's certificates and no other.
fn browser(simulator: &SimulatorProcess) -> Client {
    // Another test of this process may have done it.
    drop(rustls::crypto::ring::default_provider().install_default());
    let pem = text(&simulator.ready["ca-pem"]);
    let authority = Certificate::from_pem(pem.as_bytes()).expect("an authority");
    Client::builder().tls_certs_only([authority]).no_proxy().build().expect("a client")
}

/// What somebody sees who opens an address of the simulated cloud: the status, and the page.
///
/// # Panics
/// When it does not answer.
pub async fn page(simulator: &SimulatorProcess, url: &str) -> (u16, String) {
    let answer = browser(simulator).get(url).send().await.expect("open the page");
    (answer.status().as_u16(), answer.text().await.expect("a page"))
}

/// The operator, asking Resource Manager without us.
#[derive(Debug)]
pub struct Portal {
    http: Client,
    base: String,
    token: String,
}

impl Portal {
    /// Signs in.
    ///
    /// # Panics
    /// When that does not work.
    pub async fn open(simulator: &SimulatorProcess) -> Self {
        let (ready, http) = (&simulator.ready, browser(simulator));
        let (login, base) = (&ready["endpoints"]["login"], &ready["endpoints"]["resource-manager"]);
        let operator = &ready["operator"];
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", text(&operator["client-id"])),
            ("client_secret", text(&operator["client-secret"])),
            ("scope", "https://management.azure.com/.default".to_owned()),
        ];
        let url = format!("{}/{}/oauth2/v2.0/token", text(login), text(&ready["tenant"]));
        let answer = http.post(url).form(&form).send().await.expect("ask for a token");
        let answer: Value = answer.json().await.expect("a token");
        Self { http, base: text(base), token: text(&answer["access_token"]) }
    }

    /// Asks Resource Manager: the status and the answer, null when there is none.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn arm(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}?api-version=2022-04-01", self.base);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("ask Resource Manager");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }
}
