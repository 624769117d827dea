//! People who operate: they sign in on another device, are told at once everything they lack, and
//! ask others for what they may not do themselves.

use std::io::Read as _;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use serde_json::json;
use skybridge_tests::{SimulatorProcess, TestEnv, eventually, finish, page, workspace};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

fn scenario(name: &str) -> String {
    let file = workspace().join("plugins/azure/sim/scenarios").join(name);
    file.to_str().unwrap().to_owned()
}

/// Changes one line of the example's manifest.
fn set(env: &TestEnv, from: &str, to: &str) {
    let text = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
    assert!(text.contains(from), "{from}");
    env.write("contoso.toml", &text.replacen(from, to, 1));
}

/// The connectors in the tenant.
fn made(simulator: &SimulatorProcess) -> usize {
    let tenant = simulator.tenant();
    let applications = tenant["applications"].as_array().unwrap().iter();
    applications.filter(|it| it["displayName"] == "skybridge-connector").count()
}

/// What a person finds, who applies in the tenant of a scenario: each finding's head, in order.
/// Nothing was written.
fn found(name: &str, change: (&str, &str)) -> (Vec<String>, String) {
    let env = TestEnv::new();
    set(&env, change.0, change.1);
    let file = scenario(name);
    let simulator = SimulatorProcess::start(&env, &["--scenario", &file]);
    assert_eq!(simulator.ready["operator"]["kind"], "person");
    let stopped = env.run(&["apply", "contoso.toml", "--simulator", simulator.url(), "--yes"]);
    let stopped = stopped.expect(5);
    assert_eq!(stopped.stderr.matches("A person is needed").count(), 1, "{}", stopped.stderr);
    assert_eq!(made(&simulator), 0, "{}", stopped.stderr);
    let head = |line: &&str| line.starts_with("error[") || line.starts_with("warning[");
    let heads = stopped.stderr.lines().filter(head).map(str::to_owned).collect();
    (heads, stopped.stderr)
}

/// Whether each finding begins like this.
fn all_begin(heads: &[String], wanted: &[&str]) {
    let fits = heads.len() == wanted.len()
        && heads.iter().zip(wanted).all(|(head, wanted)| head.starts_with(wanted));
    assert!(fits, "{heads:#?}\nis not\n{wanted:#?}");
}

const AS_IT_IS: (&str, &str) = ("schema = 1", "schema = 1");
const ELEVATE: (&str, &str) =
    ("root-management-group = \"assign\"", "root-management-group = \"elevate\"");

/// Goal: a Global Administrator without a role in Resource Manager learns that the subscription
/// cannot even be seen; elevation is for the root group alone.
#[test]
fn an_administrator_of_the_directory_alone() {
    let (heads, said) = found("person-administrator.toml", ELEVATE);
    all_begin(
        &heads,
        &[
            "warning[AZ-PREFLIGHT-007]: could not look at the operator's permissions",
            "error[AZ-SCOPE-006]: no subscription can be onboarded: 33333333",
        ],
    );
    assert!(said.contains("give the operator Owner, or User Access Administrator"), "{said}");
    assert!(said.contains("knows the refusal as request-id "), "{said}");
}

/// Goal: a guest learns at once that registering and consenting are for others.
#[test]
fn a_guest() {
    let (heads, said) = found("person-guest.toml", AS_IT_IS);
    all_begin(
        &heads,
        &[
            "warning[AZ-PREFLIGHT-007]: could not look at the directory roles the operator could",
            "warning[AZ-PREFLIGHT-007]: could not look at the tenant's policy on application",
            "error[AZ-PREFLIGHT-011]: the operator may not consent",
            "error[AZ-PREFLIGHT-015]: the operator is a guest of the tenant",
        ],
    );
    assert!(said.contains("sign in with an account of the tenant"), "{said}");
    assert!(said.contains("2 errors, 2 warnings"), "{said}");
}

