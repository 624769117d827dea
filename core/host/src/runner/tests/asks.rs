//! The process's end: whatever the host says. The host is not hostile, but it may be another version
//! of itself, or broken.

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{ROption, RResult, RSlice, RVec};
use async_ffi::{FfiFuture, FutureExt as _};
use skybridge_plugin_api::{
    AbiBatch, AbiResult, BatchStream, BatchStream_TO, BatchStreamBox, Plugin, Plugin_TO, kind,
};

use super::super::child::Desk as ChildDesk;
use super::super::message::{ErrorHead, Reply};
use super::super::stub::{Link, Stub};
use super::mutate::{Random, mutate};
use super::*;
use crate::error::abi_error;

/// A plugin that answers everything with what it was asked.
struct Echo;

impl Plugin for Echo {
    fn call(&self, _: u64, _: u16, request: RVec<u8>) -> FfiFuture<AbiResult<RVec<u8>>> {
        std::future::ready(RResult::ROk(request)).into_ffi()
    }

    fn stream(&self, _: u64, _: u16, request: RVec<u8>) -> AbiResult<BatchStreamBox> {
        RResult::ROk(BatchStream_TO::from_value(Once(Some(request)), TD_Opaque))
    }

    fn log_level_changed(&self) {}

    fn extension(&self, _: u16, _: RSlice<'_, u8>) -> FfiFuture<AbiResult<RVec<u8>>> {
        std::future::ready(RResult::ROk(RVec::new())).into_ffi()
    }
}

struct Once(Option<RVec<u8>>);

impl BatchStream for Once {
    fn next(&mut self) -> FfiFuture<ROption<AbiResult<AbiBatch>>> {
        let batch = self.0.take().map(|bytes| AbiBatch { format: 1, rows: 1, bytes });
        std::future::ready(batch.map(RResult::ROk).into()).into_ffi()
    }
}

fn good() -> Vec<Vec<u8>> {
    let error = ErrorHead::of(&abi_error(kind::UNEXPECTED, "x"));
    let reply = |reply| bytes(&Ask::Reply { want: 1, reply }, b"");
    vec![
        bytes(&Ask::Open, b"{}"),
        bytes(&Ask::Call { call: 1, method: 3 }, b"{\"step\":{}}"),
        bytes(&Ask::Stream { call: 2, method: 20 }, b"{}"),
        bytes(&Ask::Next { call: 2 }, b""),
        bytes(&Ask::Stop { call: 1 }, b""),
        bytes(&Ask::Drop { call: 2 }, b""),
        bytes(&Ask::Reply { want: 1, reply: Reply::Found }, b"hush"),
        reply(Reply::Absent),
        reply(Reply::Done),
        reply(Reply::Now(7)),
        reply(Reply::Failed(error)),
    ]
}

/// Goal: whatever the host says, the process neither panics nor hangs nor grows.
#[test]
fn whatever_the_host_says_the_process_stands() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let drained = drain(theirs);
    let stub = Stub::new(Arc::new(Link::new(ours)), "info");
    let plugin = Plugin_TO::from_value(Echo, TD_Opaque);
    let desk = ChildDesk::with(plugin, stub, runtime.handle().clone());
    let good = good();
    let mut random = Random(11_272_026);
    let (mut heard, mut refused) = (0_u64, 0_u64);
    let before = peak_memory();
    for _ in 0..frames() {
        let bytes = mutate(&good, &mut random);
        let mut input = &bytes[..];
        loop {
            match frame::read::<Ask>(&mut input) {
                Ok((ask, body)) => desk.hear(ask, body),
                Err(FrameError::Ended) => break,
                Err(FrameError::Broken(_)) => {
                    refused += 1;
                    break;
                }
            }
            heard += 1;
        }
    }
    // Streams that nobody asks a batch of wait, as they should; a host that is gone ends them.
    drop(desk);
    drop(runtime);
    let said = drained.join().unwrap();
    let grown = peak_memory() - before;
    println!(
        "{} frames to a process: {heard} heard, {refused} refused, {said} bytes said, {grown} KiB",
        frames()
    );
    assert!(heard > frames() / 10 && refused > frames() / 100 && said > 0);
    assert!(grown < 512 << 10, "it grew by {grown} KiB");
}
