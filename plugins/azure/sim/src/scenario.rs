//! The scenario: what the simulated tenant looks like and how it behaves, as TOML.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Millis;
use crate::error::SimulatorError;
use crate::limits::{NESTING_MAX, SCENARIO_BYTES_MAX};

mod access;
mod check;
mod clients;
mod sign_in;

pub(crate) use sign_in::{
    Consent, DeviceCode, EXCHANGE_AUDIENCE, FederatedTrust, Issuer, Platform,
};
mod fault_rules;

pub(crate) use access::{Assignment, DenyAssignment, Principal};
pub(crate) use clients::PublicClient;

/// What a rehearsal meets when nothing else is asked for.
pub(crate) const DEFAULT: &str = include_str!("../scenarios/default.toml");

/// A whole scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    /// Whether what lags is seen now and then before its lag is over.
    pub(crate) flapping: bool,
    pub(crate) tenant: Tenant,
    pub(crate) management_groups: Vec<ManagementGroup>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) generate: Generate,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) users: Vec<User>,
    pub(crate) clients: Vec<PublicClient>,
    pub(crate) operator: Operator,
    pub(crate) deny_assignments: Vec<DenyAssignment>,
    pub(crate) lag: Lag,
    pub(crate) page_size: PageSize,
    pub(crate) quotas: Quotas,
    pub(crate) throttle: Throttle,
    pub(crate) policy: Policy,
    pub(crate) faults: Vec<FaultRule>,
    pub(crate) device_code: DeviceCode,
    pub(crate) consent: Consent,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) platform: Platform,
}

/// The directory.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Tenant {
    pub(crate) id: Uuid,
    pub(crate) display_name: String,
    pub(crate) domain: String,
    pub(crate) root_management_group: bool,
}

/// A management group below the root group.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ManagementGroup {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Filled with the root group's id when left out.
    #[serde(default)]
    pub(crate) parent: String,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Subscription {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) state: SubscriptionState,
    /// Filled with the root group's id when left out.
    #[serde(default)]
    pub(crate) management_group: String,
    /// The tenant it belongs to when that is another one: seen from here, but not of here.
    #[serde(default)]
    pub(crate) tenant: Option<Uuid>,
    #[serde(default)]
    pub(crate) resource_groups: Vec<String>,
}

/// Whether a subscription can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub(crate) enum SubscriptionState {
    #[default]
    Enabled,
    Warned,
    PastDue,
    Disabled,
    Deleted,
}

/// Things made in bulk.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Generate {
    pub(crate) subscriptions: usize,
}

/// A managed Kubernetes cluster.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) subscription: Uuid,
    pub(crate) resource_group: String,
    #[serde(default = "default_location")]
    pub(crate) location: String,
    #[serde(default = "yes")]
    pub(crate) managed: bool,
    #[serde(default = "yes")]
    pub(crate) azure_rbac: bool,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) principal_name: String,
    #[serde(default)]
    pub(crate) password: Option<String>,
    #[serde(default)]
    pub(crate) directory_roles: Vec<String>,
    #[serde(default)]
    pub(crate) assignments: Vec<Assignment>,
    /// Roles that could be activated and are not.
    #[serde(default)]
    pub(crate) eligible_directory_roles: Vec<String>,
    /// Somebody of another tenant.
    #[serde(default)]
    pub(crate) guest: bool,
}

/// Who runs the onboarding: a service principal, or a person beside it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Operator {
    pub(crate) client_id: Uuid,
    pub(crate) display_name: String,
    pub(crate) secret: Option<String>,
    pub(crate) graph_roles: Vec<String>,
    pub(crate) assignments: Vec<Assignment>,
    /// The user, by principal-name, who runs it in place of the service principal.
    pub(crate) person: Option<String>,
    /// The client, by name, that person signs in to in place of the Azure CLI.
    pub(crate) client: Option<String>,
    /// Assertions its application trusts.
    pub(crate) federated: Vec<FederatedTrust>,
    /// Certificates its application may sign in with, as PEM texts.
    pub(crate) certificates: Vec<String>,
}

/// How long each kind of change takes to be seen everywhere, in milliseconds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Lag {
    pub(crate) application: Millis,
    pub(crate) application_reference: Millis,
    pub(crate) service_principal: Millis,
    pub(crate) principal: Millis,
    pub(crate) principal_untyped: Millis,
    pub(crate) app_role_assignment: Millis,
    pub(crate) app_role_effect: Millis,
    pub(crate) role_definition: Millis,
    pub(crate) role_definition_deletion: Millis,
    pub(crate) role_assignment: Millis,
    pub(crate) role_assignment_deletion: Millis,
    pub(crate) role_assignment_effect: Millis,
    pub(crate) secret: Millis,
    pub(crate) credential_list: Millis,
    pub(crate) certificate: Millis,
    pub(crate) federated_credential: Millis,
    pub(crate) application_deletion: Millis,
    pub(crate) service_principal_deletion: Millis,
}

/// Items of one page.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct PageSize {
    pub(crate) resource_manager: usize,
    pub(crate) graph: usize,
}

/// How many objects there may be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Quotas {
    pub(crate) role_assignments_per_subscription: usize,
    pub(crate) role_assignments_per_management_group: usize,
    pub(crate) role_definitions: usize,
    pub(crate) applications: usize,
}

/// Token buckets of the three services.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Throttle {
    pub(crate) resource_manager: ManagerBuckets,
    pub(crate) graph: GraphBuckets,
    pub(crate) login: LoginBuckets,
}

/// Resource Manager's buckets, per principal and subscription.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ManagerBuckets {
    pub(crate) reads: Bucket,
    pub(crate) writes: Bucket,
    pub(crate) deletes: Bucket,
}