/// Goal: what has to be activated first is named at every scope, with where that is done.
#[test]
fn a_person_who_has_not_activated_a_role() {
    let (heads, said) = found("person-eligible.toml", AS_IT_IS);
    let owner = "error[AZ-PREFLIGHT-002]: the operator lacks \
                 Microsoft.Authorization/roleAssignments/write";
    all_begin(
        &heads,
        &[
            owner,
            owner,
            "warning[AZ-PREFLIGHT-007]: could not look at the directory roles the operator could",
            "warning[AZ-PREFLIGHT-007]: could not look at the tenant's policy on application",
            "error[AZ-PREFLIGHT-011]: the operator may not consent",
            "error[AZ-PREFLIGHT-014]: the tenant does not let its users register applications",
        ],
    );
    assert_eq!(said.matches("could activate Owner").count(), 2, "{said}");
    assert!(said.contains("Privileged Identity Management"), "{said}");
    assert!(said.contains("RoleEligibilitySchedule.Read.Directory"), "{said}");
}

/// Goal: the same person, signed in to a client that may ask, is told in one report what to activate
/// in the directory too.
#[test]
fn a_person_who_has_not_activated_a_role_and_has_a_client_of_their_own() {
    let (heads, said) = found("person-eligible-own-client.toml", AS_IT_IS);
    let owner = "error[AZ-PREFLIGHT-002]: the operator lacks \
                 Microsoft.Authorization/roleAssignments/write";
    let could = "and could activate Global Administrator";
    let [consent, register] = [
        "the operator may not consent to permissions of Microsoft Graph",
        "the operator may not register applications",
    ]
    .map(|what| format!("error[AZ-PREFLIGHT-013]: {what}, {could}"));
    all_begin(
        &heads,
        &[
            owner,
            owner,
            "warning[AZ-PREFLIGHT-007]: could not look at the tenant's policy on application",
            &consent,
            &register,
        ],
    );
    assert_eq!(said.matches("could activate Owner").count(), 2, "{said}");
    assert!(said.contains("activate the role first"), "{said}");
    assert!(said.contains("4 errors, 1 warning"), "{said}");
}

/// Goal: once both roles are active, the permissions that client has are enough to connect the
/// tenant and to take everything back.
#[test]
fn a_client_with_the_permissions_the_documents_list_is_enough() {
    let env = TestEnv::new();
    let text = fs_err::read_to_string(scenario("person-eligible-own-client.toml")).unwrap();
    let text = text.replace("eligible-directory-roles", "directory-roles");
    env.write("active.toml", &text.replace(", eligible = true", ""));
    let simulator = SimulatorProcess::start(&env, &["--scenario", "active.toml"]);
    let url = simulator.url();
    let apply = env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(apply.stdout.contains("Connected: 20 of 20 steps"), "{}", apply.stdout);
    assert!(!apply.stderr.contains("warning["), "{}", apply.stderr);
    crate::recovery::check(&simulator.tenant(), std::time::Duration::ZERO);
    env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert_eq!(made(&simulator), 0);
}

