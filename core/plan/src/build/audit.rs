//! The host audits the plugin: each template and each step on its own.

use std::collections::BTreeSet;

use skybridge_model::address::is_word;
use skybridge_model::limits::ADDRESS_BYTES_MAX;
use skybridge_plugin_protocol::onboard::{Description, Step, StepTemplate, effect};

use super::report::Complaints;
use super::shown;
use crate::HAND_OVER;
use crate::codes;
use crate::graph::to_u32;
use crate::language::{Piece, Pieces, Reference, each_text};

/// Complains about templates and steps; whether all numbers in the steps point at something.
pub(crate) fn audit(description: &Description, complaints: &mut Complaints<'_>) -> bool {
    for (i, template) in description.templates.iter().enumerate() {
        audit_template(i, template, complaints);
    }
    let vars: Vec<BTreeSet<&str>> = description.templates.iter().map(used_vars).collect();
    let mut sound = true;
    for position in 0..description.steps.len() {
        sound &= audit_step(description, position, &vars, complaints);
    }
    audit_handover(description, complaints);
    sound
}

fn audit_template(i: usize, template: &StepTemplate, complaints: &mut Complaints<'_>) {
    let shown = shown::local(template);
    let words = [Some(&template.kind), template.name.as_ref()].into_iter().flatten();
    for word in words.chain(&template.outputs).filter(|word| !is_word(word)) {
        let problem = format!("`{word}` in template {i} (`{shown}`) is not a word");
        complaints.push(codes::WORD, &problem, "use lower-case letters, digits and dashes");
    }
    for input in template.inputs.iter().filter(|input| Reference::parse(input).is_none()) {
        let problem = format!("the input `{input}` of template `{shown}` is not kind.output");
        complaints.push(codes::WORD, &problem, "write kind.output or kind.name.output");
    }
    let mut wrong = |problem: String, help: &str| complaints.push(codes::TEMPLATE, &problem, help);
    if template.kind == HAND_OVER {
        wrong(format!("template {i} has the kind `{HAND_OVER}`"), "the host adds that step itself");
    }
    if ![effect::READ, effect::ENSURE, effect::MINT].contains(&template.effect.as_str()) {
        wrong(
            format!("template `{shown}` has the effect `{}`", template.effect),
            "the effect is read, ensure or mint",
        );
    }
    let fields =
        [("title", &template.title), ("group", &template.group), ("throttle", &template.throttle)];
    for (field, _) in fields.into_iter().filter(|(_, text)| text.trim().is_empty()) {
        wrong(format!("template `{shown}` has an empty {field}"), "fill it in");
    }
    if template.readiness.as_ref().is_some_and(|r| r.successes == 0 || r.budget_ms < r.interval_ms)
    {
        wrong(
            format!("the readiness of template `{shown}` can never be reached"),
            "at least one success, and a budget of at least one interval",
        );
    }
    if template.always {
        audit_always(template, complaints);
    }
    each_text_of(template, &mut |field, text| {
        for piece in Pieces::of(text) {
            if let Piece::Odd(odd) = piece {
                let problem = format!(
                    "`{odd}` in the {field} of template `{shown}` begins no placeholder: {text:?}"
                );
                complaints.push(codes::TEXT, &problem, "double it where it stands for itself");
            }
        }
    });
}

/// A step that always runs may find that what it reads was never put out.
fn audit_always(template: &StepTemplate, complaints: &mut Complaints<'_>) {
    let shown = shown::local(template);
    if template.effect == effect::MINT {
        let problem = format!("template `{shown}` always runs and has the effect mint");
        complaints.push(codes::ALWAYS, &problem, "putting something back mints nothing");
    }
    each_text(&template.desired, &mut |text| {
        let mut pieces = Pieces::of(text);
        let whole = matches!((pieces.next(), pieces.next()), (Some(Piece::Output(_)), None));
        if !whole && Pieces::of(text).any(|piece| matches!(piece, Piece::Output(_))) {
            let problem = format!(
                "template `{shown}` always runs, and a text of its desired state is cut by a placeholder: {text:?}"
            );
            let help =
                "the output may be missing; read it as an input, or let it be the whole text";
            complaints.push(codes::ALWAYS, &problem, help);
        }
    });
}

