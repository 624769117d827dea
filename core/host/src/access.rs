//! What a plugin in a process of its own gets of the machine: little, and what was asked for and
//! granted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use skybridge_plugin_protocol::manifest::{Need, When};
use skybridge_plugin_protocol::open::OpenRequest;

/// Cloud services answer here.
const HTTPS_PORT: u16 = 443;

/// Name servers answer here, too, when an answer is too long for a datagram.
const NAMES_PORT: u16 = 53;

/// Variables every plugin gets, when they are set: how to reach the network, whom to trust there, and
/// how to write a time.
const ENVIRONMENT: [&str; 13] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "TZ",
    "LANG",
    "LC_ALL",
];

/// Of [`ENVIRONMENT`], those that hold the address of a proxy.
const PROXIES: usize = 6;

/// Of [`ENVIRONMENT`], those that hold the path of something to read.
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// What the process may do. Everything not said here is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Access {
    /// Files and folders to read, besides the system's own.
    pub(crate) read: BTreeSet<PathBuf>,
    /// Files and folders to read and write.
    pub(crate) write: BTreeSet<PathBuf>,
    /// Whether programmes may be started.
    pub(crate) exec: bool,
    /// TCP ports to connect to.
    pub(crate) connect: BTreeSet<u16>,
    /// Whether TCP ports may be listened on.
    pub(crate) listen: bool,
    /// Whether datagrams may be sent: names are resolved with them.
    pub(crate) datagrams: bool,
    /// The whole environment; it is given to the process when it is started.
    #[serde(skip)]
    pub(crate) environment: BTreeMap<String, String>,
}

/// What is granted beyond what everybody gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Permit {
    /// Whatever the plugin asks for: it was built with the host.
    Everything,
    /// Nothing was said: a plugin that asks for something is not opened.
    #[default]
    Undecided,
    /// These, of what the plugin asks for, and nothing else.
    Only(BTreeSet<String>),
}

/// The environment of the host, handed in by whoever may read it.
pub(crate) type Environment = BTreeMap<String, String>;

impl Access {
    /// For a process that only loads a library: no network, no files.
    pub(crate) fn none(environment: &Environment) -> Self {
        let mut this = Self::default();
        this.environment(environment, ["TZ", "LANG", "LC_ALL"]);
        this
    }

    /// For a simulated cloud: it listens, keeps its state and its record, and connects to nobody.
    pub(crate) fn simulator(environment: &Environment, places: &[&Path]) -> Self {
        let mut this = Self::none(environment);
        this.listen = true;
        this.write.extend(places.iter().map(|place| place.to_path_buf()));
        this
    }

    /// For a connector: what everybody gets, and what was granted.
    pub(crate) fn connector(
        environment: &Environment,
        request: &OpenRequest,
        granted: &[Granted<'_>],
    ) -> Self {
        let mut this = Self::default();
        this.environment(environment, ENVIRONMENT);
        for name in CERTIFICATES {
            this.read.extend(environment.get(name).map(PathBuf::from));
        }
        match &request.simulated {
            // A rehearsal reaches the simulated cloud and nothing else.
            Some(cloud) => this.connect.extend(cloud.endpoints.values().filter_map(port_of)),
            None => {
                this.datagrams = true;
                this.connect.extend([HTTPS_PORT, NAMES_PORT]);
                let proxies = ENVIRONMENT.iter().take(PROXIES);
                this.connect.extend(proxies.filter_map(|name| port_of(environment.get(*name)?)));
            }
        }
        for section in [request.settings.as_ref(), Some(&request.operator)].into_iter().flatten() {
            this.named(section, request.simulated.is_none());
        }
        let place = Places { environment, request };
        granted.iter().for_each(|granted| this.grant(granted, &place));
        this
    }

    fn environment<'n>(
        &mut self,
        environment: &Environment,
        names: impl IntoIterator<Item = &'n str>,
    ) {
        for name in names {
            if let Some(value) = environment.get(name) {
                self.environment.insert(name.to_owned(), value.clone());
            }
        }
    }

