//! Collects through the plugin boundary, for judges who compare it with what they see (`clients/aws.sh`).
//!
//! ```text
//! collect PLUGIN ASKED.json     ASKED: { "settings": …, "external-id": … }; prints the batches as JSON
//! ```
#![expect(clippy::unwrap_used, reason = "a judge that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "the judges read it")]

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use skybridge_host::{Candidate, Instance, NoWitness, Services, Trust, Vault, VaultError};
use skybridge_model::Secret;
use skybridge_model::clock::{FixedClock, Timestamp};
use skybridge_plugin_protocol::collect::CollectRequest;
use skybridge_plugin_protocol::open::OpenRequest;

/// A vault with one external id.
struct OneSecret(String);

impl Vault for OneSecret {
    fn get(&self, _: &str, _: &str) -> Result<Option<Secret<Vec<u8>>>, VaultError> {
        Ok(Some(Secret::new(self.0.clone().into_bytes())))
    }

    fn put(&self, _: &str, _: &str, _: Secret<Vec<u8>>) -> Result<(), VaultError> {
        Err(VaultError("collecting seals nothing".into()))
    }

    fn remove(&self, _: &str, _: &str) -> Result<(), VaultError> {
        Err(VaultError("collecting forgets nothing".into()))
    }
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let (plugin, asked) = (args.next().unwrap(), args.next().unwrap());
    let asked: Value = serde_json::from_str(&fs_err::read_to_string(asked).unwrap()).unwrap();
    let library =
        Candidate::read(Path::new(&plugin), Trust::BesideHost).and_then(Candidate::load).unwrap();
    let vault = OneSecret(asked["external-id"].as_str().unwrap().to_owned());
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    let log = tracing_subscriber::filter::Targets::new();
    let services = Services::new("acme", Arc::new(vault), clock, Arc::new(NoWitness), log);
    let request = OpenRequest {
        connector: "acme".into(),
        settings: Some(asked["settings"].clone()),
        operator: json!({ "auth": "environment" }),
        simulated: None,
    };
    let instance = Instance::open(&library, services, &request).unwrap();
    let mut batches = instance.collect(&CollectRequest::default()).unwrap();
    let mut all = Vec::new();
    while let Some(batch) = batches.next().await {
        all.push(batch.unwrap());
    }
    println!("{}", serde_json::to_string(&all).unwrap());
}
