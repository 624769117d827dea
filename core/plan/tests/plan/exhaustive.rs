//! Every graph of up to four steps: accepted exactly when it has no circle, and then in order. Steps
//! that need themselves are tried up to three steps.

use petgraph::graph::DiGraph;
use skybridge_plan::{ConnectorInput, PlanOptions};
use skybridge_plugin_protocol::onboard::{Description, Step, StepTemplate};

fn input(nodes: u32, edges: u32) -> ConnectorInput {
    let template = StepTemplate {
        kind: "node".to_owned(),
        title: "node".to_owned(),
        group: "Nodes".to_owned(),
        effect: "ensure".to_owned(),
        throttle: "none".to_owned(),
        ..StepTemplate::default()
    };
    let step = |at: u32| Step {
        scope: Some(at.to_string()),
        needs: (0..nodes).filter(|need| edges & (1 << (at * nodes + need)) != 0).collect(),
        ..Step::default()
    };
    ConnectorInput {
        name: "n".to_owned(),
        description: Description {
            templates: vec![template],
            steps: (0..nodes).map(step).collect(),
            ..Description::default()
        },
        ..ConnectorInput::default()
    }
}

/// Every set of needs among so many steps, as bits: the one at `from * nodes + to`.
fn graphs(nodes: u32) -> impl Iterator<Item = u32> {
    let needs_itself =
        move |edges: &u32| (0..nodes).any(|at| edges & (1 << (at * nodes + at)) != 0);
    (0..1 << (nodes * nodes)).filter(move |edges| nodes < 4 || !needs_itself(edges))
}

fn is_acyclic(input: &ConnectorInput) -> bool {
    let mut graph = DiGraph::<(), ()>::new();
    let nodes: Vec<_> = input.description.steps.iter().map(|_| graph.add_node(())).collect();
    for (at, step) in input.description.steps.iter().enumerate() {
        for need in &step.needs {
            graph.add_edge(nodes[*need as usize], nodes[at], ());
        }
    }
    petgraph::algo::toposort(&graph, None).is_ok()
}

#[test]
fn every_graph_of_up_to_four_steps() {
    let mut accepted = 0;
    for nodes in 0..=4_u32 {
        for edges in graphs(nodes) {
            let input = input(nodes, edges);
            let acyclic = is_acyclic(&input);
            for destroy in [false, true] {
                let options = PlanOptions { destroy, ..PlanOptions::default() };
                let (plan, diagnostics) = skybridge_plan::plan(vec![input.clone()], &options);
                assert_eq!(plan.is_some(), acyclic, "{nodes} {edges:b}");
                assert_eq!(diagnostics.has_errors(), !acyclic);
                let Some(plan) = plan else { continue };
                accepted += 1;
                let hand_over = u32::from(!destroy) * nodes;
                for step in plan.steps() {
                    assert!(step.needs().iter().all(|need| *need < step.position()));
                    assert!(step.needs().is_sorted());
                }
                if destroy {
                    assert_eq!(plan.len(), 1, "only the hand-over has an undo");
                } else {
                    assert_eq!(plan.len(), nodes as usize + 1);
                    assert_eq!(plan.step(hand_over).unwrap().kind(), "hand-over");
                }
            }
        }
    }
    // Labelled acyclic graphs of 0 to 4 nodes: 1, 1, 3, 25, 543.
    assert_eq!(accepted, 2 * (1 + 1 + 3 + 25 + 543));
}

/// Every acyclic graph of four steps, with every choice of steps that have an undo, destroyed: a step
/// waits for another exactly when that one needed it, directly or through any number of steps.
#[test]
fn destroying_every_small_plan() {
    for edges in graphs(4) {
        let mut input = input(4, edges);
        if !is_acyclic(&input) {
            continue;
        }
        let with_undo = StepTemplate {
            undo: Some(Default::default()),
            ..input.description.templates[0].clone()
        };
        input.description.templates.push(with_undo);
        for undoable in 0..16_u32 {
            for (at, step) in input.description.steps.iter_mut().enumerate() {
                step.template = (undoable >> at) & 1;
            }
            let options = PlanOptions { destroy: true, ..PlanOptions::default() };
            let plan = skybridge_plan::plan(vec![input.clone()], &options).0.unwrap();
            assert_eq!(plan.len(), undoable.count_ones() as usize + 1);
            let reach = reach(&input.description.steps);
            let number =
                |at: u32| plan.step(at).unwrap().scope().map(|s| s.parse::<usize>().unwrap());
            let waits = |at: u32| {
                let mut all = vec![false; plan.len()];
                let mut stack = vec![at];
                while let Some(next) = stack.pop() {
                    for need in plan.step(next).unwrap().needs() {
                        assert!(*need < next);
                        if !std::mem::replace(&mut all[*need as usize], true) {
                            stack.push(*need);
                        }
                    }
                }
                all
            };
            for at in 1..u32::try_from(plan.len()).unwrap() {
                let waits = waits(at);
                assert!(waits[0], "all wait for the hand-over to be withdrawn");
                for other in 1..u32::try_from(plan.len()).unwrap() {
                    let (a, b) = (number(at).unwrap(), number(other).unwrap());
                    assert_eq!(waits[other as usize], reach[b][a], "{edges:b} {undoable:b}");
                }
            }
        }
    }
}

/// Whether the one needs the other, directly or not.
fn reach(steps: &[Step]) -> Vec<Vec<bool>> {
    let mut reach = vec![vec![false; steps.len()]; steps.len()];
    for (at, step) in steps.iter().enumerate() {
        step.needs.iter().for_each(|need| reach[at][*need as usize] = true);
    }
    for via in 0..steps.len() {
        for from in 0..steps.len() {
            for to in 0..steps.len() {
                reach[from][to] |= reach[from][via] && reach[via][to];
            }
        }
    }
    reach
}
