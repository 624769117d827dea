//! `skybridge permissions`: why each permission is asked for, offline.

use serde_json::Value;
use skybridge_tests::TestEnv;

const ALL: [&str; 10] = [
    "Reader",
    "Storage Blob Data Reader",
    "Storage File Data Privileged Reader",
    "Microsoft.Web/sites/config/list/Action",
    "Microsoft.Network/bastionHosts/getShareableLinks/action",
    "Azure Kubernetes Service RBAC Reader",
    "Azure Kubernetes Service Cluster User Role",
    "Management Group Reader",
    "Directory.Read.All",
    "Policy.Read.All",
];

/// What asset visibility alone needs.
const LEAST: [&str; 3] = ["Reader", "Management Group Reader", "Directory.Read.All"];

/// The example's manifest with `permissions` and one capability.
fn manifest(env: &TestEnv, permissions: &str) {
    let text = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
    let (before, rest) = text.split_once("capabilities = [").unwrap();
    let (_, after) = rest.split_once(']').unwrap();
    let text = format!("{before}capabilities = [\"asset-visibility\"]{after}");
    let chosen = text.replace("permissions = \"seed\"", &format!("permissions = {permissions:?}"));
    env.write("contoso.toml", &chosen);
}

fn permissions(env: &TestEnv) -> (Vec<Value>, String) {
    let json = env.run(&["permissions", "contoso.toml", "--format", "json"]).expect(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["format"], &json["version"]), (&"skybridge-permissions".into(), &1.into()));
    assert_eq!(json["connectors"][0]["connector"], "contoso");
    let all = json["connectors"][0]["permissions"].as_array().unwrap().clone();
    (all, env.run(&["permissions", "contoso.toml"]).expect(0).stdout)
}

fn asked(all: &[Value]) -> Vec<&str> {
    let asked = all.iter().filter(|it| it["asked"] == true);
    asked.map(|it| it["permission"].as_str().unwrap()).collect()
}

/// Goal: `seed` asks for all, `least` for what the capability needs; the rest is told with what
/// stops working, and nobody is asked for any of it.
#[test]
fn what_is_asked_for_and_what_is_not() {
    let env = TestEnv::new();
    manifest(&env, "seed");
    let (all, text) = permissions(&env);
    assert_eq!(asked(&all), ALL);
    assert!(!text.contains("not asked for"), "{text}");

    manifest(&env, "least");
    let (all, text) = permissions(&env);
    assert_eq!(asked(&all), LEAST);
    assert_eq!(all.len(), ALL.len());
    for it in &all {
        for field in ["sort", "scope", "why", "without"] {
            assert!(it[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {it}");
        }
    }
    let (yes, no) = text.split_once("not asked for with these settings").unwrap();
    for name in ALL {
        let (there, elsewhere) = if LEAST.contains(&name) { (yes, no) } else { (no, yes) };
        let line = |text: &str| text.lines().any(|line| line.trim().starts_with(name));
        assert!(line(there) && !line(elsewhere), "{name}\n{text}");
    }
    assert!(!env.path().join(".skybridge").exists());
}

/// Goal: a manifest with a mistake ends with 2, and says the mistake instead.
#[test]
fn a_manifest_with_a_mistake_has_no_permissions() {
    let env = TestEnv::new();
    manifest(&env, "most");
    for format in ["text", "json"] {
        let args = ["permissions", "contoso.toml", "--format", format];
        let refused = env.run(&args).expect(2);
        assert_eq!(refused.stdout, "");
        assert!(refused.stderr.contains("permissions"), "{}", refused.stderr);
    }
}

/// Goal: a tenant connected with `least` holds what was said and nothing else.
#[test]
fn what_is_said_is_what_is_granted() {
    let env = TestEnv::new();
    manifest(&env, "least");
    let simulator = skybridge_tests::SimulatorProcess::start(&env, &[]);
    env.run(&["apply", "contoso.toml", "--simulator", simulator.url(), "--yes"]).expect(0);
    let tenant = simulator.tenant();
    let named = |kind: &str| tenant[kind].as_array().unwrap().clone();
    let ours = |it: &&Value| it["displayName"] == "skybridge-connector";
    let principal = named("servicePrincipals").iter().find(ours).unwrap()["id"].clone();
    let assignments = named("roleAssignments");
    let held = assignments.iter().filter(|it| it["properties"]["principalId"] == principal);
    let mut roles: Vec<&str> = held
        .filter_map(|it| it["properties"]["roleDefinitionId"].as_str()?.rsplit('/').next())
        .collect();
    roles.sort_unstable();
    // Management Group Reader and Reader, by their ids.
    let (groups, reader) =
        ("ac63b705-f282-497d-ac71-919bf39d939d", "acdd72a7-3385-48ef-bd42-f606fba81ae7");
    assert_eq!(roles, [groups, reader]);
    assert_eq!(named("roleDefinitions"), [] as [Value; 0]);
    let grants = named("appRoleAssignments");
    assert_eq!(grants.iter().filter(|it| it["principalId"] == principal).count(), 1);
    env.run(&["verify", "contoso.toml", "--simulator", simulator.url()]).expect(0);
}
