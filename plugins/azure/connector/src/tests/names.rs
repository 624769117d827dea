//! Names never change between versions: a change would orphan what is there.

use expect_test::expect;

use crate::names;

#[test]
fn deterministic_names() {
    let tenant = "11111111-2222-3333-4444-555555555555";
    let lines = [
        names::role_assignment("/Subscriptions/A/", "PRINCIPAL", "ROLE"),
        names::role_assignment("/subscriptions/a", "principal", "role"),
        names::custom_role("skybridge-connector"),
        names::custom_role_id(tenant, "Skybridge Connector (skybridge-connector)"),
        names::application("contoso", tenant, "skybridge-connector"),
        names::secret_tag("contoso", "key"),
        names::secret_tag("contoso", &"k".repeat(200)),
        names::vault_name("key-id"),
    ];
    expect![[r#"
        f75f3dc5-86af-52f7-9679-a231119afa4d
        f75f3dc5-86af-52f7-9679-a231119afa4d
        Skybridge Connector (skybridge-connector)
        32083145-6575-50be-a418-8e09632c6b3f
        skybridge-contoso-567cfb6d
        skybridge contoso key
        skybridge contoso d0bce924-7cba-59a2-a4c1-97d072cbbb7e
        client-secret/key-id"#]]
    .assert_eq(&lines.join("\n"));
}
