//! Encoding, endpoints, permissions, claims, redaction.

use expect_test::expect;
use jiff::Timestamp;

use crate::arm::permissions::{Permission, any_allows};
use crate::arm::role_assignments;
use crate::cloud::{Cloud, EndpointError, Endpoints, Service};
use crate::encode::odata_literal;
use crate::graph::{applications, passwords};
use crate::login::{admin_consent_address, client_credentials_request};
use crate::request::{Path, Request};
use crate::response::Response;
use crate::throttle::{Counted, Notebook, Throttle, note, retry_after};
use crate::transport::WireRequest;
use skybridge_plugin_http::Secret;
use skybridge_plugin_http::limits::Noted;

#[test]
fn nothing_a_value_holds_can_leave_its_place() {
    let path = Path::new().scope("/a b/../c?d#e/").segment("f/g").keyed("h", "i", "o'j/k)");
    let request = Request::get(Service::Graph, path, "").query("$filter", "n eq 'a&b=c+d ü'");
    expect!["/a%20b/%252E%252E/c%3Fd%23e/f%2Fg/h(i='o%27%27j%2Fk)')?$filter=n%20eq%20%27a%26b%3Dc%2Bd%20%C3%BC%27"]
        .assert_eq(&request.target());
    assert_eq!(odata_literal("O'Brien"), "'O''Brien'");
}

#[test]
fn targets() {
    let lines = [
        role_assignments::list_for_principal_request("/subscriptions/s", "p").target(),
        applications::get_by_unique_name_request("skybridge-contoso-12345678").target(),
        crate::arm::provider_operations::get_request("Microsoft.Web").target(),
        admin_consent_address(&Endpoints::of(Cloud::China), "t", "c"),
    ];
    expect![[r#"
        /subscriptions/s/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=principalId%20eq%20%27p%27
        /v1.0/applications(uniqueName='skybridge-contoso-12345678')?$select=id,appId,displayName,uniqueName,description,signInAudience,requiredResourceAccess,passwordCredentials,tags
        /providers/Microsoft.Authorization/providerOperations/Microsoft.Web?api-version=2022-04-01&$expand=resourceTypes
        https://login.chinacloudapi.cn/t/adminconsent?client_id=c"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn endpoints_are_https_and_links_stay_below_them() {
    let custom = |login| Endpoints::custom(Cloud::Public, login, "https://b:1/x/", "https://c");
    assert!(matches!(custom("http://a"), Err(EndpointError::NotHttps { .. })));
    assert!(matches!(custom("a"), Err(EndpointError::Malformed { .. })));
    let endpoints = custom("https://a").unwrap();
    let below = |link| endpoints.below(Service::ResourceManager, link);
    assert_eq!(below("https://b:1/x/y?z=1%20"), Some(("/y".into(), "z=1%20".into())));
    for foreign in [
        "https://b/x/y",
        "http://b:1/x/y",
        "https://b:1/y",
        "https://b:1/xy",
        "https://u@b:1/x/y",
        "/y",
    ] {
        assert_eq!(below(foreign), None, "{foreign}");
    }
}

#[test]
fn token_scopes_follow_the_cloud() {
    let scope = |cloud: Cloud| cloud.token_scope(Service::Graph).unwrap();
    assert_eq!(scope(Cloud::Public), "https://graph.microsoft.com/.default");
    assert_eq!(scope(Cloud::UsGovernmentDod), "https://dod-graph.microsoft.us/.default");
    assert_eq!(Cloud::Public.token_scope(Service::Login), None);
}

#[test]
fn wildcards_as_azure_reads_them() {
    let grant = |actions: &[&str], not: &[&str]| Permission {
        actions: actions.iter().map(|a| (*a).to_owned()).collect(),
        not_actions: not.iter().map(|a| (*a).to_owned()).collect(),
        ..Permission::default()
    };
    let action = "Microsoft.Authorization/roleAssignments/write";
    let contributor = grant(&["*"], &["Microsoft.Authorization/*/Write"]);
    assert!(!contributor.allows(action));
    assert!(grant(&["*"], &[]).allows(action));
    assert!(grant(&["microsoft.authorization/*"], &[]).allows(action));
    assert!(!grant(&["*/read"], &[]).allows(action));
    assert!(!grant(&["Microsoft.Authorization/roleAssignments/write/x"], &[]).allows(action));
    assert!(any_allows(&[contributor, grant(&[action], &[])], action));
}

#[test]
fn secrets_are_not_printed() {
    let secret = Secret::new("hunter2 & more");
    let request = client_credentials_request("t", "c", &secret, "s/.default");
    let mut wire = WireRequest::new(&request, &Endpoints::of(Cloud::Public));
    assert_eq!(
        wire.body.as_ref().unwrap().1.expose(),
        "client_id=c&client_secret=hunter2%20%26%20more&grant_type=client_credentials\
         &scope=s%2F.default"
    );
    wire.bearer = Some(secret.clone());
    let body = br#"{"keyId":"k","secretText":"hunter2"}"#;
    let made: passwords::NewPassword = serde_json::from_slice(body).unwrap();
    let response = Response::new(200, [], body.to_vec(), Timestamp::UNIX_EPOCH);
    let printed = format!("{secret:?}{request:?}{wire:?}{made:?}{response:?}");
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn throttle_headers() {
    let headers = [
        ("x-ms-ratelimit-remaining-subscription-reads", "249"),
        ("X-Ms-Throttle-Limit-Percentage", "0.9"),
        ("x-ms-resource-unit", "2"),
        ("Retry-After", "999999"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()));
    let response = Response::new(200, headers, vec![], Timestamp::UNIX_EPOCH);
    let throttle = Throttle::of(&response);
    assert_eq!(throttle.remaining["subscription-reads"], 249);
    assert_eq!((throttle.used, throttle.cost), (Some(0.9), Some(2)));
    assert_eq!(retry_after(&response).unwrap().as_secs(), 3_600);
}

/// Counters by whose calls they count; calls are added up, what is left is what was said last.
#[test]
fn a_notebook_sums_up_what_answers_say() {
    let answer = |status, headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Response::new(status, headers, vec![], Timestamp::UNIX_EPOCH)
    };
    let notebook = Notebook::default();
    let one = crate::arm::subscriptions::get_request("S1");
    for left in ["9", "8"] {
        let counter = "x-ms-ratelimit-remaining-subscription-reads";
        note(&notebook, &one, &answer(200, &[(counter, left)]));
    }
    let tenant = ("x-ms-ratelimit-remaining-tenant-reads", "0");
    let all = crate::arm::subscriptions::list_request();
    note(&notebook, &all, &answer(429, &[tenant, ("retry-after", "7")]));
    let graph = crate::graph::organization::list_request();
    note(&notebook, &graph, &answer(429, &[("retry-after", "3")]));
    note(
        &notebook,
        &client_credentials_request("t", "c", &Secret::new("x"), "s"),
        &answer(429, &[]),
    );
    let noted = |left, calls, wait: Option<u64>| Noted {
        left,
        calls,
        wait: wait.map(std::time::Duration::from_secs),
    };
    let expected = [
        ((Counted::Subscription("S1".into()), "subscription-reads".into()), noted(8, 2, None)),
        ((Counted::Tenant, "tenant-reads".into()), noted(0, 1, Some(7))),
        ((Counted::Graph, String::new()), noted(0, 1, Some(3))),
    ];
    assert_eq!(notebook.take(), expected.into());
    assert!(notebook.take().is_empty());
}
