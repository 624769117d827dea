//! `auth = "web-identity"`: a token of somebody a role trusts, in a file: a pod, a CI job.

use skybridge_aws_client::sts::{self, AssumedWithWebIdentity};
use skybridge_aws_client::{Client, ClientError, CredentialSource, Credentials, Secret};
use skybridge_plugin_sdk::async_trait;

use super::{Variables, none};

/// The largest token that is read.
const TOKEN_BYTES_MAX: u64 = 64 * 1024;

const NEEDED: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];

/// What is missing for this way, as a sentence; nothing when it is there.
pub(super) fn lacks(variables: &Variables) -> Option<String> {
    let missing = variables.missing(&NEEDED);
    (!missing.is_empty()).then(|| format!("{} not set", missing.join(", ")))
}

pub(super) struct WebIdentity {
    role: String,
    file: String,
    session: String,
    sts: Client,
}

pub(super) fn source(variables: &Variables, sts: &Client) -> Result<WebIdentity, ClientError> {
    if let Some(lacks) = lacks(variables) {
        return Err(none(lacks));
    }
    Ok(WebIdentity {
        role: variables.get("AWS_ROLE_ARN").unwrap_or_default(),
        file: variables.get("AWS_WEB_IDENTITY_TOKEN_FILE").unwrap_or_default(),
        session: variables.get("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "skybridge".into()),
        sts: sts.clone(),
    })
}

#[async_trait]
impl CredentialSource for WebIdentity {
    async fn fetch(&self) -> Result<Credentials, ClientError> {
        // Read anew each time: whoever signs it replaces it again and again.
        let size = fs_err::metadata(&self.file).map_err(|error| none(error.to_string()))?.len();
        if size > TOKEN_BYTES_MAX {
            return Err(none(format!("`{}` has {size} bytes, too many for a token", self.file)));
        }
        let text = fs_err::read_to_string(&self.file).map_err(|error| none(error.to_string()))?;
        let token = Secret::new(text.trim());
        let request = sts::assume_with_web_identity_request(&self.role, &self.session, &token);
        let answer: AssumedWithWebIdentity = self.sts.read(&request).await?;
        Ok(answer.into())
    }
}
