//! What every key is when a scenario leaves it out; `scenarios/default.toml` shows the same.

use super::{
    Assignment, Bucket, Cluster, GraphBuckets, Lag, LoginBuckets, ManagementGroup, ManagerBuckets,
    Operator, PageSize, Quotas, Scenario, Subscription, SubscriptionState, Tenant, User,
};
use crate::scenario::{Generate, Policy, Throttle};
use uuid::{Uuid, uuid};

const SUBSCRIPTION: Uuid = uuid!("33333333-4444-5555-6666-777777777777");

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 7,
            flapping: true,
            tenant: Tenant::default(),
            management_groups: vec![ManagementGroup {
                id: "contoso-platform".to_owned(),
                name: "Contoso Platform".to_owned(),
                parent: String::new(),
            }],
            subscriptions: vec![Subscription {
                id: SUBSCRIPTION,
                name: "Contoso Production".to_owned(),
                state: SubscriptionState::Enabled,
                management_group: "contoso-platform".to_owned(),
                tenant: None,
                resource_groups: vec!["rg-production".to_owned()],
            }],
            generate: Generate::default(),
            clusters: vec![Cluster {
                name: "aks-production".to_owned(),
                subscription: SUBSCRIPTION,
                resource_group: "rg-production".to_owned(),
                location: super::default_location(),
                managed: true,
                azure_rbac: true,
            }],
            users: vec![User {
                id: uuid!("aaaaaaaa-0000-4000-8000-000000000001"),
                name: "Contoso Administrator".to_owned(),
                principal_name: "admin@contoso.example".to_owned(),
                password: Some("rehearsal only".to_owned()),
                directory_roles: vec!["Global Administrator".to_owned()],
                assignments: Vec::new(),
                eligible_directory_roles: Vec::new(),
                guest: false,
            }],
            clients: Vec::new(),
            operator: Operator::default(),
            deny_assignments: Vec::new(),
            lag: Lag::default(),
            page_size: PageSize::default(),
            quotas: Quotas::default(),
            throttle: Throttle::default(),
            policy: Policy::default(),
            faults: Vec::new(),
            device_code: super::DeviceCode::default(),
            consent: super::Consent::default(),
            issuers: Vec::new(),
            platform: super::Platform::default(),
        }
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self {
            id: uuid!("11111111-2222-3333-4444-555555555555"),
            display_name: "Contoso".to_owned(),
            domain: "contoso.example".to_owned(),
            root_management_group: true,
        }
    }
}

impl Default for Operator {
    fn default() -> Self {
        Self {
            client_id: uuid!("22222222-3333-4444-5555-666666666666"),
            display_name: "skybridge-operator".to_owned(),
            secret: None,
            graph_roles: [
                "Application.ReadWrite.All",
                "AppRoleAssignment.ReadWrite.All",
                "Policy.Read.All",
                "Directory.Read.All",
            ]
            .map(str::to_owned)
            .to_vec(),
            assignments: vec![Assignment {
                role: "Owner".to_owned(),
                scope: String::new(),
                condition: None,
                eligible: false,
            }],
            person: None,
            client: None,
            federated: Vec::new(),
            certificates: Vec::new(),
        }
    }
}

impl Default for Lag {
    fn default() -> Self {
        Self {
            application: 800,
            application_reference: 1000,
            service_principal: 1000,
            principal: 600,
            principal_untyped: 4000,
            app_role_assignment: 500,
            app_role_effect: 500,
            role_definition: 500,
            role_definition_deletion: 500,
            role_assignment: 500,
            role_assignment_deletion: 500,
            role_assignment_effect: 1000,
            secret: 1500,
            credential_list: 500,
            certificate: 1500,
            federated_credential: 1500,
            application_deletion: 300,
            service_principal_deletion: 300,
        }
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self { resource_manager: 2, graph: 2 }
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            role_assignments_per_subscription: 4000,
            role_assignments_per_management_group: 500,
            role_definitions: 5000,
            applications: 10_000,
        }
    }
}

impl Default for ManagerBuckets {
    fn default() -> Self {
        Self {
            reads: Bucket { bucket: 250, per_second: 25 },
            writes: Bucket { bucket: 200, per_second: 10 },
            deletes: Bucket { bucket: 200, per_second: 10 },
        }
    }
}

impl Default for GraphBuckets {
    fn default() -> Self {
        Self {
            reads: Bucket { bucket: 3500, per_second: 350 },
            writes: Bucket { bucket: 3000, per_second: 20 },
        }
    }
}

impl Default for LoginBuckets {
    fn default() -> Self {
        Self { tokens: Bucket { bucket: 500, per_second: 50 } }
    }
}
