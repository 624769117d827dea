//! What codes mean: on the command line, and as a page.

use expect_test::expect_file;
use skybridge_tests::TestEnv;

/// Goal: the page of the Azure plugin's codes is what the program prints.
/// `UPDATE_EXPECT=1` writes it anew.
#[test]
fn the_page_of_the_azure_plugin_is_up_to_date() {
    let page = TestEnv::new().run(&["explain", "--all", "--plugin", "azure"]).expect(0).stdout;
    expect_file!["../../plugins/azure/docs/diagnostics.md"].assert_eq(&page);
    assert!(page.matches("\n## AZ-").count() >= 40);
}

/// Goal: so is the page of the AWS plugin's.
#[test]
fn the_page_of_the_aws_plugin_is_up_to_date() {
    let page = TestEnv::new().run(&["explain", "--all", "--plugin", "aws"]).expect(0).stdout;
    expect_file!["../../plugins/aws/docs/diagnostics.md"].assert_eq(&page);
    assert!(page.matches("\n## AWS-").count() >= 40);
}

/// Goal: a plugin's code is explained like the host's own, and a mistyped one leads to it.
#[test]
fn a_plugins_code_is_explained() {
    let env = TestEnv::new();
    let told = env.run(&["explain", "az-rbac-001"]).expect(0).stdout;
    for part in ["AZ-RBAC-001", "cause  ", "fix    ", "see    https://learn.microsoft.com/"] {
        assert!(told.contains(part), "{told}");
    }
    let near = env.run(&["explain", "AZ-RBAC-01"]).expect(2).stderr;
    assert!(near.contains("did you mean AZ-RBAC-0"), "{near}");
    let host = env.run(&["explain", "--all"]).expect(0).stdout;
    assert!(host.contains("## SKY-MANIFEST-001") && host.contains("## AZ-RBAC-001"), "{host}");
}
