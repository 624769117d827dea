//! Taking up a run of 150,000 steps from its journal, beside reading the file.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use skybridge_engine::{Effect, Input, Limits, Machine, Work};
use skybridge_journal::{Event, FileStore, Store};

use crate::process::{self, Used};
use crate::{Outcome, chains};

const STEPS: usize = 150_000;
/// Of a hundred steps so many are done.
const DONE: [usize; 3] = [10, 50, 99];
/// Read anew so often; the quickest counts, for the disk is not what is measured.
const TIMES: u32 = 5;
const BATCH: usize = 1000;

pub(crate) fn all() -> Outcome {
    println!("\nResume: {STEPS} steps, from the file to the first calls\n");
    println!(
        "{:>7} {:>9} {:>9} {:>9} {:>10} {:>10} {:>9} {:>9} {:>8}",
        "done",
        "MB",
        "records",
        "floor ms",
        "replay ms",
        "machine ms",
        "all ms",
        "x floor",
        "peak MB"
    );
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    for done in DONE {
        let path = scratch.path().join(format!("{done}/journal"));
        let (path, done) = (path.to_string_lossy(), done.to_string());
        process::measure(&["write", &path, &done])?;
        process::measure(&["resume", &path, &done])?;
    }
    Ok(())
}

/// Writes the journal of a run that was killed when so many of a hundred steps were done.
pub(crate) fn write(args: &[&str]) -> Outcome {
    let [path, done] = args else { return Err("which file, how much of it done".into()) };
    let work = chains::work(STEPS)?;
    let done = STEPS / 100 * done.parse::<usize>()?;
    let mut store = FileStore::create(Path::new(path))?;
    let at = Timestamp::now();
    let started = Event::RunStarted { run: work.run, plan: work.plan.clone(), at };
    store.append(&[started])?;
    // Chain by chain, so that the last one is cut in the middle.
    for steps in work.steps.get(..done).unwrap_or_default().chunks(BATCH) {
        let events: Vec<Event> =
            steps.iter().flat_map(|step| applied(&work, &step.address, at)).collect();
        store.append(&events)?;
    }
    Ok(())
}

fn applied(work: &Work, address: &skybridge_model::Address, at: Timestamp) -> [Event; 2] {
    let answer = chains::answer(skybridge_engine::key::step_key(work.run, address));
    [
        Event::StepIntended { address: address.clone(), attempt: 0, at },
        Event::StepApplied {
            address: address.clone(),
            action: answer.action,
            outputs: answer.outputs,
            undo: answer.undo,
            detail: None,
            ready: true,
            at,
        },
    ]
}

pub(crate) fn measure(args: &[&str]) -> Outcome {
    let [path, done] = args else { return Err("which file, how much of it done".into()) };
    let path = Path::new(path);
    let (mut best, mut floor, mut records) = ([Duration::MAX; 3], Duration::MAX, 0);
    for _ in 0..TIMES {
        floor = floor.min(read(path)?);
        // The plan is read beside the journal, by somebody else.
        let work = chains::work(STEPS)?;
        let began = Instant::now();
        let opened = FileStore::open(path)?;
        let replayed = began.elapsed();
        let mut machine = Machine::new(work, opened.state, Limits::default())?;
        let turn = machine.step(Input::Start, Timestamp::now());
        let all = began.elapsed();
        let calls = turn.effects.iter().filter(|effect| matches!(effect, Effect::Apply { .. }));
        if calls.count() == 0 {
            return Err("nothing is left to do".into());
        }
        if all < best[2] {
            best = [replayed, all - replayed, all];
        }
        records = machine.report().steps.iter().filter(|step| step.status.is_done()).count() * 2;
    }
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{done:>6}% {:>9.1} {records:>9} {:>9.1} {:>10.0} {:>10.0} {:>9.0} {:>9.1} {:>8.0}",
        fs_err::metadata(path)?.len() as f64 / 1e6,
        ms(floor),
        ms(best[0]),
        ms(best[1]),
        ms(best[2]),
        best[2].as_secs_f64() / floor.as_secs_f64(),
        Used::by_us().peak_mb,
    );
    Ok(())
}

/// What reading the file takes and nothing else.
fn read(path: &Path) -> Result<Duration, std::io::Error> {
    let began = Instant::now();
    let mut file = fs_err::File::open(path)?;
    let mut piece = vec![0; 1 << 16];
    while file.read(&mut piece)? > 0 {}
    Ok(began.elapsed())
}
