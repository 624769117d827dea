//! Finding the circle in a graph that should have none, and the shortest one, for people to read.

use std::collections::{BTreeMap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use crate::graph::Graph;

/// Knots reported; each is one mistake, and more than a few is one mistake repeated.
const KNOTS_MAX: usize = 8;

/// Edges looked at per knot. A knot of n steps and e needs takes n·e at worst to find its very
/// shortest circle; beyond this the shortest found so far is shown, which is still a circle.
const EDGES_MAX: usize = 20_000_000;

/// The shortest circle of each knot among `stuck`, each starting with the step declared first.
///
/// Kosaraju's algorithm because petgraph's Tarjan recurses, and a plugin chooses how deep.
pub(crate) fn shortest_cycles(graph: &Graph, stuck: &[u32]) -> Vec<Vec<u32>> {
    let mut knots = DiGraph::<u32, ()>::with_capacity(stuck.len(), stuck.len());
    let nodes: BTreeMap<u32, _> = stuck.iter().map(|step| (*step, knots.add_node(*step))).collect();
    for step in stuck {
        for need in graph.needs(*step) {
            if let Some(node) = nodes.get(need) {
                knots.add_edge(nodes[step], *node, ());
            }
        }
    }
    let mut components: Vec<Vec<u32>> = kosaraju_scc(&knots)
        .into_iter()
        .map(|component| {
            let mut steps: Vec<u32> = component.into_iter().map(|node| knots[node]).collect();
            steps.sort_unstable();
            steps
        })
        .filter(|steps| steps.len() > 1 || graph.needs(steps[0]).contains(&steps[0]))
        .collect();
    components.sort_unstable();
    components.iter().take(KNOTS_MAX).filter_map(|steps| shortest_cycle(graph, steps)).collect()
}

/// The shortest circle within one strongly connected set, by a breadth-first search from each member.
fn shortest_cycle(graph: &Graph, steps: &[u32]) -> Option<Vec<u32>> {
    let place: BTreeMap<u32, usize> =
        steps.iter().enumerate().map(|(i, step)| (*step, i)).collect();
    let local: Vec<Vec<usize>> = steps
        .iter()
        .map(|step| graph.needs(*step).iter().filter_map(|need| place.get(need).copied()).collect())
        .collect();
    let mut search = Search { local: &local, budget: EDGES_MAX, came_from: Vec::new() };
    let mut best: Option<Vec<usize>> = None;
    for start in 0..steps.len() {
        let limit = best.as_ref().map_or(usize::MAX, Vec::len);
        if let Some(found) = search.from(start, limit) {
            best = Some(found);
        }
        // Two is the least there can be between different steps, one when a step needs itself.
        if best.as_ref().is_some_and(|path| path.len() <= 1) || search.budget == 0 {
            break;
        }
    }
    let mut path: Vec<u32> = best?.into_iter().map(|i| steps[i]).collect();
    let first = (0..path.len()).min_by_key(|i| path[*i])?;
    path.rotate_left(first);
    Some(path)
}

struct Search<'a> {
    local: &'a [Vec<usize>],
    budget: usize,
    came_from: Vec<usize>,
}

impl Search<'_> {
    /// The shortest circle through `start` that is shorter than `limit`.
    fn from(&mut self, start: usize, limit: usize) -> Option<Vec<usize>> {
        const UNSEEN: usize = usize::MAX;
        self.came_from.clear();
        self.came_from.resize(self.local.len(), UNSEEN);
        let mut queue = VecDeque::from([(start, 1_usize)]);
        while let Some((step, length)) = queue.pop_front() {
            if length >= limit {
                return None;
            }
            for need in &self.local[step] {
                self.budget = self.budget.saturating_sub(1);
                if *need == start {
                    return Some(self.path(start, step));
                }
                if self.came_from[*need] == UNSEEN {
                    self.came_from[*need] = step;
                    queue.push_back((*need, length + 1));
                }
            }
            // The first search is let through, so that there always is a circle to show.
            if self.budget == 0 && limit != usize::MAX {
                return None;
            }
        }
        None
    }

    fn path(&self, start: usize, end: usize) -> Vec<usize> {
        let mut path = vec![end];
        let mut step = end;
        while step != start {
            step = self.came_from[step];
            path.push(step);
        }
        path.reverse();
        path
    }
}
