//! Why a plugin was not loaded, and why a call gave no answer.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use skybridge_plugin_api::{API_VERSION, AbiError, kind, retry};
use skybridge_plugin_protocol::error::ErrorDetail;

use crate::elf::ElfError;

/// Why a library was refused. At most twelve lines, the last of which says what to do.
#[derive(Debug)]
pub struct LoadError {
    /// The library.
    pub path: PathBuf,
    /// What was wrong.
    pub reason: Refusal,
}

/// What was wrong with a library.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It could not be read.
    #[error("{0}")]
    Unreadable(String),
    /// Somebody else may write it or its folder.
    #[error("{0}")]
    NotTrusted(String),
    /// Its bytes cannot be a library for this machine.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// Larger than any plugin may be.
    #[error("it has {0} bytes, more than any plugin may have")]
    TooLarge(u64),
    /// The system loader refused it.
    #[error("the system loader refused it: {0}")]
    Loader(String),
    /// A library that exports no plugin.
    #[error("it is a shared library, but not a Skybridge plugin (no root module exported)")]
    NotAPlugin,
    /// Another major version of `abi_stable`.
    #[error("it was built with abi_stable {0}, this host uses {1}")]
    AbiStable(String, String),
    /// Exported in a way that switches the layout check off.
    #[error("it does not describe its layout, so it cannot be checked")]
    NoLayout,
    /// Another major version of the interface.
    #[error("it was built for plugin-api {plugin}, this host speaks {API_VERSION}")]
    ApiVersion {
        /// The version the plugin was built for.
        plugin: String,
    },
    /// The same version, another layout.
    #[error(
        "its binary layout differs from the host's (plugin-api {plugin} there, {API_VERSION} here)\n{differences}"
    )]
    Layout {
        /// The version the plugin was built for.
        plugin: String,
        /// One line per difference.
        differences: String,
    },
    /// Its root module panicked or failed.
    #[error("its root module could not be started: {0}")]
    Start(String),
    /// What it says of itself is not what the contract says.
    #[error("its manifest is not what the contract says: {0}")]
    Manifest(String),
}

impl Refusal {
    fn help(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "check the path and its permissions",
            Self::NotTrusted(_) => "keep plugins in a folder that only you or root can write",
            Self::Elf(ElfError::Truncated { .. }) => "copy or build the file again",
            Self::Elf(_) | Self::TooLarge(_) => {
                "a plugin is what `cargo build` makes of a crate with crate-type = [\"cdylib\"]"
            }
            Self::Loader(_) => "install the libraries it needs, or build it on this machine",
            Self::NotAPlugin | Self::NoLayout => {
                "export it with skybridge_plugin_sdk::export_plugin!"
            }
            Self::AbiStable(..) | Self::ApiVersion { .. } => {
                "build the plugin with skybridge-plugin-sdk = \"1\""
            }
            Self::Layout { .. } => {
                "plugin-api was changed without a new version; build the plugin against this host's"
            }
            Self::Start(_) | Self::Manifest(_) => "this is a bug of the plugin; tell its author",
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, reason } = self;
        write!(f, "cannot load {}: {reason}\nhelp: {}", path.display(), reason.help())
    }
}

impl std::error::Error for LoadError {}

impl LoadError {
    pub(crate) fn new(path: &Path, reason: impl Into<Refusal>) -> Self {
        Self { path: path.to_owned(), reason: reason.into() }
    }
}

/// Whether calling again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It cannot.
    Permanent,
    /// It may.
    Transient,
    /// It will, once the world has caught up.
    Eventual,
    /// It will, after the time asked for.
    RateLimited,
}

/// Why a call gave no answer.
#[derive(Debug, Clone)]
pub struct PluginError {
    /// The plugin's name.
    pub plugin: String,
    /// A number of `skybridge_plugin_api::kind`.
    pub kind: u16,
    /// Whether calling again can help.
    pub retry: Retry,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// The sentence, and everything a person needs with it.
    pub detail: Box<ErrorDetail>,
}

impl PluginError {
    pub(crate) fn new(plugin: &str, kind: u16, message: impl Into<String>) -> Self {
        let retry = match kind {
            kind::TIMEOUT | kind::UNAVAILABLE => Retry::Transient,
            _ => Retry::Permanent,
        };
        let detail = Box::new(ErrorDetail { message: message.into(), ..ErrorDetail::default() });
        Self { plugin: plugin.to_owned(), kind, retry, retry_after: None, detail }
    }

    pub(crate) fn contract(plugin: &str, what: &str, error: &dyn fmt::Display) -> Self {
        let message = format!("the plugin's {what} is not what the contract says: {error}");
        let mut this = Self::new(plugin, kind::CONTRACT_VIOLATION, message);
        this.detail.help = Some("this is a bug of the plugin; tell its author".to_owned());
        this
    }

    pub(crate) fn from_abi(plugin: &str, error: AbiError) -> Self {
        let detail = serde_json::from_slice(&error.detail).unwrap_or_else(|_| ErrorDetail {
            message: format!("the plugin gave no reason (kind {})", error.kind),
            ..ErrorDetail::default()
        });
        Self {
            plugin: plugin.to_owned(),
            kind: error.kind,
            retry: match error.retry {
                retry::TRANSIENT => Retry::Transient,
                retry::EVENTUAL => Retry::Eventual,
                retry::RATE_LIMITED => Retry::RateLimited,
                _ => Retry::Permanent,
            },
            retry_after: (error.retry_after_ms > 0)
                .then(|| Duration::from_millis(error.retry_after_ms)),
            detail: Box::new(detail),
        }
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.detail.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.detail.message)
    }
}

impl std::error::Error for PluginError {}
