//! `trust`: who may become the role, and how that is proved from here.

use serde::Deserialize;
use skybridge_aws_client::Partition;

use super::Reference;

/// Who may become the role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Trust {
    /// A whole account: whoever that account lets.
    #[serde(default)]
    account: Option<String>,
    /// One role or user, or an account, by ARN.
    #[serde(default)]
    principal: Option<String>,
    /// Credentials of that principal, to prove the connection with; without them the operator
    /// looks from outside.
    #[serde(default)]
    pub(crate) proof: Option<Proof>,
}

/// Where credentials of the trusted principal are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Proof {
    /// In a profile of the shared credentials file.
    Profile(ProfileForm),
    /// Named one by one.
    Keys(KeysForm),
}

/// The first form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileForm {
    pub(crate) profile: String,
}

/// The second form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct KeysForm {
    pub(crate) access_key_id: Reference,
    pub(crate) secret_access_key: Reference,
    #[serde(default)]
    pub(crate) session_token: Option<Reference>,
}

impl Trust {
    /// The principal's ARN.
    pub(crate) fn principal(&self, partition: Partition) -> String {
        match (&self.principal, &self.account) {
            (Some(principal), _) => principal.clone(),
            (None, account) => {
                let account = account.as_deref().unwrap_or_default();
                format!("arn:{}:iam::{account}:root", partition.word())
            }
        }
    }

    /// What is wrong, with where; the schema has said the rest.
    pub(super) fn check(&self, partition: Partition) -> Result<(), (String, String)> {
        if self.account.is_some() == self.principal.is_some() {
            let message = "`trust` names exactly one of `account` and `principal`";
            return Err(("/trust".into(), message.into()));
        }
        let principal = self.principal(partition);
        if !principal.starts_with(&format!("arn:{}:iam::", partition.word())) {
            let message = format!("`{principal}` is not in the partition {}", partition.word());
            return Err(("/trust/principal".into(), message));
        }
        Ok(())
    }
}

/// The account an ARN is of.
pub(crate) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}
