//! Microsoft Graph's own service principal and the app roles it exposes.

use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::chance::seeded_id;
use crate::world::World;

/// Its application id, the same in every tenant.
pub(crate) const APP_ID: Uuid = uuid!("00000003-0000-0000-c000-000000000000");
/// The tenant that owns Microsoft's own applications.
const OWNER: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// A permission: an app role, or a scope of the same name.
#[derive(Debug)]
pub(crate) struct AppRole {
    pub(crate) id: Uuid,
    pub(crate) value: &'static str,
    title: &'static str,
}

const fn role(id: Uuid, value: &'static str, title: &'static str) -> AppRole {
    AppRole { id, value, title }
}

const APP_ROLES: [AppRole; 13] = [
    role(uuid!("7ab1d382-f21e-4acd-a863-ba3e13f7da61"), "Directory.Read.All", "Read the directory"),
    role(uuid!("246dd0d5-5bd0-4def-940b-0421030a5b68"), "Policy.Read.All", "Read policies"),
    role(
        uuid!("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"),
        "Application.ReadWrite.All",
        "Manage all applications",
    ),
    role(
        uuid!("18a4783c-866b-4cc7-a460-3d5e5662c884"),
        "Application.ReadWrite.OwnedBy",
        "Manage its own applications",
    ),
    role(
        uuid!("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
        "Application.Read.All",
        "Read applications",
    ),
    role(
        uuid!("06b708a9-e830-4db3-a914-8e69da51d44f"),
        "AppRoleAssignment.ReadWrite.All",
        "Grant app roles",
    ),
    role(
        uuid!("483bed4a-2ad3-4361-a73b-c83ccdbdc53c"),
        "RoleManagement.Read.Directory",
        "Read directory roles",
    ),
    role(
        uuid!("9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"),
        "RoleManagement.ReadWrite.Directory",
        "Manage directory roles",
    ),
    role(uuid!("df021288-bdef-4463-88db-98f22de89214"), "User.Read.All", "Read users"),
    role(uuid!("5b567255-7703-4780-807c-7be8301ae99b"), "Group.Read.All", "Read groups"),
    role(
        uuid!("498476ce-e0fe-48b0-b801-37ba7e2685c6"),
        "Organization.Read.All",
        "Read the organization",
    ),
    role(
        uuid!("ff278e11-4a33-4d0c-83d2-d01dc58929a5"),
        "RoleEligibilitySchedule.Read.Directory",
        "Read who is eligible for directory roles",
    ),
    role(
        uuid!("19dbc75e-c2e2-444c-a770-ec69d8559fc7"),
        "Directory.ReadWrite.All",
        "Manage the directory",
    ),
];

/// Delegated permissions: other ids under the same names.
const SCOPES: [AppRole; 12] = [
    role(uuid!("e1fe6dd8-ba31-4d61-89e7-88639da4683d"), "User.Read", "Read one's own profile"),
    role(uuid!("06da0dbc-49e2-44d2-8312-53f166ab848a"), "Directory.Read.All", "Read the directory"),
    role(uuid!("572fea84-0151-49b2-9301-11cb16974376"), "Policy.Read.All", "Read policies"),
    role(
        uuid!("bdfbf15f-ee85-4955-8675-146e8e5296b5"),
        "Application.ReadWrite.All",
        "Manage all applications",
    ),
    role(
        uuid!("c79f8feb-a9db-4090-85f9-90d820caa0eb"),
        "Application.Read.All",
        "Read applications",
    ),
    role(
        uuid!("84bccea3-f856-4a8a-967b-dbe0a3d53a64"),
        "AppRoleAssignment.ReadWrite.All",
        "Grant app roles",
    ),
    role(
        uuid!("0e263e50-5827-48a4-b97c-d940288653c7"),
        "Directory.AccessAsUser.All",
        "Do what the person may do",
    ),
    role(
        uuid!("eb0788c2-6d4e-4658-8c9e-c0fb8053f03d"),
        "RoleEligibilitySchedule.Read.Directory",
        "Read who is eligible for directory roles",
    ),
    role(
        uuid!("741c54c3-0c1e-44a1-818b-3f97ab4e8c83"),
        "RoleManagement.Read.Directory",
        "Read directory roles",
    ),
    role(uuid!("a154be20-db9c-4678-8ab7-66f6cc099a59"), "User.Read.All", "Read users"),
    role(uuid!("5f8c59db-677d-491f-a6b8-5f174b11ec1d"), "Group.Read.All", "Read groups"),
    role(
        uuid!("4908d5b9-3fb2-4b1e-9336-1888b7937185"),
        "Organization.Read.All",
        "Read the organization",
    ),
];

/// The app role of this id.
pub(crate) fn app_role(id: Uuid) -> Option<&'static AppRole> {
    APP_ROLES.iter().find(|role| role.id == id)
}

/// The app role of this value.
pub(crate) fn app_role_named(value: &str) -> Option<&'static AppRole> {
    APP_ROLES.iter().find(|role| role.value == value)
}

/// Whether there is a delegated permission of this value.
pub(crate) fn is_scope(value: &str) -> bool {
    SCOPES.iter().any(|scope| scope.value == value)
}

/// Object id of the service principal: every tenant has its own.
pub(crate) fn object_id(world: &World) -> Uuid {
    object_id_of(world.scenario.seed)
}

/// The same, before there is a world.
pub(crate) fn object_id_of(seed: u64) -> Uuid {
    seeded_id(seed, "microsoft-graph", 0)
}

/// The members in which it differs from any other service principal.
pub(super) fn members(world: &World) -> Value {
    json!({
        "id": object_id(world),
        "appId": APP_ID,
        "appOwnerOrganizationId": OWNER,
        "appDisplayName": "Microsoft Graph",
        "displayName": "Microsoft Graph",
        "servicePrincipalNames": [APP_ID, "https://graph.microsoft.com", "https://graph.microsoft.com/"],
        "signInAudience": "AzureADMultipleOrgs",
        "createdDateTime": "2024-01-01T00:00:00Z",
        "appRoles": APP_ROLES.iter().map(app_role_json).collect::<Vec<_>>(),
        "oauth2PermissionScopes": SCOPES.iter().map(scope_json).collect::<Vec<_>>(),
    })
}

fn app_role_json(role: &AppRole) -> Value {
    json!({
        "allowedMemberTypes": ["Application"],
        "description": role.title,
        "displayName": role.title,
        "id": role.id,
        "isEnabled": true,
        "origin": "Application",
        "value": role.value,
    })
}

fn scope_json(scope: &AppRole) -> Value {
    json!({
        "adminConsentDescription": scope.title,
        "adminConsentDisplayName": scope.title,
        "id": scope.id,
        "isEnabled": true,
        "type": if scope.value == "User.Read" { "User" } else { "Admin" },
        "userConsentDescription": scope.title,
        "userConsentDisplayName": scope.title,
        "value": scope.value,
    })
}
