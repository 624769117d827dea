//! Built-in roles: the ids and permissions they have in every tenant.

use uuid::{Uuid, uuid};

use super::access::covers;
use crate::store::objects::Permission;

/// A built-in role.
#[derive(Debug)]
pub(crate) struct BuiltInRole {
    pub(crate) id: Uuid,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    actions: &'static [&'static str],
    not_actions: &'static [&'static str],
    data_actions: &'static [&'static str],
}

impl BuiltInRole {
    /// Whether it allows a control-plane action.
    pub(super) fn grants(&self, action: &str) -> bool {
        covers(self.actions, action) && !covers(self.not_actions, action)
    }

    pub(crate) fn permission(&self) -> Permission {
        let own = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        Permission {
            actions: own(self.actions),
            not_actions: own(self.not_actions),
            data_actions: own(self.data_actions),
            not_data_actions: Vec::new(),
        }
    }
}

/// User Access Administrator: what an elevated administrator gets.
pub(crate) const USER_ACCESS_ADMINISTRATOR: Uuid = uuid!("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9");

pub(crate) const ALL: &[BuiltInRole] = &[
    BuiltInRole {
        id: uuid!("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
        name: "Owner",
        description: "Manages everything, including who has access.",
        actions: &["*"],
        not_actions: &[],
        data_actions: &[],
    },
    BuiltInRole {
        id: uuid!("b24988ac-6180-42a0-ab88-20f7382dd24c"),
        name: "Contributor",
        description: "Manages everything except who has access.",
        actions: &["*"],
        not_actions: &[
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
            "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
        ],
        data_actions: &[],
    },
    BuiltInRole {
        id: uuid!("acdd72a7-3385-48ef-bd42-f606fba81ae7"),
        name: "Reader",
        description: "Sees everything, changes nothing.",
        actions: &["*/read"],
        not_actions: &[],
        data_actions: &[],
    },
    BuiltInRole {
        id: USER_ACCESS_ADMINISTRATOR,
        name: "User Access Administrator",
        description: "Manages who has access.",
        actions: &["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
        not_actions: &[],
        data_actions: &[],
    },
    BuiltInRole {
        id: uuid!("f58310d9-a9f6-439a-9e8d-f62e7b41a168"),
        name: "Role Based Access Control Administrator",
        description: "Assigns roles, but defines none.",
        actions: &[
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ],
        not_actions: &[],
        data_actions: &[],
    },
    BuiltInRole {
        id: uuid!("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"),
        name: "Storage Blob Data Reader",
        description: "Reads containers and blobs.",
        actions: &[
            "Microsoft.Storage/storageAccounts/blobServices/containers/read",
            "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
        ],
        not_actions: &[],
        data_actions: &["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
    },
    BuiltInRole {
        id: uuid!("b8eda974-7b85-4f76-af95-65846b26df6d"),
        name: "Storage File Data Privileged Reader",
        description: "Reads all files of file shares, whatever their own permissions say.",
        actions: &[],
        not_actions: &[],
        data_actions: &[
            "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/read",
            "Microsoft.Storage/storageAccounts/fileServices/readFileBackupSemantics/action",
        ],
    },
    BuiltInRole {
        id: uuid!("7f6c6a51-bcf8-42ba-9220-52d62157d7db"),
        name: "Azure Kubernetes Service RBAC Reader",
        description: "Sees most objects of a namespace, but no secrets and no roles.",
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/operationresults/read",
            "Microsoft.Resources/subscriptions/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ],
        not_actions: &[],
        data_actions: KUBERNETES_READS,
    },
    BuiltInRole {
        id: uuid!("4abbcc35-e782-43d8-92c5-2d3f1bd2253f"),
        name: "Azure Kubernetes Service Cluster User Role",
        description: "Fetches a cluster's user credential.",
        actions: &[
            "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
            "Microsoft.ContainerService/managedClusters/read",
        ],
        not_actions: &[],
        data_actions: &[],
    },
    BuiltInRole {
        id: uuid!("ac63b705-f282-497d-ac71-919bf39d939d"),
        name: "Management Group Reader",
        description: "Sees the management group hierarchy.",
        actions: &[
            "Microsoft.Management/managementGroups/read",
            "Microsoft.Management/managementGroups/subscriptions/read",
            "Microsoft.Authorization/*/read",
        ],
        not_actions: &[],
        data_actions: &[],
    },
];

const KUBERNETES_READS: &[&str] = &[
    "Microsoft.ContainerService/managedClusters/apps/controllerrevisions/read",
    "Microsoft.ContainerService/managedClusters/apps/daemonsets/read",
    "Microsoft.ContainerService/managedClusters/apps/deployments/read",
    "Microsoft.ContainerService/managedClusters/apps/replicasets/read",
    "Microsoft.ContainerService/managedClusters/apps/statefulsets/read",
    "Microsoft.ContainerService/managedClusters/autoscaling/horizontalpodautoscalers/read",
    "Microsoft.ContainerService/managedClusters/batch/cronjobs/read",
    "Microsoft.ContainerService/managedClusters/batch/jobs/read",
    "Microsoft.ContainerService/managedClusters/configmaps/read",
    "Microsoft.ContainerService/managedClusters/discovery.k8s.io/endpointslices/read",
    "Microsoft.ContainerService/managedClusters/endpoints/read",
    "Microsoft.ContainerService/managedClusters/events.k8s.io/events/read",
    "Microsoft.ContainerService/managedClusters/events/read",
    "Microsoft.ContainerService/managedClusters/limitranges/read",
    "Microsoft.ContainerService/managedClusters/namespaces/read",
    "Microsoft.ContainerService/managedClusters/networking.k8s.io/ingresses/read",
    "Microsoft.ContainerService/managedClusters/networking.k8s.io/networkpolicies/read",
    "Microsoft.ContainerService/managedClusters/persistentvolumeclaims/read",
    "Microsoft.ContainerService/managedClusters/pods/read",
    "Microsoft.ContainerService/managedClusters/policy/poddisruptionbudgets/read",
    "Microsoft.ContainerService/managedClusters/replicationcontrollers/read",
    "Microsoft.ContainerService/managedClusters/resourcequotas/read",
    "Microsoft.ContainerService/managedClusters/serviceaccounts/read",
    "Microsoft.ContainerService/managedClusters/services/read",
];

/// The role of this name.
pub(crate) fn named(name: &str) -> Option<&'static BuiltInRole> {
    ALL.iter().find(|role| role.name.eq_ignore_ascii_case(name))
}

/// The role of this id.
pub(crate) fn with_id(id: Uuid) -> Option<&'static BuiltInRole> {
    ALL.iter().find(|role| role.id == id)
}
