//! Where services are: by partition and region, or at addresses of one's own.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

/// A service of AWS that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Identity and Access Management.
    Iam,
    /// The Security Token Service.
    Sts,
    /// AWS Organizations.
    Organizations,
    /// Elastic Compute Cloud.
    Ec2,
    /// Elastic Kubernetes Service.
    Eks,
    /// Simple Storage Service.
    S3,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Iam, Self::Sts, Self::Organizations, Self::Ec2, Self::Eks, Self::S3];

    /// The name it is signed for, and by which a manifest gives it an address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Organizations => "organizations",
            Self::Ec2 => "ec2",
            Self::Eks => "eks",
            Self::S3 => "s3",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iam => "IAM",
            Self::Sts => "STS",
            Self::Organizations => "Organizations",
            Self::Ec2 => "EC2",
            Self::Eks => "EKS",
            Self::S3 => "S3",
        })
    }
}

/// A world of its own: accounts, names and credentials of one mean nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Partition {
    /// The one everybody means.
    #[default]
    Aws,
    /// GovCloud (US).
    UsGov,
    /// China.
    China,
}

impl Partition {
    /// The second word of its ARNs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::UsGov => "aws-us-gov",
            Self::China => "aws-cn",
        }
    }

    /// The partition of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Aws, Self::UsGov, Self::China].into_iter().find(|it| it.word() == word)
    }

    /// The region that is asked where a manifest names none.
    #[must_use]
    pub const fn home_region(self) -> &'static str {
        match self {
            Self::Aws => "us-east-1",
            Self::UsGov => "us-gov-west-1",
            Self::China => "cn-north-1",
        }
    }

    /// Whether `region` belongs to it.
    #[must_use]
    pub fn has_region(self, region: &str) -> bool {
        let found = if region.starts_with("us-gov-") {
            Self::UsGov
        } else if region.starts_with("cn-") {
            Self::China
        } else {
            Self::Aws
        };
        found == self
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::UsGov => "amazonaws.com",
            Self::China => "amazonaws.com.cn",
        }
    }

    /// Host and signing region of a service that is one for the whole partition.
    const fn global(self, service: Service) -> Option<(&'static str, &'static str)> {
        match (self, service) {
            (Self::Aws, Service::Iam) => Some(("iam.amazonaws.com", "us-east-1")),
            (Self::UsGov, Service::Iam) => Some(("iam.us-gov.amazonaws.com", "us-gov-west-1")),
            (Self::China, Service::Iam) => Some(("iam.cn-north-1.amazonaws.com.cn", "cn-north-1")),
            (Self::Aws, Service::Organizations) => {
                Some(("organizations.us-east-1.amazonaws.com", "us-east-1"))
            }
            (Self::UsGov, Service::Organizations) => {
                Some(("organizations.us-gov-west-1.amazonaws.com", "us-gov-west-1"))
            }
            (Self::China, Service::Organizations) => {
                Some(("organizations.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"))
            }
            _ => None,
        }
    }
}

/// Why an address is not one that credentials may be sent to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// It cannot be read.
    #[error("`{0}` is no address: {1}")]
    Unreadable(String, String),
    /// It is not encrypted and leads off this machine.
    #[error("`{0}` is plain http to another machine: whoever listens reads all of it")]
    Plain(String),
    /// It has more in it than scheme, host, port and path.
    #[error("`{0}` has a user, a query or a fragment in it")]
    Overloaded(String),
}

/// Where each service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    partition: Partition,
    region: String,
    own: BTreeMap<Service, String>,
}

impl Endpoints {
    /// Those of a partition.
    #[must_use]
    pub fn of(partition: Partition, region: Option<&str>) -> Self {
        let region = region.unwrap_or(partition.home_region()).to_owned();
        Self { partition, region, own: BTreeMap::new() }
    }

    /// With `service` at `address` instead.
    ///
    /// # Errors
    /// When credentials may not be sent there.
    pub fn with(mut self, service: Service, address: &str) -> Result<Self, EndpointError> {
        self.own.insert(service, checked(address)?);
        Ok(self)
    }

    /// The partition.
    #[must_use]
    pub const fn partition(&self) -> Partition {
        self.partition
    }

    /// The region that is asked where a request names none.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Whether `service` has an address of its own.
    #[must_use]
    pub fn is_own(&self, service: Service) -> bool {
        self.own.contains_key(&service)
    }

    /// The address of `service`, without a slash at its end.
    #[must_use]
    pub fn base(&self, service: Service, region: Option<&str>) -> String {
        if let Some(own) = self.own.get(&service) {
            return own.clone();
        }
        if let Some((host, _)) = self.partition.global(service) {
            return format!("https://{host}");
        }
        let region = region.unwrap_or(&self.region);
        format!("https://{}.{region}.{}", service.word(), self.partition.suffix())
    }

    /// The region a request to `service` is signed for.
    #[must_use]
    pub fn signing_region<'a>(&'a self, service: Service, region: Option<&'a str>) -> &'a str {
        match self.partition.global(service) {
            Some((_, region)) => region,
            None => region.unwrap_or(&self.region),
        }
    }
}

/// Takes an address credentials may be sent to: encrypted, or not leaving this machine.
fn checked(address: &str) -> Result<String, EndpointError> {
    let unreadable = |why: String| EndpointError::Unreadable(address.to_owned(), why);
    let url = reqwest::Url::parse(address).map_err(|error| unreadable(error.to_string()))?;
    let host = url.host_str().ok_or_else(|| unreadable("it has no host".into()))?;
    let bare = host.trim_matches(['[', ']']);
    let loopback = bare == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(EndpointError::Plain(address.to_owned())),
        other => return Err(unreadable(format!("`{other}` is not https"))),
    }
    let more = !url.username().is_empty() || url.password().is_some();
    if more || url.query().is_some() || url.fragment().is_some() {
        return Err(EndpointError::Overloaded(address.to_owned()));
    }
    Ok(address.trim_end_matches('/').to_owned())
}
