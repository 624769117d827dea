//! Elevations that cannot be taken or given back.

use expect_test::expect_file;
use serde_json::{Value, json};

use super::super::{Bench, answer, fault};
use crate::tests::support::{NO_LAG, SUBSCRIPTION, settings};

const ADMIN: &str = "aaaaaaaa-0000-4000-8000-000000000001";

/// A tenant whose Global Administrator owns one subscription and runs the onboarding.
async fn before(word: &str) -> Bench {
    let scenario = format!(
        "[[users]]\nid = \"{ADMIN}\"\nname = \"Ada\"\nprincipal-name = \"ada@contoso.example\"\n\
         password = \"rehearsal only\"\ndirectory-roles = [\"Global Administrator\"]\n\
         assignments = [{{ role = \"Owner\", scope = \"/subscriptions/{SUBSCRIPTION}\" }}]\n\
         [[users]]\nid = \"aaaaaaaa-0000-4000-8000-000000000002\"\nname = \"Bob\"\n\
         principal-name = \"bob@contoso.example\"\npassword = \"rehearsal only\"\n\
         assignments = [{{ role = \"Owner\", scope = \"/subscriptions/{SUBSCRIPTION}\" }}]\n{NO_LAG}"
    );
    let mut elevate = settings();
    elevate["root-management-group"] = json!("elevate");
    let mut bench = Bench::with("elevation", &scenario, elevate).await;
    bench.rehearsal.azure.operate_as("ada@contoso.example", "rehearsal only");
    bench.word = word.into();
    bench
}

fn mark(bench: &Bench, marker: &Value) {
    let text = marker.to_string().into_bytes();
    bench.rehearsal.host.secrets.lock().unwrap().insert("elevation".into(), text);
}

#[tokio::test]
async fn taken_by_nobody_who_may() {
    let mut elevate = settings();
    elevate["root-management-group"] = json!("elevate");
    let owner = format!(
        "[operator]\nassignments = [{{ role = \"Owner\", scope = \"/subscriptions/{SUBSCRIPTION}\" \
         }}]\n{NO_LAG}"
    );
    let mut bench = Bench::with("elevation", &owner, elevate).await;
    bench.meet("an application", "", &[], 0).await;
    bench.compare(&expect_file!["elevation_application.txt"]);
    let mut bench = before("elevation").await;
    let denied = answer(403, "AuthorizationFailed", "The client does not have authorization.");
    let rule = fault("resource-manager POST /elevateAccess", &denied);
    bench.meet("a person who is no Global Administrator", &rule, &[], 0).await;
    // The one of the scenario who has no such role.
    bench.rehearsal.azure.operate_as("bob@contoso.example", "rehearsal only");
    bench.meet("a person who is no Global Administrator, by the simulator", "", &[], 0).await;
    bench.compare(&expect_file!["elevation_person.txt"]);
}

#[tokio::test]
async fn given_back_under_difficulties() {
    let mut bench = before("elevation-removal").await;
    let now = jiff::Timestamp::now().to_string();
    mark(&bench, &json!({"operator": "somebody else", "at": now}));
    bench.meet("somebody else was elevated", "", &[], 0).await;
    mark(&bench, &json!({"operator": ADMIN, "at": now}));
    bench.meet("elevated moments ago, and not listed", "", &[], 0).await;
    mark(&bench, &json!("no marker"));
    bench.meet("a note that cannot be read", "", &[], 0).await;
    bench.rehearsal.host.secrets.lock().unwrap().remove("elevation");
    bench.word = "elevation".into();
    bench.attempt(&[], 0).await.unwrap();
    bench.word = "elevation-removal".into();
    let denied = answer(403, "AuthorizationFailed", "The client does not have authorization.");
    let rule = fault("resource-manager DELETE /roleAssignments/", &denied);
    bench.meet("the removal is refused and the elevation is there", &rule, &[], 0).await;
    bench.compare(&expect_file!["elevation_removal.txt"]);
}
