//! What the tests have in common: make a plan, show it.

use skybridge_model::Diagnostics;
use skybridge_plan::view::{self, text::TextOptions};
use skybridge_plan::{ConnectorInput, Plan, PlanOptions, Selector};

/// The plan of inputs that have nothing wrong with them.
#[track_caller]
pub(crate) fn planned(inputs: Vec<ConnectorInput>, options: &PlanOptions) -> Plan {
    let (plan, diagnostics) = skybridge_plan::plan(inputs, options);
    assert!(diagnostics.is_empty(), "{}", problems(&diagnostics));
    plan.unwrap()
}

/// The complaints about inputs that cannot be planned.
#[track_caller]
pub(crate) fn refused(inputs: Vec<ConnectorInput>, options: &PlanOptions) -> String {
    let (plan, diagnostics) = skybridge_plan::plan(inputs, options);
    assert!(plan.is_none());
    problems(&diagnostics)
}

fn problems(diagnostics: &Diagnostics) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics.iter() {
        text.push_str(&format!("{diagnostic}\n"));
        for (what, line) in [("why", &diagnostic.detail), ("help", &diagnostic.help)] {
            if let Some(line) = line {
                text.push_str(&format!("  {what}: {}\n", line.replace('\n', "\n    ")));
            }
        }
    }
    text
}

pub(crate) fn only(selectors: &[&str]) -> PlanOptions {
    let only = selectors.iter().map(|text| Selector::parse(text).unwrap()).collect();
    PlanOptions { only, ..PlanOptions::default() }
}

pub(crate) fn upto(selector: &str) -> PlanOptions {
    PlanOptions { upto: Some(Selector::parse(selector).unwrap()), ..PlanOptions::default() }
}

pub(crate) fn destroy() -> PlanOptions {
    PlanOptions { destroy: true, ..PlanOptions::default() }
}

pub(crate) fn text(plan: &Plan, options: &TextOptions) -> String {
    shown(|out| view::text::write(plan, options, out))
}

pub(crate) fn json(plan: &Plan) -> String {
    shown(|out| view::json::write(plan, out))
}

pub(crate) fn shown(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The addresses of a plan, one a line.
pub(crate) fn addresses(plan: &Plan) -> String {
    plan.steps().map(|step| format!("{}\n", step.address())).collect()
}
