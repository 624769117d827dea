//! Disks that are full, folders that cannot be written, files that may not grow: clear words, and
//! nothing lost.

use std::path::Path;
use std::time::Duration;

use skybridge_tests::{Mounts, Output, SimulatorProcess, TestEnv};

use crate::recovery::check;

/// Room for everything a run of the example tenant writes, several times over.
const DISK_KIB: u32 = 4096;

/// Where the state lies.
fn state(env: &TestEnv) -> std::path::PathBuf {
    env.path().join("state")
}

/// The mounts, or the reason why there are none here.
#[expect(clippy::print_stdout, reason = "a test that cannot be done says so")]
fn mounts(made: Result<Mounts, String>) -> Option<Mounts> {
    made.map_err(|why| println!("mounts are not permitted here: {why}")).ok()
}

/// A command that the disk stopped: with the path, what is wrong, and what to do.
fn told_of(output: &Output, folder: &Path, wrong: &str) {
    let said = &output.stderr;
    // 4: a step could not seal its secret. 5: the run itself could not go on.
    assert!(matches!(output.code, 4 | 5), "{}\n{said}", output.code);
    assert!(said.contains(&folder.display().to_string()), "{said}");
    assert!(said.to_lowercase().contains(wrong), "{said}");
    assert!(said.contains("help:") || said.contains("make room"), "{said}");
    assert!(!said.contains("internal error") && !said.contains("panicked"), "{said}");
}

/// Goes on to the end with whatever was begun.
fn go_on(mounts: &Mounts, env: &TestEnv, apply: &[&str]) {
    let state = state(env);
    let resumed = mounts.run(env, &["resume", "--state", state.to_str().unwrap()]);
    let nothing_to_resume = resumed.code == 2 && resumed.stderr.contains("no run to go on with");
    // A step that could not seal its secret has failed for good, and the user is told to apply again.
    let one_failed = resumed.code == 4 && resumed.stderr.contains("apply again");
    if nothing_to_resume || one_failed {
        mounts.run(env, apply).expect(0);
    } else {
        resumed.expect(0);
    }
}

/// Applies with `free` KiB left on the state's disk, makes room, and goes on.
#[expect(clippy::print_stdout, reason = "what was met first is worth seeing")]
fn full_with(free: u32) {
    let env = TestEnv::new();
    let state = state(&env);
    let Some(mounts) = mounts(Mounts::small_disk(&state, DISK_KIB)) else { return };
    let ballast = DISK_KIB - free;
    mounts.shell(&format!("head -c {ballast}k /dev/zero > \"$1/ballast\""));
    let simulator = SimulatorProcess::start(&env, &[]);
    let folder = state.to_str().unwrap();
    let apply =
        ["apply", "contoso.toml", "--simulator", simulator.url(), "--yes", "--state", folder];
    let full = mounts.run(&env, &apply);
    told_of(&full, &state, "no space left");
    println!("with {free} KiB:\n{}", full.stderr.lines().last().unwrap_or_default());

    mounts.shell("rm \"$1/ballast\"");
    go_on(&mounts, &env, &apply);
    check(&simulator.tenant(), Duration::ZERO);
    let again = mounts.run(&env, &apply).expect(0);
    assert!(again.stdout.starts_with("Nothing to do"), "{}", again.stdout);
    check(&simulator.tenant(), Duration::ZERO);
    let verified = mounts.run(&env, &["audit", "verify", "--state", folder]).expect(0);
    assert!(verified.stdout.contains("whole"), "{}", verified.stdout);
}

