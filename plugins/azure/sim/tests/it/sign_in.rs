//! Signing in without a secret: device codes, certificates, federated assertions, managed identity.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use serde_json::{Value, json};

use crate::client::{Answer, Cloud, PROMPT, answer};

const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const GRAPH: &str = "https://graph.microsoft.com";
const ISSUER: &str = "https://token.actions.example";
const SUBJECT: &str = "repo:contoso/onboarding:ref:refs/heads/main";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn number(answer: &Answer) -> u64 {
    answer.body["error_codes"][0].as_u64().unwrap_or_default()
}

async fn device_code(cloud: &Cloud, scope: &str) -> Answer {
    let url = format!("{}/organizations/oauth2/v2.0/devicecode", cloud.login());
    let form = [("client_id", CLI), ("scope", scope)];
    answer(cloud.http.post(url).form(&form).send().await.unwrap()).await
}

async fn poll(cloud: &Cloud, code: &Answer) -> Answer {
    let code = code.text("device_code");
    cloud.form(&[("grant_type", DEVICE), ("client_id", CLI), ("device_code", &code)]).await
}

// Goal: pending until somebody approves, then a token of that person, once; a refresh token goes on.
#[tokio::test]
async fn a_device_code_is_approved_by_a_person() {
    let scenario = format!(
        "{PROMPT}\n[device-code]\ninterval-seconds = 0\n\
         [[clients]]\nclient-id = '00000000-0000-0000-0000-000000000001'\nname = 'other'\n"
    );
    let cloud = Cloud::start(&scenario).await;
    let code = device_code(&cloud, &format!("{GRAPH}/.default offline_access")).await;
    assert_eq!(code.status, 200, "{code:?}");
    assert!(code.text("message").contains(&code.text("user_code")));
    let pending = poll(&cloud, &code).await;
    assert_eq!((pending.status.as_u16(), number(&pending)), (400, 70_016));
    assert_eq!(pending.body["error"], "authorization_pending");
    let path = format!("device-codes/{}", code.text("user_code"));
    let nobody = cloud.control(&path, json!({"user": "nobody@contoso.example"})).await;
    assert_eq!(nobody.status, 404);
    let approved = cloud.control(&path, json!({"user": "admin@contoso.example"})).await;
    assert_eq!(approved.status, 200, "{approved:?}");
    assert_eq!(cloud.control(&path, json!({"decline": true})).await.status, 409);
    let token = poll(&cloud, &code).await;
    assert_eq!(token.status, 200, "{token:?}");
    let said = claims(&token.text("access_token"));
    assert_eq!((said["idtyp"].as_str(), said["appid"].as_str()), (Some("user"), Some(CLI)));
    assert!(said["scp"].as_str().unwrap().contains("Directory.AccessAsUser.All"));
    assert_eq!(said["wids"], json!(["62e90394-69f5-4237-9190-012177145e10"]));
    assert_eq!(number(&poll(&cloud, &code).await), 54_005, "a code is good once");
    let refresh = token.text("refresh_token");
    let form = |token: String, client: &'static str| {
        [
            ("grant_type", "refresh_token".to_owned()),
            ("client_id", client.to_owned()),
            ("refresh_token", token),
            ("scope", "https://management.azure.com/.default".to_owned()),
        ]
    };
    let ask = async |form: [(&str, String); 4]| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, it)| (*name, it.as_str())).collect();
        cloud.form(&form).await
    };
    let next = ask(form(refresh.clone(), CLI)).await;
    assert_eq!(claims(&next.text("access_token"))["scp"], "user_impersonation");
    assert!(!next.text("refresh_token").is_empty());
    let other = ask(form(refresh.clone(), "00000000-0000-0000-0000-000000000001")).await;
    assert_eq!(number(&other), 70_000, "the token belongs to the client it was given to");
    assert_eq!(number(&ask(form("nonsense".to_owned(), CLI)).await), 70_000);
    let as_access = cloud.graph_as(refresh).get("/me").await;
    assert_eq!(as_access.status, 401, "a refresh token opens nothing itself");
    assert!(!cloud.traffic().await.to_string().contains(&next.text("refresh_token")));
}

