//! The whole system in simulated time.
//!
//! Each seed is a tenant, a manifest, and everything that goes wrong on the way to connecting it, to a
//! new credential and to letting it go: faults of the cloud and injected ones, kills between any two
//! happenings and in the middle of calls, torn journals, Ctrl-C, answers that come too late. The
//! commands are the program's own, the connector and the simulated cloud are the real plugin over real
//! HTTPS on loopback; only time, chance and death are in the test's hands (`drive`). At the end of each
//! chapter independent checkers (`checker`) compare the tenant with that of an undisturbed run, and look
//! at the machine, the journals and everything that was printed.
//!
//! Start reading at [`story`]. `core/docs/testing.md` says how to run more seeds and to replay one.

mod checker;
mod cloud;
mod dice;
mod drive;
mod files;
mod lag;
mod life;
mod planted;
mod print;
mod story;
mod tenant;
mod time;

use std::time::Instant;

use story::{Ends, Tally, reader, tell};

/// Seeds of a run without further wishes.
const SEEDS: u64 = 1_000;

/// Tests that share the seeds, so that they run beside each other.
const SHARES: u64 = 4;

/// A number of the environment.
#[expect(clippy::disallowed_methods, reason = "a test is told what to try by the environment")]
fn wish(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Runs this share of the seeds.
fn share(share: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    drop(rustls::crypto::ring::default_provider().install_default());
    let only = wish("SKYBRIDGE_SIMULATION_SEED");
    let first = wish("SKYBRIDGE_SIMULATION_FIRST").unwrap_or(0);
    let count = wish("SKYBRIDGE_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let seeds = match only {
        Some(seed) => seed..seed + 1,
        None => first..first + count,
    };
    let (began, said) = (Instant::now(), reader());
    let (mut ends, mut tally) = (Ends::default(), Tally::default());
    for seed in seeds.filter(|seed| seed % SHARES == share) {
        let told = runtime.block_on(tell(seed, &mut ends, said, &mut tally));
        let text = String::from_utf8_lossy(&said.lock().unwrap()).into_owned();
        if only.is_some() {
            println!("{text}");
        }
        if let Err(why) = told {
            panic!(
                "{text}\n\nseed {seed}: {why}\n\nreplay it with:\n  SKYBRIDGE_SIMULATION_SEED={seed} \
                 cargo test -p skybridge whole_system::seeds -- --nocapture"
            );
        }
    }
    println!("{:.0} s: {tally:?}", began.elapsed().as_secs_f64());
    if only.is_none() && tally.seeds >= 100 {
        // Seeds that meet nothing prove nothing.
        let Tally { killed, in_a_call, interrupted, failed, resumed, rotated, offboarded, .. } =
            tally;
        let all = [killed, in_a_call, interrupted, failed, resumed, rotated, offboarded];
        assert!(all.iter().all(|count| *count >= 5), "{tally:?}");
    }
}

#[test]
fn seeds_first_share() {
    share(0);
}

#[test]
fn seeds_second_share() {
    share(1);
}

#[test]
fn seeds_third_share() {
    share(2);
}

#[test]
fn seeds_fourth_share() {
    share(3);
}
