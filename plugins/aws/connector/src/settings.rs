//! The connector's settings, as the manifest has them.

use serde::Deserialize;
use skybridge_aws_client::{Endpoints, Partition};
use skybridge_plugin_sdk::{Error, Result, kind};

use crate::policies;

mod cloud;
mod duration;
mod reference;
mod scope;
mod trust;

pub(crate) use cloud::CloudSetting;
pub(crate) use duration::SessionDuration;
pub(crate) use reference::Reference;
pub(crate) use scope::Scope;
pub(crate) use trust::{Proof, Trust, account_of};

/// What the role is called where the manifest does not say.
pub(crate) const ROLE_NAME: &str = "skybridge-connector";

/// What Organizations calls the role it makes in every account it makes.
pub(crate) const MEMBER_ROLE: &str = "OrganizationAccountAccessRole";

/// `[connectors.NAME.settings]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// The operator's account.
    pub(crate) account: String,
    pub(crate) trust: Trust,
    #[serde(default)]
    pub(crate) external_id: Option<Reference>,
    #[serde(default = "default_role_name")]
    pub(crate) role_name: String,
    #[serde(default = "policies::default")]
    pub(crate) policies: Vec<String>,
    #[serde(default)]
    pub(crate) session_duration: SessionDuration,
    #[serde(default)]
    pub(crate) permissions_boundary: Option<String>,
    #[serde(default)]
    pub(crate) existing_role: ExistingRole,
    #[serde(default)]
    pub(crate) scope: Scope,
    #[serde(default = "default_member_role")]
    pub(crate) member_role: String,
    #[serde(default)]
    pub(crate) cloud: CloudSetting,
}

/// What is done about a role of our name that somebody else made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ExistingRole {
    /// Nothing: a person decides.
    #[default]
    Refuse,
    /// It is used, changed where it has to be, and never deleted.
    Adopt,
}

impl ExistingRole {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Adopt => "adopt",
        }
    }
}

fn default_role_name() -> String {
    ROLE_NAME.to_owned()
}

fn default_member_role() -> String {
    MEMBER_ROLE.to_owned()
}

/// A complaint about the setting at `pointer`.
fn wrong(pointer: impl Into<String>, message: impl Into<String>) -> Error {
    Error::new(kind::INVALID_CONFIG, message).code("AWS-CONFIG-002").pointer(pointer)
}

impl Settings {
    /// Reads settings that are valid by the schema, and checks what a schema cannot say.
    pub(crate) fn read(value: serde_json::Value) -> Result<Self> {
        let settings: Self = serde_json::from_value(value).map_err(|error| {
            Error::new(kind::INVALID_CONFIG, format!("reading the settings: {error}"))
                .code("AWS-CONFIG-001")
        })?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<()> {
        let partition = self.partition();
        self.endpoints(None)?;
        self.scope.check(&self.account).map_err(|(at, what)| wrong(at, what))?;
        self.trust.check(partition).map_err(|(at, what)| wrong(at, what))?;
        policies::check(&self.policies)
            .map_err(|(index, error)| error.pointer(format!("/policies/{index}")))?;
        if let Some(boundary) = &self.permissions_boundary
            && !boundary.starts_with(&format!("arn:{}:iam::", partition.word()))
        {
            let message =
                format!("`{boundary}` is no policy of the partition {}", partition.word());
            return Err(wrong("/permissions-boundary", message));
        }
        Ok(())
    }

    /// The partition everything is in.
    pub(crate) fn partition(&self) -> Partition {
        self.cloud.partition()
    }

    /// Where services are; `variable` is what AWS_ENDPOINT_URL says.
    pub(crate) fn endpoints(&self, variable: Option<&str>) -> Result<Endpoints> {
        self.cloud.endpoints(variable)
    }

    /// The ARN of the principal that may become the role.
    pub(crate) fn trusted_principal(&self) -> String {
        self.trust.principal(self.partition())
    }

    /// The ARN the role has, or will have, in `account`.
    pub(crate) fn role_arn(&self, account: &str) -> String {
        role_arn(self.partition(), account, &self.role_name)
    }

    /// The ARN of the role by which `account` is entered.
    pub(crate) fn member_role_arn(&self, account: &str) -> String {
        role_arn(self.partition(), account, &self.member_role)
    }

    /// The ARNs of the policies, in the manifest's order.
    pub(crate) fn policy_arns(&self) -> Vec<String> {
        self.policies.iter().map(|name| policies::arn(self.partition(), name)).collect()
    }
}

/// The ARN of the role `name` in `account`.
pub(crate) fn role_arn(partition: Partition, account: &str, name: &str) -> String {
    format!("arn:{}:iam::{account}:role/{name}", partition.word())
}

#[cfg(test)]
mod tests;
