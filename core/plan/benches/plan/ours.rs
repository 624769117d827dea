//! One size of our planner, in a process of its own.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use petgraph::graph::DiGraph;
use serde::de::IgnoredAny;
use skybridge_plan::view::text::{Detail, TextOptions};
use skybridge_plan::{ConnectorInput, Plan, PlanOptions, view};
use skybridge_plugin_protocol::onboard::{Description, Step, StepTemplate};

/// Subscriptions up to which what is slow or large is done too: of a plan of 1.5 million steps the
/// JSON form alone takes a GiB.
const ALL_MAX: u32 = 10_000;

pub(crate) const HEADING: &str = "  subs ×steps |     plan    text  a step | in full    json    html    diff destroy |  floor |    read   floor | input   peak | growth
              |       ms      ms     ns  |      ms      ms      ms      ms      ms |     ms |      ms      ms |    MB     MB | for ×10";

/// Planning and printing, from a line: the growth of their sum from a size to one ten times as large.
pub(crate) fn total(line: &str) -> f64 {
    let columns = line.split('|').nth(1).unwrap_or_default();
    columns.split_whitespace().take(2).filter_map(|number| number.parse::<f64>().ok()).sum()
}

/// Plans and prints once and says nothing: what another program is compared with.
pub(crate) fn plan_once(subscriptions: u32, steps: u32) {
    let inputs = vec![input(subscriptions, steps)];
    let (plan, _) = skybridge_plan::plan(inputs, &PlanOptions::default());
    print_to_nowhere(&plan.expect("a sound description has a plan"), &TextOptions::default());
}

pub(crate) fn measure(subscriptions: u32, steps: u32) -> String {
    let inputs = vec![input(subscriptions, steps)];
    let edges: Vec<(u32, u32)> = edges(&inputs[0]);
    let (floor, _) = timed(|| floor(inputs[0].description.steps.len(), &edges));
    drop(edges);
    let memory_before = status("VmRSS");
    let options = PlanOptions::default();
    let (planning, (plan, diagnostics)) = timed(|| skybridge_plan::plan(inputs, &options));
    assert!(diagnostics.is_empty(), "the benchmark's description is sound");
    let plan = plan.expect("a sound description has a plan");
    let brief = TextOptions::default();
    let (printing, ()) = timed(|| print_to_nowhere(&plan, &brief));
    let peak = status("VmHWM");
    let full = TextOptions { detail: Detail::Full, ..TextOptions::default() };
    let (printing_full, ()) = timed(|| print_to_nowhere(&plan, &full));
    let (writing, ()) = timed(|| view::json::write(&plan, &mut io::sink()).expect("a sink"));
    let (page, ()) = timed(|| view::html::write(&plan, &mut io::sink()).expect("a sink"));
    let [comparing, reading, reading_floor] = match subscriptions {
        ..=ALL_MAX => read_back(&plan),
        _ => [Duration::ZERO; 3],
    };
    let size = plan.len();
    drop(plan);
    let inputs = vec![input(subscriptions, steps)];
    let options = PlanOptions { destroy: true, ..PlanOptions::default() };
    let (destroying, _) = timed(|| skybridge_plan::plan(inputs, &options));
    let per_step = (planning + printing).as_nanos() / size as u128;
    format!(
        "{subscriptions:>6} ×{steps:<4} | {:>8.1} {:>7.1} {per_step:>6}  | {:>7.0} {:>7.0} {:>7.0} {:>7.0} {:>7.0} | {:>6.1} | {:>7.0} {:>7.0} | {:>5} {:>6}",
        ms(planning),
        ms(printing),
        ms(printing_full),
        ms(writing),
        ms(page),
        ms(comparing),
        ms(destroying),
        ms(floor),
        ms(reading),
        ms(reading_floor),
        memory_before / 1024,
        peak / 1024,
    )
}

fn print_to_nowhere(plan: &Plan, options: &TextOptions) {
    view::text::write(plan, options, &mut io::sink()).expect("a sink takes everything");
}

/// Comparing with the plan as it is read back, reading it, and the floor of that: letting the parser
/// pass over the same bytes.
fn read_back(plan: &Plan) -> [Duration; 3] {
    let mut saved = Vec::new();
    view::json::write(plan, &mut saved).expect("memory takes everything");
    let (floor, _) = timed(|| serde_json::from_slice::<IgnoredAny>(&saved).expect("it is JSON"));
    let (reading, read) = timed(|| Plan::from_json(&saved).expect("what was written can be read"));
    let (comparing, same) = timed(|| skybridge_plan::diff(&read, plan).is_empty());
    assert!(same, "what is read back says the same");
    [comparing, reading, floor]
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A line of `/proc/self/status`, in KiB; 0 where there is no such file.
fn status(name: &str) -> u64 {
    let mut text = String::new();
    let file = std::fs::File::open("/proc/self/status");
    if file.and_then(|mut file| file.read_to_string(&mut text)).is_err() {
        return 0;
    }
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

fn template(kind: u32, group: &str) -> StepTemplate {
    StepTemplate {
        kind: "role-assignment".to_owned(),
        name: Some(format!("role-{kind}")),
        title: "assign the role on {scope}".to_owned(),
        group: group.to_owned(),
        reference: Some("1.7-1.12".to_owned()),
        effect: "ensure".to_owned(),
        desired: serde_json::json!({ "principal": "<application.object-id>", "at": "{scope}" }),
        inputs: vec!["application.object-id".to_owned()],
        outputs: vec!["id".to_owned()],
        undo: Some(Default::default()),
        throttle: "arm/{scope}".to_owned(),
        ..StepTemplate::default()
    }
}

/// One application; in each subscription a chain of two and steps that need both it and the chain.
fn input(subscriptions: u32, steps: u32) -> ConnectorInput {
    let mut application = template(0, "Directory");
    application.kind = "application".to_owned();
    application.name = None;
    application.title = "create the application".to_owned();
    application.throttle = "graph".to_owned();
    application.desired = serde_json::Value::Null;
    application.inputs.clear();
    application.outputs = vec!["object-id".to_owned()];
    let mut description = Description {
        templates: [application]
            .into_iter()
            .chain((1..=steps).map(|kind| template(kind, "Subscription {scope}")))
            .collect(),
        steps: vec![Step::default()],
        ..Description::default()
    };
    for subscription in 0..subscriptions {
        let first = 1 + subscription * steps;
        description.steps.extend((0..steps).map(|at| Step {
            template: at + 1,
            scope: Some(format!("33333333-0000-0000-0000-{subscription:012}")),
            needs: match at {
                0 => vec![0],
                1 => vec![0, first],
                _ => vec![0, first, first + 1],
            },
            ..Step::default()
        }));
    }
    ConnectorInput {
        name: "contoso".to_owned(),
        plugin: "azure".to_owned(),
        description,
        destination: "local".to_owned(),
        destination_title: "the local store".to_owned(),
        ..ConnectorInput::default()
    }
}

fn edges(input: &ConnectorInput) -> Vec<(u32, u32)> {
    let steps = input.description.steps.iter().zip(0..);
    steps.flat_map(|(step, at)| step.needs.iter().map(move |need| (*need, at))).collect()
}

fn floor(steps: usize, edges: &[(u32, u32)]) -> usize {
    let mut graph = DiGraph::<(), ()>::with_capacity(steps, edges.len());
    for _ in 0..steps {
        graph.add_node(());
    }
    for (need, step) in edges {
        graph.add_edge((*need).into(), (*step).into(), ());
    }
    petgraph::algo::toposort(&graph, None).map_or(0, |order| order.len())
}
