//! Journals that are torn, damaged, too new or too long, and what the program says and does.

use std::path::PathBuf;
use std::time::Duration;

use skybridge_journal::{Event, FileStore, RetryClass, RunState, Status, StepError, Store, load};
use skybridge_model::{Address, Timestamp};
use skybridge_tests::{SimulatorProcess, TestEnv, finish};

use crate::recovery::{check, rustix_pid};

/// The only run's journal, once there is one.
fn journal(env: &TestEnv) -> Option<PathBuf> {
    env.files().into_iter().find(|path| path.ends_with("journal"))
}

/// The step whose attempt is under way, by the journal.
fn under_way(state: &RunState) -> Option<(Address, u32)> {
    state.steps.iter().find_map(|(address, step)| match step.status {
        Status::Intended { attempt } => Some((address.clone(), attempt)),
        _ => None,
    })
}

/// A run that was killed while a step was under way, after it had made something.
fn killed(env: &TestEnv, simulator: &SimulatorProcess) -> (PathBuf, RunState) {
    use rustix::process::{Signal, kill_process};

    let apply = ["apply", "contoso.toml", "--simulator", simulator.url(), "--yes"];
    let child = env.command(&apply).spawn().unwrap();
    let pid = rustix_pid(child.id());
    // It stands still while it is looked at.
    skybridge_tests::eventually("a step is under way", || {
        kill_process(pid, Signal::STOP).unwrap();
        let state = journal(env).and_then(|path| load(&path).ok()).map(|(state, _)| state);
        let made = |state: &RunState| state.steps.values().any(|step| step.action.is_some());
        let so = state.is_some_and(|state| made(&state) && under_way(&state).is_some());
        kill_process(pid, if so { Signal::KILL } else { Signal::CONT }).unwrap();
        so
    });
    let _killed = finish(child);
    let path = journal(env).unwrap();
    let (state, _) = load(&path).unwrap();
    (path, state)
}

/// Goal: a torn tail is told and cut off; damage in the middle is refused with its byte; a newer
/// format is refused by its version. Nothing that was refused is touched.
#[test]
fn what_is_not_whole_is_told() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let (path, _) = killed(&env, &simulator);
    let whole = fs_err::read(&path).unwrap();
    let line = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;

    let mut damaged = whole.clone();
    damaged[line + 20] ^= 1;
    fs_err::write(&path, &damaged).unwrap();
    let refused = env.run(&["resume"]).expect(5).stderr;
    assert!(refused.contains(&format!("is damaged at byte {line} (record 1)")), "{refused}");
    assert!(refused.contains(path.file_name().unwrap().to_str().unwrap()), "{refused}");
    assert_eq!(fs_err::read(&path).unwrap(), damaged);

    let header = r#"{"format":"skybridge-journal","version":7}"#;
    let framed = format!("0 {} {header}", header.len());
    let newer = format!("{:08x} {framed}\n", crc32(framed.as_bytes()));
    fs_err::write(&path, &newer).unwrap();
    let refused = env.run(&["resume"]).expect(5).stderr;
    assert!(refused.contains("has journal format version 7"), "{refused}");
    assert!(refused.contains("reads up to version 1"), "{refused}");

    let mut torn = whole.clone();
    torn.extend(b"5a5a5a5a 99 12");
    fs_err::write(&path, &torn).unwrap();
    let resumed = env.run(&["resume"]).expect(0).stderr;
    let told = format!("14 bytes at {}, was half written", whole.len());
    assert!(resumed.contains(&told) && resumed.contains("SKY-RUN-008"), "{resumed}");
    check(&simulator.tenant(), Duration::ZERO);
}

/// The checksum of the format, bit by bit, as its document has it.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        (0..8).fold(crc, |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
    };
    !bytes.iter().fold(!0, |crc, byte| step(crc ^ u32::from(*byte)))
}

/// Goal: a run that was refused very often before it was killed is taken up from a short journal,
/// ends as any other, and can be taken back.
#[test]
fn a_journal_that_grew_long_is_compacted() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let (path, state) = killed(&env, &simulator);
    let (address, mut attempt) = under_way(&state).unwrap();
    let mut store = FileStore::open(&path).unwrap().store;
    let at = Timestamp::now();
    while fs_err::metadata(&path).unwrap().len() < 1 << 20 {
        let mut events = Vec::new();
        for _ in 0..100 {
            let mut error = StepError::new(17, RetryClass::Eventual, "not there yet");
            error.detail.help = Some("a long word of help ".repeat(40));
            let address = address.clone();
            let again = Event::StepIntended { address: address.clone(), attempt: attempt + 1, at };
            events
                .extend([Event::StepFailed { address, attempt, error, at, r#final: false }, again]);
            attempt += 1;
        }
        store.append(&events).unwrap();
    }
    drop(store);
    let before = fs_err::metadata(&path).unwrap().len();
    let resumed = env.run(&["resume", "--log", "info"]).expect(0).stderr;
    assert!(resumed.contains("the journal was compacted"), "{resumed}");
    let after = fs_err::metadata(&path).unwrap().len();
    assert!(after < before / 2, "{before} bytes became {after}");
    let (state, _) = load(&path).unwrap();
    assert!(state.steps[&address].attempts > attempt, "attempts are counted on");
    check(&simulator.tenant(), Duration::ZERO);
    let url = simulator.url();
    env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    let left = simulator.tenant()["applications"]
        .as_array()
        .unwrap()
        .iter()
        .any(|it| it["displayName"] == "skybridge-connector");
    assert!(!left, "the application is still there");
}
