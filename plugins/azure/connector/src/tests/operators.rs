//! Who runs the onboarding, in every way there is.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};

use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use serde_json::{Value, json};
use skybridge_azure_client::arm::subscriptions::{self, Subscription};
use skybridge_azure_client::{ClientError, Trust};
use skybridge_plugin_sdk::protocol::audit::Notice;
use skybridge_plugin_sdk::protocol::open::OpenRequest;
use skybridge_plugin_sdk::{Error, kind};

use super::support::{MemoryHost, NO_LAG, Rehearsal, SUBSCRIPTION, TENANT, eventually};
use crate::azure::Azure;
use crate::errors::{Lag, classify};
use crate::operator::{Operator, telling};

const ISSUER: &str = "https://token.actions.example";
const CLIENT: &str = "22222222-3333-4444-5555-666666666666";

/// Reads a subscription as the operator: what every kind of sign-in has to end in.
async fn look(azure: &Azure) -> Result<Subscription, ClientError> {
    let host = MemoryHost::default();
    let session = azure.session(&host).unwrap();
    session.json(&subscriptions::get_request(SUBSCRIPTION)).await
}

fn explained(error: ClientError) -> Error {
    let error = classify(error, Lag::Impossible);
    assert_eq!(error.kind, kind::UNAUTHENTICATED, "{error:?}");
    error
}

/// A simulated tenant, with an operator as `variables` describe it.
async fn signed_in(
    scenario: &str,
    operator: Operator,
    variables: &[(&str, &str)],
) -> (Rehearsal, Result<Subscription, ClientError>) {
    let mut rehearsal = Rehearsal::new(Some(&format!("{scenario}{NO_LAG}"))).await;
    rehearsal.azure.operate_by(operator, None, Trust::Platform, variables);
    let outcome = look(&rehearsal.azure).await;
    (rehearsal, outcome)
}

const BASE: [(&str, &str); 2] = [("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", CLIENT)];

/// A file with `text`, kept until the folder is dropped.
fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs_err::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_application_of_the_environment_with_a_secret() {
    let scenario = "[operator]\nsecret = \"open sesame, open sesame\"\n";
    let secret = ("AZURE_CLIENT_SECRET", "open sesame, open sesame");
    for operator in [Operator::Environment, Operator::Chain] {
        let (_rehearsal, found) = signed_in(scenario, operator, &[BASE[0], BASE[1], secret]).await;
        assert_eq!(found.unwrap().subscription_id, SUBSCRIPTION);
    }
    let (_rehearsal, found) = signed_in(scenario, Operator::Environment, &[BASE[0], BASE[1]]).await;
    let text = explained(found.unwrap_err()).detail.message;
    assert!(text.contains("AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH"), "{text}");
}

/// Goal: a token of another tenant is not used for anything.
#[tokio::test]
async fn another_tenant_is_refused() {
    let scenario = "[operator]\nsecret = \"open sesame, open sesame\"\n";
    let other = "99999999-2222-3333-4444-555555555555";
    let variables =
        [("AZURE_TENANT_ID", other), BASE[1], ("AZURE_CLIENT_SECRET", "open sesame, open sesame")];
    let (_rehearsal, found) = signed_in(scenario, Operator::Environment, &variables).await;
    assert_eq!(explained(found.unwrap_err()).detail.code.as_deref(), Some("AZ-OPERATOR-001"));

    // The token itself says so, whatever the manifest says.
    let mut rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    let operator = Operator::simulated(rehearsal.ready["operator"].clone()).unwrap();
    rehearsal.azure.operate_by(operator, Some(other), Trust::Platform, &[]);
    let error = explained(look(&rehearsal.azure).await.unwrap_err());
    assert_eq!(error.detail.code.as_deref(), Some("AZ-OPERATOR-001"));
    assert!(error.detail.help.unwrap().contains("az login --tenant"));
}

#[tokio::test]
async fn an_application_of_the_environment_with_a_certificate() {
    let (key, certificate) = key_and_certificate();
    let scenario = format!("[operator]\ncertificates = ['''{certificate}''']\n");
    let folder = tempfile::tempdir().unwrap();
    let pem = file(&folder, "operator.pem", &format!("{certificate}{key}"));
    let variables = [BASE[0], BASE[1], ("AZURE_CLIENT_CERTIFICATE_PATH", pem.as_str())];
    let (_rehearsal, found) = signed_in(&scenario, Operator::Environment, &variables).await;
    assert_eq!(found.unwrap().subscription_id, SUBSCRIPTION);

    let bare = file(&folder, "bare.pem", &certificate);
    let variables = [BASE[0], BASE[1], ("AZURE_CLIENT_CERTIFICATE_PATH", bare.as_str())];
    let (_rehearsal, found) = signed_in(&scenario, Operator::Environment, &variables).await;
    let text = explained(found.unwrap_err()).detail.message;
    assert!(text.contains("no section `PRIVATE KEY`"), "{text}");
}

