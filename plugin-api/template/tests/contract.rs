//! The contract every plugin keeps. `skybridge plugin test` runs the same cases in both isolation modes.

use skybridge_plugin_testkit::{Fixture, build, check};

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let fixture = Fixture::parse(include_str!("../contract.toml")).unwrap();
    let report = check(&build(env!("CARGO_MANIFEST_DIR")).unwrap(), fixture).await;
    println!("{report}");
    report.assert_passed();
}
