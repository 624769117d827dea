//! Where credentials are found, and what is said when they are not.

use std::sync::Arc;

use serde_json::{Value, json};
use skybridge_aws_client::credentials::Kept;
use skybridge_aws_client::{
    Client, ClientError, CredentialSource as _, Credentials, Endpoints, HttpOptions, HttpTransport,
    Partition, Secret, Service,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Operator, OperatorCredentials, Variables};

fn read(value: Value) -> Result<Operator, String> {
    Operator::read(&value).map_err(|error| error.detail.message.clone())
}

#[test]
fn the_table() {
    assert_eq!(read(Value::Null), Ok(Operator::Chain(None)));
    assert_eq!(read(json!({ "auth": "web-identity" })), Ok(Operator::WebIdentity));
    let profile = json!({ "auth": "profile", "profile": "p" });
    assert_eq!(read(profile), Ok(Operator::Profile(Some("p".into()))));
    assert!(read(json!({ "auth": "instance", "profile": "p" })).is_err());
}

/// A service that answers each request with the next of `answers`, and is asked for nothing more.
async fn serve(answers: Vec<String>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for text in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 8192];
            let mut seen = String::new();
            while !seen.contains("\r\n\r\n") {
                let count = stream.read(&mut bytes).await.unwrap();
                seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
            let head =
                format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}", text.len());
            stream.write_all(format!("{head}\r\n\r\n{text}").as_bytes()).await.unwrap();
        }
    });
    url
}

async fn find(
    operator: Operator,
    variables: &[(&str, &str)],
    sts: Option<&str>,
) -> Result<Credentials, String> {
    let mut endpoints = Endpoints::of(Partition::Aws, None);
    if let Some(url) = sts {
        endpoints = endpoints.with(Service::Sts, url).unwrap();
    }
    let nobody = Credentials {
        access_key_id: String::new(),
        secret_access_key: Secret::default(),
        session_token: None,
        expires: None,
    };
    let transport = HttpTransport::new(&HttpOptions::default()).unwrap();
    let sts = Client::new(endpoints, Arc::new(transport), Arc::new(Kept::new(nobody)));
    let source = OperatorCredentials { operator, variables: Variables::given(variables), sts };
    source.fetch().await.map_err(|error| match error {
        ClientError::Credential { message, .. } => message,
        other => other.to_string(),
    })
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKENV"), ("AWS_SECRET_ACCESS_KEY", "s")];

#[tokio::test]
async fn variables() {
    let found = find(Operator::Environment, &KEYS, None).await.unwrap();
    assert_eq!((found.access_key_id.as_str(), found.session_token), ("AKENV", None));
    let lacks = find(Operator::Environment, &KEYS[..1], None).await.unwrap_err();
    assert_eq!(lacks, "AWS_SECRET_ACCESS_KEY not set");
}

#[tokio::test]
async fn profiles() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs_err::write(
        path("credentials"),
        "[default]\naws_access_key_id = AKDEFAULT\naws_secret_access_key=s\n\
         # a remark\n[ vendor ]\naws_access_key_id=AKVENDOR\naws_secret_access_key = s=s\n\
         aws_session_token = t\n[empty]\n",
    )
    .unwrap();
    fs_err::write(
        path("config"),
        "[default]\nregion = eu-west-1\n[profile sso]\nsso_session = x\n[profile hop]\nrole_arn = r\n\
         source_profile = default\ns3 =\n  aws_access_key_id = nested\n",
    )
    .unwrap();
    let files =
        [("AWS_SHARED_CREDENTIALS_FILE", path("credentials")), ("AWS_CONFIG_FILE", path("config"))];
    let files: Vec<(&str, &str)> = files.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let of = |name: Option<&str>| find(Operator::Profile(name.map(str::to_owned)), &files, None);
    assert_eq!(of(None).await.unwrap().access_key_id, "AKDEFAULT");
    let vendor = of(Some("vendor")).await.unwrap();
    assert_eq!(vendor.secret_access_key, Secret::new("s=s"));
    assert_eq!(vendor.session_token, Some(Secret::new("t")));
    for (name, says) in [
        ("sso", "signs in by single sign-on"),
        ("hop", "becomes a role"),
        ("empty", "there is no profile"),
        ("none", "there is no profile"),
    ] {
        let told = of(Some(name)).await.unwrap_err();
        assert!(told.contains(says), "{name}: {told}");
    }
    assert!(of(Some("sso")).await.unwrap_err().contains("export-credentials --profile sso"));
}

const ROLE_KEYS: &str = r#"{"AccessKeyId":"ASIA","SecretAccessKey":"s","Token":"t","Expiration":"2999-01-01T00:00:00Z"}"#;

#[tokio::test]
async fn a_machine_and_a_container() {
    let url = serve(vec!["session".into(), "the-role\n".into(), ROLE_KEYS.into()]).await;
    let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str())];
    let found = find(Operator::Instance, &variables, None).await.unwrap();
    assert_eq!(found.access_key_id, "ASIA");
    assert!(found.expires.is_some());
    let far = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://10.1.2.3")];
    assert!(find(Operator::Instance, &far, None).await.unwrap_err().contains("off this machine"));
    let off = [("AWS_EC2_METADATA_DISABLED", "true")];
    assert!(find(Operator::Instance, &off, None).await.is_err());

    let url = serve(vec![ROLE_KEYS.into()]).await;
    let variables = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str())];
    assert_eq!(find(Operator::Container, &variables, None).await.unwrap().access_key_id, "ASIA");
    let far = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.1.2.3/")];
    assert!(find(Operator::Container, &far, None).await.unwrap_err().contains("not this machine"));
}

#[tokio::test]
async fn a_web_identity() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token").display().to_string();
    fs_err::write(&file, "the-token\n").unwrap();
    let answer = "<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAWEB</AccessKeyId>\
                  <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                  <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>\
                  </AssumeRoleWithWebIdentityResult></R>";
    let url = serve(vec![answer.into()]).await;
    let variables = [("AWS_ROLE_ARN", "arn:r"), ("AWS_WEB_IDENTITY_TOKEN_FILE", file.as_str())];
    let found = find(Operator::WebIdentity, &variables, Some(&url)).await.unwrap();
    assert_eq!(found.access_key_id, "ASIAWEB");
}

/// Goal: what is configured first is used, and a profile that was named before all.
#[tokio::test]
async fn a_chain() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials").display().to_string();
    fs_err::write(&file, "[p]\naws_access_key_id=AKP\naws_secret_access_key=s\n").unwrap();
    let mut variables = vec![("AWS_SHARED_CREDENTIALS_FILE", file.as_str())];
    variables.extend(KEYS);
    let chain = |name: Option<&str>| Operator::Chain(name.map(str::to_owned));
    assert_eq!(find(chain(None), &variables, None).await.unwrap().access_key_id, "AKENV");
    assert_eq!(find(chain(Some("p")), &variables, None).await.unwrap().access_key_id, "AKP");
    let off = [("AWS_EC2_METADATA_DISABLED", "true")];
    assert!(find(chain(None), &off, None).await.is_err());
}
