//! An opened plugin: one per connector. Typed calls with a deadline each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use abi_stable::std_types::{ROption, RResult, RSlice, RVec};
use serde::{Serialize, de::DeserializeOwned};
use skybridge_model::limits::{BATCH_BYTES_MAX, PLUGIN_ANSWER_BYTES_MAX};
use skybridge_plugin_api::{BatchStreamBox, PluginBox, kind, method};
use skybridge_plugin_protocol::collect::{BATCH_JSON, Batch, CollectRequest};
use skybridge_plugin_protocol::onboard::{
    Applied, ApplyRequest, DescribeRequest, Description, Observation, ObserveRequest, Ready,
    ReadyRequest, Remains, UndoRequest, Undone,
};
use skybridge_plugin_protocol::open::OpenRequest;
use skybridge_plugin_protocol::platform::{DeliverReply, DeliverRequest};
use skybridge_plugin_protocol::simulate::{SimulateReply, SimulateRequest};
use skybridge_plugin_protocol::survey::{PreflightReport, PreflightRequest, Survey, SurveyRequest};
use skybridge_plugin_protocol::verify::{VerifyReport, VerifyRequest};

use crate::error::PluginError;
use crate::library::Library;
use crate::services::{CallGuard, Services};

/// Describing is offline: ten thousand subscriptions take a fraction of a second.
const DESCRIBE_DEADLINE: Duration = Duration::from_secs(30);

/// One attempt of one step: a handful of calls, each of which the plugin bounds itself.
const STEP_DEADLINE: Duration = Duration::from_secs(120);

/// A survey or a preflight asks about every scope, some thousand of them.
const SURVEY_DEADLINE: Duration = Duration::from_secs(600);

/// Verifying probes every scope, some thousand of them.
const VERIFY_DEADLINE: Duration = Duration::from_secs(600);

/// Starting a simulated cloud makes keys and reads its state.
const SIMULATE_DEADLINE: Duration = Duration::from_secs(60);

/// The next batch of a stream: a page from a slow cloud.
const BATCH_DEADLINE: Duration = Duration::from_secs(300);

/// What a plugin gets to finish its write after it was asked to stop.
const GRACE: Duration = Duration::from_secs(2);

/// An opened plugin.
pub struct Instance {
    library: Library,
    services: Services,
    request: Vec<u8>,
    plugin: Mutex<Arc<PluginBox>>,
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Instance({:?})", self.library)
    }
}

impl Instance {
    /// Opens an instance.
    ///
    /// # Errors
    /// When the plugin refuses the settings.
    pub fn open(
        library: &Library,
        services: Services,
        request: &OpenRequest,
    ) -> Result<Self, PluginError> {
        let name = &library.manifest.name;
        let request = serde_json::to_vec(request)
            .map_err(|error| PluginError::contract(name, "settings", &error))?;
        let plugin = open(library, &services, &request)?;
        let plugin = Mutex::new(Arc::new(plugin));
        Ok(Self { library: library.clone(), services, request, plugin })
    }

    /// The library this is an instance of.
    pub fn library(&self) -> &Library {
        &self.library
    }