// Goal: declining, being impatient and being late have answers of their own.
#[tokio::test]
async fn a_device_code_ends_in_other_ways() {
    let cloud = Cloud::start(PROMPT).await;
    let code = device_code(&cloud, GRAPH_SCOPE).await;
    assert_eq!(code.body["interval"], 5);
    assert_eq!(number(&poll(&cloud, &code).await), 70_016);
    let early = poll(&cloud, &code).await;
    assert_eq!(early.body["error"], "slow_down");
    let declined = device_code(&cloud, GRAPH_SCOPE).await;
    let path = format!("device-codes/{}", declined.text("user_code"));
    assert_eq!(cloud.control(&path, json!({"decline": true})).await.status, 200);
    assert_eq!(poll(&cloud, &declined).await.body["error"], "authorization_declined");
    let unknown = cloud.control("device-codes/NOTACODE", json!({"decline": true})).await;
    assert_eq!(unknown.status, 404);
    let late = Cloud::start("[device-code]\nlifetime-seconds = 0").await;
    let code = device_code(&late, GRAPH_SCOPE).await;
    assert_eq!(poll(&late, &code).await.body["error"], "expired_token");
    let two = format!("{GRAPH}/.default https://management.azure.com/.default");
    assert_eq!(number(&device_code(&cloud, &two).await), 28_000);
    let odd = format!("{GRAPH}/No.Such.Scope");
    assert_eq!(number(&device_code(&cloud, &odd).await), 650_053);
}

const GRAPH_SCOPE: &str = "https://graph.microsoft.com/.default";

// Goal: the scenario may have somebody who approves.
#[tokio::test]
async fn a_scenario_approves_device_codes() {
    let scenario = format!("{PROMPT}\n[device-code]\napprove-as = 'admin@contoso.example'");
    let cloud = Cloud::start(&scenario).await;
    let code = device_code(&cloud, GRAPH_SCOPE).await;
    let token = poll(&cloud, &code).await;
    let me = cloud.graph_as(token.text("access_token")).get("/me").await;
    assert_eq!(me.text("userPrincipalName"), "admin@contoso.example");
}

/// A key, and a certificate for it that is good between two years.
struct Signer {
    key: RsaKeyPair,
    pem: String,
    der: Vec<u8>,
}

impl Signer {
    fn new(from: i32, until: i32) -> Self {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
        let pkcs8 = key.to_pkcs8_pem(LineEnding::LF).unwrap();
        let pair =
            rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(&pkcs8, &rcgen::PKCS_RSA_SHA256).unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let certificate = params.self_signed(&pair).unwrap();
        Self {
            key: RsaKeyPair::from_pkcs8(key.to_pkcs8_der().unwrap().as_bytes()).unwrap(),
            pem: certificate.pem(),
            der: certificate.der().to_vec(),
        }
    }

