//! Steps after the hand-over: those that ask for it and whatever needs one of them.

use skybridge_plugin_protocol::onboard::Description;

use super::report::Complaints;
use super::shown;
use crate::codes;
use crate::language::{Piece, Pieces, Reference};

/// Which steps come after the hand-over. `order` has each step after its needs.
pub(crate) fn late(description: &Description, order: &[u32]) -> Vec<bool> {
    let mut late = vec![false; description.steps.len()];
    for at in order {
        let step = &description.steps[*at as usize];
        late[*at as usize] = description.templates[step.template as usize].after_handover
            || step.needs.iter().any(|need| late[*need as usize]);
    }
    late
}

/// Complains of values to be handed over that are put out only after the hand-over.
pub(crate) fn check(description: &Description, order: &[u32], complaints: &mut Complaints<'_>) {
    if !description.templates.iter().any(|template| template.after_handover) {
        return;
    }
    let late = late(description, order);
    for field in &description.handover {
        for piece in Pieces::of(&field.value) {
            let Piece::Output(reference) = piece else { continue };
            let Some(at) = source(description, reference).filter(|at| late[*at]) else { continue };
            let step = shown::step(complaints.connector, description, at);
            let problem = format!(
                "hand-over field `{}` is an output of {step}, which runs after the hand-over",
                field.name
            );
            let help = "let what is handed over not need a step with after-handover";
            complaints.push(codes::LATE, &problem, help);
        }
    }
}

/// The step whose output is handed over: the only one of that name, or the one without scope.
fn source(description: &Description, reference: Reference<'_>) -> Option<usize> {
    let named: Vec<bool> =
        description.templates.iter().map(|t| shown::local(t) == reference.local).collect();
    let steps = || description.steps.iter().enumerate().filter(|(_, s)| named[s.template as usize]);
    steps().find(|(_, step)| step.scope.is_none()).or_else(|| steps().next()).map(|(at, _)| at)
}
