//! The custom role, where the simulated Resource Manager does not take it.

use std::sync::Arc;

use expect_test::expect_file;
use serde_json::json;
use skybridge_azure_client::arm::role_definitions::{NewRole, put_request};

use super::super::Bench;
use super::{slow, with};
use crate::tests::support::{NO_LAG, Rehearsal, SUBSCRIPTION, TENANT, settings};
use crate::{names, steps};

const ROLE: &str = "role-definition.custom";
const ASSIGNED: &str = "role-assignment.custom";
const SECOND: &str = "33333333-4444-5555-6666-777777777778";
const ACTION: &str = "Microsoft.Web/sites/config/list/Action";
const OURS: &str = "Two actions a security platform needs beyond Reader. Managed by Skybridge.";

/// Two subscriptions; the operator owns the first, and Ada both.
fn two_owners() -> String {
    let one = |id: &str| format!("[[subscriptions]]\nid = \"{id}\"\nname = \"{id}\"\n");
    let own = |id: &str| format!("{{ role = \"Owner\", scope = \"/subscriptions/{id}\" }}");
    format!(
        "{}{}[operator]\nassignments = [{}]\n[[users]]\nid = \"aaaaaaaa-0000-4000-8000-000000000001\"\n\
         name = \"Ada\"\nprincipal-name = \"ada@contoso.example\"\npassword = \"rehearsal only\"\n\
         assignments = [{}, {}]\n{NO_LAG}",
        one(SUBSCRIPTION),
        one(SECOND),
        own(SUBSCRIPTION),
        own(SUBSCRIPTION),
        own(SECOND),
    )
}

/// Ada writes a role of our name.
async fn ada_writes(bench: &Bench, id: &str, description: &str, scopes: &[&str]) {
    let mut ada = Rehearsal::of("other", Arc::clone(&bench.rehearsal.simulator), settings());
    ada.azure.operate_as("ada@contoso.example", "rehearsal only");
    let scopes: Vec<String> = scopes.iter().map(|id| format!("/subscriptions/{id}")).collect();
    let role = NewRole {
        role_name: &names::custom_role(&bench.rehearsal.settings.display_name),
        description,
        actions: &[ACTION.to_owned()],
        assignable_scopes: &scopes,
    };
    let session = ada.azure.session(&ada.host).unwrap();
    session.send(&put_request(&scopes[0], id, role)).await.unwrap();
}

/// One unknown action refuses the whole role, in two ways.
#[tokio::test]
async fn unknown_actions() {
    let mut bench = Bench::before(ROLE).await;
    let position = bench.rehearsal.find(ROLE) as usize;
    let template = bench.rehearsal.description.steps[position].template as usize;
    for (row, action) in [
        (
            "an action of no provider, as the page prints it",
            "Micandrosoft.Web/sites/config/list/action",
        ),
        ("an action the provider does not have", "Microsoft.Web/sites/config/lst/action"),
    ] {
        bench.rehearsal.description.templates[template].desired["actions"] = json!([action]);
        bench.meet(row, "", &[], 0).await;
    }
    bench.compare(&expect_file!["unknown_actions.txt"]);
}

/// Role names are unique in the tenant, also where the operator sees nothing.
#[tokio::test]
async fn a_name_that_is_taken_out_of_sight() {
    let mut bench = Bench::with(ROLE, &two_owners(), settings()).await;
    let id = "0f0f0f0f-0000-4000-8000-00000000000e";
    ada_writes(&bench, id, "somebody else's", &[SECOND]).await;
    bench.meet("the name is taken, and seen in the tenant's own list", "", &[], 0).await;
    let rule = "[[faults]]\nservice = \"resource-manager\"\nmethod = \"GET\"\n\
                path-prefix = \"/providers/Microsoft.Authorization/roleDefinitions\"\n\
                effect = \"answer\"\nstatus = 403\ncode = \"AuthorizationFailed\"\n\
                message = \"The client does not have authorization.\"\n";
    bench.meet("the name is taken out of sight, at first", rule, &[], 0).await;
    bench.meet("the name is taken out of sight, for seconds", rule, &[], 8).await;
    bench.compare(&expect_file!["out_of_sight.txt"]);
}

/// The role is ours and can be assigned where this operator may not write it.
#[tokio::test]
async fn a_role_that_reaches_further_than_the_operator() {
    let mut bench = Bench::with(ROLE, &two_owners(), settings()).await;
    let name = names::custom_role(&bench.rehearsal.settings.display_name);
    let id = names::custom_role_id("contoso", TENANT, &name);
    let description = format!("{OURS} Used by contoso.");
    ada_writes(&bench, &id, &description, &[SUBSCRIPTION, SECOND]).await;
    bench.meet("the role has a scope that is not the operator's", "", &[], 0).await;
    bench.compare(&expect_file!["linked_scope.txt"]);
}

/// The tenant has as many custom roles as it can.
#[tokio::test]
async fn no_room_for_a_role() {
    let full = format!("[quotas]\nrole-definitions = 0\n{NO_LAG}");
    let mut bench = Bench::with(ROLE, &full, settings()).await;
    bench.meet("a tenant that is full of roles", "", &[], 0).await;
    bench.compare(&expect_file!["no_room.txt"]);
}

/// A role that is made, and unknown where it is assigned.
#[tokio::test]
async fn a_young_role() {
    let scenario = slow("", &["role-definition"]);
    let mut bench = Bench::after(&[ROLE], ASSIGNED, &scenario, settings()).await;
    bench.meet("a role that is not replicated", "", &[], 0).await;
    bench.compare(&expect_file!["young_role.txt"]);
}

/// Assignments that were deleted moments ago still count when the role goes, and when it is narrowed
/// for those who go on using it.
#[tokio::test]
async fn assignments_that_still_count() {
    let scenario = slow("", &["role-assignment-deletion"]);
    let mut bench = Bench::with(ASSIGNED, &scenario, settings()).await;
    bench.compare_taking_back("deleting the role").await;
    let seen = std::mem::take(&mut bench.seen);

    let all = [SUBSCRIPTION, SECOND]
        .map(|id| format!("[[subscriptions]]\nid = \"{id}\"\nname = \"{id}\"\n"))
        .concat();
    let scenario = slow(&all, &["role-assignment-deletion"]);
    let mut bench = Bench::with(ROLE, &scenario, settings()).await;
    let elsewhere = with("scope", json!({ "subscriptions": [SECOND] }));
    let mut other = Rehearsal::of("other", Arc::clone(&bench.rehearsal.simulator), elsewhere);
    other.run_all(Some(ROLE)).await;
    bench.walk(&[], ASSIGNED).await;
    bench.compare_taking_back("narrowing the role").await;
    bench.seen.insert_str(0, &seen);
    bench.compare(&expect_file!["still_counted.txt"]);
}

impl Bench {
    /// Assigns the role, takes that back and then the role.
    async fn compare_taking_back(&mut self, row: &str) {
        let assigned = self.attempt(&[], 0).await.unwrap();
        let position = self.rehearsal.find(ASSIGNED);
        self.rehearsal.undo(position, &assigned.undo).await.unwrap();
        let role = self.rehearsal.find(ROLE);
        let made = self.rehearsal.apply(role).await.unwrap();
        let undone = {
            let session = self.rehearsal.azure.session(&self.rehearsal.host).unwrap();
            steps::family("role-definition").unwrap().undo(&session, &made.undo).await
        };
        self.word = ROLE.into();
        self.saw(row, Err(&undone.unwrap_err()));
    }
}
