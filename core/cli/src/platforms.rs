//! Where connections go: the destinations of the manifest; in a rehearsal the simulated cloud's own
//! platform, so that a rehearsal sends nothing to anybody else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use skybridge_audit::entry::WriteOutcome;
use skybridge_destination::{
    Courier, Delivered, DeliveryError, Event, Retry, SecretError, Secrets, Target, Trust, Withdrawn,
};
use skybridge_engine::{RetryClass, StepError};
use skybridge_host::Vault;
use skybridge_manifest::{Destination, SecretReference};
use skybridge_model::{Clock, Diagnostic, Diagnostics, Secret};
use skybridge_plan::{HAND_OVER, Plan, PlannedStep};
use skybridge_plugin_api::kind;
use skybridge_plugin_protocol::audit::Write;
use uuid::Uuid;

use crate::clock::SystemClock;
use crate::connect::{self, Checked};
use crate::handover::Connection;
use crate::simulation::{SimulatedPlatform, Simulation};
use crate::witness::Recorder;

/// A key longer than this is not a key.
const KEY_BYTES_MAX: u64 = 64 * 1024;

/// The destinations of a manifest's connectors.
#[derive(Clone, Default)]
pub(crate) struct Platforms(Arc<BTreeMap<String, Place>>);

/// One connector's destination.
struct Place {
    destination: Destination,
    /// What a rehearsal uses instead; nothing outside of one.
    simulated: Option<SimulatedPlatform>,
    /// `file:` references are relative to it.
    folder: PathBuf,
    vault: Arc<dyn Vault>,
    recorder: Arc<Recorder>,
}

impl Platforms {
    pub(crate) fn new(
        checked: &Checked,
        simulation: &Simulation,
        vault: &Arc<dyn Vault>,
        recorder: &Arc<Recorder>,
    ) -> Self {
        let place = |connector: &skybridge_manifest::Connector| Place {
            destination: connector.destination.clone(),
            simulated: simulation.platforms.get(&connector.plugin).cloned(),
            folder: checked.folder.clone(),
            vault: Arc::clone(vault),
            recorder: Arc::clone(recorder),
        };
        let connectors = checked.manifest.connectors.iter();
        Self(Arc::new(connectors.map(|it| (it.name.clone(), place(it))).collect()))
    }

    /// What would keep the connections of a plan from being handed over, as far as that can be told
    /// before there is anything to hand over.
    pub(crate) fn check(&self, plan: &Plan, checked: &Checked) -> Diagnostics {
        let mut all = Diagnostics::new();
        for step in plan.steps().filter(|step| step.kind() == HAND_OVER) {
            let name = &step.connector().name;
            let Some(place) = self.0.get(name) else { continue };
            let Err(why) = place.check(&step) else { continue };
            let (kind, title) = connect::destination(&place.destination);
            let summary = format!("`{name}` cannot be handed over to {title} (`{kind}`): {why}");
            let mut diagnostic = Diagnostic::error("SKY-RUN-005", summary)
                .help("mend that, or use kind = \"local\" or \"manual\"");
            let connector = checked.manifest.connectors.iter().find(|it| it.name == *name);
            if let Some(connector) = connector {
                diagnostic = diagnostic.span(connector.destination_section.value_span("/kind"));
            }
            all.push(diagnostic);
        }
        all
    }

    /// Hands a connection over to its platform; nothing for destinations that are this machine or a
    /// person.
    pub(crate) async fn deliver(
        &self,
        connection: &Connection,
        platform: Value,
        event: Event,
        key: Uuid,
    ) -> Result<Option<Delivered>, StepError> {
        let Some((place, target)) = self.target(&connection.connector)? else { return Ok(None) };
        let courier = place.courier()?;
        let secrets =
            Sealed { vault: Arc::clone(&place.vault), connector: connection.connector.clone() };
        let it = told(connection, platform);
        let delivered = courier.deliver(&target, &it, event, key, &secrets).await;
        place.record("handing over the connection", connection, &target, delivered.as_ref().err());
        delivered.map(Some).map_err(step_error)
    }

    /// Takes a connection back from its platform.
    pub(crate) async fn withdraw(
        &self,
        connection: &Connection,
        platform: Value,
        key: Uuid,
        undo: &Value,
    ) -> Result<Option<Withdrawn>, StepError> {
        let there = self.0.get(&connection.connector).map(|place| &place.destination);
        let kind = there.map_or("local", |destination| connect::destination(destination).0);
        let given_to = connection.destination.as_str();
        if matches!(given_to, "local" | "manual") {
            return Ok(None);
        }
        if given_to != kind {
            return Err(unusable(format!(
                "the connection was handed over to `{given_to}`, and the manifest names `{kind}` \
                 now: put the destination back, so that it can be withdrawn there"
            )));
        }
        let Some((place, target)) = self.target(&connection.connector)? else { return Ok(None) };
        let courier = place.courier()?;
        let it = told(connection, platform);
        let withdrawn = courier.withdraw(&target, &it, key, undo).await;
        place.record("withdrawing the connection", connection, &target, withdrawn.as_ref().err());
        withdrawn.map(Some).map_err(step_error)
    }

    fn target(&self, connector: &str) -> Result<Option<(&Place, Target)>, StepError> {
        let Some(place) = self.0.get(connector) else { return Ok(None) };
        let target = place.target().map_err(unusable)?;
        Ok(target.map(|target| (place, target)))
    }
}