    /// What the manifest itself names: files as `file:PATH`, and addresses.
    fn named(&mut self, value: &Value, addresses: bool) {
        match value {
            Value::String(text) => {
                if let Some(path) = text.strip_prefix("file:") {
                    self.read.insert(path.into());
                } else if addresses && (text.starts_with("https://") || text.starts_with("http://"))
                {
                    self.connect.extend(port_of(text));
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.named(value, addresses)),
            Value::Object(values) => values.values().for_each(|value| self.named(value, addresses)),
            _ => {}
        }
    }

    fn grant(&mut self, granted: &Granted<'_>, places: &Places<'_>) {
        match granted {
            Granted::Env(name) => self.environment(places.environment, [*name]),
            Granted::Read(path) => self.read.extend(places.expand(path)),
            Granted::Write(path) => self.write.extend(places.expand(path)),
            Granted::Port(port) => {
                self.connect.insert(*port);
            }
            Granted::Exec(name) => {
                self.exec = true;
                // A programme finds its own parts beside itself.
                let found = places.programme(name);
                self.read.extend(found.and_then(|path| Some(path.parent()?.to_owned())));
                self.environment(places.environment, ["PATH"]);
            }
        }
    }
}

/// One thing a plugin asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Granted<'n> {
    Env(&'n str),
    Exec(&'n str),
    Read(&'n str),
    Write(&'n str),
    Port(u16),
}

impl std::fmt::Display for Granted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::Exec(name) => write!(f, "exec:{name}"),
            Self::Read(path) => write!(f, "read:{path}"),
            Self::Write(path) => write!(f, "write:{path}"),
            Self::Port(port) => write!(f, "port:{port}"),
        }
    }
}

/// Everything a need asks for, in the words of a manifest's `permit`.
fn asked(need: &Need) -> impl Iterator<Item = Granted<'_>> {
    let env = need.env.iter().map(|name| Granted::Env(name));
    let exec = need.exec.iter().map(|name| Granted::Exec(name));
    let read = need.read.iter().map(|path| Granted::Read(path));
    let write = need.write.iter().map(|path| Granted::Write(path));
    env.chain(exec).chain(read).chain(write).chain(need.ports.iter().copied().map(Granted::Port))
}

/// Every need in the words of a manifest's `permit`, with what it is for.
#[must_use]
pub fn words(needs: &[Need]) -> Vec<(String, &str)> {
    needs
        .iter()
        .flat_map(|need| asked(need).map(|thing| (thing.to_string(), need.why.as_str())))
        .collect()
}

/// What is granted of what the plugin needs for this connector.
///
/// # Errors
/// What it needs, when nobody has decided about it.
pub(crate) fn decide<'n>(
    needs: &'n [Need],
    request: &OpenRequest,
    permit: &Permit,
) -> Result<Vec<Granted<'n>>, Vec<(String, &'n str)>> {
    // In a rehearsal nobody signs in anywhere.
    let rehearsal = request.simulated.is_some();
    let met: Vec<&Need> =
        needs.iter().filter(|need| !rehearsal && applies(need, request)).collect();
    match permit {
        Permit::Undecided if !met.is_empty() => Err(met
            .into_iter()
            .flat_map(|need| asked(need).map(|thing| (thing.to_string(), need.why.as_str())))
            .collect()),
        Permit::Undecided | Permit::Everything => Ok(met.into_iter().flat_map(asked).collect()),
        Permit::Only(words) => Ok(met
            .into_iter()
            .flat_map(asked)
            .filter(|thing| words.contains(&thing.to_string()))
            .collect()),
    }
}

fn applies(need: &Need, request: &OpenRequest) -> bool {
    let Some(When { pointer, one_of }) = &need.when else { return true };
    one_of.contains(&said(pointer, request).unwrap_or_default())
}

/// What the connector's part of the manifest says at a JSON pointer.
fn said(pointer: &str, request: &OpenRequest) -> Option<Value> {
    if let Some(rest) = pointer.strip_prefix("/settings") {
        return request.settings.as_ref()?.pointer(rest).cloned();
    }
    request.operator.pointer(pointer.strip_prefix("/operator")?).cloned()
}

/// What the texts of needs refer to.
struct Places<'p> {
    environment: &'p Environment,
    request: &'p OpenRequest,
}

impl Places<'_> {
    /// The absolute path that a need's text means; nothing when it means none.
    fn expand(&self, path: &str) -> Option<PathBuf> {
        let expanded = if let Some(rest) = path.strip_prefix("~/") {
            Path::new(self.environment.get("HOME")?).join(rest)
        } else if let Some(name) = path.strip_prefix('$') {
            PathBuf::from(self.environment.get(name)?)
        } else if let Some(pointer) = path.strip_prefix('@') {
            PathBuf::from(said(pointer, self.request)?.as_str()?)
        } else {
            PathBuf::from(path)
        };
        expanded.is_absolute().then_some(expanded)
    }

    /// Where a programme lies: a path, or a name to look for in `PATH`. Links are followed: what it is
    /// made of lies where they lead.
    fn programme(&self, name: &str) -> Option<PathBuf> {
        let found = if name.contains('/') {
            self.expand(name)?
        } else {
            let path = self.environment.get("PATH")?;
            std::env::split_paths(path)
                .map(|folder| folder.join(name))
                .find(|path| path.is_file())?
        };
        fs_err::canonicalize(found).ok()
    }
}

/// The port of an address such as `http://proxy:3128` or `https://login.example.com`.
fn port_of(address: impl AsRef<str>) -> Option<u16> {
    let (scheme, rest) = address.as_ref().split_once("://").unwrap_or(("http", address.as_ref()));
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    // The port follows the last colon, unless that colon is inside an IPv6 address.
    let port = host.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.contains(']'));
    match port {
        Some(port) => port.parse().ok(),
        None => Some(match scheme {
            "https" => HTTPS_PORT,
            scheme if scheme.starts_with("socks") => 1080,
            _ => 80,
        }),
    }
}

#[cfg(test)]
mod tests;
