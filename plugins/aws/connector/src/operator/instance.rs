//! `auth = "instance"`: the role of an EC2 instance, by the second version of its metadata service.

use std::net::IpAddr;

use skybridge_aws_client::{ClientError, CredentialSource, Credentials};
use skybridge_plugin_sdk::async_trait;

use super::{RoleKeys, Variables, local, none};

const SERVICE: &str = "http://169.254.169.254";
const NEAR: [&str; 2] = ["169.254.169.254", "fd00:ec2::254"];
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// How long the session with the metadata service may last: three requests.
const SESSION_SECONDS: &str = "60";

const WHAT: &str = "the instance's metadata service";

pub(super) struct Instance {
    base: String,
}

pub(super) fn source(variables: &Variables) -> Result<Instance, ClientError> {
    if variables.get("AWS_EC2_METADATA_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"))
    {
        return Err(none("AWS_EC2_METADATA_DISABLED says not to ask the metadata service"));
    }
    let Some(own) = variables.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") else {
        return Ok(Instance { base: SERVICE.into() });
    };
    let url = reqwest::Url::parse(&own).map_err(|error| none(error.to_string()))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    if loopback || NEAR.contains(&host) {
        Ok(Instance { base: own.trim_end_matches('/').to_owned() })
    } else {
        Err(none(format!("AWS_EC2_METADATA_SERVICE_ENDPOINT leads to {host}, off this machine")))
    }
}

#[async_trait]
impl CredentialSource for Instance {
    async fn fetch(&self) -> Result<Credentials, ClientError> {
        let http = local::http()?;
        let base = &self.base;
        let request = http
            .put(format!("{base}/latest/api/token"))
            .header("x-aws-ec2-metadata-token-ttl-seconds", SESSION_SECONDS)
            .header("content-length", "0");
        let token = local::ask(request, WHAT).await?;
        let get = |path: String| {
            http.get(format!("{base}{path}")).header("x-aws-ec2-metadata-token", &token)
        };
        let roles = local::ask(get(ROLES.into()), WHAT).await?;
        let role = roles.lines().next().map(str::trim).filter(|role| !role.is_empty());
        let role = role.ok_or_else(|| none("the instance has no role"))?;
        let text = local::ask(get(format!("{ROLES}{role}")), WHAT).await?;
        let keys: RoleKeys =
            serde_json::from_str(&text).map_err(|error| none(format!("{WHAT}: {error}")))?;
        Ok(keys.into())
    }
}
