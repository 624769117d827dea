//! The client over a transport that answers what a test says.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::credentials::Kept;
use crate::iam::role_policies::{self, AttachedPolicies};
use crate::wire::WireRequest;
use crate::{
    Client, ClientError, CredentialSource, Credentials, Endpoints, Partition, Response, Secret,
    Transport, sts,
};

/// Answers one after the other, and keeps what it was asked.
struct Script {
    answers: Mutex<Vec<(u16, String)>>,
    asked: Mutex<Vec<(String, String)>>,
}

#[async_trait]
impl Transport for Script {
    async fn exchange(&self, request: WireRequest) -> Result<Response, ClientError> {
        let key =
            request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let key = key.map(|(_, value)| value.expose().to_owned()).unwrap_or_default();
        self.asked.lock().unwrap().push((request.body.expose().to_owned(), key));
        let (status, body) = self.answers.lock().unwrap().remove(0);
        Ok(Response::new(status, Vec::new(), body.into_bytes()))
    }
}

/// Another key at each call, good for as long as `seconds`.
struct Keys(Mutex<u32>, i64);

#[async_trait]
impl CredentialSource for Keys {
    async fn fetch(&self) -> Result<Credentials, ClientError> {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        Ok(Credentials {
            access_key_id: format!("KEY{count}"),
            secret_access_key: Secret::new("s"),
            session_token: None,
            expires: Some(jiff::Timestamp::now() + jiff::SignedDuration::from_secs(self.1)),
        })
    }
}

fn client(seconds: i64, answers: &[(u16, &str)]) -> (Client, Arc<Script>) {
    let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
    let script = Arc::new(Script { answers: Mutex::new(answers), asked: Mutex::default() });
    let kept = Arc::new(Kept::new(Keys(Mutex::new(0), seconds)));
    let transport: Arc<dyn Transport> = Arc::clone(&script) as _;
    (Client::new(Endpoints::of(Partition::Aws, None), transport, kept), script)
}

fn page(policy: &str, marker: Option<&str>) -> String {
    let marker = marker.map(|m| format!("<Marker>{m}</Marker>")).unwrap_or_default();
    format!(
        "<R><ListAttachedRolePoliciesResult><AttachedPolicies><member><PolicyArn>{policy}</PolicyArn>\
         </member></AttachedPolicies>{marker}</ListAttachedRolePoliciesResult></R>"
    )
}

const EXPIRED: &str = "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>over</Message></Error></ErrorResponse>";
const CALLER: &str = "<R><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>1</Account></GetCallerIdentityResult></R>";

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    let (client, script) =
        client(3600, &[(200, &page("one", Some("m/1"))), (200, &page("two", None))]);
    let all = client.list::<AttachedPolicies>(&role_policies::list_attached_request("r")).await;
    let all: Vec<String> = all.unwrap().into_iter().map(|one| one.policy_arn).collect();
    assert_eq!(all, ["one", "two"]);
    let asked = script.asked.lock().unwrap();
    assert!(!asked[0].0.contains("Marker") && asked[1].0.ends_with("&Marker=m%2F1"), "{asked:?}");
}

#[tokio::test]
async fn an_expired_session_is_renewed_once() {
    let (client, script) = client(3600, &[(400, EXPIRED), (200, CALLER)]);
    client.send(&sts::caller_request()).await.unwrap();
    let keys: Vec<bool> =
        script.asked.lock().unwrap().iter().map(|(_, key)| key.contains("KEY2")).collect();
    assert_eq!(keys, [false, true]);
    let (client, script) = self::client(3600, &[(400, EXPIRED), (400, EXPIRED)]);
    assert!(client.send(&sts::caller_request()).await.unwrap_err().is(&["ExpiredToken"]));
    assert_eq!(script.asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn credentials_are_kept_until_shortly_before_their_end() {
    let (client, script) = client(3600, &[(200, CALLER), (200, CALLER)]);
    client.send(&sts::caller_request()).await.unwrap();
    client.send(&sts::caller_request()).await.unwrap();
    assert!(script.asked.lock().unwrap().iter().all(|(_, key)| key.contains("KEY1")));
    let (client, script) = self::client(60, &[(200, CALLER), (200, CALLER)]);
    client.send(&sts::caller_request()).await.unwrap();
    client.send(&sts::caller_request()).await.unwrap();
    assert!(script.asked.lock().unwrap()[1].1.contains("KEY2"));
}
