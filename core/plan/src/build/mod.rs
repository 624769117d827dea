//! From descriptions to a plan: a list of passes, each over the result of the one before.
//!
//! 1. [`connectors`]: names, `depends-on`, and an order of the connectors;
//! 2. [`audit`]: templates and steps on their own: words, numbers, texts;
//!    and [`besides`]: what is left out, permissions, platforms;
//! 3. [`local`]: the graph of one connector: order or circles, addresses;
//! 4. [`references`]: inputs and placeholders against what dependencies put out, and [`late`]: what
//!    is handed over against what only runs afterwards;
//! 5. [`assemble`]: all connectors in one graph, each with its hand-over;
//! 6. [`destroy`]: the other way round, when the connection is to be taken away;
//! 7. [`select`]: the part that was asked for.
//!
//! Passes 1 to 4 complain about everything they find before the plan is refused.

mod assemble;
mod audit;
mod besides;
mod connectors;
pub(crate) mod destroy;
mod late;
mod local;
mod references;
mod report;
mod select;
mod shown;

use skybridge_model::limits::PLAN_STEPS_MAX;
use skybridge_model::{Diagnostic, Diagnostics};

use crate::codes;
use crate::input::{ConnectorInput, PlanOptions};
use crate::plan::Plan;
use report::{Complaints, Report};

/// Makes the plan, or says everything that is wrong.
///
/// The order in which connectors, templates, needs and dependencies are listed makes no difference;
/// the order in which a plugin lists its steps is the order in which they are shown, as far as their
/// needs allow.
#[must_use]
pub fn plan(inputs: Vec<ConnectorInput>, options: &PlanOptions) -> (Option<Plan>, Diagnostics) {
    let mut report = Report::default();
    let plan = planned(inputs, options, &mut report);
    let diagnostics = report.finish();
    (plan.filter(|_| !diagnostics.has_errors()), diagnostics)
}

fn planned(
    mut inputs: Vec<ConnectorInput>,
    options: &PlanOptions,
    report: &mut Report,
) -> Option<Plan> {
    if !few_enough(&inputs, report) {
        return None;
    }
    let order = connectors::order(&mut inputs, report);
    let mut orders = Vec::with_capacity(inputs.len());
    for input in &mut inputs {
        orders.push(check(input, report));
    }
    let order = order?;
    if report.count() > 0 {
        return None;
    }
    let mut plan = assemble::assemble(inputs, &order, orders.into_iter().collect::<Option<_>>()?);
    if options.destroy {
        plan = destroy::destroy(&plan);
    }
    select::select(plan, options, report)
}

fn few_enough(inputs: &[ConnectorInput], report: &mut Report) -> bool {
    let steps: usize = inputs.iter().map(|input| input.description.steps.len() + 1).sum();
    if steps <= PLAN_STEPS_MAX {
        return true;
    }
    let widest = inputs.iter().max_by_key(|input| (input.description.steps.len(), &input.name));
    let of = widest.map_or("", |input| &input.name);
    report.push(
        Diagnostic::error(
            codes::TOO_MANY,
            format!("the plan would have {steps} steps, more than the {PLAN_STEPS_MAX} allowed"),
        )
        .detail(format!("most of them belong to connector `{of}`"))
        .help("split the connector, or grant at a management group instead of each subscription"),
    );
    false
}

/// Passes 2 to 4 over one connector. The order of its steps, when nothing is wrong with it.
fn check(input: &mut ConnectorInput, report: &mut Report) -> Option<Vec<u32>> {
    let before = report.count();
    let ConnectorInput { name, plugin, description, span, .. } = input;
    let mut complaints = Complaints::new(name, plugin, span.as_ref(), report);
    let positions_are_good = audit::audit(description, &mut complaints);
    besides::audit(description, &mut complaints);
    let mut order = None;
    if positions_are_good {
        for step in &mut description.steps {
            step.needs.sort_unstable();
            step.needs.dedup();
        }
        order = local::order(description, &mut complaints);
        references::check(description, &mut complaints);
        if let Some(order) = &order {
            late::check(description, order, &mut complaints);
        }
    }
    drop(complaints);
    order.filter(|_| report.count() == before)
}
