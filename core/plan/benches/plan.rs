//! How long it takes to plan and to print, how much memory, and how both grow; beside it the floor:
//! petgraph building and sorting a graph of the same size.
//!
//! `cargo bench -p skybridge-plan` runs each size in a process of its own, so that the peaks of memory
//! are each size's own. `cargo bench -p skybridge-plan -- SUBSCRIPTIONS STEPS` runs one size.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]

use std::io::{self, Read};
use std::time::{Duration, Instant};

use petgraph::graph::DiGraph;
use skybridge_plan::view::text::{Detail, TextOptions};
use skybridge_plan::{ConnectorInput, Plan, PlanOptions, view};
use skybridge_plugin_protocol::onboard::{Description, Step, StepTemplate};

/// Subscriptions and steps for each, largest last.
const SIZES: [(u32, u32); 6] =
    [(1_000, 9), (10_000, 9), (100_000, 9), (1_000, 15), (10_000, 15), (100_000, 15)];

fn main() {
    let numbers: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if let [subscriptions, steps] = numbers[..] {
        println!("{}", measure(subscriptions, steps));
        return;
    }
    println!("{HEADING}");
    let mut before: Option<(u32, f64)> = None;
    let program = std::env::current_exe().expect("a running program has a path");
    for (subscriptions, steps) in SIZES {
        let arguments = [subscriptions.to_string(), steps.to_string()];
        let output = std::process::Command::new(&program).args(arguments).output();
        let output = output.expect("this program can be started again");
        let line = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        let now = total(&line);
        let growth = match before {
            Some((same, time)) if same == steps => format!("{:.1}", now / time),
            _ => "-".to_owned(),
        };
        before = Some((steps, now));
        println!("{line} | {growth:>6}");
    }
}

/// Planning and printing, from a line: the growth of their sum from a size to one ten times as large.
fn total(line: &str) -> f64 {
    let columns = line.split('|').nth(1).unwrap_or_default();
    columns.split_whitespace().take(2).filter_map(|number| number.parse::<f64>().ok()).sum()
}

const HEADING: &str = "  subs ×steps |     plan    text  a step | in full    json    read destroy |  floor |  input    peak | growth
              |       ms      ms     ns  |      ms      ms      ms      ms |     ms |     MB      MB | for ×10
(peak: of plan and text, with the input; floor: petgraph's build and toposort of the same graph)";

fn measure(subscriptions: u32, steps: u32) -> String {
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
    let reading = if subscriptions <= 10_000 { read_back(&plan) } else { Duration::ZERO };
    let size = plan.len();
    drop(plan);
    let inputs = vec![input(subscriptions, steps)];
    let options = PlanOptions { destroy: true, ..PlanOptions::default() };
    let (destroying, _) = timed(|| skybridge_plan::plan(inputs, &options));
    let per_step = (planning + printing).as_nanos() / size as u128;
    format!(
        "{subscriptions:>6} ×{steps:<4} | {:>8.1} {:>7.1} {per_step:>6}  | {:>7.0} {:>7.0} {:>7.0} {:>7.0} | {:>6.1} | {:>6} {:>7}",
        ms(planning),
        ms(printing),
        ms(printing_full),
        ms(writing),
        ms(reading),
        ms(destroying),
        ms(floor),
        memory_before / 1024,
        peak / 1024,
    )
}

fn print_to_nowhere(plan: &Plan, options: &TextOptions) {
    view::text::write(plan, options, &mut io::sink()).expect("a sink takes everything");
}

fn read_back(plan: &Plan) -> Duration {
    let mut saved = Vec::new();
    view::json::write(plan, &mut saved).expect("memory takes everything");
    timed(|| Plan::from_json(&saved).expect("what was written can be read")).0
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