/// The directory's buckets, per application.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct GraphBuckets {
    pub(crate) reads: Bucket,
    pub(crate) writes: Bucket,
}

/// The token endpoint's bucket, for all callers together.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct LoginBuckets {
    pub(crate) tokens: Bucket,
}

/// One token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Bucket {
    pub(crate) bucket: u32,
    pub(crate) per_second: u32,
}

/// What the tenant's administrators restricted.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Policy {
    pub(crate) max_secret_lifetime_days: Option<u32>,
    pub(crate) forbid_secrets: bool,
    pub(crate) max_certificate_lifetime_days: Option<u32>,
    pub(crate) users_may_register_applications: bool,
}

/// A fault, and the calls it befalls.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FaultRule {
    pub(crate) service: Service,
    #[serde(default)]
    pub(crate) method: Option<String>,
    #[serde(default)]
    pub(crate) path_prefix: Option<String>,
    #[serde(default)]
    pub(crate) path_contains: Option<String>,
    #[serde(default)]
    pub(crate) skip: u64,
    #[serde(default = "one")]
    pub(crate) every: u64,
    #[serde(default)]
    pub(crate) times: Option<u64>,
    pub(crate) effect: FaultEffect,
    #[serde(default)]
    pub(crate) retry_after: Option<u32>,
    /// What the effect `answer` answers.
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) message: Option<String>,
}

/// The services: three of the cloud, and the platform connections are handed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Service {
    Login,
    ResourceManager,
    Graph,
    Platform,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FaultEffect {
    /// Whatever the rule says.
    Answer,
    TooManyRequests,
    InternalError,
    ServiceUnavailable,
    RequestTimeout,
    ResetBeforeCommit,
    ResetAfterCommit,
    ResetMidBody,
    /// Nothing happens, and nothing is answered until the client gives up.
    Hang,
    /// It happens, and is not answered until the client gives up.
    HangAfterCommit,
}

impl Scenario {
    /// Reads and checks a scenario; the error names the line and the column.
    pub(crate) fn parse(text: &str) -> Result<Self, SimulatorError> {
        check_size(text)?;
        let mut scenario: Self =
            toml::from_str(text).map_err(|error| SimulatorError::Scenario(error.to_string()))?;
        let given = text
            .parse::<toml::Table>()
            .map_err(|error| SimulatorError::Scenario(error.to_string()))?;
        check::forget_default_estate(&mut scenario, &given);
        check::complete(&mut scenario);
        check::check(&scenario).map_err(SimulatorError::Scenario)?;
        Ok(scenario)
    }

    /// Id of the root management group: the tenant's.
    pub(crate) fn root_group(&self) -> String {
        self.tenant.id.to_string()
    }

    /// The person who is the operator, if it is one.
    pub(crate) fn operating_person(&self) -> Option<&User> {
        self.operator.person.as_deref().and_then(|name| self.user_named(name))
    }

    /// The person of this sign-in name.
    pub(crate) fn user_named(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.principal_name.eq_ignore_ascii_case(name))
    }
}

/// Whether a text is small and flat enough to be read.
fn check_size(text: &str) -> Result<(), SimulatorError> {
    if text.len() > SCENARIO_BYTES_MAX {
        let reason = format!("{} bytes, at most {SCENARIO_BYTES_MAX} are read", text.len());
        return Err(SimulatorError::Scenario(reason));
    }
    if nesting(text) > NESTING_MAX {
        let reason = format!("brackets are nested deeper than {NESTING_MAX} levels");
        return Err(SimulatorError::Scenario(reason));
    }
    Ok(())
}

/// How deep brackets are nested at most, those in texts and comments counted too: the parser calls
/// itself for each level, and would run out of stack on a text made for it.
fn nesting(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

fn yes() -> bool {
    true
}

fn one() -> u64 {
    1
}

fn default_location() -> String {
    "westeurope".to_owned()
}

mod defaults;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_shows_the_defaults() {
        let mut shown = Scenario::parse(DEFAULT).unwrap();
        assert_eq!(shown.faults.len(), 2);
        shown.faults.clear();
        assert_eq!(shown, Scenario::parse("").unwrap());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let error = Scenario::parse("seed = 1\n[tenant]\ncolour = 'red'\n").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("line 3") && text.contains("colour"), "{text}");
        for wrong in [
            "seed = -1",
            "[page-size]\ngraph = 0",
            "[lag]\nsecret = -5",
            "[generate]\nsubscriptions = 99999999",
            "[[faults]]\nservice = 'graph'\neffect = 'internal-error'\nevery = 0",
            "[operator]\ngraph-roles = ['No.Such.Role']",
            "[operator]\nassignments = [{ role = 'No Such Role' }]",
            "[[management-groups]]\nid = 'a'\nname = 'A'\nparent = 'a'",
            "[[subscriptions]]\nid = '33333333-4444-5555-6666-777777777777'\nname = 'x'\nmanagement-group = 'nowhere'",
        ] {
            assert!(Scenario::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn brackets_without_end_are_refused_before_they_are_read() {
        for unit in ["[", "{{}a=", "{a=["] {
            let text = format!("x={}", unit.repeat(20_000));
            let error = Scenario::parse(&text).unwrap_err().to_string();
            assert!(error.contains("nested deeper"), "{error}");
        }
    }

    #[test]
    fn subscriptions_are_generated() {
        let scenario = Scenario::parse("generate = { subscriptions = 3 }").unwrap();
        assert_eq!(scenario.subscriptions.len(), 4);
        assert_eq!(scenario, Scenario::parse("generate = { subscriptions = 3 }").unwrap());
    }
}
