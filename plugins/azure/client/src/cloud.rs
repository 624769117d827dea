//! The national clouds, their addresses, and what tokens are asked for in each.

use std::fmt;

use reqwest::Url;
use thiserror::Error;

/// Whom a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The Entra login service.
    Login,
    /// Azure Resource Manager.
    ResourceManager,
    /// Microsoft Graph.
    Graph,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Login => "Entra login",
            Self::ResourceManager => "Azure Resource Manager",
            Self::Graph => "Microsoft Graph",
        })
    }
}

/// A separately run Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cloud {
    /// The one most people use.
    #[default]
    Public,
    /// US Government, impact level 4.
    UsGovernment,
    /// US Government, impact level 5 (Department of Defense): only its Graph differs from level 4.
    UsGovernmentDod,
    /// China, run by 21Vianet.
    China,
}

impl Cloud {
    /// Its public addresses.
    #[must_use]
    pub const fn addresses(self) -> Addresses {
        match self {
            Self::Public => Addresses {
                login: "https://login.microsoftonline.com",
                resource_manager: "https://management.azure.com",
                graph: "https://graph.microsoft.com",
            },
            Self::UsGovernment => Addresses {
                login: "https://login.microsoftonline.us",
                resource_manager: "https://management.usgovcloudapi.net",
                graph: "https://graph.microsoft.us",
            },
            Self::UsGovernmentDod => Addresses {
                login: "https://login.microsoftonline.us",
                resource_manager: "https://management.usgovcloudapi.net",
                graph: "https://dod-graph.microsoft.us",
            },
            Self::China => Addresses {
                login: "https://login.chinacloudapi.cn",
                resource_manager: "https://management.chinacloudapi.cn",
                graph: "https://microsoftgraph.chinacloudapi.cn",
            },
        }
    }

    /// The OAuth scope of tokens for `service`; the login service takes none.
    #[must_use]
    pub fn token_scope(self, service: Service) -> Option<String> {
        let addresses = self.addresses();
        match service {
            Service::Login => None,
            Service::ResourceManager => Some(format!("{}/.default", addresses.resource_manager)),
            Service::Graph => Some(format!("{}/.default", addresses.graph)),
        }
    }
}

/// The well-known addresses of a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// The login service.
    pub login: &'static str,
    /// Azure Resource Manager.
    pub resource_manager: &'static str,
    /// Microsoft Graph.
    pub graph: &'static str,
}

/// Why an address cannot be an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// Not an address at all.
    #[error("`{address}` is not an absolute address")]
    Malformed {
        /// What was given.
        address: String,
    },
    /// Tokens would travel in the clear.
    #[error("`{address}` is not https, and bearer tokens travel with every request")]
    NotHttps {
        /// What was given.
        address: String,
    },
}

/// Where the services of one cloud are, and which cloud's tokens they take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    cloud: Cloud,
    /// Tokens are asked for these addresses, and not for those of `cloud`.
    own_audiences: bool,
    login: String,
    resource_manager: String,
    graph: String,
}

impl Endpoints {
    /// The public addresses of `cloud`.
    #[must_use]
    pub fn of(cloud: Cloud) -> Self {
        let addresses = cloud.addresses();
        Self {
            cloud,
            own_audiences: false,
            login: addresses.login.to_owned(),
            resource_manager: addresses.resource_manager.to_owned(),
            graph: addresses.graph.to_owned(),
        }
    }

    /// Addresses of one's own, answering as `cloud` would: tokens keep that cloud's audiences.
    ///
    /// # Errors
    /// When an address is not absolute or not https.
    pub fn custom(
        cloud: Cloud,
        login: &str,
        resource_manager: &str,
        graph: &str,
    ) -> Result<Self, EndpointError> {
        Ok(Self {
            cloud,
            own_audiences: false,
            login: base(login)?,
            resource_manager: base(resource_manager)?,
            graph: base(graph)?,
        })
    }

    /// A cloud of its own: the rules of the public one, and tokens for these very addresses.
    ///
    /// # Errors
    /// When an address is not absolute or not https.
    pub fn own(login: &str, resource_manager: &str, graph: &str) -> Result<Self, EndpointError> {
        let endpoints = Self::custom(Cloud::Public, login, resource_manager, graph)?;
        Ok(Self { own_audiences: true, ..endpoints })
    }

    /// The OAuth scope of tokens for `service`; the login service takes none.
    #[must_use]
    pub fn token_scope(&self, service: Service) -> Option<String> {
        match service {
            Service::ResourceManager | Service::Graph if self.own_audiences => {
                Some(format!("{}/.default", self.base(service)))
            }
            _ => self.cloud.token_scope(service),
        }
    }

    /// The cloud whose rules hold.
    #[must_use]
    pub const fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// The base address of `service`, without a trailing slash.
    #[must_use]
    pub fn base(&self, service: Service) -> &str {
        match service {
            Service::Login => &self.login,
            Service::ResourceManager => &self.resource_manager,
            Service::Graph => &self.graph,
        }
    }

    /// Path and query of `link` below the base address of `service`, or nothing when the link
    /// leads anywhere else: the bearer token goes with the request.
    #[must_use]
    pub fn below(&self, service: Service, link: &str) -> Option<(String, String)> {
        let base = Url::parse(self.base(service)).ok()?;
        let link = Url::parse(link).ok()?;
        if link.origin() != base.origin() || !link.username().is_empty() {
            return None;
        }
        let path = link.path().strip_prefix(base.path().trim_end_matches('/'))?;
        path.starts_with('/')
            .then(|| (path.to_owned(), link.query().unwrap_or_default().to_owned()))
    }
}

fn base(address: &str) -> Result<String, EndpointError> {
    let parsed = Url::parse(address)
        .ok()
        .filter(|url| url.has_host() && url.query().is_none() && url.fragment().is_none())
        .ok_or_else(|| EndpointError::Malformed { address: address.to_owned() })?;
    if parsed.scheme() != "https" {
        return Err(EndpointError::NotHttps { address: address.to_owned() });
    }
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}