/// Goal: whoever may do everything is told what the client they signed in to may not.
#[test]
fn a_person_with_a_client_that_may_only_read() {
    let (heads, said) = found("person-narrow-client.toml", AS_IT_IS);
    all_begin(
        &heads,
        &[
            "error[AZ-PREFLIGHT-010]: the operator signed in with a client that may not change",
            "error[AZ-PREFLIGHT-011]: the operator signed in with a client that may not consent",
        ],
    );
    for part in ["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "`az login`"] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}

/// Goal: an Application Administrator is told that this is not enough to consent, and who is.
#[test]
fn an_administrator_of_applications() {
    let (heads, said) = found("person-applications.toml", AS_IT_IS);
    all_begin(
        &heads,
        &[
            "warning[AZ-PREFLIGHT-007]: could not look at the directory roles the operator could",
            "error[AZ-PREFLIGHT-011]: the operator may not consent to permissions of Microsoft \
             Graph: Application Administrator is not enough",
        ],
    );
    assert!(said.contains("consent = \"hand-off\""), "{said}");
}

/// Goal: everything a tenant's policies forbid stands in one report: registering, the secret's life,
/// and the assignments.
#[test]
fn a_tenant_with_policies() {
    let (heads, said) = found("tenant-policies.toml", AS_IT_IS);
    all_begin(
        &heads,
        &[
            "error[AZ-PREFLIGHT-003]: the deny assignment `Locked by the platform team` forbids",
            "warning[AZ-PREFLIGHT-007]: could not look at the directory roles the operator could",
            "error[AZ-PREFLIGHT-014]: the tenant does not let its users register applications",
            "error[AZ-PREFLIGHT-031]: the tenant's policy lets client secrets live 90 days",
        ],
    );
    assert!(said.contains("lifetime = \"90d\""), "{said}");
    assert!(said.contains("3 errors, 1 warning"), "{said}");
}

/// A command under way, and what it has said so far.
struct Running {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let said: Arc<Mutex<String>> = Arc::default();
        let ear = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(count @ 1..) = stderr.read(&mut some) {
                ear.lock().unwrap().push_str(&String::from_utf8_lossy(&some[..count]));
            }
        });
        Self { child, said }
    }

    /// What follows on a word, up to the line's end, once it was said.
    fn hears(&self, word: &str) -> String {
        let mut found = String::new();
        eventually(&format!("`{word}` is said"), || {
            let said = self.said.lock().unwrap();
            let rest = said.split_once(word).and_then(|(_, rest)| rest.split_once('\n'));
            found = rest.map(|(line, _)| line.trim().to_owned()).unwrap_or_default();
            !found.is_empty()
        });
        found
    }

    /// Everything it said, once it has ended with `code`.
    fn ends(self, code: i32) -> (String, String) {
        let output = finish(self.child);
        // Its other half ended with the process.
        eventually("all is heard", || Arc::strong_count(&self.said) == 1);
        let said = self.said.lock().unwrap().clone();
        assert_eq!(output.code, code, "{}\n{said}", output.stdout);
        (output.stdout, said)
    }
}

/// A tenant reached as a real one is, by its addresses, with a person who signs in by device code.
fn device_code(lifetime: u32) -> (TestEnv, SimulatorProcess) {
    let env = TestEnv::new();
    let text = format!(
        "[[users]]\nid = \"aaaaaaaa-0000-4000-8000-000000000001\"\nname = \"Ada\"\n\
         principal-name = \"ada@contoso.example\"\ndirectory-roles = [\"Global Administrator\"]\n\
         assignments = [{{ role = \"Owner\" }}]\n\
         [device-code]\ninterval-seconds = 1\nlifetime-seconds = {lifetime}\n"
    );
    env.write("people.toml", &text);
    let simulator = SimulatorProcess::start(&env, &["--scenario", "people.toml"]);
    env.write("ca.pem", simulator.ready["ca-pem"].as_str().unwrap());
    let at = |name: &str| simulator.ready["endpoints"][name].as_str().unwrap().to_owned();
    let cloud = format!(
        "cloud = {{ login = {:?}, resource-manager = {:?}, graph = {:?}, ca-file = \"ca.pem\" }}",
        at("login"),
        at("resource-manager"),
        at("graph"),
    );
    set(&env, "cloud = \"public\"", &cloud);
    let operator = format!("auth = \"device-code\"\nclient-id = \"{AZURE_CLI}\"");
    set(&env, "auth = \"azure-cli\"", &operator);
    (env, simulator)
}

/// Applies with a log that says everything.
fn apply(env: &TestEnv) -> Running {
    Running::start(&mut env.command(&["apply", "contoso.toml", "--yes", "--log", "trace"]))
}

/// Every token here is a JWT: two texts of JSON in Base64 with a dot between.
fn no_token(env: &TestEnv, said: &[&str]) {
    let is_token = |text: &str| text.contains(".eyJ");
    assert!(!said.iter().any(|text| is_token(text)), "a token was printed or logged");
    for file in env.files() {
        let text = String::from_utf8_lossy(&fs_err::read(&file).unwrap()).into_owned();
        assert!(!is_token(&text), "there is a token in {}", file.display());
    }
}

