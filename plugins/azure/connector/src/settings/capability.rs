//! `capabilities`: what the connection is for.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Something the connection makes possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Capability {
    /// What there is, and how it hangs together.
    AssetVisibility,
    /// What runs in clusters.
    Kubernetes,
    /// What can be reached from the internet.
    InternetExposure,
    /// From source to what is deployed, and what it talks to.
    CloudBom,
    /// What runs comes before what merely exists.
    RuntimePrioritization,
    /// How somebody could get from the outside to what matters.
    AttackPaths,
    /// Which images run.
    RuntimeScanning,
    /// Whether what runs comes from a trusted source.
    ArtifactIntegrity,
}

impl Capability {
    pub(crate) const ALL: [Self; 8] = [
        Self::AssetVisibility,
        Self::Kubernetes,
        Self::InternetExposure,
        Self::CloudBom,
        Self::RuntimePrioritization,
        Self::AttackPaths,
        Self::RuntimeScanning,
        Self::ArtifactIntegrity,
    ];

    /// As it stands in a manifest.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::AssetVisibility => "asset-visibility",
            Self::Kubernetes => "kubernetes",
            Self::InternetExposure => "internet-exposure",
            Self::CloudBom => "cloud-bom",
            Self::RuntimePrioritization => "runtime-prioritization",
            Self::AttackPaths => "attack-paths",
            Self::RuntimeScanning => "runtime-scanning",
            Self::ArtifactIntegrity => "artifact-integrity",
        }
    }
}

/// Every capability there is.
pub(crate) fn every() -> BTreeSet<Capability> {
    Capability::ALL.into_iter().collect()
}
