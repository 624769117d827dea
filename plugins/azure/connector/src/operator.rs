//! Who runs the onboarding: where the operator's tokens come from.
//!
//! What Microsoft's library knows how to find it finds (`identity`); what it does not have is here:
//! an application of the environment, the chain, and signing in on another device. Every token is
//! looked at once before it is used: one of another tenant would read and write somewhere else.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use skybridge_azure_client::login::ClientSecretSource;
use skybridge_azure_client::{
    AccessToken, Claims, ClientError, Endpoints, Secret, TokenSource, Transport, Trust,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};
use tokio::sync::OnceCell;

use crate::errors::{DEVICE_SIGN_IN, OPERATOR_SIGN_IN};

mod chain;
pub(crate) mod delegated;
mod device_code;
mod environment;
mod identity;
mod surroundings;

pub(crate) use device_code::telling;
use surroundings::Variables;

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
    /// The first of the others that is configured.
    Chain,
    /// A person who signs in on another device, to this public client application.
    DeviceCode { client_id: String },
    /// An application, known in memory only: how one operates a simulated cloud.
    ClientSecret { tenant: String, client_id: String, secret: Secret },
}

/// Where an operator's tokens are asked for, and for which tenant.
#[derive(Clone)]
pub(crate) struct Reaching {
    pub(crate) tenant: String,
    pub(crate) endpoints: Endpoints,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) trust: Trust,
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
    Chain,
    DeviceCode,
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
    /// Of an application.
    client_secret: Option<Secret>,
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
        let wrong = |message: &str| {
            let error = Error::new(kind::INVALID_CONFIG, message).code("AZ-CONFIG-003");
            Err(error.pointer("/client-id"))
        };
        let client_id = form.client_id;
        match form.auth {
            Auth::AzureCli | Auth::Chain | Auth::Environment if client_id.is_some() => wrong(
                "`client-id` goes with managed-identity, workload-identity and device-code only",
            ),
            Auth::AzureCli => Ok(Self::AzureCli),
            Auth::Chain => Ok(Self::Chain),
            Auth::Environment => Ok(Self::Environment),
            Auth::ManagedIdentity => Ok(Self::ManagedIdentity { client_id }),
            Auth::WorkloadIdentity => Ok(Self::WorkloadIdentity { client_id }),
            Auth::DeviceCode => match client_id {
                Some(client_id) => Ok(Self::DeviceCode { client_id }),
                None => wrong(
                    "`device-code` needs the `client-id` of a public client application; \
                     04b07795-8ddb-461a-bbee-02f9e1bf7b46 is the Azure CLI's, which every tenant \
                     knows",
                ),
            },
        }
    }

    /// Reads the operator of a simulated cloud.
    pub(crate) fn simulated(value: Value) -> Result<Self> {
        let wrong =
            |message: String| Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-CONFIG-004");
        let form: SimulatedForm = serde_json::from_value(value)
            // The error could quote the secret; where it is wrong is not worth that.
            .map_err(|_| wrong("the simulated operator cannot be read".into()))?;
        let SimulatedForm { tenant_id: tenant, client_id, .. } = form;
        match (form.kind.as_str(), form.client_secret) {
            ("client-secret", Some(secret)) => Ok(Self::ClientSecret { tenant, client_id, secret }),
            ("person", _) => Ok(Self::DeviceCode { client_id }),
            ("client-secret", None) => Err(wrong("the simulated operator has no secret".into())),
            (other, _) => Err(wrong(format!("the simulated operator is a `{other}`"))),
        }
    }
}

/// The operator's tokens. The credential behind it is only made when a token is first needed, so
/// that planning offline asks nothing of the machine.
pub(crate) struct OperatorTokens {
    operator: Operator,
    reaching: Reaching,
    variables: Variables,
    source: OnceCell<Arc<dyn TokenSource>>,
}

impl OperatorTokens {
    pub(crate) fn new(operator: Operator, reaching: Reaching) -> Self {
        let variables = Variables::of_process();
        Self { operator, reaching, variables, source: OnceCell::new() }
    }

    #[cfg(test)]
    pub(crate) fn with_variables(mut self, variables: &[(&str, &str)]) -> Self {
        self.variables = Variables::given(variables);
        self
    }

    async fn make(&self) -> std::result::Result<Arc<dyn TokenSource>, ClientError> {
        let reaching = &self.reaching;
        match &self.operator {
            Operator::AzureCli => identity::azure_cli(&reaching.tenant),
            Operator::ManagedIdentity { client_id } => {
                identity::managed_identity(client_id.clone())
            }
            Operator::WorkloadIdentity { client_id } => {
                identity::workload_identity(reaching, client_id.clone())
            }
            Operator::Environment => environment::source(&self.variables, reaching),
            Operator::Chain => chain::source(&self.variables, reaching).await,
            Operator::DeviceCode { client_id } => {
                let source =
                    device_code::DeviceCodeSource::new(reaching.clone(), client_id.clone());
                Ok(Arc::new(source))
            }
            Operator::ClientSecret { tenant, client_id, secret } => {
                Ok(Arc::new(ClientSecretSource::new(
                    reaching.endpoints.clone(),
                    Arc::clone(&reaching.transport),
                    tenant,
                    client_id,
                    secret.clone(),
                )))
            }
        }
    }
}

/// Says whose token it was that was refused: the connector asks the same service for its own.
fn while_doing(what: &'static str, mut error: ClientError) -> ClientError {
    match &mut error {
        ClientError::Service(refusal) => refusal.operation = what,
        ClientError::Transport { operation, .. } | ClientError::Decode { operation, .. } => {
            *operation = what;
        }
        _ => {}
    }
    error
}

#[async_trait]
impl TokenSource for OperatorTokens {
    async fn token(&self, scope: &str) -> std::result::Result<AccessToken, ClientError> {
        let source = self.source.get_or_try_init(|| self.make()).await?;
        let what = match self.operator {
            Operator::DeviceCode { .. } => DEVICE_SIGN_IN,
            _ => OPERATOR_SIGN_IN,
        };
        let token = source.token(scope).await.map_err(|error| while_doing(what, error))?;
        let wanted = &self.reaching.tenant;
        match Claims::of(&token.secret).and_then(|claims| claims.tid) {
            Some(found) if !found.eq_ignore_ascii_case(wanted) => {
                Err(ClientError::WrongTenant { found, wanted: wanted.clone() })
            }
            _ => Ok(token),
        }
    }
}
