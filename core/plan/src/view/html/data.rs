//! The plan as the page's script reads it: templates once, steps as columns of numbers.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::ser::{Serialize, SerializeSeq, Serializer};
use serde_json::{Value, json};
use skybridge_plugin_protocol::onboard::{Call, StepTemplate};

use super::super::text_step::plain;
use super::cost;
use super::text::{cut, generic};
use crate::action::Action;
use crate::plan::{Plan, Planned, Template};
use crate::scopes;

/// Writes the data as JSON in which no `<` stands, so that nothing in it can end the element that
/// holds it.
pub(super) fn write(plan: &Plan, path: &[u32], out: &mut dyn Write) -> io::Result<()> {
    let mut out = NoAngles(out);
    out.write_all(b"{\"connectors\":")?;
    let names: Vec<_> = plan.connectors().iter().map(|c| plain(&c.name)).collect();
    serde_json::to_writer(&mut out, &names)?;
    separate("actions", &mut out)?;
    let actions: Vec<Value> = Action::ALL
        .iter()
        .map(|action| json!([action.as_str(), action.symbol().to_string(), action.changes()]))
        .collect();
    serde_json::to_writer(&mut out, &actions)?;
    separate("templates", &mut out)?;
    each(plan.templates.iter().map(template), &mut out)?;
    separate("scopes", &mut out)?;
    let scopes = (0..).map_while(|number| plan.scopes.text(number));
    each(scopes.map(plain), &mut out)?;
    separate("vars", &mut out)?;
    let clean = |vars: &BTreeMap<String, String>| -> BTreeMap<String, String> {
        vars.iter().map(|(key, value)| (key.clone(), plain(value).into_owned())).collect()
    };
    each(plan.vars.iter().map(clean), &mut out)?;
    steps(plan, &mut out)?;
    separate("seen", &mut out)?;
    let seen = plan.planned.iter().filter_map(|(at, planned)| Some((*at, seen(planned)?)));
    serde_json::to_writer(&mut out, &seen.collect::<BTreeMap<u32, Value>>())?;
    separate("expects", &mut out)?;
    let text = |address: &skybridge_model::Address| plain(address.as_str()).into_owned();
    let expects = plan.expects.iter().map(|(at, all)| (*at, all.iter().map(text).collect()));
    serde_json::to_writer(&mut out, &expects.collect::<BTreeMap<u32, Vec<String>>>())?;
    separate("path", &mut out)?;
    serde_json::to_writer(&mut out, path)?;
    out.write_all(b"}")
}

fn separate(name: &str, out: &mut dyn Write) -> io::Result<()> {
    write!(out, ",\n\"{name}\":")
}

/// Writes a list without holding it.
fn each<T: Serialize>(items: impl Iterator<Item = T>, out: &mut dyn Write) -> io::Result<()> {
    let mut list = serde_json::Serializer::new(out);
    let mut list = list.serialize_seq(None)?;
    for item in items {
        list.serialize_element(&item)?;
    }
    list.end()?;
    Ok(())
}

/// Columns by position; -1 stands for no scope. Rows of needs are shared as the plan shares them.
fn steps(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let rows = &plan.rows;
    separate("template", out)?;
    each(rows.iter().map(|row| row.template), out)?;
    separate("scope", out)?;
    let scope = |scope: u32| if scope == scopes::NONE { -1 } else { i64::from(scope) };
    each(rows.iter().map(|row| scope(row.scope)), out)?;
    separate("var", out)?;
    each(rows.iter().map(|row| row.vars), out)?;
    separate("action", out)?;
    each(rows.iter().map(|row| row.action as u32), out)?;
    let (numbers, distinct) = plan.graph.shared_rows();
    separate("need", out)?;
    each(numbers.iter(), out)?;
    separate("needs", out)?;
    each(distinct.into_iter(), out)
}

fn texts(texts: &[String]) -> Value {
    texts.iter().map(|text| cut(text)).collect()
}

fn template(template: &Template) -> Value {
    let body = &template.body;
    let mut value = json!({
        "connector": template.connector,
        "local": plain(&template.local),
        "effect": plain(&body.effect),
        "by": template.performer.as_str(),
        "title": cut(&body.title),
        "group": cut(&body.group),
        "heading": plain(&generic(&body.group)),
        "throttle": cut(&body.throttle),
        "least": cost::body_least_ms(body),
    });
    if let Some(reference) = &body.reference {
        value["reference"] = json!(plain(reference));
    }
    if !body.desired.is_null() {
        let pretty = serde_json::to_string_pretty(&body.desired).unwrap_or_default();
        value["desired"] = cut(&pretty);
    }
    for (name, list) in [("inputs", &body.inputs), ("outputs", &body.outputs)] {
        if !list.is_empty() {
            value[name] = list.iter().map(|text| plain(text)).collect();
        }
    }
    if !body.calls.is_empty() {
        value["calls"] = calls(&body.calls);
    }
    if let Some(undo) = &body.undo {
        value["undo"] = json!({ "title": cut(&undo.title), "calls": calls(&undo.calls) });
    }
    add_waits(body, &mut value);
    if body.always {
        value["always"] = json!(true);
    }
    if !body.notes.is_empty() {
        value["notes"] = texts(&body.notes);
    }
    value
}

fn add_waits(body: &StepTemplate, value: &mut Value) {
    if let Some(readiness) = &body.readiness {
        value["waits"] = json!({
            "for": cut(&readiness.waits_for),
            "successes": readiness.successes,
            "interval": readiness.interval_ms,
            "budget": readiness.budget_ms,
        });
    }
}

fn calls(calls: &[Call]) -> Value {
    let call = |call: &Call| {
        let mut value = json!([plain(&call.method), cut(&call.url)]);
        if let (Some(permission), Some(list)) = (&call.permission, value.as_array_mut()) {
            list.push(cut(permission));
        }
        value
    };
    calls.iter().map(call).collect()
}

/// What looking at the world said, when there is anything to tell.
fn seen(planned: &Planned) -> Option<Value> {
    let mut value = json!({});
    if let Some(detail) = &planned.detail {
        value["detail"] = json!(plain(detail));
    }
    if let Some(error) = &planned.error {
        value["error"] = json!(plain(error));
    }
    let shown = |value: &Value| match value {
        Value::String(text) => plain(text).into_owned(),
        other => plain(&other.to_string()).into_owned(),
    };
    if !planned.outputs.is_empty() {
        let outputs = planned.outputs.iter();
        value["outputs"] =
            outputs.map(|(name, it)| (plain(name).into_owned(), json!(shown(it)))).collect();
    }
    if !planned.changes.is_empty() {
        let changes = planned.changes.iter();
        value["changes"] =
            changes.map(|it| json!([plain(&it.path), shown(&it.from), shown(&it.to)])).collect();
    }
    let told = value.as_object().is_some_and(|fields| !fields.is_empty());
    told.then_some(value)
}

/// Writes JSON with every `<` escaped. One stands only within strings, where that means the same.
struct NoAngles<'a>(&'a mut dyn Write);

impl Write for NoAngles<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        for (i, part) in bytes.split(|byte| *byte == b'<').enumerate() {
            if i > 0 {
                self.0.write_all(b"\\u003c")?;
            }
            self.0.write_all(part)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