    fn plugin(&self) -> MutexGuard<'_, Arc<PluginBox>> {
        self.plugin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self) -> &str {
        &self.library.manifest.name
    }

    /// The steps of the onboarding.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn describe(&self, request: &DescribeRequest) -> Result<Description, PluginError> {
        self.call(method::DESCRIBE, "describe", request, DESCRIBE_DEADLINE).await
    }

    /// What the world has of what the settings mean; nothing from a plugin that knows no surveys.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn survey(&self, request: &SurveyRequest) -> Result<Survey, PluginError> {
        or_default(self.call(method::SURVEY, "survey", request, SURVEY_DEADLINE).await)
    }

    /// What would keep the planned writes from working; nothing from a plugin that knows no
    /// preflight.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn preflight(
        &self,
        request: &PreflightRequest,
    ) -> Result<PreflightReport, PluginError> {
        or_default(self.call(method::PREFLIGHT, "preflight", request, SURVEY_DEADLINE).await)
    }

    /// Looks whether something that was taken back is still there.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn remains(&self, request: &UndoRequest) -> Result<Remains, PluginError> {
        self.call(method::REMAINS, &request.address, request, STEP_DEADLINE).await
    }

    /// Looks whether the world is as the step wants it.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn observe(&self, request: &ObserveRequest) -> Result<Observation, PluginError> {
        self.call(method::OBSERVE, &request.step.address, request, STEP_DEADLINE).await
    }

    /// Makes the world as the step wants it.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn apply(&self, request: &ApplyRequest) -> Result<Applied, PluginError> {
        self.call(method::APPLY, &request.step.address, request, STEP_DEADLINE).await
    }

    /// Probes whether dependents may rely on the step.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn ready(&self, request: &ReadyRequest) -> Result<Ready, PluginError> {
        self.call(method::READY, &request.step.address, request, STEP_DEADLINE).await
    }

    /// Takes the step back.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn undo(&self, request: &UndoRequest) -> Result<Undone, PluginError> {
        self.call(method::UNDO, &request.address, request, STEP_DEADLINE).await
    }

    /// Proves a connection.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn verify(&self, request: &VerifyRequest) -> Result<VerifyReport, PluginError> {
        self.call(method::VERIFY, "verify", request, VERIFY_DEADLINE).await
    }

    /// Hands a connection over to the plugin's platform.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn deliver(&self, request: &DeliverRequest) -> Result<DeliverReply, PluginError> {
        self.call(method::DELIVER, "hand over", request, STEP_DEADLINE).await
    }

    /// Starts a simulated cloud.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn simulate(&self, request: &SimulateRequest) -> Result<SimulateReply, PluginError> {
        self.call(method::SIMULATE, "simulate", request, SIMULATE_DEADLINE).await
    }

    /// Stops the simulated cloud; its state is on disk afterwards.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn stop_simulation(&self) -> Result<(), PluginError> {
        self.call(method::SIMULATE_STOP, "simulate", &(), SIMULATE_DEADLINE).await
    }

    /// Streams what is in the account. Not asking for the next batch holds the plugin back.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub fn collect(&self, request: &CollectRequest) -> Result<Batches, PluginError> {
        let call = self.services.begin("collect");
        let bytes = self.encode(request)?;
        match self.plugin().stream(call.number, method::COLLECT, bytes) {
            RResult::ROk(stream) => Ok(Batches { plugin: self.name().to_owned(), stream, call }),
            RResult::RErr(error) => Err(PluginError::from_abi(self.name(), error)),
        }
    }

    /// Calls a method by its number with bytes as they are: for measuring, and for methods this
    /// host does not know.
    ///
    /// # Errors
    /// [`PluginError`], as for every call.
    pub async fn call_raw(
        &self,
        method: u16,
        subject: &str,
        request: Vec<u8>,
        deadline: Duration,
    ) -> Result<Vec<u8>, PluginError> {
        let call = self.services.begin(subject);
        let future = self.plugin().call(call.number, method, RVec::from(request));
        let answer = match bounded(&call, future, deadline).await {
            Some(RResult::ROk(bytes)) => bytes,
            Some(RResult::RErr(error)) => return Err(self.failed(error)),
            None => {
                let text = format!("no answer within {} s", deadline.as_secs());
                return Err(PluginError::new(self.name(), kind::TIMEOUT, text));
            }
        };
        if answer.len() > PLUGIN_ANSWER_BYTES_MAX {
            let text = format!("it has {} bytes", answer.len());
            return Err(PluginError::contract(self.name(), "answer", &text));
        }
        Ok(answer.into_vec())
    }

    async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        method: u16,
        subject: &str,
        request: &Q,
        deadline: Duration,
    ) -> Result<A, PluginError> {
        let request = self.encode(request)?.into_vec();
        let answer = self.call_raw(method, subject, request, deadline).await?;
        serde_json::from_slice(&answer)
            .map_err(|error| PluginError::contract(self.name(), "answer", &error))
    }

    fn encode<Q: Serialize>(&self, request: &Q) -> Result<RVec<u8>, PluginError> {
        serde_json::to_vec(request)
            .map(RVec::from)
            .map_err(|error| PluginError::contract(self.name(), "request", &error))
    }

    /// After a panic the instance's state cannot be trusted: it is opened anew for the next call.
    fn failed(&self, error: skybridge_plugin_api::AbiError) -> PluginError {
        if error.kind == kind::PANICKED {
            match open(&self.library, &self.services, &self.request) {
                Ok(fresh) => *self.plugin() = Arc::new(fresh),
                Err(error) => tracing::error!(%error, "a plugin panicked and cannot be reopened"),
            }
        }
        PluginError::from_abi(self.name(), error)
    }
}

fn open(library: &Library, services: &Services, request: &[u8]) -> Result<PluginBox, PluginError> {
    let name = &library.manifest.name;
    match library.module.open()(services.boxed(), RSlice::from_slice(request)) {
        RResult::ROk(plugin) => Ok(plugin),
        RResult::RErr(error) => Err(PluginError::from_abi(name, error)),
    }
}

/// Waits for `future`; after the deadline asks it to stop, gives it a moment, and drops it.
async fn bounded<F: Future>(call: &CallGuard, future: F, deadline: Duration) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    if let Ok(answer) = tokio::time::timeout(deadline, &mut future).await {
        return Some(answer);
    }
    call.cancel();
    tokio::time::timeout(GRACE, &mut future).await.ok()
}

/// A plugin older than the question has nothing to say.
fn or_default<T: Default>(answer: Result<T, PluginError>) -> Result<T, PluginError> {
    match answer {
        Err(error) if error.kind == kind::UNSUPPORTED => Ok(T::default()),
        answer => answer,
    }
}

/// A stream of batches.
pub struct Batches {
    plugin: String,
    stream: BatchStreamBox,
    call: CallGuard,
}

impl Batches {
    /// The next batch, or nothing more.
    ///
    /// # Errors
    /// [`PluginError`] ends the stream; batches already read stay valid.
    pub async fn next(&mut self) -> Option<Result<Batch, PluginError>> {
        let next = self.stream.next();
        let Some(next) = bounded(&self.call, next, BATCH_DEADLINE).await else {
            let text = format!("no batch within {} s", BATCH_DEADLINE.as_secs());
            return Some(Err(PluginError::new(&self.plugin, kind::TIMEOUT, text)));
        };
        match next {
            ROption::RNone => None,
            ROption::RSome(RResult::RErr(error)) => {
                Some(Err(PluginError::from_abi(&self.plugin, error)))
            }
            ROption::RSome(RResult::ROk(batch)) => {
                Some(self.decode(batch.format, batch.bytes.as_slice()))
            }
        }
    }

    fn decode(&self, format: u16, bytes: &[u8]) -> Result<Batch, PluginError> {
        if bytes.len() > BATCH_BYTES_MAX {
            let text = format!("it has {} bytes", bytes.len());
            return Err(PluginError::contract(&self.plugin, "batch", &text));
        }
        if format != BATCH_JSON {
            let text = format!("format {format} is unknown");
            return Err(PluginError::contract(&self.plugin, "batch", &text));
        }
        serde_json::from_slice(bytes)
            .map_err(|error| PluginError::contract(&self.plugin, "batch", &error))
    }
}
