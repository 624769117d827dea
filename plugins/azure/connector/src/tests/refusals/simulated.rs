//! What the simulated cloud itself refuses, without a scripted answer: because something is young, is
//! taken, is full, is forbidden, or is not what it has to be.

use serde_json::Value;

use super::{Bench, Result};
use crate::tests::support::NO_LAG;

mod directory;
mod login;
mod resource_manager;
mod roles;

/// A scenario with `tables`, in which these lags last an hour and nothing is seen before.
fn slow(tables: &str, lags: &[&str]) -> String {
    let slower = |text: String, lag: &&str| {
        let (from, to) = (format!("\n{lag} = 0\n"), format!("\n{lag} = 3600000\n"));
        assert!(text.contains(&from), "{lag}");
        text.replace(&from, &to)
    };
    let lags = lags.iter().fold(NO_LAG.to_owned(), slower);
    format!("flapping = false\n{tables}\n{lags}")
}

/// Settings with one key changed.
fn with(key: &str, value: Value) -> Value {
    let mut settings = crate::tests::support::settings();
    settings[key] = value;
    settings
}

impl Bench {
    /// Tries until the service has refused in every one of `ways`: which of its replicas answers is a
    /// matter of luck. They are noted in the order of `ways`.
    async fn meet_every_way(&mut self, row: &str, ways: &[&str]) {
        let mut met: Vec<Option<Result<()>>> = ways.iter().map(|_| None).collect();
        for _ in 0..200 {
            let outcome = self.attempt(&[], 0).await;
            if let Ok(done) = &outcome {
                let position = self.rehearsal.find(&self.word);
                self.rehearsal.undo(position, &done.undo).await.unwrap();
                continue;
            }
            let outcome = outcome.map(drop);
            let said = outcome.as_ref().err().map(ToString::to_string).unwrap_or_default();
            let way = ways.iter().position(|way| said.contains(way));
            let way = way.unwrap_or_else(|| panic!("{row}: {outcome:#?}"));
            met[way] = Some(outcome);
            if met.iter().all(Option::is_some) {
                break;
            }
        }
        for (way, outcome) in ways.iter().zip(met) {
            let outcome = outcome.unwrap_or_else(|| panic!("{row}: never {way}"));
            self.saw(row, outcome.as_ref().map(|()| "done"));
        }
    }
}
