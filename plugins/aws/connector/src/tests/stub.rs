//! A service on loopback that answers what a test says, and a host in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::audit::Write;
use skybridge_plugin_sdk::protocol::onboard::{ApplyRequest, StepCall};
use skybridge_plugin_sdk::{Result, SecretBytes, async_trait};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::aws::Aws;
use crate::surroundings::Surroundings;

/// The account of the tests.
pub(super) const ACCOUNT: &str = "111122223333";

/// What a request is answered with.
pub(super) enum Answer {
    /// Status and body.
    Text(u16, String),
    /// Nothing: the connection is closed.
    Reset,
}

/// A refusal in IAM's form.
pub(super) fn refuse(status: u16, code: &str, message: &str) -> Answer {
    Answer::Text(
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>\
             </Error><RequestId>req-1</RequestId></ErrorResponse>"
        ),
    )
}

/// An answer that is none of these.
pub(super) fn text(body: impl Into<String>) -> Answer {
    Answer::Text(200, body.into())
}

/// Decides by the action (or the path), and the whole body.
pub(super) type Decide = dyn Fn(&str, &str) -> Answer + Send + Sync;

/// A service that runs until it is dropped.
pub(super) struct Stub {
    pub(super) url: String,
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Stub {
    pub(super) async fn start(
        decide: impl Fn(&str, &str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (decide, kept): (Arc<Decide>, _) = (Arc::new(decide), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (decide, kept) = (Arc::clone(&decide), Arc::clone(&kept));
                tokio::spawn(async move { serve(stream, &*decide, &kept).await });
            }
        });
        Self { url, asked, task }
    }

    /// From now on nobody listens.
    pub(super) async fn stop(&mut self) {
        self.task.abort();
        assert!((&mut self.task).await.unwrap_err().is_cancelled());
    }

    /// How often `action` was asked.
    pub(super) fn count(&self, action: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|one| *one == action).count()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, decide: &Decide, asked: &Mutex<Vec<String>>) {
    let Some((line, body)) = read(&mut stream).await else { return };
    let field = |name: &str| {
        let pair = body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        pair.map(str::to_owned)
    };
    let action = field("Action").unwrap_or(line);
    asked.lock().unwrap().push(action.clone());
    let Answer::Text(status, text) = decide(&action, &body) else { return };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    // A client that has gone away is what some tests are about.
    drop(stream.write_all(head.as_bytes()).await);
    drop(stream.write_all(text.as_bytes()).await);
}

/// The request line's path (or the JSON action), and the body.
async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let line = head.lines().find_map(|line| {
                    let (key, value) = line.split_once(':')?;
                    key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
                });
                line.unwrap_or_default()
            };
            if body.len() >= header("content-length").parse().unwrap_or(0) {
                let target = header("x-amz-target");
                let path = head.split_whitespace().nth(1).unwrap_or_default();
                let name = target.rsplit('.').next().filter(|it| !it.is_empty());
                return Some((name.unwrap_or(path).to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

/// A host that keeps everything in memory.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) secrets: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(super) written: Mutex<Vec<Write>>,
}

impl Memory {
    /// With an external id, as after its step.
    pub(super) fn with_external_id() -> Self {
        let this = Self::default();
        let id = b"the-external-id".to_vec();
        this.secrets.lock().unwrap().insert(crate::external_id::VAULT_NAME.into(), id);
        this
    }
}

#[async_trait]
impl Surroundings for Memory {
    async fn secret(&self, name: &str) -> Result<Option<SecretBytes>> {
        Ok(self.secrets.lock().unwrap().get(name).cloned().map(SecretBytes::from))
    }

    async fn put_secret(&self, name: &str, value: &[u8]) -> Result<()> {
        self.secrets.lock().unwrap().insert(name.to_owned(), value.to_vec());
        Ok(())
    }

    async fn remove_secret(&self, name: &str) -> Result<()> {
        self.secrets.lock().unwrap().remove(name);
        Ok(())
    }

    fn audit(&self, write: &Write) {
        self.written.lock().unwrap().push(write.clone());
    }

    fn progress(&self, _: u64, _: u64, _: &str) {}
}

/// A connector whose AWS is at `url`.
pub(super) fn aws(url: &str, more: &Value) -> Aws {
    let mut settings = json!({
        "account": ACCOUNT,
        "trust": { "account": "999988887777" },
        "cloud": { "endpoint": url },
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        settings[key] = value.clone();
    }
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("VENDOR_ID", "AKVENDOR"),
        ("VENDOR_KEY", "secret"),
    ];
    Aws::in_surroundings(settings, &keys).unwrap()
}

/// Where the vendor's credentials are in [`aws`].
pub(super) fn proof() -> Value {
    json!({
        "account": "999988887777",
        "proof": { "access-key-id": "env:VENDOR_ID", "secret-access-key": "env:VENDOR_KEY" },
    })
}

/// A step of the description, in the account of the tests, with its inputs.
pub(super) fn step(kind: &str, desired: Value, inputs: &[(&str, Value)]) -> StepCall {
    StepCall {
        address: format!("acme.{kind}@{ACCOUNT}"),
        kind: kind.into(),
        name: None,
        scope: Some(ACCOUNT.into()),
        desired,
        inputs: inputs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect::<Map>(),
        without: Vec::new(),
    }
}

/// What the step `role` is asked for.
pub(super) fn role_step() -> StepCall {
    let desired = json!({
        "role-name": "skybridge-connector",
        "trusts": "arn:aws:iam::999988887777:root",
        "external-id": "external-id",
        "session-seconds": 3600,
        "permissions-boundary": null,
        "description": "Read-only. Managed by Skybridge.",
        "connector": "acme",
        "existing-role": "refuse",
    });
    step("role", desired, &[("external-id.vault-name", json!("external-id"))])
}

/// An attempt at a step.
pub(super) fn attempt(step: StepCall, attempt: u32) -> ApplyRequest {
    ApplyRequest { step, run: "run".into(), key: "key".into(), attempt }
}

/// The answer to GetRole or CreateRole: our role, with this external id.
pub(super) fn role(action: &str, external_id: &str) -> Answer {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::999988887777:root" },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "sts:ExternalId": external_id } },
        }],
    });
    let trust = trust.to_string().replace('"', "%22").replace('{', "%7B").replace('}', "%7D");
    text(format!(
        "<R><{action}Result><Role><Path>/</Path><RoleName>skybridge-connector</RoleName>\
         <RoleId>AROA1</RoleId><Arn>arn:aws:iam::{ACCOUNT}:role/skybridge-connector</Arn>\
         <Description>Read-only. Managed by Skybridge.</Description>\
         <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument>\
         <MaxSessionDuration>3600</MaxSessionDuration><Tags><member><Key>managed-by</Key>\
         <Value>skybridge</Value></member><member><Key>skybridge-connector</Key><Value>acme</Value>\
         </member></Tags></Role></{action}Result></R>"
    ))
}

/// The answer to GetCallerIdentity.
pub(super) fn caller(account: &str, arn: &str) -> Answer {
    text(format!(
        "<R><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>u</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult></R>"
    ))
}

/// The answer to AssumeRole.
pub(super) fn session() -> Answer {
    text(
        "<R><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>\
         <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
         <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></R>",
    )
}
