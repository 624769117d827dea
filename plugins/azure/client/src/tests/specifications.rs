//! Our requests against Microsoft's own OpenAPI files and examples, where they are at hand.
//!
//! For each operation: the path template of the specification, filled with the example's
//! parameters, must be what the builder makes of the same parameters; and the example's answer
//! must read as the type the builder's answer is read as.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::arm::deny_assignments::{self, DenyAssignment};
use crate::arm::managed_clusters::{self, ManagedCluster};
use crate::arm::management_groups::{self, Descendant, ManagementGroup};
use crate::arm::provider_operations::{self, ProviderOperations};
use crate::arm::role_assignments::{self, NewAssignment, RoleAssignment};
use crate::arm::role_definitions::{self, NewRole, RoleDefinition};
use crate::arm::subscriptions::{self, Subscription};
use crate::graph::app_role_assignments::AppRoleAssignment;
use crate::page::Page;
use crate::request::{Body, Request};

const AUTHORIZATION: &str = "onboarding/specification/authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01";
const GROUPS: &str = "onboarding/specification/managementgroups/resource-manager/Microsoft.Management/stable/2023-04-01";
const RESOURCES: &str =
    "onboarding/specification/resources/resource-manager/Microsoft.Resources/stable/2022-12-01";
const CLUSTERS: &str = "onboarding/specification/containerservice/resource-manager/Microsoft.ContainerService/aks/stable/2024-02-01";

/// The folder with the specifications; nothing on a machine that has none.
#[expect(clippy::disallowed_methods, reason = "a test may be told where its fixtures are")]
fn specifications() -> Option<PathBuf> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let folder = std::env::var("SKYBRIDGE_SPECS")
        .map_or_else(|_| workspace.join("../shared/specs"), PathBuf::from);
    folder.is_dir().then_some(folder)
}

fn read(folder: &Path, path: &str) -> Value {
    let text = fs_err::read_to_string(folder.join(path)).unwrap();
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

struct Example {
    path: String,
    method: String,
    parameters: Value,
    answer: Value,
}

impl Example {
    /// The operation `id` of `file`, with the example called `example`.
    fn of(folder: &Path, area: &str, file: &str, id: &str, example: &str) -> Self {
        let specification = read(folder, &format!("{area}/{file}"));
        let example = read(folder, &format!("{area}/examples/{example}"));
        let paths = specification["paths"].as_object().unwrap();
        let (template, method) = paths
            .iter()
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().iter().map(move |(method, op)| (path, method, op))
            })
            .find(|(_, _, operation)| operation["operationId"] == id)
            .map(|(path, method, _)| (path.clone(), method.to_uppercase()))
            .unwrap();
        let parameters = example["parameters"].clone();
        let mut path = template;
        for (name, value) in parameters.as_object().unwrap() {
            if let Some(value) = value.as_str() {
                path = path.replace(&format!("{{{name}}}"), value);
            }
        }
        let responses = example["responses"].as_object().unwrap();
        let answer = responses.values().next().unwrap()["body"].clone();
        Self { path, method, parameters, answer }
    }

    fn parameter(&self, name: &str) -> &str {
        self.parameters[name].as_str().unwrap()
    }

    fn agrees<T: DeserializeOwned>(&self, request: &Request) -> T {
        assert_eq!(request.method.as_str(), self.method);
        assert_eq!(request.path.to_lowercase(), self.path.to_lowercase());
        assert_eq!(request.api_version, self.parameters["api-version"].as_str());
        serde_json::from_value(self.answer.clone()).unwrap()
    }
}

#[test]
fn role_assignments_agree() {
    let Some(folder) = specifications() else { return };
    let file = "authorization-RoleAssignmentsCalls.json";
    let of = |id, example| Example::of(&folder, AUTHORIZATION, file, id, example);
    let create = of("RoleAssignments_Create", "RoleAssignments_CreateForSubscription.json");
    let wanted = create.parameters["parameters"]["properties"].clone();
    let (scope, name) = (create.parameter("scope"), create.parameter("roleAssignmentName"));
    let request = role_assignments::put_request(
        scope,
        name,
        NewAssignment {
            role_definition_id: wanted["roleDefinitionId"].as_str().unwrap(),
            principal_id: wanted["principalId"].as_str().unwrap(),
            principal_type: wanted["principalType"].as_str().unwrap(),
            description: None,
        },
    );
    let made: RoleAssignment = create.agrees(&request);
    assert!(made.grants(scope, &made.properties.principal_id, &made.properties.role_definition_id));
    let Body::Json(body) = &request.body else { panic!("a body") };
    assert_eq!(body, &create.parameters["parameters"]);

    let get = of("RoleAssignments_Get", "RoleAssignments_Get.json");
    let (scope, name) = (get.parameter("scope"), get.parameter("roleAssignmentName"));
    let _: RoleAssignment = get.agrees(&role_assignments::get_request(scope, name));
    let delete = of("RoleAssignments_Delete", "RoleAssignments_Delete.json");
    let (scope, name) = (delete.parameter("scope"), delete.parameter("roleAssignmentName"));
    let _: Value = delete.agrees(&role_assignments::delete_request(scope, name));
    let list =
        of("RoleAssignments_ListForSubscription", "RoleAssignments_ListForSubscription.json");
    let scope = format!("/subscriptions/{}", list.parameter("subscriptionId"));
    let page: Page<RoleAssignment> =
        list.agrees(&role_assignments::list_for_principal_request(&scope, "p"));
    assert_eq!(page.value.len(), 1);
}