/// A key and a certificate for it, both PEM.
fn key_and_certificate() -> (String, String) {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    let key = key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string();
    let pair = rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(&key, &rcgen::PKCS_RSA_SHA256).unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2090, 1, 1);
    let certificate = params.self_signed(&pair).unwrap().pem();
    (key, certificate)
}

async fn assertion(rehearsal: &Rehearsal) -> String {
    let body = json!({
        "issuer": ISSUER, "subject": "repo:contoso/platform",
        "audience": "api://AzureADTokenExchange",
    });
    let answer = rehearsal.control("_simulator/assertions", Some(body)).await;
    answer["assertion"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn federated() -> String {
    format!(
        "[operator]\nfederated = [{{ issuer = \"{ISSUER}\", subject = \"repo:contoso/platform\" }}]\
         \n[[issuers]]\nurl = \"{ISSUER}\"\n"
    )
}

#[tokio::test]
async fn an_application_of_the_environment_with_a_token_file() {
    let mut rehearsal = Rehearsal::new(Some(&format!("{}{NO_LAG}", federated()))).await;
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "token", &assertion(&rehearsal).await);
    let variables = [BASE[0], BASE[1], ("AZURE_FEDERATED_TOKEN_FILE", path.as_str())];
    rehearsal.azure.operate_by(Operator::Environment, None, Trust::Platform, &variables);
    assert_eq!(look(&rehearsal.azure).await.unwrap().subscription_id, SUBSCRIPTION);
}

/// Goal: a chain that ends says what each of its links lacked.
#[tokio::test]
async fn a_chain_without_a_link_says_what_each_lacks() {
    let (_rehearsal, found) = signed_in("", Operator::Chain, &[BASE[0]]).await;
    let text = explained(found.unwrap_err()).detail.message;
    for part in [
        "environment: AZURE_CLIENT_ID, AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH not set",
        "workload-identity: AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE not set",
        "managed-identity: IDENTITY_ENDPOINT not set",
        "azure-cli: there is no `az` on PATH",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

fn device_code() -> Operator {
    Operator::DeviceCode { client_id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46".into() }
}

/// A person who owns the subscription, and codes that may be asked about every second.
fn somebody(more: &str) -> String {
    format!(
        "[[users]]\nid = \"aaaaaaaa-0000-4000-8000-000000000001\"\nname = \"Ada\"\n\
         principal-name = \"ada@contoso.example\"\npassword = \"rehearsal only\"\n\
         directory-roles = [\"Global Administrator\"]\n\
         assignments = [{{ role = \"Owner\", scope = \"/subscriptions/{SUBSCRIPTION}\" }}]\n\
         [device-code]\ninterval-seconds = 1\n{more}\n{NO_LAG}"
    )
}

/// Goal: a person is told where to sign in, and the same sign-in serves both services.
#[tokio::test]
async fn a_person_on_another_device() {
    let mut rehearsal = Rehearsal::new(Some(&somebody(""))).await;
    rehearsal.azure.operate_by(device_code(), None, Trust::Platform, &[]);
    let told: Arc<Mutex<Vec<Notice>>> = Arc::default();
    let ear = Arc::clone(&told);
    let tell = Arc::new(move |notice: &Notice| ear.lock().unwrap().push(notice.clone()));
    let looking = telling(tell, async {
        let found = look(&rehearsal.azure).await;
        let session = rehearsal.azure.session(&rehearsal.host).unwrap();
        let client = session.client;
        let graph = client.fresh_token(skybridge_azure_client::Service::Graph).await;
        (found, graph.is_ok())
    });
    let approving = async {
        eventually("the person is told", async || !told.lock().unwrap().is_empty()).await;
        let code = told.lock().unwrap()[0].code.clone().unwrap();
        let body = json!({ "user": "ada@contoso.example" });
        rehearsal.control(&format!("_simulator/device-codes/{code}"), Some(body)).await;
    };
    let ((found, graph), ()) = tokio::join!(looking, approving);
    assert_eq!(found.unwrap().subscription_id, SUBSCRIPTION);
    assert!(graph);
    assert_eq!(told.lock().unwrap().len(), 1, "one sign-in serves both services");
    assert!(told.lock().unwrap()[0].url.as_deref().unwrap().starts_with("https://"));
}

/// Goal: a person who declines, or does not come, ends the wait with a sentence.
#[tokio::test]
async fn a_person_who_declines_or_does_not_come() {
    let mut rehearsal = Rehearsal::new(Some(&somebody(""))).await;
    rehearsal.azure.operate_by(device_code(), None, Trust::Platform, &[]);
    let told: Arc<Mutex<Vec<Notice>>> = Arc::default();
    let ear = Arc::clone(&told);
    let tell = Arc::new(move |notice: &Notice| ear.lock().unwrap().push(notice.clone()));
    let declining = async {
        eventually("the person is told", async || !told.lock().unwrap().is_empty()).await;
        let code = told.lock().unwrap()[0].code.clone().unwrap();
        let path = format!("_simulator/device-codes/{code}");
        rehearsal.control(&path, Some(json!({ "decline": true }))).await;
    };
    let (found, ()) = tokio::join!(telling(tell, look(&rehearsal.azure)), declining);
    let declined = explained(found.unwrap_err()).detail;
    assert!(declined.message.contains("declined"));
    assert_eq!(declined.code.as_deref(), Some("AZ-AUTH-005"));
    let help = declined.help.unwrap();
    assert!(help.contains("on any device") && !help.contains("az login"), "{help}");

    let mut nobody = Rehearsal::new(Some(&somebody("lifetime-seconds = 1"))).await;
    nobody.azure.operate_by(device_code(), None, Trust::Platform, &[]);
    let found = telling(Arc::new(|_: &Notice| {}), look(&nobody.azure)).await;
    let late = explained(found.unwrap_err()).detail;
    assert!(late.message.contains("before the code expired"));
    assert_eq!(late.code.as_deref(), Some("AZ-AUTH-005"));
}

const OWN: &str = "cccccccc-0000-4000-8000-000000000001";

/// What comes of it when Ada signs in to `client`, in a tenant with one of its own; and how often
/// she is asked to.
async fn through(client: &str, own: &str) -> (Result<Subscription, ClientError>, usize) {
    let scenario = somebody("approve-as = \"ada@contoso.example\"");
    let scenario = format!("[[clients]]\nclient-id = \"{OWN}\"\nname = \"own\"\n{own}\n{scenario}");
    let mut rehearsal = Rehearsal::new(Some(&scenario)).await;
    let operator = Operator::DeviceCode { client_id: client.into() };
    rehearsal.azure.operate_by(operator, None, Trust::Platform, &[]);
    let told = Arc::new(Mutex::new(0));
    let ear = Arc::clone(&told);
    let tell = Arc::new(move |_: &Notice| *ear.lock().unwrap() += 1);
    let found = telling(tell, look(&rehearsal.azure)).await;
    let told = *told.lock().unwrap();
    (found, told)
}

/// Goal: a client of one's own serves as the Azure CLI's does; one that is unknown, not public or
/// not consented to is told with what to do about it, in words about that client.
#[tokio::test]
async fn a_client_of_ones_own() {
    let (found, told) = through(OWN, "resource-manager = true").await;
    assert_eq!((found.unwrap().subscription_id.as_str(), told), (SUBSCRIPTION, 1));
    let unknown = "cccccccc-0000-4000-8000-00000000000f";
    for (client, code, part, asked) in [
        (unknown, "AZ-LOGIN-003", "`client-id` names no application of this tenant", 0),
        (CLIENT, "AZ-LOGIN-014", "Allow public client flows", 1),
        (OWN, "AZ-LOGIN-015", "user_impersonation of Azure Service Management", 1),
    ] {
        let (found, told) = through(client, "graph-scopes = [\"User.Read\"]").await;
        let error = explained(found.unwrap_err());
        assert_eq!(error.detail.code.as_deref(), Some(code), "{error:?}");
        assert_eq!(error.detail.operation.as_deref(), Some("signing in by device code"));
        assert_eq!(told, asked, "{code}");
        let help = error.detail.help.unwrap();
        assert!(help.contains(part) && !help.contains("az login"), "{help}");
    }
}

/// Goal: without anybody to tell, nobody is waited for.
#[tokio::test]
async fn without_a_person_there_is_no_device_code() {
    let mut rehearsal = Rehearsal::new(Some(&somebody(""))).await;
    rehearsal.azure.operate_by(device_code(), None, Trust::Platform, &[]);
    let detail = explained(look(&rehearsal.azure).await.unwrap_err()).detail;
    assert!(detail.message.contains("nobody to tell"), "{}", detail.message);
    assert_eq!(detail.code.as_deref(), Some("AZ-AUTH-005"));
}

#[test]
fn a_device_code_needs_an_application() {
    let error = Operator::read(&json!({ "auth": "device-code" })).unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AZ-CONFIG-003"));
    assert!(error.detail.message.contains("04b07795-8ddb-461a-bbee-02f9e1bf7b46"));
}

// What Microsoft's library finds it finds in the process: these run in processes of their own.

const CHILD: &str = "SKYBRIDGE_TEST_OPERATOR";

/// Runs [`a_process_of_its_own`] as an operator in an environment with `variables`.
fn child(rehearsal: &Rehearsal, auth: &str, variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ca = file(&folder, "ca.pem", rehearsal.ready["ca-pem"].as_str().unwrap());
    let endpoints = &rehearsal.ready["endpoints"];
    let settings = json!({
        "tenant": TENANT,
        "scope": { "subscriptions": [SUBSCRIPTION] },
        "cloud": {
            "login": endpoints["login"],
            "resource-manager": endpoints["resource-manager"],
            "graph": endpoints["graph"],
            "ca-file": ca,
        },
    });
    let request = json!({ "settings": settings, "operator": { "auth": auth } });
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::operators::a_process_of_its_own", "--nocapture"])
        .env(CHILD, request.to_string())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .find_map(|line| line.split_once("operator says: ").map(|(_, said)| said.to_owned()))
        .unwrap_or_else(|| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)))
}

/// What [`child`] runs; on its own it does nothing.
#[expect(clippy::disallowed_methods, reason = "the parent says here what to do")]
#[tokio::test]
async fn a_process_of_its_own() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let told: BTreeMap<String, Value> = serde_json::from_str(&told).unwrap();
    let request = OpenRequest {
        connector: "contoso".into(),
        settings: Some(told["settings"].clone()),
        operator: told["operator"].clone(),
        simulated: None,
    };
    let azure = Azure::start(request).unwrap();
    let found = look(&azure).await;
    let told = |error| {
        let detail = explained(error).detail;
        let said = format!("{}; {}", detail.message, detail.help.unwrap_or_default());
        said.replace('\n', " ")
    };
    let said = found.map_or_else(told, |it| it.subscription_id);
    println!("operator says: {said}");
}

/// Goal: whoever ran `az login` operates, on a cloud of one's own with its own certificates.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signed_in_with_the_azure_cli() {
    let rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    let host = MemoryHost::default();
    let session = rehearsal.azure.session(&host).unwrap();
    let service = skybridge_azure_client::Service::ResourceManager;
    let token = session.client.fresh_token(service).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let answer = json!({
        "accessToken": token.secret.expose(), "expires_on": token.expires.as_second(),
        "tenant": TENANT, "tokenType": "Bearer",
    });
    let script = format!("#!/bin/sh\ncat <<'END'\n{answer}\nEND\n");
    let az = file(&folder, "az", &script);
    assert!(Command::new("chmod").args(["+x", &az]).status().unwrap().success());
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    for auth in ["azure-cli", "chain"] {
        let said = child(&rehearsal, auth, &[("PATH", path.as_str())]);
        assert_eq!(said, SUBSCRIPTION, "{auth}");
    }
    let silent = file(&folder, "az", "#!/bin/sh\necho 'Please run az login' >&2\nexit 1\n");
    assert!(silent.ends_with("az"));
    let said = child(&rehearsal, "azure-cli", &[("PATH", path.as_str())]);
    assert!(said.contains("az login"), "{said}");
    let nowhere = tempfile::tempdir().unwrap();
    let nowhere = nowhere.path().to_str().unwrap();
    let said = child(&rehearsal, "azure-cli", &[("PATH", nowhere)]);
    assert!(said.contains("not found on PATH") && said.contains("install the Azure CLI"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_machines_own_identity() {
    let rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    let identity = &rehearsal.ready["identity"];
    let variables = [
        ("IDENTITY_ENDPOINT", identity["endpoint"].as_str().unwrap()),
        ("IDENTITY_HEADER", identity["header"].as_str().unwrap()),
    ];
    for auth in ["managed-identity", "chain"] {
        assert_eq!(child(&rehearsal, auth, &variables), SUBSCRIPTION, "{auth}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pods_own_identity() {
    let rehearsal = Rehearsal::new(Some(&format!("{}{NO_LAG}", federated()))).await;
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "token", &assertion(&rehearsal).await);
    let variables = [BASE[0], BASE[1], ("AZURE_FEDERATED_TOKEN_FILE", path.as_str())];
    for auth in ["workload-identity", "chain"] {
        assert_eq!(child(&rehearsal, auth, &variables), SUBSCRIPTION, "{auth}");
    }
}
