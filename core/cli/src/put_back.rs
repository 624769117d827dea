//! What a run changed for its own time only and did not put back. Steps that always run exist for
//! that; where one did not, the change stands, and whoever looks is told.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use skybridge_journal::{Outcome, RunPhase, RunState, Status, StepState};
use skybridge_model::Address;

use crate::record::{self, RunDir, RunKind, RunRecord};
use crate::run::simulate_words;
use crate::ui::Ui;

/// A change that stands and was meant for the time of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Standing {
    /// The step that is to put it back.
    pub(crate) step: String,
    /// What that step does, for people.
    pub(crate) title: String,
    /// The step that changed it.
    pub(crate) changed: String,
    /// What that step said it did; nothing when its answer was lost: it may have done it.
    pub(crate) detail: Option<String>,
}

/// What stands of a run, by its journal and those of later runs in the same world.
pub(crate) fn standing(
    place: &Path,
    folder: &RunDir,
    record: &RunRecord,
    journal: &RunState,
) -> Vec<Standing> {
    let mut all = read(folder, journal);
    for name in record::runs(place) {
        if all.is_empty() {
            break;
        }
        let later = RunDir::open(place, &name).filter(|_| name > record.run);
        let Some(later) = later else { continue };
        let Ok(its) = later.record() else { continue };
        let Ok((state, _)) = skybridge_journal::load(&later.journal()) else { continue };
        if !its.same_world(&record.simulate_args()) {
            continue;
        }
        // One that is told of a later run is told once.
        let theirs = read(&later, &state);
        all.retain(|it| {
            !was_put_back(it, its.kind, &state) && theirs.iter().all(|new| new.step != it.step)
        });
    }
    all
}

/// Tells it beside everything else that is said of the run.
pub(crate) fn tell(ui: &Ui, standing: &[Standing], record: &RunRecord, ended: bool) {
    for it in standing {
        ui.say(format!("{}\n  {}", it.stands(), hint(record, ended)));
    }
}

/// What stands of the runs of a state directory that have ended, for people.
pub(crate) fn of_ended(place: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for name in record::runs(place) {
        let Some(folder) = RunDir::open(place, &name) else { continue };
        let Ok(record) = folder.record() else { continue };
        let Ok((state, _)) = skybridge_journal::load(&folder.journal()) else { continue };
        if matches!(state.phase, RunPhase::Finished(_)) {
            let standing = standing(place, &folder, &record, &state);
            let told = |it: &Standing| format!("{}; {}", it.stands(), hint(&record, true));
            lines.extend(standing.iter().map(told));
        }
    }
    lines
}

fn was_put_back(it: &Standing, kind: RunKind, run: &RunState) -> bool {
    let done = |step: &str, how: fn(Status) -> bool| {
        let step = Address::parse(step).ok().and_then(|address| run.steps.get(&address));
        step.is_some_and(|step| how(step.status))
    };
    match kind {
        RunKind::Offboard => done(&it.changed, |status| status == Status::Ready),
        RunKind::Apply | RunKind::Rotate => done(&it.step, Status::is_done),
    }
}

/// What stands of a run, by its own journal.
fn read(folder: &RunDir, journal: &RunState) -> Vec<Standing> {
    // Where everything is done, so is what always runs.
    if journal.phase == RunPhase::Finished(Outcome::Done) {
        return Vec::new();
    }
    folder.plan().map(|plan| of(&plan, journal)).unwrap_or_default()
}

/// What stands of a run of this plan.
fn of(plan: &[u8], journal: &RunState) -> Vec<Standing> {
    let Ok(plan) = serde_json::from_slice::<Plan<'_>>(plan) else { return Vec::new() };
    plan.steps.iter().filter(|step| step.always).flat_map(|step| step.standing(journal)).collect()
}

/// As much of a plan as this is about.
#[derive(Deserialize)]
struct Plan<'a> {
    #[serde(borrow)]
    steps: Vec<Step<'a>>,
}

#[derive(Deserialize)]
struct Step<'a> {
    #[serde(borrow)]
    address: Cow<'a, str>,
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(default)]
    always: bool,
    #[serde(borrow)]
    needs: &'a RawValue,
    #[serde(borrow, default)]
    inputs: Option<&'a RawValue>,
}

impl Step<'_> {
    fn standing(&self, journal: &RunState) -> Vec<Standing> {
        let known = |text: &str| journal.steps.get(&Address::parse(text).ok()?);
        if known(&self.address).is_some_and(|step| step.status.is_done()) {
            return Vec::new();
        }
        let list =
            |raw: &RawValue| serde_json::from_str::<Vec<String>>(raw.get()).unwrap_or_default();
        let (needs, inputs) = (list(self.needs), self.inputs.map(list).unwrap_or_default());
        let changed = needs.into_iter().filter(|need| is_read(need, &inputs));
        let standing = changed.filter_map(|need| {
            let detail = may_stand(known(&need)?)?;
            Some(Standing {
                step: self.address.to_string(),
                title: self.title.to_string(),
                changed: need,
                detail,
            })
        });
        standing.collect()
    }
}

/// Whether a step of this address is what is put back: of the steps that are needed, those that
/// outputs are read of, if they are read of any.
fn is_read(need: &str, inputs: &[String]) -> bool {
    let Ok(address) = Address::parse(need) else { return false };
    let word = match address.name() {
        Some(name) => format!("{}.{name}.", address.kind()),
        None => format!("{}.", address.kind()),
    };
    inputs.is_empty() || inputs.iter().any(|input| input.starts_with(&word))
}

/// Nothing when nothing of the step stands, else what it said of it.
fn may_stand(step: &StepState) -> Option<Option<String>> {
    match (step.status, &step.action) {
        (Status::Pending | Status::Settled | Status::Skipped, _) => None,
        // What leaves nothing to undo changed nothing.
        (_, Some(_)) if step.undo.is_null() => None,
        (_, Some(action)) => Some(Some(step.detail.clone().unwrap_or_else(|| action.clone()))),
        (_, None) => Some(None),
    }
}

impl Standing {
    /// What stands, for people.
    pub(crate) fn stands(&self) -> String {
        let Self { step, title, changed, detail } = self;
        match detail {
            Some(detail) => format!("still to be done: {title} ({step}); {detail}"),
            None => format!(
                "perhaps still to be done: {title} ({step}); {changed} was tried, and nobody heard \
                 whether it worked"
            ),
        }
    }
}

/// What to do about it. `ended`: the run is over, and is not gone on with.
pub(crate) fn hint(record: &RunRecord, ended: bool) -> String {
    let RunRecord { run, manifest, kind, .. } = record;
    if ended {
        let (word, args) = (kind.word(), simulate_words(&record.simulate_args()));
        format!("mend the cause, and `skybridge {word} {manifest}{args}` does it")
    } else {
        format!("`skybridge resume {run}` does it")
    }
}

#[cfg(test)]
mod tests;