/// Every text of a template that is in the little language, with the name of its field.
pub(crate) fn each_text_of<'a>(
    template: &'a StepTemplate,
    each: &mut dyn FnMut(&'static str, &'a str),
) {
    each("title", &template.title);
    each("group", &template.group);
    each("throttle", &template.throttle);
    template.notes.iter().for_each(|note| each("notes", note));
    if let Some(readiness) = &template.readiness {
        each("readiness", &readiness.waits_for);
    }
    let mut calls: Vec<(&'static str, _)> = template.calls.iter().map(|c| ("calls", c)).collect();
    if let Some(undo) = &template.undo {
        each("undo", &undo.title);
        calls.extend(undo.calls.iter().map(|call| ("undo", call)));
    }
    for (field, call) in calls {
        each(field, &call.url);
        call.permission.iter().for_each(|permission| each(field, permission));
    }
    each_text(&template.desired, &mut |text| each("desired state", text));
}

fn used_vars(template: &StepTemplate) -> BTreeSet<&str> {
    let mut vars = BTreeSet::new();
    each_text_of(template, &mut |_, text| {
        vars.extend(Pieces::of(text).filter_map(|piece| match piece {
            Piece::Var(name) => Some(name),
            _ => None,
        }));
    });
    vars
}

/// Whether the numbers of the step point at something.
fn audit_step(
    description: &Description,
    position: usize,
    vars: &[BTreeSet<&str>],
    complaints: &mut Complaints<'_>,
) -> bool {
    let step = &description.steps[position];
    let name = |c: &Complaints<'_>| shown::step(c.connector, description, position);
    let template = description.templates.get(step.template as usize);
    if template.is_none() {
        let problem = format!(
            "step {position} uses template {}, and there are {}",
            step.template,
            description.templates.len()
        );
        complaints.push(codes::TEMPLATE_INDEX, &problem, "number templates from 0");
    }
    let steps = to_u32(description.steps.len());
    let beyond = step.needs.iter().find(|need| **need >= steps);
    if let Some(need) = beyond {
        let problem = format!("{} needs step {need}, and there are {steps}", name(complaints));
        complaints.push(codes::NEED_INDEX, &problem, "number steps from 0");
    }
    let Some(template) = template else { return false };
    if !scope_fits(complaints.connector, template, step) {
        let problem = format!("the scope of step {position} ({}) is malformed", name(complaints));
        let help = "scopes are not empty, hold no blanks, and fit in an address";
        complaints.push(codes::WORD, &problem, help);
    }
    if template.always && step.needs.is_empty() {
        let shown = name(complaints);
        let problem = || format!("{shown} always runs and needs nothing");
        let help = "let it need the steps whose changes it puts back";
        complaints.push_of_template(codes::ALWAYS, step.template, "", problem, help);
    }
    let given = |var: &str| step.vars.contains_key(var) || (var == "scope" && step.scope.is_some());
    for var in vars[step.template as usize].iter().filter(|var| !given(var)) {
        let shown = name(complaints);
        let problem = || format!("`{{{var}}}` has no value in {shown}");
        let help = "give the step a scope or a variable of that name";
        complaints.push_of_template(codes::TEXT, step.template, var, problem, help);
    }
    beyond.is_none()
}

fn scope_fits(connector: &str, template: &StepTemplate, step: &Step) -> bool {
    let Some(scope) = step.scope.as_deref() else { return true };
    let name = template.name.as_deref().map_or(0, str::len);
    let length = connector.len() + template.kind.len() + name + scope.len() + 3;
    !scope.is_empty()
        && length <= ADDRESS_BYTES_MAX
        && !scope.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn audit_handover(description: &Description, complaints: &mut Complaints<'_>) {
    let mut names = BTreeSet::new();
    for field in &description.handover {
        if !is_word(&field.name) || !names.insert(&field.name) || field.label.trim().is_empty() {
            let problem = format!("the hand-over field `{}` is malformed or doubled", field.name);
            complaints.push(codes::HANDOVER, &problem, "give each a word and a label of its own");
        }
        for piece in Pieces::of(&field.value) {
            if let Piece::Odd(odd) | Piece::Var(odd) = piece {
                let problem = format!("`{odd}` in hand-over field `{}` has no value", field.name);
                complaints.push(codes::HANDOVER, &problem, "double a brace or angle that is text");
            }
        }
    }
}