    fn sign(&self, algorithm: &str, claims: &Value) -> String {
        let (name, digest) = match algorithm {
            "PS256" => ("x5t#S256", ring::digest::digest(&ring::digest::SHA256, &self.der)),
            _ => ("x5t", {
                let sha1 = &ring::digest::SHA1_FOR_LEGACY_USE_ONLY;
                ring::digest::digest(sha1, &self.der)
            }),
        };
        let padding: &dyn RsaEncoding =
            if algorithm == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        let header = json!({"typ": "JWT", "alg": algorithm, name: URL_SAFE_NO_PAD.encode(digest)});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        self.key.sign(padding, &random, text.as_bytes(), &mut signature).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn assertion(cloud: &Cloud, client: &str, life: i64) -> Value {
    let now = jiff::Timestamp::now().as_second();
    json!({
        "iss": client, "sub": client, "jti": "one",
        "aud": format!("{}/{}/oauth2/v2.0/token", cloud.login(), cloud.tenant()),
        "nbf": now - 3600, "exp": now + life,
    })
}

async fn present(cloud: &Cloud, client: &str, assertion: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_assertion_type", BEARER),
        ("client_assertion", assertion),
        ("scope", GRAPH_SCOPE),
    ];
    cloud.form(&form).await
}

// Goal: a certificate of the application signs in; every way of being wrong has its number.
#[tokio::test]
async fn certificates_sign_in() {
    let (good, old, stranger) =
        (Signer::new(2020, 2090), Signer::new(2010, 2012), Signer::new(2020, 2090));
    let scenario =
        format!("{PROMPT}\n[operator]\ncertificates = ['''{}''', '''{}''']", good.pem, old.pem);
    let cloud = Cloud::start(&scenario).await;
    let client = cloud.simulator.ready().operator.client_id.to_string();
    let fine = assertion(&cloud, &client, 600);
    for algorithm in ["RS256", "PS256"] {
        let reply = present(&cloud, &client, &good.sign(algorithm, &fine)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(claims(&reply.text("access_token"))["appidacr"], "2");
    }
    let with = |name: &str, value: Value| {
        let mut changed = fine.clone();
        changed[name] = value;
        good.sign("RS256", &changed)
    };
    let mut forged = good.sign("RS256", &fine);
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    let cases = [
        (stranger.sign("RS256", &fine), 700_027, "registered"),
        (old.sign("RS256", &fine), 700_027, "expired"),
        (forged, 700_027, "signature"),
        (with("aud", json!("https://elsewhere.example")), 700_023, "audience"),
        (with("exp", json!(1_700_000_000)), 700_024, "time"),
        (with("nbf", json!(4_000_000_000_u64)), 700_024, "time"),
        (with("sub", json!("somebody")), 700_021, "client_id"),
        (with("jti", json!("")), 50_027, "jti"),
        ("a.b.c".to_owned(), 50_027, "three parts"),
    ];
    for (text, expected, word) in cases {
        let reply = present(&cloud, &client, &text).await;
        assert_eq!((reply.status.as_u16(), number(&reply)), (401, expected), "{word}");
        assert!(reply.text("error_description").contains(word), "{reply:?}");
    }
    assert!(!cloud.traffic().await.to_string().contains(&good.sign("RS256", &fine)));
}

// Goal: an issuer's assertion is accepted for exactly the subject and audience that are trusted.
#[tokio::test]
async fn federated_assertions_sign_in() {
    let scenario = format!(
        "{PROMPT}\n[operator]\nfederated = [{{ issuer = '{ISSUER}', subject = '{SUBJECT}' }}]\n\
         [[issuers]]\nurl = '{ISSUER}'\n[[issuers]]\nurl = 'https://other.example'"
    );
    let cloud = Cloud::start(&scenario).await;
    let client = cloud.simulator.ready().operator.client_id.to_string();
    let signed = async |more: Value| {
        let mut body = json!({"issuer": ISSUER, "subject": SUBJECT});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = cloud.control("assertions", body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.text("assertion")
    };
    let fine = signed(json!({})).await;
    let reply = present(&cloud, &client, &fine).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    for (more, expected) in [
        (json!({"subject": SUBJECT.to_uppercase()}), 700_213),
        (json!({"issuer": "https://other.example"}), 700_211),
        (json!({"audience": "api://somebody-else"}), 700_212),
        (json!({"lifetime-seconds": -3600}), 700_024),
    ] {
        let reply = present(&cloud, &client, &signed(more.clone()).await).await;
        assert_eq!((reply.status.as_u16(), number(&reply)), (401, expected), "{more}");
    }
    let mut forged = fine;
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    assert_eq!(number(&present(&cloud, &client, &forged).await), 5_000_811);
    let (_, connector, _) = cloud.connector().await;
    let reply = present(&cloud, &connector, &signed(json!({})).await).await;
    assert_eq!(number(&reply), 70_021, "an application that trusts nobody");
    let unknown = json!({"issuer": "https://nobody.example", "subject": "s"});
    assert_eq!(cloud.control("assertions", unknown).await.status, 404);
}

// Goal: a hosted program is the operator, if it shows the header; the header is nowhere on disk.
#[tokio::test]
async fn a_hosted_program_has_an_identity() {
    let directory = tempfile::tempdir().unwrap();
    let cloud = Cloud::start_with(PROMPT, Some(directory.path())).await;
    let identity = cloud.simulator.ready().identity.clone();
    let ask = async |query: &str, header: &str| {
        let url = format!("{}?{query}", identity.endpoint);
        answer(cloud.http.get(url).header("x-identity-header", header).send().await.unwrap()).await
    };
    let query = format!("api-version=2019-08-01&resource={GRAPH}");
    let reply = ask(&query, &identity.header).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.text("expires_on").parse::<u64>().unwrap() > 1_700_000_000);
    assert_eq!(reply.text("resource"), GRAPH);
    let token = reply.text("access_token");
    assert_eq!(claims(&token)["idtyp"], "app");
    assert_eq!(cloud.graph_as(token).get("/organization").await.status, 200);
    assert_eq!(ask(&query, "wrong").await.status, 401);
    assert_eq!(ask("resource=x", &identity.header).await.status, 400);
    assert_eq!(ask("api-version=2019-08-01", &identity.header).await.status, 400);
    let other = format!("{query}&client_id=00000000-0000-0000-0000-000000000001");
    assert_eq!(ask(&other, &identity.header).await.status, 400);
    for entry in fs_err::read_dir(directory.path()).unwrap() {
        let bytes = fs_err::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(identity.header.len()).any(|it| it == identity.header.as_bytes()));
    }
    assert!(!format!("{:?}", cloud.simulator.ready()).contains(&identity.header));
}
