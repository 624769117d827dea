//! Naming, in complaints, steps whose addresses may themselves be malformed.

use skybridge_plugin_protocol::onboard::{Description, StepTemplate};

/// Steps of a circle that are named; a longer one is cut in the middle.
const CYCLE_SHOWN_MAX: usize = 16;

/// `kind` or `kind.name`.
pub(crate) fn local(template: &StepTemplate) -> String {
    match &template.name {
        Some(name) => format!("{}.{name}", template.kind),
        None => template.kind.clone(),
    }
}

/// The address of a step, as far as the description has one.
pub(crate) fn step(connector: &str, description: &Description, position: usize) -> String {
    let Some(step) = description.steps.get(position) else { return format!("step {position}") };
    let Some(template) = description.templates.get(step.template as usize) else {
        return format!("step {position}");
    };
    let at = if step.scope.is_some() { "@" } else { "" };
    format!("{connector}.{}{at}{}", local(template), step.scope.as_deref().unwrap_or_default())
}

/// `a -> b -> a`.
pub(crate) fn cycle(names: &[String]) -> String {
    let mut shown: Vec<String> = names.to_vec();
    if names.len() > CYCLE_SHOWN_MAX {
        let left_out = names.len() - CYCLE_SHOWN_MAX;
        let middle = format!("({left_out} more)");
        shown.splice(CYCLE_SHOWN_MAX / 2..CYCLE_SHOWN_MAX / 2 + left_out, [middle]);
    }
    shown.extend(names.first().cloned());
    shown.join(" -> ")
}