impl Place {
    /// Puts a delivery on record, without the path of the address: it may be a secret by itself.
    fn record(
        &self,
        operation: &str,
        connection: &Connection,
        target: &Target,
        error: Option<&DeliveryError>,
    ) {
        let outcome = match error {
            None => WriteOutcome::Done,
            Some(it) if matches!(it.kind, kind::UNAVAILABLE | kind::TIMEOUT) => {
                WriteOutcome::Unanswered
            }
            Some(it) if it.retry == Retry::Permanent => WriteOutcome::Refused,
            Some(_) => WriteOutcome::Unwell,
        };
        let (method, target) = ("POST".to_owned(), format!("{target:?}"));
        let write = Write { operation: operation.to_owned(), method, target, ..Write::default() };
        let step = format!("{}.{HAND_OVER}", connection.connector);
        self.recorder.own_write(&step, &write, outcome);
    }

    fn check(&self, step: &PlannedStep<'_>) -> Result<(), String> {
        let Some(target) = self.target()? else { return Ok(()) };
        let desired = step.desired();
        let platform = desired.get("platform");
        if let Some(why) = platform.and_then(|it| it.get("unsupported")).and_then(Value::as_str) {
            return Err(why.to_owned());
        }
        match target {
            Target::Ox { .. } if platform.is_none_or(Value::is_null) => Err(format!(
                "the plugin `{}` does not say what the platform calls its connections",
                step.connector().plugin
            )),
            _ => Ok(()),
        }
    }

    /// Where to and with which key; nothing when no platform is meant.
    fn target(&self) -> Result<Option<Target>, String> {
        let kind = connect::destination(&self.destination).0;
        let simulated = |platform: &SimulatedPlatform| {
            let it = platform.services.get(kind).cloned();
            it.ok_or_else(|| "the simulated cloud has none to rehearse on".to_owned())
        };
        Ok(match (&self.destination, &self.simulated) {
            (Destination::Local | Destination::Manual, _) => None,
            (Destination::Webhook { .. }, Some(platform)) => {
                let (url, key) = simulated(platform)?;
                Some(Target::Webhook { url, key: Some(key) })
            }
            (Destination::Ox { .. }, Some(platform)) => {
                let (url, key) = simulated(platform)?;
                Some(Target::Ox { url, key })
            }
            (Destination::Webhook { url, key }, None) => {
                let key = key.as_ref().map(|key| self.key(key)).transpose()?;
                Some(Target::Webhook { url: url.clone(), key })
            }
            (Destination::Ox { url, key }, None) => {
                Some(Target::Ox { url: url.clone(), key: self.key(key)? })
            }
        })
    }

    fn courier(&self) -> Result<Courier, StepError> {
        let trust = match &self.simulated {
            Some(platform) => Trust::Only(platform.ca_pem.clone()),
            None => Trust::Platform,
        };
        Courier::new(&trust, Arc::new(SystemClock) as Arc<dyn Clock>).map_err(step_error)
    }

    /// The key a reference means, read anew each time: it may have been replaced.
    #[expect(
        clippy::disallowed_methods,
        reason = "the command line is where the environment is read"
    )]
    fn key(&self, reference: &SecretReference) -> Result<Secret<String>, String> {
        let text = match reference {
            SecretReference::Env(name) => std::env::var(name).map_err(|_| {
                format!("the key `{reference}`: the variable is not set, or no text")
            })?,
            SecretReference::File(path) => {
                read_key(&self.folder.join(path)).map_err(|why| format!("the key: {why}"))?
            }
        };
        let text = Secret::new(text);
        let trimmed = text.expose().trim_end_matches(['\r', '\n']).to_owned();
        Ok(Secret::new(trimmed))
    }
}

fn read_key(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;

    let mut text = String::new();
    fs_err::File::open(path)?.take(KEY_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn told(connection: &Connection, platform: Value) -> skybridge_destination::Connection {
    let field = |field: &crate::handover::Field| skybridge_destination::Field {
        name: field.name.clone(),
        label: field.label.clone(),
        value: field.value.clone(),
        secret: field.secret,
    };
    skybridge_destination::Connection {
        connector: connection.connector.clone(),
        plugin: connection.plugin.clone(),
        fields: connection.fields.iter().map(field).collect(),
        platform,
    }
}

fn unusable(message: impl Into<String>) -> StepError {
    StepError::new(kind::PRECONDITION, RetryClass::Permanent, message)
}

fn step_error(error: DeliveryError) -> StepError {
    StepError {
        kind: error.kind,
        class: match error.retry {
            Retry::Permanent => RetryClass::Permanent,
            Retry::Transient => RetryClass::Transient,
            Retry::Eventual => RetryClass::Eventual,
            Retry::RateLimited => RetryClass::RateLimited,
        },
        retry_after: error.retry_after,
        detail: error.detail,
    }
}

/// A connector's secrets in the vault, opened when they are sent.
struct Sealed {
    vault: Arc<dyn Vault>,
    connector: String,
}

impl Secrets for Sealed {
    fn text<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Secret<String>>, SecretError>> {
        let (vault, connector, name) =
            (Arc::clone(&self.vault), self.connector.clone(), name.to_owned());
        async move {
            // The vault blocks on files.
            let opened = tokio::task::spawn_blocking(move || vault.get(&connector, &name)).await;
            let opened = opened.map_err(|error| SecretError(error.to_string()))?;
            let Some(bytes) = opened.map_err(|error| SecretError(error.to_string()))? else {
                return Ok(None);
            };
            let text = std::str::from_utf8(bytes.expose());
            let text = text.map_err(|_| SecretError("it is not text".to_owned()))?;
            Ok(Some(Secret::new(text.to_owned())))
        }
        .boxed()
    }
}
