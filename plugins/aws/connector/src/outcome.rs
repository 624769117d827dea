//! Small helpers around what steps receive and answer.

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, Change, Observation, Ready, Remains, StepCall, Undone, applied, observed,
};
use skybridge_plugin_sdk::{Error, Result, kind};

/// The input `name`, once the step it comes from has run; in an online plan it may not have.
pub(crate) fn known<'a>(step: &'a StepCall, name: &str) -> Option<&'a str> {
    step.inputs.get(name)?.as_str().filter(|text| !text.is_empty() && !text.starts_with('<'))
}

/// The input `name`, without which the step cannot be applied.
pub(crate) fn needed<'a>(step: &'a StepCall, name: &str) -> Result<&'a str> {
    known(step, name).ok_or_else(|| missing("input", name))
}

/// The output `name` that the step itself gave.
pub(crate) fn own_output<'a>(outputs: &'a Map, name: &str) -> Result<&'a str> {
    outputs.get(name).and_then(Value::as_str).ok_or_else(|| missing("output", name))
}

/// Whether what `input` tells of was made by this run: an output that is a truth value.
pub(crate) fn is_fresh(step: &StepCall, input: &str) -> bool {
    step.inputs.get(input).and_then(Value::as_bool).unwrap_or(false)
}

/// The field `name` of what undoing was told.
pub(crate) fn undo_field<'a>(undo: &'a Value, name: &str) -> Result<&'a str> {
    undo.get(name).and_then(Value::as_str).ok_or_else(|| missing("undo field", name))
}

/// The scope of the step's address.
pub(crate) fn scope_of(step: &StepCall) -> Result<&str> {
    step.scope.as_deref().ok_or_else(|| missing("scope", &step.address))
}

fn missing(what: &str, name: &str) -> Error {
    Error::new(
        kind::CONTRACT_VIOLATION,
        format!("internal error: the host gave no {what} `{name}`"),
    )
    .code("AWS-HOST-001")
}

/// Outputs, in order.
pub(crate) fn outputs<const N: usize>(pairs: [(&str, Value); N]) -> Map {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Nothing there.
pub(crate) fn absent(detail: impl Into<String>) -> Observation {
    Observation {
        state: observed::ABSENT.into(),
        detail: Some(detail.into()),
        ..Observation::default()
    }
}

/// There, as wanted.
pub(crate) fn matches(outputs: Map) -> Observation {
    Observation { state: observed::MATCHES.into(), outputs, ..Observation::default() }
}

/// There, as wanted, made by somebody else.
pub(crate) fn foreign(outputs: Map, detail: impl Into<String>) -> Observation {
    Observation {
        state: observed::FOREIGN.into(),
        outputs,
        detail: Some(detail.into()),
        ..Observation::default()
    }
}

/// There, as wanted if nothing is in `changes`.
pub(crate) fn compared(outputs: Map, changes: Vec<Change>) -> Observation {
    let state = if changes.is_empty() { observed::MATCHES } else { observed::DIFFERS };
    Observation { state: state.into(), outputs, changes, ..Observation::default() }
}

/// A difference, if there is one.
pub(crate) fn change(path: &str, from: Value, to: Value) -> Option<Change> {
    (from != to).then(|| Change { path: path.into(), from, to })
}

/// What an apply did.
pub(crate) fn did(action: &str, outputs: Map, undo: Value) -> Applied {
    Applied { action: action.into(), outputs, undo, ..Applied::default() }
}

/// A check that went well.
pub(crate) fn checked(outputs: Map, detail: impl Into<String>) -> Applied {
    Applied {
        action: applied::CHECKED.into(),
        outputs,
        undo: json!(null),
        detail: Some(detail.into()),
        ..Applied::default()
    }
}

/// What was waited for is there.
pub(crate) fn ready() -> Ready {
    Ready { ready: true, ..Ready::default() }
}

/// What was waited for is not there yet.
pub(crate) fn not_ready(reason: impl Into<String>) -> Ready {
    Ready { reason: Some(reason.into()), ..Ready::default() }
}

/// [`ready`] or [`not_ready`].
pub(crate) fn ready_if(is: bool, reason: &str) -> Ready {
    if is { ready() } else { not_ready(reason) }
}

/// Something was removed.
pub(crate) fn removed(detail: impl Into<String>) -> Undone {
    Undone { removed: true, detail: Some(detail.into()), ..Undone::default() }
}

/// There was nothing left to remove.
pub(crate) fn gone() -> Undone {
    Undone { detail: Some("it was gone already".into()), ..Undone::default() }
}

/// Something is still there.
pub(crate) fn still(detail: impl Into<String>) -> Remains {
    Remains { remains: true, detail: Some(detail.into()), ..Remains::default() }
}

/// Nothing of it is left.
pub(crate) fn nothing_left() -> Remains {
    Remains::default()
}

/// [`still`] or [`nothing_left`].
pub(crate) fn still_if(is: bool, detail: &str) -> Remains {
    if is { still(detail) } else { nothing_left() }
}
