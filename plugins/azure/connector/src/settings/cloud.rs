//! `cloud`: which Azure, by name or by addresses of one's own.

use serde::Deserialize;
use skybridge_azure_client::{Cloud, Endpoints, Trust};
use skybridge_plugin_sdk::{Error, Result, kind};

/// The largest certificate file that is read: a few hundred authorities.
const CA_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The forms `cloud` may be written in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum CloudSetting {
    /// One of the clouds everybody knows.
    Named(CloudName),
    /// A cloud of one's own.
    Custom(CustomCloud),
}

impl Default for CloudSetting {
    fn default() -> Self {
        Self::Named(CloudName::Public)
    }
}

/// A cloud everybody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CloudName {
    Public,
    UsGovernment,
    UsGovernmentDod,
    China,
}

/// Addresses of one's own. Tokens are asked for the addresses themselves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CustomCloud {
    login: String,
    resource_manager: String,
    graph: String,
    #[serde(default)]
    ca_file: Option<String>,
}

/// The addresses of the services, without slashes at their ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses<'a> {
    pub(crate) login: &'a str,
    pub(crate) resource_manager: &'a str,
    pub(crate) graph: &'a str,
}

impl CloudSetting {
    /// The cloud whose rules hold; a cloud of one's own follows the public one's.
    pub(crate) const fn cloud(&self) -> Cloud {
        match self {
            Self::Named(CloudName::Public) | Self::Custom(_) => Cloud::Public,
            Self::Named(CloudName::UsGovernment) => Cloud::UsGovernment,
            Self::Named(CloudName::UsGovernmentDod) => Cloud::UsGovernmentDod,
            Self::Named(CloudName::China) => Cloud::China,
        }
    }

    pub(crate) fn addresses(&self) -> Addresses<'_> {
        match self {
            Self::Named(_) => {
                let all = self.cloud().addresses();
                Addresses {
                    login: all.login,
                    resource_manager: all.resource_manager,
                    graph: all.graph,
                }
            }
            Self::Custom(own) => Addresses {
                login: own.login.trim_end_matches('/'),
                resource_manager: own.resource_manager.trim_end_matches('/'),
                graph: own.graph.trim_end_matches('/'),
            },
        }
    }

    /// Where requests go.
    pub(crate) fn endpoints(&self) -> Result<Endpoints> {
        match self {
            Self::Named(_) => Ok(Endpoints::of(self.cloud())),
            Self::Custom(own) => Endpoints::own(&own.login, &own.resource_manager, &own.graph)
                .map_err(|error| {
                    Error::new(kind::INVALID_CONFIG, error.to_string())
                        .code("AZ-CONFIG-002")
                        .pointer("/cloud")
                }),
        }
    }

    /// Whose certificates are believed.
    pub(crate) fn trust(&self) -> Result<Trust> {
        let Self::Custom(CustomCloud { ca_file: Some(path), .. }) = self else {
            return Ok(Trust::Platform);
        };
        let wrong = |message: String| {
            Error::new(kind::INVALID_CONFIG, message)
                .code("AZ-CONFIG-006")
                .pointer("/cloud/ca-file")
                .help("name a PEM file with the certificate authority of the cloud's services")
        };
        let size = fs_err::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
        if size > CA_FILE_BYTES_MAX {
            return Err(wrong(format!("`{path}` has {size} bytes, more than a certificate file")));
        }
        let pem = fs_err::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(wrong(format!("`{path}` has no certificate in PEM form in it")));
        }
        Ok(Trust::Only(pem))
    }
}
