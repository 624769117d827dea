//! A plugin in a process of its own, behind the same interface as one in this process.

use std::sync::Arc;

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{ROption, RResult, RSlice, RVec};
use async_ffi::{FfiFuture, FutureExt as _};
use skybridge_plugin_api::{
    AbiError, AbiResult, BatchStream, BatchStream_TO, BatchStreamBox, HostServices as _, Plugin,
    Plugin_TO, PluginBox,
};
use tokio::sync::mpsc;

use super::desk::{Early, Item};
use super::limits::Limits;
use super::message::{Ask, Call};
use super::process::Process;
use crate::error::{broke, died};
use crate::services::Services;

/// The instance of the process.
struct Remote {
    process: Arc<Process>,
    services: Services,
}

/// Opens the instance of a process that has loaded its library.
pub(crate) fn open(
    process: &Arc<Process>,
    services: &Services,
    limits: &Limits,
    request: &[u8],
) -> Result<PluginBox, AbiError> {
    process.send(Ask::Open, request.to_vec());
    match process.early("opening", limits.open) {
        Ok(Early::Opened) => {
            let remote = Remote { process: Arc::clone(process), services: services.clone() };
            Ok(Plugin_TO::from_value(remote, TD_Opaque))
        }
        Ok(Early::NotOpened(error)) => Err(error),
        Ok(Early::Loaded { .. } | Early::Refused(_)) => Err(broke("it loads a second time")),
        Err(ending) => Err(died(&ending)),
    }
}

impl Plugin for Remote {
    fn call(&self, call: u64, method: u16, request: RVec<u8>) -> FfiFuture<AbiResult<RVec<u8>>> {
        let process = Arc::clone(&self.process);
        let waits = process.desk().expect_answer(call);
        let under_way = UnderWay { process, call };
        under_way.process.send(Ask::Call { call, method }, request.into_vec());
        let stop = self.services.cancelled(call);
        async move {
            let mut answer = match waits {
                Ok(answer) => answer,
                Err(error) => return RResult::RErr(error),
            };
            let heard = tokio::select! {
                biased;
                heard = &mut answer => heard,
                () = stop => {
                    under_way.process.send(Ask::Stop { call }, Vec::new());
                    answer.await
                }
            };
            heard.unwrap_or_else(|_| RResult::RErr(gone(&under_way.process)))
        }
        .into_ffi()
    }

    fn stream(&self, call: u64, method: u16, request: RVec<u8>) -> AbiResult<BatchStreamBox> {
        let process = Arc::clone(&self.process);
        let batches = match process.desk().expect_stream(call) {
            Ok(batches) => batches,
            Err(error) => return RResult::RErr(error),
        };
        let under_way = UnderWay { process, call };
        under_way.process.send(Ask::Stream { call, method }, request.into_vec());
        // One batch ahead of the reader.
        under_way.process.send(Ask::Next { call }, Vec::new());
        let pull = Pull { batches, under_way, over: false };
        let stream = RemoteStream(Arc::new(tokio::sync::Mutex::new(pull)));
        RResult::ROk(BatchStream_TO::from_value(stream, TD_Opaque))
    }

    /// The process is started with the directives it keeps: the host's do not change while it runs.
    fn log_level_changed(&self) {}

    fn extension(&self, _: u16, _: RSlice<'_, u8>) -> FfiFuture<AbiResult<RVec<u8>>> {
        async { RResult::RErr(broke("this host knows no extension")) }.into_ffi()
    }
}

/// A call of the process; dropping it tells the process that nobody waits any more.
struct UnderWay {
    process: Arc<Process>,
    call: Call,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.process.desk().forget(self.call) {
            self.process.send(Ask::Drop { call: self.call }, Vec::new());
        }
    }
}

struct RemoteStream(Arc<tokio::sync::Mutex<Pull>>);

struct Pull {
    batches: mpsc::Receiver<Item>,
    under_way: UnderWay,
    over: bool,
}

impl Pull {
    async fn next(&mut self) -> Item {
        if self.over {
            return ROption::RNone;
        }
        let item = match self.batches.recv().await {
            Some(item) => item,
            None => ROption::RSome(RResult::RErr(gone(&self.under_way.process))),
        };
        if matches!(item, ROption::RSome(RResult::ROk(_))) {
            let call = self.under_way.call;
            self.under_way.process.send(Ask::Next { call }, Vec::new());
        } else {
            self.over = true;
        }
        item
    }
}

impl BatchStream for RemoteStream {
    fn next(&mut self) -> FfiFuture<Item> {
        let pull = Arc::clone(&self.0);
        async move { pull.lock().await.next().await }.into_ffi()
    }
}

fn gone(process: &Process) -> AbiError {
    died(&process.desk().ended().unwrap_or_default())
}
