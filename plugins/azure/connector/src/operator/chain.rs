//! `auth = "chain"`: the first way of signing in that is configured.
//!
//! Configured, not working: a credential that is there and refused is a mistake to be told, not a
//! reason to act as somebody else.

use std::sync::Arc;
use std::time::Duration;

use skybridge_azure_client::{ClientError, TokenSource};

use super::{Reaching, Variables, environment, identity};

/// Where a virtual machine asks for its own identity. Near; who does not answer is not there.
const METADATA: (&str, u16) = ("169.254.169.254", 80);
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
    let connecting = tokio::net::TcpStream::connect(METADATA);
    matches!(tokio::time::timeout(METADATA_LIMIT, connecting).await, Ok(Ok(_)))
}

fn has_az(variables: &Variables) -> bool {
    let path = variables.get("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("az").is_file())
}
