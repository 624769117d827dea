//! `auth = "container"`: the role of an ECS task or an EKS pod.

use std::net::IpAddr;

use skybridge_aws_client::{ClientError, CredentialSource, Credentials, Secret};
use skybridge_plugin_sdk::async_trait;

use super::{RoleKeys, Variables, local, none};

/// Where ECS answers.
const ECS: &str = "http://169.254.170.2";

/// Where EKS answers, besides this machine.
const NEAR: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// What is missing for this way, as a sentence; nothing when it is there.
pub(super) fn lacks(variables: &Variables) -> Option<String> {
    (variables.missing(&[RELATIVE, FULL]).len() == 2)
        .then(|| format!("neither {RELATIVE} nor {FULL} is set"))
}

pub(super) struct Container {
    url: String,
    token: Option<Secret>,
    token_file: Option<String>,
}

pub(super) fn source(variables: &Variables) -> Result<Container, ClientError> {
    let url = match (variables.get(RELATIVE), variables.get(FULL)) {
        (Some(path), _) => format!("{ECS}{path}"),
        (None, Some(url)) => near(url)?,
        (None, None) => return Err(none(lacks(variables).unwrap_or_default())),
    };
    Ok(Container {
        url,
        token: variables.get("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(Secret::new),
        token_file: variables.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    })
}

/// Takes only an address credentials could honestly come from.
fn near(url: String) -> Result<String, ClientError> {
    let parsed = reqwest::Url::parse(&url).map_err(|error| none(format!("{FULL}: {error}")))?;
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    if parsed.scheme() == "https" || loopback || NEAR.contains(&host) {
        Ok(url)
    } else {
        Err(none(format!("{FULL} is plain http to {host}, which is not this machine")))
    }
}

#[async_trait]
impl CredentialSource for Container {
    async fn fetch(&self) -> Result<Credentials, ClientError> {
        let mut request = local::http()?.get(&self.url);
        let token = match &self.token_file {
            Some(path) => {
                let text = fs_err::read_to_string(path).map_err(|error| none(error.to_string()))?;
                Some(Secret::new(text.trim()))
            }
            None => self.token.clone(),
        };
        if let Some(token) = token {
            request = request.header("authorization", token.expose());
        }
        let text = local::ask(request, "the container's credential service").await?;
        let keys: RoleKeys = serde_json::from_str(&text)
            .map_err(|error| none(format!("the container's credential service: {error}")))?;
        Ok(keys.into())
    }
}