#[test]
fn role_definitions_agree() {
    let Some(folder) = specifications() else { return };
    let file = "authorization-RoleDefinitionsCalls.json";
    let put = Example::of(
        &folder,
        AUTHORIZATION,
        file,
        "RoleDefinitions_CreateOrUpdate",
        "PutRoleDefinition.json",
    );
    let (scope, name) = (put.parameter("scope"), put.parameter("roleDefinitionId"));
    let role = NewRole { role_name: "n", description: "d", actions: &[], assignable_scopes: &[] };
    let made: RoleDefinition = put.agrees(&role_definitions::put_request(scope, name, role));
    assert_eq!(made.properties.permissions[0].actions, ["action"]);
    let get = Example::of(
        &folder,
        AUTHORIZATION,
        file,
        "RoleDefinitions_Get",
        "GetRoleDefinitionByName.json",
    );
    let _: RoleDefinition = get.agrees(&role_definitions::get_request(scope, name));
    let list = Example::of(
        &folder,
        AUTHORIZATION,
        file,
        "RoleDefinitions_List",
        "GetRoleDefinitionAtScope.json",
    );
    let _: Page<RoleDefinition> = list.agrees(&role_definitions::list_by_name_request(scope, "n"));
}

#[test]
fn deny_assignments_agree() {
    let Some(folder) = specifications() else { return };
    let list = Example::of(
        &folder,
        AUTHORIZATION,
        "authorization-DenyAssignmentCalls.json",
        "DenyAssignments_ListForScope",
        "GetDenyAssignmentByScope.json",
    );
    let page: Page<DenyAssignment> =
        list.agrees(&deny_assignments::list_at_scope_request(list.parameter("scope")));
    assert!(!page.value[0].properties.permissions[0].actions.is_empty());
    assert!(!page.value[0].properties.principals[0].id.is_empty());
}

#[test]
fn other_areas_agree() {
    let Some(folder) = specifications() else { return };
    let operations = Example::of(
        &folder,
        AUTHORIZATION,
        "authorization-ProviderOperationsCalls.json",
        "ProviderOperationsMetadata_Get",
        "GetProviderOperationsRP.json",
    );
    let provider = operations.parameter("resourceProviderNamespace");
    let _: ProviderOperations = operations.agrees(&provider_operations::get_request(provider));

    let file = "management.json";
    let get = Example::of(&folder, GROUPS, file, "ManagementGroups_Get", "GetManagementGroup.json");
    let _: ManagementGroup = get.agrees(&management_groups::get_request(get.parameter("groupId")));
    let list =
        Example::of(&folder, GROUPS, file, "ManagementGroups_List", "ListManagementGroups.json");
    let page: Page<ManagementGroup> = list.agrees(&management_groups::list_request());
    assert_eq!((page.value.len(), page.next()), (2, None));

    let below = Example::of(
        &folder,
        GROUPS,
        file,
        "ManagementGroups_GetDescendants",
        "GetDescendants.json",
    );
    let page: Page<Descendant> =
        below.agrees(&management_groups::descendants_request(below.parameter("groupId")));
    assert!(page.value.iter().any(Descendant::is_subscription));

    let list = Example::of(
        &folder,
        RESOURCES,
        "subscriptions.json",
        "Subscriptions_List",
        "GetSubscriptions.json",
    );
    let page: Page<Subscription> = list.agrees(&subscriptions::list_request());
    assert!(page.value.iter().all(|found| found.tenant_id.is_some()));

    let get = Example::of(
        &folder,
        RESOURCES,
        "subscriptions.json",
        "Subscriptions_Get",
        "GetSubscription.json",
    );
    let found: Subscription =
        get.agrees(&subscriptions::get_request(get.parameter("subscriptionId")));
    assert_eq!(found.state.as_deref(), Some("Enabled"));

    let list = Example::of(
        &folder,
        CLUSTERS,
        "managedClusters.json",
        "ManagedClusters_List",
        "ManagedClustersList.json",
    );
    let page: Page<ManagedCluster> =
        list.agrees(&managed_clusters::list_request(list.parameter("subscriptionId")));
    assert!(!page.value.is_empty());
}

/// Graph has no OpenAPI file here, but one example answer that is not abridged.
#[test]
fn graph_answers_read() {
    let Some(folder) = specifications() else { return };
    let example = "collection/graph/serviceprincipal-list-approleassignments-1.json";
    let answer = read(&folder, example)["response"].clone();
    let page: Page<AppRoleAssignment> = serde_json::from_value(answer).unwrap();
    assert!(!page.value.is_empty());
}
