//! The host's end: whatever a process says.

use abi_stable::std_types::{RSlice, RStr};
use skybridge_plugin_api::{LogSite, LogValue, kind};

use super::super::limits::WANTS_MAX;
use super::super::log::Line;
use super::super::message::{Confinement, ErrorHead, Wanted};
use super::mutate::{Random, mutate};
use super::*;
use crate::error::abi_error;

fn line() -> Vec<u8> {
    let fields = [RStr::from_str("count"), RStr::from_str("colour")];
    let site = LogSite {
        id: 7,
        level: 3,
        line: 12,
        name: "event".into(),
        target: "plugin::step".into(),
        file: "src/step.rs".into(),
        fields: RSlice::from_slice(&fields),
    };
    let values = [
        LogValue { name: "count".into(), what: 3, text: "".into(), number: 3 },
        LogValue { name: "colour".into(), what: 0, text: "blue".into(), number: 0 },
    ];
    Line::encode(Some(&site), &values)
}

/// One of each thing a process says.
fn good() -> Vec<Vec<u8>> {
    let error = ErrorHead::of(&abi_error(kind::UNEXPECTED, "x"));
    let note = "half way".to_owned();
    let confinement = Confinement::default();
    let record = br#"{"operation":"a","method":"PUT","target":"b","status":200}"#;
    let want = |what| bytes(&Tell::Wants { want: 1, what }, b"");
    vec![
        bytes(&Tell::Loaded { api_version: "1.0.0".into(), confinement }, b"{}"),
        bytes(&Tell::Refused, br#"{"text":"no","help":"yes"}"#),
        bytes(&Tell::Opened, b""),
        bytes(&Tell::NotOpened { error }, b"{}"),
        bytes(&Tell::Answer { call: 1 }, b"[1,2,3]"),
        bytes(&Tell::Failed { call: 2, error }, b"{}"),
        bytes(&Tell::Batch { call: 3, format: 1, rows: 9 }, b"{\"assets\":[]}"),
        bytes(&Tell::End { call: 3 }, b""),
        bytes(&Tell::Event { span: 1 }, &line()),
        bytes(&Tell::SpanOpen { span: 1, parent: 0, call: 1 }, &line()),
        bytes(&Tell::SpanRecord { span: 1 }, &line()),
        bytes(&Tell::SpanClose { span: 1 }, b""),
        bytes(&Tell::Progress { call: 1, done: 1, total: 2, note }, b""),
        bytes(&Tell::Record { call: 1, what: 1 }, record),
        bytes(&Tell::Record { call: 1, what: 2 }, br#"{"text":"look"}"#),
        bytes(&Tell::Wants { want: 1, what: Wanted::Put("key".into()) }, b"hush"),
        want(Wanted::Get("key".into())),
        want(Wanted::Remove("key".into())),
        want(Wanted::Now),
    ]
}

/// Goal: whatever a process says, the host neither panics nor hangs nor grows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_process_says_the_host_stands() {
    // Somebody listens to the log, or nothing of it is made.
    drop(tracing::subscriber::set_global_default(tracing_subscriber::registry()));
    let good = good();
    let mut random = Random(27_112_026);
    let (mut heard, mut ended) = (0_u64, 0_u64);
    let (mut end, mut early, mut outbox) = desk();
    let before = peak_memory();
    for _ in 0..frames() {
        let answer = end.expect_answer(1).unwrap();
        let stream = end.expect_stream(3).unwrap();
        let bytes = mutate(&good, &mut random);
        let mut input = &bytes[..];
        let broke = loop {
            match frame::read::<Tell>(&mut input) {
                Ok((tell, body)) => match end.hear(tell, body) {
                    Ok(()) => heard += 1,
                    Err(_) => break true,
                },
                Err(FrameError::Ended) => break false,
                Err(FrameError::Broken(_)) => break true,
            }
        };
        drop((answer, stream));
        early.try_iter().for_each(drop);
        outbox.try_iter().for_each(drop);
        if broke {
            // The process is ended; the next one has a desk of its own.
            ended += 1;
            end.end(Default::default());
            assert!(end.ended().is_some() && end.expect_answer(9).is_err());
            (end, early, outbox) = desk();
        }
    }
    let grown = peak_memory() - before;
    println!(
        "{} frames to the host: {heard} heard, {ended} ended a process, {grown} KiB",
        frames()
    );
    assert!(heard > frames() / 10 && ended > frames() / 100);
    assert!(grown < 256 << 10, "it grew by {grown} KiB");
}

/// Goal: more questions at a time than anybody has are the end of the process.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_questions_ends_the_process() {
    let (end, _early, _outbox) = desk();
    let ask =
        |want| end.hear(Tell::Wants { want, what: Wanted::Get("key".into()) }, Body::default());
    // Nothing is answered while the runtime's threads are not let go: the first ones fill the room.
    let refused = (0..100_000).find_map(|want| ask(want).err());
    if let Some(refused) = refused {
        assert_eq!(refused, format!("more than {WANTS_MAX} questions at a time"));
    }
}

/// Goal: a stream's batches are counted: more than were asked for end the process.
#[tokio::test]
async fn batches_that_nobody_asked_for_end_the_process() {
    let (end, _early, _outbox) = desk();
    let _stream = end.expect_stream(3).unwrap();
    let batch = || Tell::Batch { call: 3, format: 1, rows: 1 };
    let refused = (0..10).find_map(|_| end.hear(batch(), Body::default()).err());
    assert_eq!(refused.unwrap(), "more batches than it was asked for");
    let _answer = end.expect_answer(4).unwrap();
    let odd = end.hear(Tell::Batch { call: 4, format: 1, rows: 1 }, Body::default());
    assert_eq!(odd.unwrap_err(), "a batch where an answer was due");
}

/// Goal: what is kept until somebody takes it is not piled up.
#[tokio::test]
async fn a_process_loads_and_opens_once() {
    let (end, _early, _outbox) = desk();
    let said = || end.hear(Tell::Opened, Body::default());
    assert!(said().is_ok() && said().is_ok());
    assert_eq!(said().unwrap_err(), "it loads or opens more than once");
}
