//! The permissions, one by one: why each is asked for, which capability needs it, what stops
//! without it, and what it exposes.

use crate::settings::Capability::{
    self, ArtifactIntegrity, AssetVisibility, AttackPaths, CloudBom, InternetExposure, Kubernetes,
    RuntimePrioritization, RuntimeScanning,
};
use crate::settings::{Aks, Settings};

/// Where a permission holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Subscription,
    /// Each subscription, through the custom role.
    CustomRole,
    /// Where `aks` says.
    Kubernetes,
    RootGroup,
    Directory,
}

impl Where {
    pub(super) fn words(self, settings: &Settings) -> &'static str {
        match (self, &settings.aks) {
            (Self::Subscription | Self::CustomRole, _) => "each subscription",
            (Self::Kubernetes, Aks::Clusters(_)) => "each listed cluster",
            (Self::Kubernetes, _) => "each subscription, for its clusters",
            (Self::RootGroup, _) => "the root management group",
            (Self::Directory, _) => "the directory of the tenant",
        }
    }
}

/// One permission.
pub(super) struct Entry {
    /// Its name in Azure or Microsoft Graph.
    pub(super) permission: &'static str,
    pub(super) at: Where,
    pub(super) capabilities: &'static [Capability],
    pub(super) why: &'static str,
    pub(super) without: &'static str,
    pub(super) exposes: Option<&'static str>,
}

impl Entry {
    pub(super) const fn sort(&self) -> &'static str {
        match self.at {
            Where::Subscription | Where::Kubernetes | Where::RootGroup => "role",
            Where::CustomRole => "custom role action",
            Where::Directory => "Graph permission",
        }
    }
}

const INSIDE_CLUSTERS: &[Capability] =
    &[Kubernetes, RuntimePrioritization, RuntimeScanning, ArtifactIntegrity];

/// Every permission, in the order of the plan.
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        permission: "Reader",
        at: Where::Subscription,
        capabilities: &Capability::ALL,
        why: "every list of resources, networks and role assignments is read with it",
        without: "nothing works: not even the subscription can be seen",
        exposes: None,
    },
    Entry {
        permission: "Storage Blob Data Reader",
        at: Where::Subscription,
        capabilities: &[CloudBom, ArtifactIntegrity],
        why: "the packages that applications run from lie in blobs; their contents say what is \
              deployed and where it came from",
        without: "applications that run from a package in a blob stay without a bill of materials",
        exposes: Some("the contents of every blob in the subscription"),
    },
    Entry {
        permission: "Storage File Data Privileged Reader",
        at: Where::Subscription,
        capabilities: &[CloudBom, ArtifactIntegrity],
        why: "the code of functions lies in file shares",
        without: "functions whose code lies in a file share stay without a bill of materials",
        exposes: Some(
            "the contents of every file share, whatever the permissions on its files say",
        ),
    },
    Entry {
        permission: "Microsoft.Web/sites/config/list/Action",
        at: Where::CustomRole,
        capabilities: &[InternetExposure, CloudBom, AttackPaths],
        why: "application settings name the databases, vaults and registries an application uses, \
              and whether it asks callers to sign in; Azure counts reading them as an action",
        without: "what a web application talks to, and whether it is open to anybody, stays unknown",
        exposes: Some(
            "live secrets: application settings, connection strings and publishing credentials of \
             every web application",
        ),
    },
    Entry {
        permission: "Microsoft.Network/bastionHosts/getShareableLinks/action",
        at: Where::CustomRole,
        capabilities: &[InternetExposure, AttackPaths],
        why: "a shareable link is a way from the internet to a machine that no network rule shows",
        without: "machines that can be reached by such a link look unreachable",
        exposes: Some("working links: whoever has one gets to the sign-in of the machine"),
    },
    Entry {
        permission: "Azure Kubernetes Service RBAC Reader",
        at: Where::Kubernetes,
        capabilities: INSIDE_CLUSTERS,
        why: "workloads, their images and how they are published are read inside the cluster",
        without: "what runs in clusters stays unknown; what is deployed cannot be told from what \
                  merely exists",
        exposes: None,
    },
    Entry {
        permission: "Azure Kubernetes Service Cluster User Role",
        at: Where::Kubernetes,
        capabilities: INSIDE_CLUSTERS,
        why: "the address and certificate authority of a cluster are fetched with it",
        without: "no cluster can be reached",
        exposes: Some(
            "on clusters without Entra sign-in the file it fetches is an administrator's credential",
        ),
    },
    Entry {
        permission: "Management Group Reader",
        at: Where::RootGroup,
        capabilities: &[AssetVisibility, AttackPaths],
        why: "the hierarchy of management groups shows what is inherited, and which subscriptions \
              nobody connected",
        without: "roles inherited from management groups and subscriptions that are not connected \
                  stay unseen",
        exposes: Some("every role assignment and role definition of the tenant"),
    },
    Entry {
        permission: "Directory.Read.All",
        at: Where::Directory,
        capabilities: &[AssetVisibility, AttackPaths],
        why: "people, groups, applications and their memberships give names and reach to whoever \
              holds a role",
        without: "whoever holds a role stays a bare id, and paths through groups and applications \
                  are missing",
        exposes: Some("every person, group and application of the directory"),
    },
    Entry {
        permission: "Policy.Read.All",
        at: Where::Directory,
        capabilities: &[AttackPaths],
        why: "conditional access and the tenant's policies decide whether a stolen password is \
              enough",
        without: "paths that a policy cuts look open",
        exposes: None,
    },
];
