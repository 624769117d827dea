//! Who runs the onboarding: where the operator's tokens come from.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use skybridge_azure_client::login::ClientSecretSource;
use skybridge_azure_client::{AccessToken, ClientError, Endpoints, Secret, TokenSource, Transport};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};
use tokio::sync::OnceCell;

mod identity;

/// `[connectors.NAME.operator]`, or the simulated cloud's operator.
#[derive(Debug, Clone)]
pub(crate) enum Operator {
    /// Whoever ran `az login`.
    AzureCli,
    /// The machine's own identity.
    ManagedIdentity { client_id: Option<String> },
    /// The pod's own identity.
    WorkloadIdentity { client_id: Option<String> },
    /// An application described by environment variables.
    Environment,
    /// An application, known in memory only: how one operates a simulated cloud.
    ClientSecret { tenant: String, client_id: String, secret: Secret },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ManifestForm {
    auth: Auth,
    #[serde(default)]
    client_id: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Auth {
    AzureCli,
    Environment,
    ManagedIdentity,
    WorkloadIdentity,
}

/// The simulator may say more about its operator than is needed here.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SimulatedForm {
    kind: String,
    tenant_id: String,
    client_id: String,
    client_secret: Secret,
}

impl Operator {
    /// Reads the manifest's table; one that is left out means `azure-cli`.
    pub(crate) fn read(value: &Value) -> Result<Self> {
        if value.is_null() {
            return Ok(Self::AzureCli);
        }
        let form: ManifestForm = serde_json::from_value(value.clone()).map_err(|error| {
            Error::new(kind::INVALID_CONFIG, format!("reading the operator: {error}"))
                .code("AZ-CONFIG-003")
        })?;
        let client_id = form.client_id;
        match form.auth {
            Auth::AzureCli | Auth::Environment if client_id.is_some() => {
                let message = "`client-id` goes with managed-identity or workload-identity only";
                Err(Error::new(kind::INVALID_CONFIG, message).code("AZ-CONFIG-003"))
            }
            Auth::AzureCli => Ok(Self::AzureCli),
            Auth::Environment => Ok(Self::Environment),
            Auth::ManagedIdentity => Ok(Self::ManagedIdentity { client_id }),
            Auth::WorkloadIdentity => Ok(Self::WorkloadIdentity { client_id }),
        }
    }

    /// Reads the operator of a simulated cloud.
    pub(crate) fn simulated(value: Value) -> Result<Self> {
        let wrong =
            |message: String| Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-CONFIG-004");
        let form: SimulatedForm = serde_json::from_value(value)
            // The error could quote the secret; where it is wrong is not worth that.
            .map_err(|_| wrong("the simulated operator is no client secret".into()))?;
        if form.kind != "client-secret" {
            return Err(wrong(format!("the simulated operator is a `{}`", form.kind)));
        }
        Ok(Self::ClientSecret {
            tenant: form.tenant_id,
            client_id: form.client_id,
            secret: form.client_secret,
        })
    }
}

/// The operator's tokens. The credential behind it is only made when a token is first needed, so
/// that planning offline asks nothing of the machine.
pub(crate) struct OperatorTokens {
    operator: Operator,
    tenant: String,
    endpoints: Endpoints,
    transport: Arc<dyn Transport>,
    source: OnceCell<Arc<dyn TokenSource>>,
}

impl OperatorTokens {
    pub(crate) fn new(
        operator: Operator,
        tenant: String,
        endpoints: Endpoints,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self { operator, tenant, endpoints, transport, source: OnceCell::new() }
    }

    fn make(&self) -> std::result::Result<Arc<dyn TokenSource>, ClientError> {
        let application = |tenant: &str, client_id: &str, secret: Secret| {
            let (endpoints, transport) = (self.endpoints.clone(), Arc::clone(&self.transport));
            Arc::new(ClientSecretSource::new(endpoints, transport, tenant, client_id, secret))
        };
        match &self.operator {
            Operator::AzureCli => identity::azure_cli(&self.tenant),
            Operator::ManagedIdentity { client_id } => {
                identity::managed_identity(client_id.clone())
            }
            Operator::WorkloadIdentity { client_id } => {
                let cloud = self.endpoints.cloud();
                identity::workload_identity(&self.tenant, client_id.clone(), cloud)
            }
            Operator::Environment => {
                let tenant = environment("AZURE_TENANT_ID")?;
                let client_id = environment("AZURE_CLIENT_ID")?;
                let secret = Secret::new(environment("AZURE_CLIENT_SECRET")?);
                if !tenant.eq_ignore_ascii_case(&self.tenant) {
                    return Err(ClientError::Credential {
                        message: format!(
                            "AZURE_TENANT_ID is {tenant}, but the manifest's tenant is {}",
                            self.tenant
                        ),
                    });
                }
                Ok(application(&tenant, &client_id, secret))
            }
            Operator::ClientSecret { tenant, client_id, secret } => {
                Ok(application(tenant, client_id, secret.clone()))
            }
        }
    }
}

#[async_trait]
impl TokenSource for OperatorTokens {
    async fn token(&self, scope: &str) -> std::result::Result<AccessToken, ClientError> {
        let source = self.source.get_or_try_init(|| async { self.make() }).await?;
        source.token(scope).await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an operator who chose `environment` put the credential there for this process"
)]
fn environment(name: &str) -> std::result::Result<String, ClientError> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| ClientError::Credential { message: format!("{name} is not set") })
}
