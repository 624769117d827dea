//! An order in which nothing comes before what it needs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::graph::{Graph, to_u32};

/// All positions, each after its needs, otherwise in the order they were declared; `Err` holds those
/// that are on a cycle or need one that is.
pub(crate) fn order(graph: &Graph) -> Result<Vec<u32>, Vec<u32>> {
    let steps = to_u32(graph.len());
    // The order of declaration, when it will do, is also what the loop below would arrive at.
    if (0..steps).all(|step| graph.needs(step).iter().all(|need| *need < step)) {
        return Ok((0..steps).collect());
    }
    let dependents = dependents(graph);
    let mut waits_for: Vec<usize> = (0..steps).map(|step| graph.needs(step).len()).collect();
    let mut ready: BinaryHeap<Reverse<u32>> =
        (0..steps).filter(|step| waits_for[*step as usize] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(graph.len());
    while let Some(Reverse(step)) = ready.pop() {
        order.push(step);
        for dependent in dependents.needs(step) {
            let left = &mut waits_for[*dependent as usize];
            *left -= 1;
            if *left == 0 {
                ready.push(Reverse(*dependent));
            }
        }
    }
    if order.len() == graph.len() {
        return Ok(order);
    }
    Err((0..steps).filter(|step| waits_for[*step as usize] > 0).collect())
}

/// The same graph seen from the other end: who needs the step.
pub(crate) fn dependents(graph: &Graph) -> Graph {
    let steps = graph.len();
    let mut starts = vec![0_usize; steps + 1];
    for step in 0..to_u32(steps) {
        for need in graph.needs(step) {
            starts[*need as usize + 1] += 1;
        }
    }
    for i in 0..steps {
        starts[i + 1] += starts[i];
    }
    let mut targets = vec![0_u32; starts[steps]];
    let mut next = starts.clone();
    for step in 0..to_u32(steps) {
        for need in graph.needs(step) {
            targets[next[*need as usize]] = step;
            next[*need as usize] += 1;
        }
    }
    let mut reversed = Graph::with_capacity(steps, targets.len());
    for i in 0..steps {
        reversed.push(targets[starts[i]..starts[i + 1]].iter().copied());
    }
    reversed
}

/// For every step, how many steps the longest chain that ends with it has. The graph is in order.
pub(crate) fn ranks(graph: &Graph) -> Vec<u32> {
    let mut ranks = Vec::with_capacity(graph.len());
    for step in 0..to_u32(graph.len()) {
        let below = graph.needs(step).iter().map(|need| ranks[*need as usize]).max();
        ranks.push(below.unwrap_or(0) + 1);
    }
    ranks
}

/// For every step, how many steps the longest chain that starts with it has. The graph is in order.
pub(crate) fn heights(graph: &Graph) -> Vec<u32> {
    let mut heights = vec![1_u32; graph.len()];
    for step in (0..to_u32(graph.len())).rev() {
        let above = heights[step as usize] + 1;
        for need in graph.needs(step) {
            let height = &mut heights[*need as usize];
            *height = above.max(*height);
        }
    }
    heights
}
