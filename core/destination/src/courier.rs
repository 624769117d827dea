//! [`Courier`]: one attempt at handing a connection over or taking it back.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use skybridge_model::{Clock, Secret};
use uuid::Uuid;

use crate::connection::{Connection, Secrets};
use crate::error::Result;
use crate::http::{Address, Http};
use crate::{ox, webhook};

/// Who gets a connection, with its key in hand.
#[derive(Clone)]
pub enum Target {
    /// An address that takes it as JSON.
    Webhook {
        /// Where to send it: https.
        url: String,
        /// The key that signs it.
        key: Option<Secret<String>>,
    },
    /// The OX Security platform.
    Ox {
        /// Its GraphQL address: https.
        url: String,
        /// The key it is called with.
        key: Secret<String>,
    },
}

impl Target {
    fn url(&self) -> &str {
        match self {
            Self::Webhook { url, .. } | Self::Ox { url, .. } => url,
        }
    }
}

/// Without the path of the address, which may be a secret by itself.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Webhook { .. } => "Webhook",
            Self::Ox { .. } => "Ox",
        };
        match Address::parse(self.url()) {
            Ok(address) => write!(f, "{kind}({address:?})"),
            Err(_) => write!(f, "{kind}(no https address)"),
        }
    }
}

/// Whose certificates are believed.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// Those the machine believes.
    #[default]
    Platform,
    /// Only those of these certificate authorities (PEM): a simulated platform. Proxies are not used.
    Only(String),
}

/// What a delivery is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The connection is new, or handed over again.
    Connected,
    /// Its secret is a new one.
    Rotated,
}

/// A connection that is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What the receiver knows it by.
    pub reference: String,
    /// Whether this attempt changed anything at the platform; a webhook cannot tell.
    pub changed: bool,
    /// What was done, for people.
    pub detail: String,
    /// What taking it back needs.
    pub undo: Value,
}

/// A connection that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// What was done, for people.
    pub detail: String,
}

/// Hands connections over. Cheap to clone; connections are kept open between calls.
#[derive(Clone)]
pub struct Courier {
    http: Http,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Courier")
    }
}

impl Courier {
    /// Sets one up; nothing is sent yet.
    ///
    /// # Errors
    /// When the certificates to believe cannot be used.
    pub fn new(trust: &Trust, clock: Arc<dyn Clock>) -> Result<Self> {
        Ok(Self { http: Http::new(trust)?, clock })
    }

    /// Whether `connection` could be handed to `target`, as far as that can be told without sending
    /// anything or opening a secret. A delivery asks the same first; asking while there is only a
    /// plan spares a run that cannot end well.
    ///
    /// # Errors
    /// What a delivery would complain about.
    pub fn check(target: &Target, connection: &Connection) -> Result<()> {
        Address::parse(target.url())?;
        connection.check()?;
        match target {
            Target::Webhook { key, .. } => webhook::check(key.as_ref(), connection),
            Target::Ox { key, .. } => ox::check(key, connection),
        }
    }

    /// Hands a connection over: one attempt. `key` is the step's, the same at every attempt.
    ///
    /// # Errors
    /// When it was not handed over, or when that is not known. Doing it again is safe.
    pub async fn deliver(
        &self,
        target: &Target,
        connection: &Connection,
        event: Event,
        key: Uuid,
        secrets: &dyn Secrets,
    ) -> Result<Delivered> {
        Self::check(target, connection)?;
        let to = Address::parse(target.url())?;
        match target {
            Target::Webhook { key: signer, .. } => {
                let hook = webhook::Hook::new(&self.http, to, signer.as_ref(), self.clock.now());
                hook.deliver(connection, event, key, secrets).await
            }
            Target::Ox { key: caller, .. } => {
                let gateway = ox::Gateway::new(&self.http, to, caller, self.clock.now())?;
                ox::deliver(gateway, connection, secrets).await
            }
        }
    }

    /// Takes a connection back: one attempt. A webhook is told; at a platform all credentials of
    /// this connector that are ours are removed. `undo` is what the delivery returned, or null.
    ///
    /// # Errors
    /// When it was not taken back, or when that is not known. Doing it again is safe.
    pub async fn withdraw(
        &self,
        target: &Target,
        connection: &Connection,
        key: Uuid,
        undo: &Value,
    ) -> Result<Withdrawn> {
        Self::check(target, connection)?;
        let to = Address::parse(target.url())?;
        match target {
            Target::Webhook { key: signer, .. } => {
                let hook = webhook::Hook::new(&self.http, to, signer.as_ref(), self.clock.now());
                hook.withdraw(connection, key).await
            }
            Target::Ox { key: caller, .. } => {
                let gateway = ox::Gateway::new(&self.http, to, caller, self.clock.now())?;
                ox::withdraw(gateway, connection, undo).await
            }
        }
    }
}
