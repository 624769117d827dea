//! `auth = "chain"`: the first way of signing in that is configured.
//!
//! Configured, not working: a credential that is there and refused is a mistake to be told, not a
//! reason to act as somebody else.

use std::sync::Arc;
use std::time::Duration;

use skybridge_azure_client::http::provide_cryptography;
use skybridge_azure_client::{ClientError, TokenSource};

use super::{Reaching, Variables, environment, identity};

/// Where a virtual machine asks who it is. Near; who does not answer is not there, and whoever
/// answers something else (a proxy) is somebody else.
const METADATA: &str = "http://169.254.169.254/metadata/instance?api-version=2021-02-01";
const METADATA_LIMIT: Duration = Duration::from_secs(1);

pub(super) async fn source(
    variables: &Variables,
    reaching: &Reaching,
) -> Result<Arc<dyn TokenSource>, ClientError> {
    let mut lacks = Vec::new();
    match environment::lacks(variables, &environment::WITHOUT_TOKEN_FILE) {
        None => return environment::source(variables, reaching),
        Some(lack) => lacks.push(format!("environment: {lack}")),
    }
    match environment::lacks(variables, &["AZURE_FEDERATED_TOKEN_FILE"]) {
        None => return identity::workload_identity(reaching, None),
        Some(lack) => lacks.push(format!("workload-identity: {lack}")),
    }
    if variables.get("IDENTITY_ENDPOINT").is_some() || metadata_answers().await {
        return identity::managed_identity(None);
    }
    lacks.push(
        "managed-identity: IDENTITY_ENDPOINT not set and no metadata service on this machine"
            .into(),
    );
    if has_az(variables) {
        return identity::azure_cli(&reaching.tenant);
    }
    lacks.push("azure-cli: there is no `az` on PATH".into());
    let message = format!("no way to sign in is configured ({})", lacks.join("; "));
    Err(ClientError::Credential { message })
}

async fn metadata_answers() -> bool {
    provide_cryptography();
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(METADATA_LIMIT)
        .build();
    let Ok(http) = http else { return false };
    let answer = http.get(METADATA).header("Metadata", "true").send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

fn has_az(variables: &Variables) -> bool {
    let path = variables.get("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("az").is_file())
}
