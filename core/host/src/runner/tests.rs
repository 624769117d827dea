//! Frames that are not what they should be, against both ends.

mod asks;
mod mutate;
mod tells;

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel, sync_channel};

use skybridge_model::clock::{FixedClock, Timestamp};
use tracing_subscriber::filter::Targets;

use super::desk::{Desk, Early};
use super::frame::{self, Body, FrameError};
use super::message::{Ask, Tell};
use crate::services::{NoVault, NoWitness, Services};

/// With this set, as many frames as are promised; otherwise a tenth without optimisation.
const MORE: &str = "SKYBRIDGE_FUZZ_MORE";

/// Frames that are tried at each end.
fn frames() -> u64 {
    let all = 500_000;
    if cfg!(debug_assertions) && std::env::var_os(MORE).is_none() { all / 10 } else { all }
}

/// The host's end with nobody at the other.
fn desk() -> (Desk, Receiver<Early>, Receiver<(Ask, Body)>) {
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    let log = Targets::new().with_default(tracing::Level::TRACE);
    let services = Services::new("fuzzed", Arc::new(NoVault), clock, Arc::new(NoWitness), log);
    let (early_out, early) = channel();
    let (out, outbox) = sync_channel(super::limits::OUTBOX_FRAMES);
    (Desk::new(Some(services), early_out, out), early, outbox)
}

fn bytes(message: &impl serde::Serialize, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write(&mut bytes, message, body).unwrap();
    bytes
}

fn broken(bytes: &[u8]) -> String {
    match frame::read::<Tell>(&mut &bytes[..]) {
        Err(FrameError::Broken(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_written_is_read() {
    let written = bytes(&Tell::Answer { call: 7 }, b"body");
    let (tell, body) = frame::read::<Tell>(&mut &written[..]).unwrap();
    assert!(matches!(tell, Tell::Answer { call: 7 }));
    assert_eq!(&**body, b"body");
    for length in 0..written.len() {
        let cut = frame::read::<Tell>(&mut &written[..length]);
        assert!(matches!(cut, Err(FrameError::Ended)), "{length}: {cut:?}");
    }
}

/// Goal: what the other side announces is neither believed nor made room for.
#[test]
fn a_frame_has_limits() {
    let mut long_head = bytes(&Tell::Opened, b"");
    long_head[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(broken(&long_head), "a head of 4294967295 bytes");
    let mut long_body = bytes(&Tell::SpanClose { span: 1 }, b"");
    long_body[4..8].copy_from_slice(&1_u32.to_le_bytes());
    assert_eq!(broken(&long_body), "a body of 1 bytes where 0 may be");
    let mut huge = bytes(&Tell::Answer { call: 1 }, b"");
    huge[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(broken(&huge).starts_with("a body of 4294967295 bytes where"));
    // As large as may be, and then nothing comes: no room was made for it.
    huge[4..8].copy_from_slice(&(512_u32 << 20).to_le_bytes());
    let before = peak_memory();
    assert!(matches!(frame::read::<Tell>(&mut &huge[..]), Err(FrameError::Ended)));
    assert!(peak_memory() - before < 64 << 10, "in KiB: {before} {}", peak_memory());
}

/// The most memory this process ever had, in KiB.
fn peak_memory() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Reads everything that comes, so that nobody waits for room.
fn drain(mut socket: UnixStream) -> std::thread::JoinHandle<u64> {
    std::thread::spawn(move || std::io::copy(&mut socket, &mut std::io::sink()).unwrap_or(0))
}
