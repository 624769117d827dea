//! The token service.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Cloud, PROMPT, answer};

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn numbers(body: &Value) -> Value {
    body["error_codes"][0].clone()
}

// Goal: each refusal has the status, the OAuth name and the number clients key on.
#[tokio::test]
async fn refusals_are_numbered() {
    let cloud = Cloud::start(PROMPT).await;
    let operator = cloud.simulator.ready().operator.clone();
    let (id, secret) = (operator.client_id.to_string(), operator.client_secret.unwrap());
    let arm = "https://management.azure.com";
    let wrong = cloud.token_request(&id, "wrong", arm).await;
    assert_eq!((wrong.status.as_u16(), numbers(&wrong.body)), (401, json!(7_000_215)));
    assert_eq!(wrong.body["error"], "invalid_client");
    let unknown = cloud.token_request("99999999-0000-0000-0000-000000000000", "x", arm).await;
    assert_eq!((unknown.status.as_u16(), numbers(&unknown.body)), (400, json!(700_016)));
    assert_eq!(unknown.body["error"], "unauthorized_client");
    let resource = cloud.token_request(&id, &secret, "https://nothing.example").await;
    assert_eq!((resource.status.as_u16(), numbers(&resource.body)), (400, json!(500_011)));
    let base = [("grant_type", "client_credentials"), ("client_id", id.as_str())];
    let cases: [(&[(&str, &str)], u32); 4] = [
        (&[("client_secret", &secret)], 900_144),
        (&[("client_secret", &secret), ("scope", "https://management.azure.com")], 1_002_012),
        (&[("client_secret", &secret), ("scope", "a/.default b/.default")], 70_011),
        (&[("scope", "https://management.azure.com/.default")], 7_000_218),
    ];
    for (more, number) in cases {
        let form: Vec<_> = base.iter().chain(more).copied().collect();
        assert_eq!(numbers(&cloud.form(&form).await.body), json!(number));
    }
    let url = format!("{}/no-such-tenant/oauth2/v2.0/token", cloud.login());
    let reply = answer(cloud.http.post(url).form(&base).send().await.unwrap()).await;
    assert_eq!(numbers(&reply.body), json!(90_002));
}

// Goal: the audience is what was asked for, roles are there when granted and absent when not, and
// the client may authenticate with a header; the tenant may be named by its domain.
#[tokio::test]
async fn tokens_say_who_and_for_what() {
    let cloud = Cloud::start(PROMPT).await;
    let arm = claims(&cloud.operator("https://management.core.windows.net/").await);
    assert_eq!(arm["aud"], "https://management.core.windows.net/");
    assert_eq!(arm["tid"], cloud.tenant());
    assert_eq!(arm.get("roles"), None);
    let graph = claims(&cloud.operator("https://graph.microsoft.com").await);
    assert_eq!(graph["roles"].as_array().unwrap().len(), 4);
    assert_eq!(graph["idtyp"], "app");
    let operator = cloud.simulator.ready().operator.clone();
    let secret = operator.client_secret.unwrap();
    let basic = STANDARD.encode(format!("{}:{secret}", operator.client_id));
    let url = format!("{}/contoso.example/oauth2/v2.0/token", cloud.login());
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "6dae42f8-4368-4678-94ff-3960e28e3630/.default"),
    ];
    let request = cloud.http.post(url).header("authorization", format!("Basic {basic}"));
    let reply = answer(request.form(&form).send().await.unwrap()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body["expires_in"], 3599);
}

// Goal: a new secret is refused like a wrong one for a while, then accepted for good; a principal
// without grants gets a token without roles.
#[tokio::test]
async fn a_new_secret_becomes_usable() {
    let scenario = PROMPT.replace("secret = 0", "secret = 400");
    let cloud = Cloud::start(&scenario).await;
    let (app, client, _) = cloud.connector().await;
    let graph = cloud.graph().await;
    let made = graph.post(&format!("/applications/{app}/addPassword"), json!({})).await;
    let secret = made.text("secretText");
    let mut refused = 0;
    let token = loop {
        let reply = cloud.token_request(&client, &secret, "https://graph.microsoft.com").await;
        if reply.status == 200 {
            break reply.text("access_token");
        }
        assert_eq!(numbers(&reply.body), json!(7_000_215));
        refused += 1;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    assert!(refused > 0, "a secret that is usable at once rehearses nothing");
    assert_eq!(claims(&token).get("roles"), None);
    let denied = cloud.graph_as(token).get("/organization").await;
    assert_eq!((denied.status.as_u16(), denied.code()), (403, "Authorization_RequestDenied"));
}

// Goal: an expired secret has its own number.
#[tokio::test]
async fn an_expired_secret_is_called_expired() {
    let cloud = Cloud::start(PROMPT).await;
    let (app, client, _) = cloud.connector().await;
    let body = json!({"passwordCredential": {
        "startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2021-01-01T00:00:00Z",
    }});
    let graph = cloud.graph().await;
    let made = graph.post(&format!("/applications/{app}/addPassword"), body).await;
    let secret = made.text("secretText");
    let reply = cloud.token_request(&client, &secret, "https://graph.microsoft.com").await;
    assert_eq!((reply.status.as_u16(), numbers(&reply.body)), (401, json!(7_000_222)));
}

// Goal: the discovery documents lead to each other and to the keys that signed the tokens.
#[tokio::test]
async fn discovery_leads_to_the_keys() {
    let cloud = Cloud::start(PROMPT).await;
    let get = async |url: String| answer(cloud.http.get(url).send().await.unwrap()).await;
    let instance = get(format!(
        "{0}/common/discovery/instance?api-version=1.1&authorization_endpoint={0}/{1}/oauth2/v2.0/authorize",
        cloud.login(), cloud.tenant()
    ))
    .await;
    let document = get(instance.text("tenant_discovery_endpoint")).await;
    assert!(document.text("token_endpoint").contains(&cloud.tenant()));
    let keys = get(document.text("jwks_uri")).await;
    assert_eq!(keys.body["keys"][0]["kty"], "RSA");
    let unknown = get(format!("{}/nowhere/v2.0/.well-known/openid-configuration", cloud.login()));
    assert_eq!(numbers(&unknown.await.body), json!(90_002));
}

// Goal: tokens are only good where they are for, and only as they were signed.
#[tokio::test]
async fn tokens_are_checked() {
    let cloud = Cloud::start(PROMPT).await;
    let graph = cloud.operator("https://graph.microsoft.com").await;
    let path = "/subscriptions?api-version=2022-12-01";
    let reply = cloud.arm_as(graph.clone()).get(path).await;
    assert_eq!(reply.code(), "InvalidAuthenticationTokenAudience");
    assert!(reply.headers.contains_key("www-authenticate"));
    let mut forged = graph;
    forged.push('A');
    let reply = cloud.arm_as(forged).send(Method::GET, path, None).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "InvalidAuthenticationToken"));
    let arm = cloud.operator("https://management.azure.com").await;
    let reply = cloud.graph_as(arm).get("/organization").await;
    assert_eq!((reply.status.as_u16(), reply.code()), (401, "InvalidAuthenticationToken"));
}
