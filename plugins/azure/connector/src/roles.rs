//! The role catalogue: which grants, what each is for, and what it exposes.

/// A role that is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Role {
    /// The name word of the step's address.
    pub(crate) word: &'static str,
    /// Its name in Azure.
    pub(crate) title: &'static str,
    /// Its id, the same in every tenant; nothing for the custom role, whose id is computed.
    pub(crate) id: Option<&'static str>,
    /// The steps of the onboarding page.
    pub(crate) reference: &'static str,
    /// What the reader of a plan should know.
    pub(crate) note: Option<&'static str>,
}

/// `*/read` on the control plane. Listed in Azure's built-in roles, general.
pub(crate) const READER: Role = Role {
    word: "reader",
    title: "Reader",
    id: Some("acdd72a7-3385-48ef-bd42-f606fba81ae7"),
    reference: "1.7-1.12",
    note: None,
};

/// Reads blobs. Listed in Azure's built-in roles, storage.
pub(crate) const STORAGE_BLOB_DATA_READER: Role = Role {
    word: "storage-blob-data-reader",
    title: "Storage Blob Data Reader",
    id: Some("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"),
    reference: "1.7-1.12",
    note: Some("reads the contents of every blob in the subscription"),
};

/// Reads files. Listed in Azure's built-in roles, storage.
pub(crate) const STORAGE_FILE_DATA_PRIVILEGED_READER: Role = Role {
    word: "storage-file-data-privileged-reader",
    title: "Storage File Data Privileged Reader",
    id: Some("b8eda974-7b85-4f76-af95-65846b26df6d"),
    reference: "1.7-1.12",
    note: Some("reads the contents of every file share, whatever the files' own permissions say"),
};

/// Reads inside clusters. Listed in Azure's built-in roles, containers.
pub(crate) const AKS_RBAC_READER: Role = Role {
    word: "aks-rbac-reader",
    title: "Azure Kubernetes Service RBAC Reader",
    id: Some("7f6c6a51-bcf8-42ba-9220-52d62157d7db"),
    reference: "1.12 (note)",
    note: Some("works only on clusters with Entra sign-in and Azure RBAC; does not read Secrets"),
};

/// Fetches the sign-in file of clusters. Listed in Azure's built-in roles, containers.
pub(crate) const AKS_CLUSTER_USER: Role = Role {
    word: "aks-cluster-user",
    title: "Azure Kubernetes Service Cluster User Role",
    id: Some("4abbcc35-e782-43d8-92c5-2d3f1bd2253f"),
    reference: "1.12 (note)",
    note: Some("on clusters with local accounts the file it fetches is itself a credential"),
};

/// Reads management groups. Listed in Azure's built-in roles, management and governance.
pub(crate) const MANAGEMENT_GROUP_READER: Role = Role {
    word: "management-group-reader",
    title: "Management Group Reader",
    id: Some("ac63b705-f282-497d-ac71-919bf39d939d"),
    reference: "1.19-1.22",
    note: Some(
        "the root management group is the whole tenant: the role reads every role assignment and \
         definition in it",
    ),
};

/// The custom role.
pub(crate) const CUSTOM: Role = Role {
    word: "custom",
    title: "the custom role",
    id: None,
    reference: "1.18",
    note: Some("the page creates the role and does not say that it has to be assigned"),
};

/// Assigned on every subscription.
pub(crate) const ON_SUBSCRIPTION: [Role; 4] =
    [READER, STORAGE_BLOB_DATA_READER, STORAGE_FILE_DATA_PRIVILEGED_READER, CUSTOM];

/// Assigned on subscriptions or clusters, as the settings say.
pub(crate) const FOR_KUBERNETES: [Role; 2] = [AKS_RBAC_READER, AKS_CLUSTER_USER];

/// The role with the name word `word`.
pub(crate) fn by_word(word: &str) -> Option<Role> {
    ON_SUBSCRIPTION
        .into_iter()
        .chain(FOR_KUBERNETES)
        .chain([MANAGEMENT_GROUP_READER])
        .find(|role| role.word == word)
}

/// The name of the role with this id, as far as it is known here.
pub(crate) fn title_of(id: &str) -> &str {
    const OFTEN: [(&str, &str); 4] = [
        ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"),
        ("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"),
        ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"),
        ("f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator"),
    ];
    let ours = ON_SUBSCRIPTION.into_iter().chain(FOR_KUBERNETES).chain([MANAGEMENT_GROUP_READER]);
    ours.filter_map(|role| Some((role.id?, role.title)))
        .chain(OFTEN)
        .find(|(known, _)| known.eq_ignore_ascii_case(id))
        .map_or(id, |(_, title)| title)
}

/// What the custom role allows. The page prints the first with another vendor's name in front,
/// which Azure refuses together with the whole role.
pub(crate) const CUSTOM_ACTIONS: [CustomAction; 2] = [
    CustomAction {
        provider: "Microsoft.Web",
        action: "Microsoft.Web/sites/config/list/Action",
        exposes: "live application settings, connection strings and publishing credentials of \
                  every web application",
    },
    CustomAction {
        provider: "Microsoft.Network",
        action: "Microsoft.Network/bastionHosts/getShareableLinks/action",
        exposes: "working links into machines behind Bastion",
    },
];

/// One action of the custom role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CustomAction {
    /// The resource provider that has to know it.
    pub(crate) provider: &'static str,
    /// The action.
    pub(crate) action: &'static str,
    /// What whoever has it can see.
    pub(crate) exposes: &'static str,
}

/// A Graph permission for applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GraphPermission {
    /// The name word of the consent step's address.
    pub(crate) word: &'static str,
    /// Its name in Graph, and in the `roles` of a token.
    pub(crate) value: &'static str,
    /// Its id as an application permission; the delegated one of the same name has another.
    pub(crate) id: &'static str,
}

/// What the connector reads of the directory. Ids from Graph's permissions reference.
pub(crate) const GRAPH_PERMISSIONS: [GraphPermission; 2] = [
    GraphPermission {
        word: "directory-read-all",
        value: "Directory.Read.All",
        id: "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    },
    GraphPermission {
        word: "policy-read-all",
        value: "Policy.Read.All",
        id: "246dd0d5-5bd0-4def-940b-0421030a5b68",
    },
];

/// The Graph permission with the name word `word`.
pub(crate) fn graph_permission(word: &str) -> Option<GraphPermission> {
    GRAPH_PERMISSIONS.into_iter().find(|permission| permission.word == word)
}
