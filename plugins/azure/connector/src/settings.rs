//! The connector's settings, as the manifest has them.

use std::collections::BTreeSet;

use serde::Deserialize;
use skybridge_azure_client::Cloud;
use skybridge_plugin_sdk::{Error, Result, kind};
use uuid::Uuid;

use crate::grants::Grants;

mod capability;
mod choices;
mod cloud;
mod credential;
mod scope;

pub(crate) use capability::Capability;
pub(crate) use choices::{Consent, DeletedApplication, RootManagementGroup, Wait};
pub(crate) use cloud::{Addresses, CloudSetting};
pub(crate) use credential::{Credential, CredentialKind, EXCHANGE_AUDIENCE, Federation};
pub(crate) use scope::{Scope, Watched};

/// `[connectors.NAME.settings]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    pub(crate) tenant: Uuid,
    #[serde(default = "default_display_name")]
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) permissions: Permissions,
    #[serde(default = "capability::every")]
    pub(crate) capabilities: BTreeSet<Capability>,
    pub(crate) scope: Scope,
    #[serde(default)]
    pub(crate) aks: Aks,
    #[serde(default)]
    pub(crate) credential: Credential,
    #[serde(default)]
    pub(crate) root_management_group: RootManagementGroup,
    #[serde(default)]
    pub(crate) consent: Consent,
    #[serde(default)]
    pub(crate) consent_wait: Wait,
    #[serde(default)]
    pub(crate) deleted_application: DeletedApplication,
    #[serde(default)]
    cloud: CloudSetting,
}

/// Which grants are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Permissions {
    /// Exactly those of the onboarding page.
    #[default]
    Seed,
    /// Only what an enabled capability needs.
    Least,
}

/// Where the roles for Kubernetes are assigned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "AksForm")]
#[derive(Default)]
pub(crate) enum Aks {
    /// Nowhere.
    Off,
    /// On each subscription: all its clusters, today's and tomorrow's.
    #[default]
    Subscription,
    /// On these clusters alone.
    Clusters(Vec<String>),
}

/// The forms `aks` may be written in.
#[derive(Deserialize)]
#[serde(untagged)]
enum AksForm {
    Switch(bool),
    Scoped(AksScoped),
    Listed(AksListed),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AksScoped {
    scope: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AksListed {
    clusters: Vec<String>,
}

impl TryFrom<AksForm> for Aks {
    type Error = String;

    fn try_from(form: AksForm) -> std::result::Result<Self, String> {
        match form {
            AksForm::Switch(false) => Ok(Self::Off),
            AksForm::Switch(true) => {
                Err("`aks` is `false`, { scope = \"subscription\" } or { clusters = […] }".into())
            }
            AksForm::Scoped(AksScoped { scope }) if scope == "subscription" => {
                Ok(Self::Subscription)
            }
            AksForm::Scoped(AksScoped { scope }) => {
                Err(format!("`{scope}` is no scope for `aks`; `subscription` is"))
            }
            AksForm::Listed(AksListed { clusters }) => Ok(Self::Clusters(clusters)),
        }
    }
}

fn default_display_name() -> String {
    "skybridge-connector".to_owned()
}

impl Settings {
    /// Reads settings that are valid by the schema, and checks what a schema cannot say.
    pub(crate) fn read(value: serde_json::Value) -> Result<Self> {
        let settings: Self = serde_json::from_value(value).map_err(|error| {
            Error::new(kind::INVALID_CONFIG, format!("reading the settings: {error}"))
                .code("AZ-CONFIG-001")
        })?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<()> {
        self.cloud.endpoints()?;
        let complaint = |pointer: String, message: String| {
            Err(Error::new(kind::INVALID_CONFIG, message).code("AZ-CONFIG-002").pointer(pointer))
        };
        if let Err((pointer, message)) = self.scope.check() {
            return complaint(pointer, message);
        }
        let mut credential = self.credential.complaints().into_iter();
        if let Some((key, message)) = credential.next() {
            // All that is wrong with it is told at once.
            let first = Error::new(kind::INVALID_CONFIG, message)
                .code("AZ-CONFIG-002")
                .pointer(format!("/credential/{key}"));
            return Err(credential.fold(first, |error, (key, message)| {
                error.context(format!("/credential/{key}"), message)
            }));
        }
        let listed = self.scope.listed();
        let mut clusters = BTreeSet::new();
        for (index, cluster) in self.clusters().iter().enumerate() {
            let pointer = format!("/aks/clusters/{index}");
            match subscription_of_cluster(cluster) {
                Some(id) if self.scope.is_dynamic() || listed.contains(&id) => {}
                Some(subscription) => {
                    let message = format!(
                        "the cluster is in subscription {subscription}, which `scope` does not list"
                    );
                    return complaint(pointer, message);
                }
                None => {
                    return complaint(pointer, format!("`{cluster}` is no cluster's resource id"));
                }
            }
            if !clusters.insert(cluster.to_ascii_lowercase()) {
                return complaint(pointer, "the cluster is listed twice".into());
            }
        }
        Ok(())
    }

    /// Which permissions the connection asks for.
    pub(crate) fn grants(&self) -> Grants {
        Grants::of(self)
    }

    /// The tenant id as text, in small letters.
    pub(crate) fn tenant_id(&self) -> String {
        self.tenant.to_string()
    }

    /// The clusters listed one by one.
    pub(crate) fn clusters(&self) -> &[String] {
        match &self.aks {
            Aks::Clusters(clusters) => clusters,
            Aks::Off | Aks::Subscription => &[],
        }
    }

    /// The resource scopes of the subscriptions listed one by one, sorted.
    pub(crate) fn subscription_scopes(&self) -> Vec<String> {
        let mut scopes: Vec<_> =
            self.scope.listed().iter().map(|id| format!("/subscriptions/{id}")).collect();
        scopes.sort();
        scopes
    }

    /// The cloud whose rules hold.
    pub(crate) const fn cloud(&self) -> Cloud {
        self.cloud.cloud()
    }

    /// Where the cloud is, as the manifest has it.
    pub(crate) const fn where_it_is(&self) -> &CloudSetting {
        &self.cloud
    }

    /// The addresses a plan shows.
    pub(crate) fn addresses(&self) -> Addresses<'_> {
        self.cloud.addresses()
    }
}

/// The subscription in a cluster's resource id, when it is one.
pub(crate) fn subscription_of_cluster(id: &str) -> Option<Uuid> {
    let parts: Vec<&str> = id.strip_prefix('/')?.split('/').collect();
    let [s, subscription, g, group, p, provider, t, name] = parts.as_slice() else { return None };
    let words = [
        (s, "subscriptions"),
        (g, "resourceGroups"),
        (p, "providers"),
        (provider, "Microsoft.ContainerService"),
        (t, "managedClusters"),
    ];
    let fits = words.iter().all(|(word, wanted)| word.eq_ignore_ascii_case(wanted))
        && [group, name].iter().all(|text| !["", ".", ".."].contains(*text));
    if fits { subscription.parse().ok() } else { None }
}
