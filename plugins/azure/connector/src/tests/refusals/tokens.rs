//! What the login service says, by its numbers: of the operator, who is never new, and of the
//! connector.

use expect_test::expect_file;

use serde_json::json;

use super::{Bench, answer, fault};
use crate::tests::support::NO_LAG;

const TOKEN: &str = "login POST /token";

/// Every number of the table, said of the operator.
#[tokio::test]
async fn said_of_the_operator() {
    let mut bench = Bench::before("subscription").await;
    for (status, error, number) in NUMBERS {
        bench.reopen(|_| {});
        let said = answer(*status, error, &format!("AADSTS{number}: in Entra's words."));
        bench.meet(&format!("AADSTS{number}"), &fault(TOKEN, &said), &[], 0).await;
    }
    for (status, error) in [(401, "invalid_client"), (400, "unauthorized_client")] {
        bench.reopen(|_| {});
        let said = answer(status, error, "AADSTS1: in Entra's words.");
        bench
            .meet(&format!("{error} with a number nobody knows"), &fault(TOKEN, &said), &[], 0)
            .await;
    }
    for (status, error) in [(400, "invalid_grant"), (400, "interaction_required")] {
        bench.reopen(|_| {});
        let said = answer(status, error, "AADSTS1: in Entra's words.");
        let row = format!("{error} with a number nobody knows");
        bench.meet(&row, &fault(TOKEN, &said), &[], 0).await;
    }
    for (row, effect) in [
        ("429 with Retry-After", "effect = \"too-many-requests\"\nretry-after = 4"),
        ("503 with Retry-After", "effect = \"service-unavailable\"\nretry-after = 4"),
        ("429 without", "effect = \"too-many-requests\""),
    ] {
        bench.reopen(|_| {});
        bench.meet(row, &fault(TOKEN, effect), &[], 0).await;
    }
    bench.reopen(|simulated| {
        simulated.operator.insert("client-secret".into(), json!("wrong"));
    });
    bench.meet("7000215, by the simulator", "", &[], 0).await;
    bench.compare(&expect_file!["tokens_operator.txt"]);
}

const NUMBERS: &[(u16, &str, u32)] = &[
    (401, "invalid_client", 7_000_215),
    (401, "invalid_client", 7_000_222),
    (400, "unauthorized_client", 700_016),
    (400, "invalid_request", 90_002),
    (400, "invalid_request", 900_384),
    (400, "invalid_request", 900_382),
    (400, "invalid_resource", 500_011),
    (400, "invalid_scope", 70_011),
    (400, "invalid_scope", 28_002),
    (400, "invalid_scope", 700_022),
    (401, "invalid_client", 7_000_218),
    (400, "invalid_grant", 50_034),
    (400, "invalid_grant", 50_126),
    (400, "interaction_required", 50_076),
    (400, "interaction_required", 50_079),
    (400, "access_denied", 53_003),
    (503, "temporarily_unavailable", 90_006),
    (400, "temporarily_unavailable", 90_024),
    (400, "temporarily_unavailable", 90_033),
    (400, "temporarily_unavailable", 90_090),
    (401, "invalid_client", 700_027),
    (401, "invalid_client", 700_023),
    (401, "invalid_client", 700_024),
    (401, "invalid_client", 70_021),
    (401, "invalid_client", 700_211),
    (401, "invalid_client", 700_212),
    (401, "invalid_client", 700_213),
];

/// An operator's credential is not new because the application is: nothing is waited for.
#[tokio::test]
async fn an_operator_is_never_new() {
    let mut bench = Bench::before("application").await;
    for number in [7_000_215, 700_016, 7_000_222] {
        bench.reopen(|_| {});
        let said = answer(401, "invalid_client", &format!("AADSTS{number}: in Entra's words."));
        bench.meet(&format!("AADSTS{number}"), &fault(TOKEN, &said), &[], 0).await;
    }
    bench.compare(&expect_file!["tokens_old.txt"]);
}

/// The same numbers, said of the connector that is being made.
#[tokio::test]
async fn said_of_the_connector() {
    let mut bench =
        Bench::with("verification.subscription", NO_LAG, crate::tests::support::settings()).await;
    for (status, error, number) in NUMBERS {
        let said = answer(*status, error, &format!("AADSTS{number}: in Entra's words."));
        bench.meet(&format!("AADSTS{number}"), &fault(TOKEN, &said), &[], 0).await;
    }
    bench.compare(&expect_file!["tokens_connector.txt"]);
}