/// Goal: the person is shown an address and a code, signs in there, and the tenant is connected by
/// that one sign-in; no token is printed, logged or written down.
#[test]
fn a_person_signs_in_on_another_device() {
    let (env, simulator) = device_code(900);
    let run = apply(&env);
    let (open, code) = (run.hears("\n  open  "), run.hears("\n  code  "));
    assert!(open.starts_with("https://") && open.ends_with("/devicelogin"), "{open}");
    let body = json!({ "user": "ada@contoso.example" }).to_string();
    let (status, answer) = simulator.control(&format!("device-codes/{code}"), &body);
    assert_eq!(status, 200, "{answer}");
    let (stdout, said) = run.ends(0);
    assert_eq!(said.matches("A person is needed").count(), 1, "{said}");
    assert!(stdout.contains("Connected: 20 of 20 steps"), "{stdout}");
    crate::recovery::check(&simulator.tenant(), std::time::Duration::ZERO);
    no_token(&env, &[&stdout, &said]);
}

/// Goal: a person who declines, or does not come, ends the command with a sentence and nothing done.
#[test]
fn a_person_declines_or_does_not_come() {
    let (env, simulator) = device_code(900);
    let run = apply(&env);
    let code = run.hears("\n  code  ");
    let (status, answer) =
        simulator.control(&format!("device-codes/{code}"), &json!({ "decline": true }).to_string());
    assert_eq!(status, 200, "{answer}");
    let (stdout, said) = run.ends(4);
    assert!(said.contains("the person declined to sign in"), "{said}");
    assert!(said.contains("sign in on any device while the code is good"), "{said}");
    assert_eq!(made(&simulator), 0);
    no_token(&env, &[&stdout, &said]);

    let (env, simulator) = device_code(2);
    let (_, said) = apply(&env).ends(4);
    assert!(said.contains("nobody signed in before the code expired"), "{said}");
    assert_eq!(made(&simulator), 0);
}

/// Goal: an operator who may not consent is told so before anything is written, another
/// administrator is given an address and accepts there, and the run goes on by itself to the end.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_consents() {
    let env = TestEnv::new();
    set(&env, "consent = \"grant\"", "consent = \"hand-off\"");
    let file = scenario("person-applications.toml");
    let simulator = SimulatorProcess::start(&env, &["--scenario", &file]);
    let url = simulator.url();
    let plan = env.run(&["plan", "contoso.toml", "--simulator", url]).expect(0);
    let address = format!("/{TENANT}/adminconsent?client_id=");
    for part in ["AZ-PREFLIGHT-012", "Application Administrator is not enough", &address] {
        assert!(plan.stderr.contains(part), "{part} is not in\n{}", plan.stderr);
    }

    let apply = ["apply", "contoso.toml", "--simulator", url, "--yes"];
    let run = Running::start(&mut env.command(&apply));
    let open = run.hears("The run goes on by itself afterwards\n  open  ");
    let (_, client) = open.split_once(&address).unwrap();
    let (status, shown) = page(&simulator, &open).await;
    assert_eq!(status, 200, "{shown}");
    for part in ["skybridge-connector", "Directory.Read.All", "Policy.Read.All"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let consent = |user: &str| {
        simulator.control("consents", &json!({ "client-id": client, "user": user }).to_string())
    };
    // The operator may no more consent there than elsewhere.
    assert_eq!(consent("applications@contoso.example").0, 403);
    let (status, answer) = consent("roles@contoso.example");
    assert_eq!(status, 200, "{answer}");
    let (stdout, said) = run.ends(0);
    assert_eq!(said.matches("adminconsent?client_id=").count(), 2, "{said}");
    assert!(stdout.contains("Connected: 20 of 20 steps"), "{stdout}");
    crate::recovery::check(&simulator.tenant(), std::time::Duration::ZERO);
    let grants = simulator.tenant()["appRoleAssignments"].as_array().unwrap().len();
    assert_eq!(grants, 2, "the operator, a person, has none");
}
