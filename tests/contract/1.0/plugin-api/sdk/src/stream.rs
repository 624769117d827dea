//! Streams with back-pressure: a few batches wait between the plugin and the host, no more.

use std::sync::Arc;

use skybridge_plugin_api::reexport::abi_stable::std_types::{ROption, RResult};
use skybridge_plugin_api::reexport::async_ffi::{FfiFuture, FutureExt};
use skybridge_plugin_api::{AbiBatch, AbiResult, BatchStream, kind};
use skybridge_plugin_protocol::collect::{BATCH_JSON, Batch};
use tokio::sync::{Mutex, mpsc};

use crate::error::{Error, Result};
use crate::runtime::Task;

/// Batches that may wait for the host: one being read, one ready, one being made.
const IN_FLIGHT: usize = 2;

/// Where [`crate::Collect`] sends its batches.
#[derive(Debug)]
pub struct BatchSender(mpsc::Sender<AbiBatch>);

impl BatchSender {
    /// Sends a batch; waits while the host is busy with earlier ones.
    ///
    /// # Errors
    /// Of kind `CANCELLED` when the host does not want any more.
    pub async fn send(&self, batch: &Batch) -> Result<()> {
        let rows = batch.assets.len() + batch.relations.len();
        let bytes = serde_json::to_vec(batch)
            .map_err(|error| Error::new(kind::UNEXPECTED, format!("encoding a batch: {error}")))?;
        let batch = AbiBatch { format: BATCH_JSON, rows: rows as u64, bytes: bytes.into() };
        self.0.send(batch).await.map_err(|_| Error::cancelled())
    }
}

struct Pull {
    batches: mpsc::Receiver<AbiBatch>,
    task: Option<Task<()>>,
}

impl Pull {
    async fn next(&mut self) -> ROption<AbiResult<AbiBatch>> {
        if let Some(batch) = self.batches.recv().await {
            return ROption::RSome(RResult::ROk(batch));
        }
        // The sender is gone: the task has ended, well or not, and says so once.
        match self.task.take() {
            None => ROption::RNone,
            Some(task) => match task.await {
                Ok(()) => ROption::RNone,
                Err(error) => ROption::RSome(RResult::RErr(error.into())),
            },
        }
    }
}

pub(crate) struct Stream(Arc<Mutex<Pull>>);

impl Stream {
    /// Runs `work`, which sends into the sender it is given, and streams what it sends.
    pub(crate) fn start<F>(work: impl FnOnce(BatchSender) -> F) -> Result<Self>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (sender, batches) = mpsc::channel(IN_FLIGHT);
        let task = Task::spawn(work(BatchSender(sender)))?;
        Ok(Self(Arc::new(Mutex::new(Pull { batches, task: Some(task) }))))
    }
}

impl BatchStream for Stream {
    fn next(&mut self) -> FfiFuture<ROption<AbiResult<AbiBatch>>> {
        let pull = Arc::clone(&self.0);
        // Channels and mutexes of tokio need no reactor, so the host may poll this on its threads.
        async move { pull.lock().await.next().await }.into_ffi()
    }
}
