//! Credentials that Microsoft's own library knows how to find.
//!
//! It is kept behind [`TokenSource`]: nothing else here sees its types, and its tokens are
//! remembered by our cache because the Azure CLI's are not by its own.

use std::sync::Arc;
use std::time::Duration;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use jiff::Timestamp;
use skybridge_azure_client::http::provide_cryptography;
use skybridge_azure_client::{AccessToken, ClientError, Secret, Service, TokenSource, Trust};
use skybridge_plugin_sdk::async_trait;

use super::Reaching;

/// Where `az` and the metadata service answer from is near; longer means nobody is there.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// A whole token request of the library.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(60);

type Source = Result<Arc<dyn TokenSource>, ClientError>;

/// Whoever ran `az login`, in `tenant`.
pub(super) fn azure_cli(tenant: &str) -> Source {
    let options = AzureCliCredentialOptions {
        tenant_id: Some(tenant.to_owned()),
        ..AzureCliCredentialOptions::default()
    };
    wrap(AzureCliCredential::new(Some(options)))
}

/// The machine's own identity, or the one of several that `client_id` names.
pub(super) fn managed_identity(client_id: Option<String>) -> Source {
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: client_id.map(UserAssignedId::ClientId),
        client_options: ClientOptions {
            transport: Some(transport(None)?),
            ..ClientOptions::default()
        },
    };
    wrap(ManagedIdentityCredential::new(Some(options)))
}

/// The pod's own identity.
pub(super) fn workload_identity(reaching: &Reaching, client_id: Option<String>) -> Source {
    let mut authority = CustomConfiguration::default();
    authority.authority_host = reaching.endpoints.base(Service::Login).to_owned();
    let client_options = ClientOptions {
        transport: Some(transport(Some(&reaching.trust))?),
        cloud: Some(Arc::new(CloudConfiguration::Custom(authority))),
        ..ClientOptions::default()
    };
    let options = WorkloadIdentityCredentialOptions {
        credential_options: ClientAssertionCredentialOptions { client_options },
        client_id,
        tenant_id: Some(reaching.tenant.clone()),
        ..WorkloadIdentityCredentialOptions::default()
    };
    wrap(WorkloadIdentityCredential::new(Some(options)))
}

/// A transport for the library: over HTTPS to whom is trusted. Without trust it is for the metadata
/// service of a virtual machine, which speaks plain HTTP on a link-local address that must not go
/// through a proxy.
fn transport(trust: Option<&Trust>) -> Result<Transport, ClientError> {
    // No request may have been sent before this one.
    provide_cryptography();
    let mut builder = reqwest::Client::builder()
        .https_only(trust.is_some())
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .timeout(EXCHANGE_LIMIT);
    match trust {
        None => builder = builder.no_proxy(),
        Some(Trust::Platform) => {}
        Some(Trust::Only(pem)) => {
            let authorities = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
                .map_err(|error| refuse(&error))?;
            builder = builder.tls_certs_only(authorities).no_proxy();
        }
    }
    let http = builder.build().map_err(|error| refuse(&error))?;
    Ok(Transport::new(Arc::new(http)))
}

fn wrap<C: TokenCredential + 'static>(made: azure_core::Result<Arc<C>>) -> Source {
    let credential = made.map_err(|error| refuse(&error))?;
    Ok(Arc::new(Identity { credential }))
}

struct Identity {
    credential: Arc<dyn TokenCredential>,
}

#[async_trait]
impl TokenSource for Identity {
    async fn token(&self, scope: &str) -> Result<AccessToken, ClientError> {
        let token =
            self.credential.get_token(&[scope], None).await.map_err(|error| refuse(&error))?;
        let expires =
            Timestamp::from_second(token.expires_on.unix_timestamp()).unwrap_or(Timestamp::MIN);
        Ok(AccessToken { secret: Secret::new(token.token.secret()), expires })
    }
}

fn refuse(error: &dyn std::error::Error) -> ClientError {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    ClientError::Credential { message }
}
