//! Writing a plan: compact values, one connector, step and note a line.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use skybridge_plugin_protocol::onboard;

use super::v1;
use crate::digest::Hashing;
use crate::plan::Plan;
use crate::step::PlannedStep;

/// Writes the plan with its digest.
pub(crate) fn write(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Hashing::new(out);
    write_content(plan, &mut out)?;
    let end = end(&out.digest());
    out.write_all(end.as_bytes())
}

/// What follows the content.
pub(super) fn end(digest: &str) -> String {
    format!(",\n\"digest\":\"{digest}\"\n}}\n")
}

/// The digest of the plan: the hash of its content, which is all of the JSON form but the digest.
pub(crate) fn digest(plan: &Plan) -> String {
    let mut nowhere = io::sink();
    let mut out = Hashing::new(&mut nowhere);
    write_content(plan, &mut out)
        .unwrap_or_else(|error| unreachable!("writing to nowhere does not fail: {error}"));
    out.digest()
}

fn write_content(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{{\n\"format\":\"{}\",\n\"version\":{}", v1::FORMAT, v1::VERSION)?;
    out.write_all(b",\n\"facts\":")?;
    serde_json::to_writer(&mut *out, &facts(plan))?;
    if let Some(origin) = &plan.origin {
        out.write_all(b",\n\"origin\":")?;
        serde_json::to_writer(&mut *out, origin)?;
    }
    write_lines("connectors", plan.connectors.iter().map(connector), out)?;
    write_lines("steps", plan.steps().map(|step| step_record(&step)), out)?;
    let notes = plan.notes.iter();
    let notes =
        notes.map(|note| v1::Note { connector: note.connector.clone(), text: note.text.clone() });
    write_lines("notes", notes, out)?;
    if !plan.left_out.is_empty() {
        write_lines("left-out", plan.left_out().map(left_out), out)?;
    }
    if !plan.permissions.is_empty() {
        write_lines("permissions", plan.permissions().map(permission), out)?;
    }
    out.write_all(b",\n\"counts\":")?;
    let counts: BTreeMap<&str, usize> =
        plan.counts().iter().map(|(action, n)| (action.as_str(), n)).collect();
    serde_json::to_writer(out, &counts)?;
    Ok(())
}

fn write_lines<T: Serialize>(
    name: &str,
    items: impl Iterator<Item = T>,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, ",\n\"{name}\":[")?;
    let mut line = Vec::with_capacity(4096);
    for (i, item) in items.enumerate() {
        line.clear();
        line.extend_from_slice(if i == 0 { b"\n" } else { b",\n" });
        serde_json::to_writer(&mut line, &item)?;
        out.write_all(&line)?;
    }
    out.write_all(b"\n]")
}

fn facts(plan: &Plan) -> v1::Facts {
    v1::Facts {
        online: plan.online,
        destroy: plan.destroy,
        narrowed: plan.narrowed,
        unobserved: plan.unobserved,
        complete: plan.complete(),
        applyable: plan.applyable(),
        errored: plan.errored(),
    }
}

pub(crate) fn connector(connector: &crate::plan::Connector) -> v1::Connector {
    v1::Connector {
        name: connector.name.clone(),
        plugin: connector.plugin.clone(),
        destination: connector.destination.clone(),
        destination_title: connector.destination_title.clone(),
        depends_on: connector.depends_on.clone(),
    }
}

fn left_out((connector, left): (&crate::plan::Connector, &onboard::LeftOut)) -> v1::LeftOut {
    v1::LeftOut {
        connector: connector.name.clone(),
        scope: left.scope.clone(),
        name: left.name.clone(),
        reason: left.reason.clone(),
        code: left.code.clone(),
        help: left.help.clone(),
    }
}

fn permission(
    (connector, asked): (&crate::plan::Connector, &onboard::Permission),
) -> v1::Permission {
    v1::Permission {
        connector: connector.name.clone(),
        permission: asked.permission.clone(),
        sort: asked.sort.clone(),
        scope: asked.scope.clone(),
        why: asked.why.clone(),
        capabilities: asked.capabilities.clone(),
        without: asked.without.clone(),
        exposes: asked.exposes.clone(),
    }
}

pub(crate) fn step_record(step: &PlannedStep<'_>) -> v1::Step {
    v1::Step {
        address: step.address_text(),
        connector: step.connector().name.clone(),
        kind: step.kind().to_owned(),
        name: step.name().map(str::to_owned),
        scope: step.scope().map(str::to_owned),
        title: step.title(),
        group: step.group(),
        reference: step.reference().map(str::to_owned),
        effect: step.effect().to_owned(),
        action: step.action().as_str().to_owned(),
        performer: step.performer().as_str().to_owned(),
        needs: step.needs().iter().map(|need| step.plan.at(*need).address_text()).collect(),
        expects: step.expects().iter().map(ToString::to_string).collect(),
        desired: sorted(&step.desired()),
        inputs: step.inputs().to_vec(),
        outputs: step.outputs().to_vec(),
        calls: calls(step.calls()),
        undo: step.undo().map(|undo| v1::Undo { title: undo.title, calls: calls(undo.calls) }),
        readiness: step.readiness().map(|readiness| v1::Readiness {
            waits_for: readiness.waits_for,
            successes: readiness.successes,
            interval_ms: readiness.interval_ms,
            budget_ms: readiness.budget_ms,
        }),
        always: step.always(),
        part: step.part(),
        throttle: step.throttle(),
        notes: step.notes(),
        observed: step.planned().map(|planned| v1::Observed {
            outputs: planned.outputs.iter().map(|(k, v)| (k.clone(), sorted(v))).collect(),
            detail: planned.detail.clone(),
            error: planned.error.clone(),
        }),
        changes: step.changes().iter().map(change).collect(),
    }
}

fn calls(calls: Vec<onboard::Call>) -> Vec<v1::Call> {
    let call =
        |c: onboard::Call| v1::Call { method: c.method, url: c.url, permission: c.permission };
    calls.into_iter().map(call).collect()
}

fn change(change: &onboard::Change) -> v1::Change {
    v1::Change { path: change.path.clone(), from: sorted(&change.from), to: sorted(&change.to) }
}

/// `value` with the keys of its objects in order. They are so already, unless another crate of the
/// build has asked `serde_json` to keep keys as they came; the digest must not depend on that.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Object(fields) => {
            let ordered: BTreeMap<&String, &Value> = fields.iter().collect();
            let sorted = ordered.into_iter().map(|(key, field)| (key.clone(), sorted(field)));
            Value::Object(sorted.collect())
        }
        other => other.clone(),
    }
}
