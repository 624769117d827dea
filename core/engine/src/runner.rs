//! Who really does the steps: the engine only knows when.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use skybridge_journal::{Map, RunId, StepError};
use skybridge_model::Address;
use uuid::Uuid;

pub use skybridge_plugin_protocol::onboard::{Applied, Ready};

/// Does steps. The engine calls it from many tasks at once; it keeps no order beyond the one the
/// calls come in.
///
/// A step may be applied again with the same key when a crash hid its outcome, when its deadline
/// passed, or when the error said that trying again can help.
pub trait Runner: Send + Sync + 'static {
    /// Applies a step. Its intent is on disk.
    fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>>;
    /// Looks once whether dependents may rely on a step. Its outcome is on disk.
    fn ready(&self, call: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>>;
}

/// A step to apply.
#[derive(Debug, Clone)]
pub struct ApplyCall {
    /// Its position in the work.
    pub step: u32,
    /// Its name.
    pub address: Address,
    /// The run it belongs to.
    pub run: RunId,
    /// The same at every attempt of this step in this run.
    pub key: Uuid,
    /// Attempts before this one, over all processes that worked on the run.
    pub attempt: u32,
    /// The outputs of the steps it needs, in the order it names them. Only a step that always runs
    /// meets ones that have none, because they failed or were skipped.
    pub needs: Vec<Dependency>,
}

/// A step to probe.
#[derive(Debug, Clone)]
pub struct ReadyCall {
    /// Its position in the work.
    pub step: u32,
    /// Its name.
    pub address: Address,
    /// The run it belongs to.
    pub run: RunId,
    /// The key it was applied with.
    pub key: Uuid,
    /// The outputs of the steps it needs, in the order it names them. Only a step that always runs
    /// meets ones that have none, because they failed or were skipped.
    pub needs: Vec<Dependency>,
    /// Its own outputs.
    pub outputs: Arc<Map>,
}

/// What a step that was needed left behind.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// Its position in the work.
    pub step: u32,
    /// Its name.
    pub address: Address,
    /// Its outputs.
    pub outputs: Arc<Map>,
}
