//! Inputs and placeholders against the outputs of the steps they name.

use std::collections::{BTreeMap, BTreeSet};

use skybridge_plugin_protocol::onboard::{Description, StepTemplate};

use super::audit::each_text_of;
use super::report::Complaints;
use super::shown;
use crate::codes;
use crate::language::{Piece, Pieces, Reference, each_text};

/// Complains of everything that is read and not put out.
pub(crate) fn check(description: &Description, complaints: &mut Complaints<'_>) {
    let outputs = Outputs::of(description);
    let mut used = vec![false; description.templates.len()];
    let reads: Vec<Vec<Read<'_>>> =
        description.templates.iter().map(|template| outputs.reads(template)).collect();
    for (at, step) in description.steps.iter().enumerate() {
        used[step.template as usize] = true;
        for read in &reads[step.template as usize] {
            check_read(description, at, read, &outputs, complaints);
        }
    }
    for (template, _) in description.templates.iter().zip(&used).filter(|(_, used)| **used) {
        check_calls(template, &outputs, complaints);
    }
    check_handover(description, &outputs, complaints);
}

/// Something a template reads from a direct dependency.
struct Read<'a> {
    reference: Reference<'a>,
    /// `the input` or `the placeholder`
    how: &'static str,
    /// The number of the local name, when a template has it.
    local: Option<u32>,
}

/// Which local names there are, and which outputs their steps have.
struct Outputs<'a> {
    numbers: BTreeMap<String, u32>,
    /// By template.
    local: Vec<u32>,
    /// By template, those declared.
    declared: Vec<BTreeSet<&'a str>>,
    /// What at least one step has: number of the local name, output.
    existing: BTreeSet<(u32, &'a str)>,
}

impl<'a> Outputs<'a> {
    fn of(description: &'a Description) -> Self {
        let mut numbers = BTreeMap::new();
        let mut local = Vec::with_capacity(description.templates.len());
        for (template, next) in description.templates.iter().zip(0..) {
            local.push(*numbers.entry(shown::local(template)).or_insert(next));
        }
        let declared: Vec<BTreeSet<&str>> = description
            .templates
            .iter()
            .map(|template| template.outputs.iter().map(String::as_str).collect())
            .collect();
        let mut used = vec![false; description.templates.len()];
        description.steps.iter().for_each(|step| used[step.template as usize] = true);
        let existing = (0..used.len())
            .filter(|t| used[*t])
            .flat_map(|t| declared[t].iter().map(move |output| (t, *output)))
            .map(|(t, output)| (local[t], output))
            .collect();
        Self { numbers, local, declared, existing }
    }

    fn exists(&self, reference: Reference<'_>) -> bool {
        let number = self.numbers.get(reference.local);
        number.is_some_and(|number| self.existing.contains(&(*number, reference.output)))
    }

    fn reads<'t>(&self, template: &'t StepTemplate) -> Vec<Read<'t>> {
        let mut reads: Vec<Read<'t>> = Vec::new();
        let mut add = |reference: Reference<'t>, how| {
            if !reads.iter().any(|read| read.reference == reference) {
                let local = self.numbers.get(reference.local).copied();
                reads.push(Read { reference, how, local });
            }
        };
        for input in &template.inputs {
            // A malformed one was complained of before.
            if let Some(reference) = Reference::parse(input) {
                add(reference, "the input");
            }
        }
        each_text(&template.desired, &mut |text| {
            for piece in Pieces::of(text) {
                if let Piece::Output(reference) = piece {
                    add(reference, "the placeholder");
                }
            }
        });
        reads
    }
}

fn check_read(
    description: &Description,
    at: usize,
    read: &Read<'_>,
    outputs: &Outputs<'_>,
    complaints: &mut Complaints<'_>,
) {
    let step = &description.steps[at];
    let mut named = 0_usize;
    let mut with_own_scope = None;
    let mut only = None;
    for need in &step.needs {
        let other = &description.steps[*need as usize];
        if read.local.is_some_and(|local| outputs.local[other.template as usize] == local) {
            named += 1;
            only = Some(other);
            if other.scope == step.scope {
                with_own_scope = Some(other);
            }
        }
    }
    let reference = read.reference;
    let what = reference.to_string();
    let connector = complaints.connector;
    let name = || shown::step(connector, description, at);
    let Some(source) = (if named == 1 { only } else { with_own_scope }) else {
        let (code, why) = match named {
            0 => (codes::INPUT, "is not an output of a direct dependency"),
            _ => (codes::AMBIGUOUS, "is an output of several dependencies, none of its scope"),
        };
        let problem = || format!("{} `{what}` of {} {why}", read.how, name());
        let help = "let the step need the one step that has the output";
        complaints.push_of_template(code, step.template, &what, problem, help);
        return;
    };
    if !outputs.declared[source.template as usize].contains(reference.output) {
        let problem = || {
            let local = reference.local;
            format!("{} `{what}` of {}: `{local}` declares no such output", read.how, name())
        };
        let help = "declare the output in its template";
        complaints.push_of_template(codes::INPUT, step.template, &what, problem, help);
    }
}

/// Calls, titles and the like may speak of any step of the connector: people read them, and what is
/// called is up to the plugin.
fn check_calls(template: &StepTemplate, outputs: &Outputs<'_>, complaints: &mut Complaints<'_>) {
    let mut said = BTreeSet::new();
    each_text_of(template, &mut |field, text| {
        for piece in Pieces::of(text) {
            let Piece::Output(reference) = piece else { continue };
            if field != "desired state" && !outputs.exists(reference) && said.insert(reference) {
                let shown = shown::local(template);
                let problem = format!(
                    "`<{reference}>` in the {field} of template `{shown}` is no output of any step"
                );
                let help = "declare the output, or correct the name";
                complaints.push(codes::PLACEHOLDER, &problem, help);
            }
        }
    });
}

fn check_handover(
    description: &Description,
    outputs: &Outputs<'_>,
    complaints: &mut Complaints<'_>,
) {
    for field in &description.handover {
        for piece in Pieces::of(&field.value) {
            let Piece::Output(reference) = piece else { continue };
            let name = &field.name;
            if !outputs.exists(reference) {
                let problem = format!("hand-over field `{name}`: no step puts out `<{reference}>`");
                let help = "declare the output, or correct the name";
                complaints.push(codes::PLACEHOLDER, &problem, help);
                continue;
            }
            let number = outputs.numbers.get(reference.local);
            let mut sources = description
                .steps
                .iter()
                .filter(|step| number == outputs.local.get(step.template as usize));
            let (first, second) = (sources.next(), sources.next());
            let unscoped =
                [first, second].into_iter().flatten().chain(sources).any(|s| s.scope.is_none());
            if second.is_some() && !unscoped {
                let problem =
                    format!("hand-over field `{name}`: several steps have `<{reference}>`");
                let help = "hand over outputs of steps without a scope";
                complaints.push(codes::AMBIGUOUS, &problem, help);
            }
        }
    }
}
