//! The contract every plugin keeps, kept by the smallest one.

use serde_json::json;
use skybridge_plugin_testkit::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let fixture = Fixture {
        settings: json!({ "folder": "{dir}", "names": ["ada", "grace"] }),
        refused: vec![
            json!({ "folder": "{dir}" }),
            json!({ "folder": "{dir}", "names": ["../etc"] }),
            json!({ "folder": "{dir}", "names": [], "colour": "blue" }),
        ],
        ..Fixture::default()
    };
    let library = skybridge_plugin_testkit::build(env!("CARGO_MANIFEST_DIR")).unwrap();
    let report = skybridge_plugin_testkit::check(&library, fixture).await;
    println!("{report}");
    report.assert_passed();
}
