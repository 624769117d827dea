//! What befalls each step of a journey, and that it gets over it.
//!
//! A journey is travelled once in peace, which tells the calls of each of its steps. Then it is
//! travelled again and again: the first time each step meets the fault at the first of its calls, the
//! second time at the second, until no step has further calls. So each call meets each fault, one at
//! a time within a step, and far fewer tenants are connected than there are calls.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::onboard::Applied;

use super::cloud::{Call, Cloud};
use crate::steps::admin_consent::HANDED_OFF;
use crate::tests::support::Rehearsal;

/// A call of a step, the first of its shape there.
#[derive(Debug, Clone)]
pub(super) struct CallOf {
    pub(super) call: Call,
    /// Calls with the same service and method before it in the step.
    before: usize,
}

/// What befalls a call, and whether trying again helps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) rule: &'static str,
    pub(super) passes: bool,
}

/// The calls of each step of one journey, and which of them meets its fault now.
pub(super) struct Fate<'a> {
    pub(super) cloud: &'a Cloud,
    /// Nothing while the calls are being learnt.
    pub(super) fault: Option<Fault>,
    /// Steps that may meet a fault; all when there are none.
    pub(super) watched: &'static [&'static str],
    /// Which of a step's calls.
    pub(super) round: usize,
    pub(super) calls: BTreeMap<String, Vec<CallOf>>,
    /// Steps in the order they were met.
    pub(super) order: Vec<String>,
    /// Combinations that were met and got over.
    pub(super) met: usize,
    /// Rows of refusals for good that a step took no notice of.
    pub(super) unnoticed: String,
}

impl<'a> Fate<'a> {
    pub(super) fn new(cloud: &'a Cloud, watched: &'static [&'static str]) -> Self {
        Self {
            cloud,
            fault: None,
            watched,
            round: 0,
            calls: BTreeMap::new(),
            order: Vec::new(),
            met: 0,
            unnoticed: String::new(),
        }
    }

    /// Rounds until every call has met the fault, if there is one.
    pub(super) fn rounds(&self) -> usize {
        let longest = self.calls.values().map(Vec::len).max();
        self.fault.and(longest).unwrap_or(0)
    }

    /// Applies a step and waits until it is ready.
    pub(super) async fn apply(&mut self, rehearsal: &mut Rehearsal, position: u32) -> Applied {
        let step = rehearsal.word(position);
        self.meets(rehearsal, &step, async |rehearsal| run_step(rehearsal, position).await).await
    }

    /// Takes a step back, for good, and sees that nothing of it is left.
    pub(super) async fn take_back(
        &mut self,
        rehearsal: &mut Rehearsal,
        position: u32,
        undo: &serde_json::Value,
    ) {
        let step = format!("{}, taken back", rehearsal.word(position));
        self.meets(rehearsal, &step, async |rehearsal| {
            rehearsal.undo_with(position, undo, true).await?;
            while rehearsal.remains(position, undo, true).await?.remains {
                tokio::time::sleep(rehearsal.pace).await;
            }
            Ok(())
        })
        .await;
    }

    /// Lets a step meet its fault, and get over it: by itself, or when the run goes on in another
    /// process under the same key after somebody mended what refused it.
    async fn meets<T>(
        &mut self,
        rehearsal: &mut Rehearsal,
        step: &str,
        mut attempt: impl AsyncFnMut(&mut Rehearsal) -> Result<T>,
    ) -> T {
        let word = step.split(',').next().unwrap();
        let watched = self.watched.is_empty() || self.watched.contains(&word);
        let Some(fault) = self.fault.filter(|_| watched) else {
            let said = self.cloud.said();
            let done = attempt(rehearsal).await;
            let done = done.unwrap_or_else(|error| panic!("{step}, undisturbed: {error:#?}"));
            if watched {
                self.learn(step, &self.cloud.calls_since(said));
            }
            return done;
        };
        let Some(call) = self.calls.get(step).and_then(|calls| calls.get(self.round)).cloned()
        else {
            return attempt(rehearsal).await.unwrap_or_else(|error| panic!("{step}: {error:#?}"));
        };
        let case = format!("{} at {:?} of {step}", fault.rule, call.call);
        self.cloud.arm(&rule(fault, &call)).await;
        let outcome = attempt(rehearsal).await;
        assert_eq!(self.cloud.arm("").await, 1, "{case} did not happen");
        self.met += 1;
        match outcome {
            Ok(done) => {
                if !fault.passes {
                    writeln!(self.unnoticed, "{}", row(step, &call)).unwrap();
                }
                done
            }
            Err(error) if fault.passes => panic!("{case}: {error:#?}"),
            Err(error) => {
                assert!(error.detail.code.is_some(), "{case}: {error:#?}");
                let told = error.detail.context.iter().any(|(name, _)| name == "request-id");
                // The login service has no request ids; its errors have a trace id in their text.
                assert!(told || call.call.service == "login", "{case}: {error:#?}");
                rehearsal.attempts = 1;
                let again = attempt(rehearsal).await;
                rehearsal.attempts = 0;
                again.unwrap_or_else(|error| panic!("{case}, resumed: {error:#?}"))
            }
        }
    }

    fn learn(&mut self, step: &str, made: &[Call]) {
        let mut calls: Vec<CallOf> = Vec::new();
        for (at, call) in made.iter().enumerate() {
            if calls.iter().all(|other| other.call != *call) {
                let alike =
                    |other: &&Call| other.service == call.service && other.method == call.method;
                let before = made[..at].iter().filter(alike).count();
                calls.push(CallOf { call: call.clone(), before });
            }
        }
        if self.calls.insert(step.to_owned(), calls).is_none() {
            self.order.push(step.to_owned());
        }
    }
}

/// One step; where a person is asked to consent, that person does.
async fn run_step(rehearsal: &mut Rehearsal, position: u32) -> Result<Applied> {
    let applied = rehearsal.apply(position).await?;
    if applied.action == HANDED_OFF {
        let client = rehearsal.output("application", "client-id");
        let body = serde_json::json!({ "client-id": client, "user": super::cloud::ADMIN_NAME });
        rehearsal.control("_simulator/consents", Some(body)).await;
    }
    rehearsal.await_ready(position, &applied).await?;
    Ok(applied)
}

fn rule(fault: Fault, of: &CallOf) -> String {
    let Call { service, method, .. } = &of.call;
    format!(
        "[[faults]]\nservice = \"{service}\"\nmethod = \"{method}\"\nskip = {}\nevery = 1\n\
         times = 1\n{}\n",
        of.before, fault.rule
    )
}

pub(super) fn row(step: &str, of: &CallOf) -> String {
    let Call { service, method, shape } = &of.call;
    format!("| {step} | {method} {service} /{shape} |")
}
