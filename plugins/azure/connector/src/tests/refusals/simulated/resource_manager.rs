//! Assigning roles where the simulated Resource Manager does not take it.

use expect_test::expect_file;
use serde_json::{Value, json};
use skybridge_azure_client::arm::role_assignments::{NewAssignment, put_request};

use super::super::Bench;
use super::{slow, with};
use crate::names;
use crate::roles;
use crate::tests::support::{NO_LAG, SUBSCRIPTION, settings};

const READER: &str = "role-assignment.reader";
const AT_ROOT: &str = "role-assignment.management-group-reader";

fn without_root() -> Value {
    with("root-management-group", json!("skip"))
}

/// A principal that was made moments ago; the row is about the first role it is given.
#[tokio::test]
async fn a_young_principal() {
    let scenario = slow("", &["principal"]);
    let mut bench = Bench::with(READER, &scenario, without_root()).await;
    bench.meet("a principal that is not replicated", "", &[], 0).await;
    bench.compare(&expect_file!["young_principal.txt"]);
}

/// An assignment that is made, and neither read back nor in effect.
#[tokio::test]
async fn a_young_assignment() {
    let mut bench = Bench::with(READER, &slow("", &["role-assignment"]), without_root()).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let seen = bench.ready(&done).await;
    bench.not_ready("an assignment that is not replicated", seen);
    let word = "verification.subscription";
    let scenario = slow("", &["role-assignment-effect"]);
    let mut effect = Bench::with(word, &scenario, settings()).await;
    effect.meet("roles that are not in effect", "", &[], 0).await;
    bench.seen.push_str(&effect.seen);
    bench.compare(&expect_file!["young_assignment.txt"]);
}

/// Names of assignments are unique in the tenant: ours is taken in another scope, where a look at
/// ours does not see it.
#[tokio::test]
async fn a_name_that_is_taken_elsewhere() {
    let mut bench = Bench::before(READER).await;
    let principal = bench.rehearsal.output("service-principal", "object-id");
    let role = roles::READER.id.unwrap();
    let name = names::role_assignment(&format!("/subscriptions/{SUBSCRIPTION}"), &principal, role);
    let elsewhere = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-production");
    let new = NewAssignment {
        role_definition_id: &format!("/providers/Microsoft.Authorization/roleDefinitions/{role}"),
        principal_id: &principal,
        principal_type: "ServicePrincipal",
        description: None,
    };
    let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
    session.send(&put_request(&elsewhere, &name, new)).await.unwrap();
    bench.meet("the name is taken in another scope", "", &[], 0).await;
    bench.compare(&expect_file!["taken_elsewhere.txt"]);
}

/// Operators who may do everything else.
#[tokio::test]
async fn what_stands_against_the_operator() {
    let reader = roles::READER.id.unwrap();
    let condition = format!(
        "[operator]\nassignments = [{{ role = \"Owner\", condition = \"\"\"\
         !(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'}}) OR \
         @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] \
         ForAnyOfAllValues:GuidNotEquals {{{reader}}}\"\"\" }}]\n{NO_LAG}"
    );
    let mut bench = Bench::with(READER, &condition, settings()).await;
    bench.meet("a condition on the operator's own role", "", &[], 0).await;
    let deny = format!(
        "[[deny-assignments]]\nname = \"Locked by the platform team\"\n\
         scope = \"/subscriptions/{SUBSCRIPTION}\"\n\
         actions = [\"Microsoft.Authorization/roleAssignments/write\"]\n\
         principals = [\"everyone\"]\n{NO_LAG}"
    );
    let mut denied = Bench::with(READER, &deny, settings()).await;
    denied.meet("a deny assignment", "", &[], 0).await;
    bench.seen.push_str(&denied.seen);
    bench.compare(&expect_file!["against_the_operator.txt"]);
}

/// Scopes that hold as many assignments as they can.
#[tokio::test]
async fn full_scopes() {
    let full = |of: &str| format!("[quotas]\nrole-assignments-per-{of} = 0\n{NO_LAG}");
    let mut bench = Bench::with(READER, &full("subscription"), settings()).await;
    bench.meet("a subscription that is full", "", &[], 0).await;
    let mut group = Bench::with(AT_ROOT, &full("management-group"), settings()).await;
    group.meet("a management group that is full", "", &[], 0).await;
    bench.seen.push_str(&group.seen);
    bench.compare(&expect_file!["full_scopes.txt"]);
}

/// Every state of a subscription in which it is not onboarded.
#[tokio::test]
async fn states_of_subscriptions() {
    let mut seen = String::new();
    for state in ["Warned", "PastDue", "Disabled", "Deleted"] {
        let scenario = format!(
            "[[subscriptions]]\nid = \"{SUBSCRIPTION}\"\nname = \"One\"\nstate = \"{state}\"\n{NO_LAG}"
        );
        let mut bench = Bench::with("subscription", &scenario, settings()).await;
        bench.meet(&format!("a subscription that is {state}"), "", &[], 0).await;
        seen.push_str(&bench.seen);
        if state == "Disabled" {
            // Switched off after it was looked at.
            bench.word = "role-definition.custom".into();
            bench.seen.clear();
            bench.meet("a subscription that was switched off meanwhile", "", &[], 0).await;
            seen.push_str(&bench.seen);
        }
    }
    let mut bench = Bench::with("subscription", NO_LAG, settings()).await;
    bench.seen = seen;
    bench.compare(&expect_file!["states.txt"]);
}
