//! `cloud`: which AWS, by partition or by addresses of one's own.

use std::collections::BTreeMap;

use serde::Deserialize;
use skybridge_aws_client::endpoints::EndpointError;
use skybridge_aws_client::{Endpoints, Partition, Service, Trust};
use skybridge_plugin_sdk::{Error, Result, kind};

/// The largest certificate file that is read: a few hundred authorities.
const CA_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The forms `cloud` may be written in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum CloudSetting {
    /// A partition.
    Named(Name),
    /// More than that.
    Own(Box<OwnCloud>),
}

/// A partition by its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Name {
    Aws,
    AwsUsGov,
    AwsCn,
}

impl Name {
    const fn partition(self) -> Partition {
        match self {
            Self::Aws => Partition::Aws,
            Self::AwsUsGov => Partition::UsGov,
            Self::AwsCn => Partition::China,
        }
    }
}

/// Partition, region, addresses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct OwnCloud {
    #[serde(default)]
    partition: Option<Name>,
    #[serde(default)]
    region: Option<String>,
    /// One address for all services.
    #[serde(default)]
    endpoint: Option<String>,
    #[serde(default)]
    endpoints: BTreeMap<String, String>,
    #[serde(default)]
    ca_file: Option<String>,
}

impl Default for CloudSetting {
    fn default() -> Self {
        Self::Named(Name::Aws)
    }
}

impl CloudSetting {
    /// The partition everything is in.
    pub(crate) fn partition(&self) -> Partition {
        match self {
            Self::Named(name) => name.partition(),
            Self::Own(own) => own.partition.unwrap_or(Name::Aws).partition(),
        }
    }

    /// Where services are. The manifest's addresses win over `variable`, which wins over AWS's own.
    pub(crate) fn endpoints(&self, variable: Option<&str>) -> Result<Endpoints> {
        let partition = self.partition();
        let (region, one, each) = match self {
            Self::Named(_) => (None, None, None),
            Self::Own(own) => {
                (own.region.as_deref(), own.endpoint.as_deref(), Some(&own.endpoints))
            }
        };
        if let Some(region) = region.filter(|region| !partition.has_region(region)) {
            let message = format!("{region} is not in the partition {}", partition.word());
            return Err(wrong("/cloud/region", message));
        }
        let mut endpoints = Endpoints::of(partition, region);
        for service in Service::ALL {
            let own = each.and_then(|each| each.get(service.word())).map(String::as_str);
            let (address, pointer) = match (own, one, variable) {
                (Some(own), ..) => (own, format!("/cloud/endpoints/{}", service.word())),
                (None, Some(one), _) => (one, "/cloud/endpoint".to_owned()),
                (None, None, Some(variable)) => (variable, "/cloud".to_owned()),
                (None, None, None) => continue,
            };
            endpoints = endpoints.with(service, address).map_err(|e| refused(&e, &pointer))?;
        }
        Ok(endpoints)
    }

    /// Whose certificates are believed.
    pub(crate) fn trust(&self) -> Result<Trust> {
        let Self::Own(own) = self else { return Ok(Trust::Platform) };
        let Some(path) = &own.ca_file else { return Ok(Trust::Platform) };
        let wrong = |message: String| {
            wrong("/cloud/ca-file", message)
                .code("AWS-CONFIG-005")
                .help("name a PEM file with the certificate authority of the services")
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

fn wrong(pointer: &str, message: impl Into<String>) -> Error {
    Error::new(kind::INVALID_CONFIG, message).code("AWS-CONFIG-002").pointer(pointer)
}

fn refused(error: &EndpointError, pointer: &str) -> Error {
    let out = wrong(pointer, error.to_string());
    match error {
        EndpointError::Plain(_) => {
            out.code("AWS-CONFIG-006").help("write https, or an address of this machine")
        }
        _ => out.help("write an address such as https://iam.example.org"),
    }
}