macro_rules! full {
    ($($name:ident = $free:literal;)*) => {
        $(#[test] fn $name() { full_with($free); })*
    };
}

// What is written, in order: the lock, the audit log, the plan (40 KiB), the journal, and both of
// them longer and longer.
full! {
    full_from_the_beginning = 0;
    full_before_the_plan_is_written = 24;
    full_before_the_journal_is_begun = 56;
    full_soon_after_the_run_began = 68;
    full_in_the_middle_of_the_run = 76;
    full_near_the_end_of_the_run = 84;
}

/// Everything on one disk, the simulated cloud's own state included, as a rehearsal has it.
#[test]
fn a_rehearsal_on_a_full_disk() {
    let env = TestEnv::new();
    let state = state(&env);
    let Some(mounts) = mounts(Mounts::small_disk(&state, DISK_KIB)) else { return };
    let folder = state.to_str().unwrap();
    let ballast = DISK_KIB - 84;
    mounts.shell(&format!("head -c {ballast}k /dev/zero > \"$1/ballast\""));
    let apply = ["apply", "contoso.toml", "--simulate", "--yes", "--state", folder];
    let full = mounts.run(&env, &apply);
    told_of(&full, &state, "no space left");
    mounts.shell("rm \"$1/ballast\"");
    go_on(&mounts, &env, &apply);
    let again = mounts.run(&env, &apply).expect(0);
    assert!(again.stdout.starts_with("Nothing to do"), "{}", again.stdout);
}

/// A state folder that cannot be written: nothing is begun; what only reads still works, and once it
/// can be written again the run goes on.
#[test]
fn a_read_only_folder_is_named() {
    let env = TestEnv::new();
    let state = state(&env);
    let Some(mounts) = mounts(Mounts::small_disk(&state, DISK_KIB)) else { return };
    let folder = state.to_str().unwrap();
    let simulator = SimulatorProcess::start(&env, &[]);
    let apply =
        ["apply", "contoso.toml", "--simulator", simulator.url(), "--yes", "--state", folder];
    mounts.shell("mount -o remount,ro \"$1\"");
    told_of(&mounts.run(&env, &apply), &state, "read-only");

    mounts.shell("mount -o remount,rw \"$1\"");
    let mut child = mounts.inside(&env.command(&apply)).spawn().unwrap();
    skybridge_tests::eventually("a step is applied", || applied(&mounts.seen()));
    child.kill().unwrap();
    let _killed = skybridge_tests::finish(child);
    mounts.shell("mount -o remount,ro \"$1\"");
    told_of(&mounts.run(&env, &["resume", "--state", folder]), &state, "read-only");
    let status = mounts.run(&env, &["status", "--state", folder]).expect(0);
    assert!(status.stdout.contains("not ended"), "{}", status.stdout);
    mounts.run(&env, &["audit", "verify", "--state", folder]).expect(0);
    mounts.run(&env, &["audit", "show", "--state", folder]).expect(0);

    mounts.shell("mount -o remount,rw \"$1\"");
    mounts.run(&env, &["resume", "--state", folder]).expect(0);
    check(&simulator.tenant(), Duration::ZERO);
}

/// Whether the only run below a state folder has applied a step.
fn applied(state: &Path) -> bool {
    let Ok(runs) = fs_err::read_dir(state.join("simulated/runs")) else { return false };
    let journals = runs.map(|run| run.unwrap().path().join("journal"));
    let text = journals.filter_map(|journal| fs_err::read_to_string(journal).ok());
    text.into_iter().any(|text| text.contains("step-applied"))
}

/// A limit on the size of files, which needs no rights to set: the journal is stopped by it, and a
/// process without the limit goes on.
#[test]
fn a_limit_on_files_is_told_and_gone_on_after() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let apply = ["apply", "contoso.toml", "--simulator", simulator.url(), "--yes"];
    let whole = env.command(&apply);
    let mut limited = std::process::Command::new("sh");
    // An error instead of a signal. The limit comes once the plan, which is longer, is written.
    limited
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(whole.get_program())
        .args(whole.get_args())
        .current_dir(env.path())
        .env_clear()
        .env("HOME", env.path().join("home"))
        .env("PATH", "/usr/bin:/bin")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let child = limited.spawn().unwrap();
    let pid = crate::recovery::rustix_pid(child.id());
    skybridge_tests::eventually("the run has begun", || journal(&env));
    let tight = rustix::process::Rlimit { current: Some(6144), maximum: Some(6144) };
    rustix::process::prlimit(Some(pid), rustix::process::Resource::Fsize, tight).unwrap();
    let stopped = skybridge_tests::finish(child);
    told_of(&stopped, env.path(), "too large");
    env.run(&["resume"]).expect(0);
    check(&simulator.tenant(), Duration::ZERO);
    env.run(&["audit", "verify"]).expect(0);
}

/// Whether a run's journal is there.
fn journal(env: &TestEnv) -> bool {
    env.files().iter().any(|path| path.ends_with("run.json"))
}
