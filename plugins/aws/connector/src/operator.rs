//! Who runs the onboarding: where the operator's credentials come from.
//!
//! Each way of finding them is one file. Single sign-on is not among them: its cache is the AWS
//! CLI's own, and the CLI hands out what it has with `aws configure export-credentials`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use skybridge_aws_client::{Client, ClientError, CredentialSource, Credentials, Secret};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

mod chain;
mod container;
mod environment;
mod instance;
mod local;
mod profile;
mod variables;
mod web_identity;

pub(crate) use profile::source as profile_source;
pub(crate) use variables::Variables;

/// `[connectors.NAME.operator]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operator {
    /// Keys in variables.
    Environment,
    /// Keys in the shared credentials file.
    Profile(Option<String>),
    /// A token in a file, for a role.
    WebIdentity,
    /// The role of a task or pod.
    Container,
    /// The role of a machine.
    Instance,
    /// The first of the others that is configured.
    Chain(Option<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Form {
    auth: Auth,
    #[serde(default)]
    profile: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Auth {
    Chain,
    Container,
    Environment,
    Instance,
    Profile,
    WebIdentity,
}

impl Operator {
    /// Reads the manifest's table; one that is left out means `chain`.
    pub(crate) fn read(value: &Value) -> Result<Self> {
        if value.is_null() {
            return Ok(Self::Chain(None));
        }
        let form: Form = serde_json::from_value(value.clone()).map_err(|error| {
            Error::new(kind::INVALID_CONFIG, format!("reading the operator: {error}"))
                .code("AWS-CONFIG-003")
        })?;
        let alone = |operator: Self| match form.profile {
            None => Ok(operator),
            Some(_) => {
                let message = "`profile` goes with `profile` and `chain` only";
                Err(Error::new(kind::INVALID_CONFIG, message)
                    .code("AWS-CONFIG-003")
                    .pointer("/profile"))
            }
        };
        match form.auth {
            Auth::Profile => Ok(Self::Profile(form.profile)),
            Auth::Chain => Ok(Self::Chain(form.profile)),
            Auth::Environment => alone(Self::Environment),
            Auth::WebIdentity => alone(Self::WebIdentity),
            Auth::Container => alone(Self::Container),
            Auth::Instance => alone(Self::Instance),
        }
    }
}

/// Finds the operator's credentials when they are first needed.
pub(crate) struct OperatorCredentials {
    pub(crate) operator: Operator,
    pub(crate) variables: Variables,
    /// Asks STS, for a web identity; it signs nothing.
    pub(crate) sts: Client,
}

#[async_trait]
impl CredentialSource for OperatorCredentials {
    async fn fetch(&self) -> std::result::Result<Credentials, ClientError> {
        let source: Arc<dyn CredentialSource> = match &self.operator {
            Operator::Environment => Arc::new(environment::credentials(&self.variables)?),
            Operator::Profile(name) => Arc::new(profile::source(&self.variables, name.as_deref())?),
            Operator::WebIdentity => Arc::new(web_identity::source(&self.variables, &self.sts)?),
            Operator::Container => Arc::new(container::source(&self.variables)?),
            Operator::Instance => Arc::new(instance::source(&self.variables)?),
            Operator::Chain(profile) => {
                chain::source(&self.variables, &self.sts, profile.as_deref())?
            }
        };
        source.fetch().await
    }
}

/// Nothing to sign with, and nothing will change that by itself.
fn none(message: impl Into<String>) -> ClientError {
    ClientError::Credential { message: message.into(), transient: false }
}

/// What metadata services answer with: keys of a role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleKeys {
    access_key_id: String,
    secret_access_key: Secret,
    token: Secret,
    #[serde(default)]
    expiration: Option<String>,
}

impl From<RoleKeys> for Credentials {
    fn from(keys: RoleKeys) -> Self {
        Self {
            access_key_id: keys.access_key_id,
            secret_access_key: keys.secret_access_key,
            session_token: Some(keys.token),
            expires: keys.expiration.and_then(|end| end.parse().ok()),
        }
    }
}

#[cfg(test)]
mod tests;
