//! The traits an author implements: [`Connector`], and one more for each ability it declares.

use async_trait::async_trait;
use skybridge_plugin_protocol::{
    collect::CollectRequest,
    manifest::PluginManifest,
    onboard::{
        Applied, ApplyRequest, DescribeRequest, Description, Observation, ObserveRequest, Ready,
        ReadyRequest, Remains, UndoRequest, Undone,
    },
    open::OpenRequest,
    platform::{DeliverReply, DeliverRequest},
    simulate::{SimulateReply, SimulateRequest},
    survey::{PreflightReport, PreflightRequest, Survey, SurveyRequest},
    verify::{VerifyReport, VerifyRequest},
};

use crate::error::{Error, Result};
use crate::host::{Ctx, Host};
use crate::stream::BatchSender;

/// A connector to one cloud, opened with one set of settings.
pub trait Connector: Send + Sync + Sized + 'static {
    /// Who the plugin is and what it can do. Capabilities must agree with the methods below.
    fn manifest() -> PluginManifest;

    /// Opens an instance. Offline: no network, no credentials. A tokio runtime is entered.
    ///
    /// # Errors
    /// When the settings, valid by the schema, make no sense together.
    fn open(request: OpenRequest, host: Host) -> Result<Self>;

    /// The ability to onboard.
    fn onboard(&self) -> Option<&dyn Onboard> {
        None
    }

    /// The ability to verify a connection.
    fn verify(&self) -> Option<&dyn Verify> {
        None
    }

    /// The ability to stream what is in the account.
    fn collect(&self) -> Option<&dyn Collect> {
        None
    }

    /// The ability to be a destination.
    fn platform(&self) -> Option<&dyn Platform> {
        None
    }

    /// The ability to simulate the cloud; needs no settings, hence no instance.
    #[must_use]
    fn simulator() -> Option<Box<dyn Simulate>> {
        None
    }
}

/// Describes, observes, applies, awaits and undoes steps.
#[async_trait]
pub trait Onboard: Send + Sync {
    /// Finds what the settings only mean: all subscriptions of a group, say. Reads only. Without
    /// one of its own a connector's settings say everything.
    ///
    /// # Errors
    /// When what is meant cannot be found out.
    async fn survey(&self, _request: SurveyRequest, _ctx: &Ctx) -> Result<Survey> {
        Ok(Survey::default())
    }

    /// Finds everything that would keep the planned writes from working. Reads only.
    ///
    /// # Errors
    /// When nothing could be looked at; what could not be is a finding.
    async fn preflight(&self, _: PreflightRequest, _: &Ctx) -> Result<PreflightReport> {
        Ok(PreflightReport::default())
    }

    /// Looks whether something of what an apply did is still there. Reads only.
    ///
    /// # Errors
    /// One attempt; the host decides about another.
    async fn remains(&self, _request: UndoRequest, _ctx: &Ctx) -> Result<Remains> {
        Err(Error::unsupported("prove that what it undid is gone"))
    }

    /// The steps. Offline, deterministic, no effects.
    ///
    /// # Errors
    /// When the settings cannot be planned.
    fn describe(&self, request: &DescribeRequest) -> Result<Description>;

    /// Looks whether the world is as the step wants it. Reads only.
    ///
    /// # Errors
    /// One attempt; the host decides about another.
    async fn observe(&self, request: ObserveRequest, ctx: &Ctx) -> Result<Observation>;

    /// Makes the world as the step wants it; doing it twice must equal doing it once.
    ///
    /// # Errors
    /// One attempt; the host decides about another.
    async fn apply(&self, request: ApplyRequest, ctx: &Ctx) -> Result<Applied>;

    /// One probe: may dependents rely on what was applied?
    ///
    /// # Errors
    /// One attempt; the host decides about another.
    async fn ready(&self, request: ReadyRequest, ctx: &Ctx) -> Result<Ready>;

    /// Takes back what an apply did; undoing twice must equal undoing once.
    ///
    /// # Errors
    /// One attempt; the host decides about another.
    async fn undo(&self, request: UndoRequest, ctx: &Ctx) -> Result<Undone>;
}

/// Proves a connection as the connector itself.
#[async_trait]
pub trait Verify: Send + Sync {
    /// Tries everything and reports all of it.
    ///
    /// # Errors
    /// Only when nothing could be tried.
    async fn verify(&self, request: VerifyRequest, ctx: &Ctx) -> Result<VerifyReport>;
}

/// Streams assets and relations.
#[async_trait]
pub trait Collect: Send + Sync {
    /// Sends batches until there is nothing more; sending waits while the host is busy.
    ///
    /// # Errors
    /// Ends the stream; batches already sent stay valid.
    async fn collect(&self, request: CollectRequest, out: BatchSender, ctx: &Ctx) -> Result<()>;
}

/// Takes connections over.
#[async_trait]
pub trait Platform: Send + Sync {
    /// Hands one connection over; doing it twice must equal doing it once.
    ///
    /// # Errors
    /// One attempt; the host decides about another.
    async fn deliver(&self, request: DeliverRequest, ctx: &Ctx) -> Result<DeliverReply>;
}

/// Starts simulated clouds.
#[async_trait]
pub trait Simulate: Send + Sync {
    /// Starts one.
    ///
    /// # Errors
    /// When the address is taken, the scenario is wrong or the state cannot be read.
    async fn start(&self, request: SimulateRequest, ctx: &Ctx) -> Result<Box<dyn Simulation>>;
}

/// A simulated cloud that runs.
#[async_trait]
pub trait Simulation: Send + Sync {
    /// Where it is and who may operate it.
    fn reply(&self) -> SimulateReply;

    /// Stops it; its state is on disk when this returns.
    async fn stop(self: Box<Self>);
}
