//! The contract, case by case.
//!
//! | of | promised |
//! |---|---|
//! | every plugin | its manifest says who it is; its fixture's settings fit its schema and the refused ones are refused; what it advertises is implemented, and nothing else; unknown methods and garbage are answered |
//! | `onboard` | describing is the same every time and makes a plan; an onboarding ends, with the outputs it promised and its writes on record; applying twice equals applying once; undoing leaves nothing, and twice equals once; a busy cloud is waited for as it asks; lists are read to their end; a refusal says what a person can do; a call that is given up ends in time, and can be made again |
//! | `verify` | a fresh connection is proved |
//! | `collect` | batches are bounded and end; a stream that is dropped harms nothing |
//! | secrets | none of those in the vault, nor the operator's, is in an answer, a record or a log line |

mod collect;
mod manifest;
mod onboard;
mod trouble;

use skybridge_host::Isolation;
use skybridge_plugin_protocol::manifest::capability;

use crate::bench::Bench;
use crate::report::{Case, Outcome, Report};

/// What a case comes to.
type Verdict = Result<(), String>;

/// Why a case is left out that needs a cloud.
const OFFLINE: &str = "it needs a cloud, and the settings say that there is none";

/// A sentence of what is wrong, unless `good`.
fn require(good: bool, wrong: impl FnOnce() -> String) -> Verdict {
    if good { Ok(()) } else { Err(wrong()) }
}

struct Cases(Vec<Case>);

impl Cases {
    fn add(&mut self, name: &'static str, verdict: Verdict) {
        let outcome = verdict.map_or_else(Outcome::Failed, |()| Outcome::Passed);
        self.0.push(Case { name, outcome });
    }

    fn leave_out(&mut self, names: &[&'static str], why: &str) {
        let case = |name: &&'static str| Case { name, outcome: Outcome::LeftOut(why.to_owned()) };
        self.0.extend(names.iter().map(case));
    }
}

pub(crate) async fn run(bench: &Bench<'_>) -> Report {
    let manifest = bench.manifest();
    let mut cases = Cases(Vec::new());
    manifest::run(bench, &mut cases).await;
    if manifest.can(capability::ONBOARD) {
        onboard::run(bench, &mut cases).await;
    } else {
        cases.leave_out(&["the onboarding"], "the plugin does not declare `onboard`");
    }
    if manifest.can(capability::COLLECT) {
        collect::run(bench, &mut cases).await;
    } else {
        cases.leave_out(&["collecting"], "the plugin does not declare `collect`");
    }
    let isolation = match bench.library.isolation {
        Isolation::InProcess => "in-process",
        Isolation::Process => "process",
    };
    let plugin = format!("{} {}", manifest.name, manifest.version);
    Report { plugin, isolation, cases: cases.0 }
}
