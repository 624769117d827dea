//! Graphs that can be run, and graphs that cannot.

use super::{Graph, WorkError};
use crate::testing::{address, work};

/// The shape is worked out in both directions.
#[test]
fn knows_who_waits_and_how_much_hangs_on_it() {
    // 0 <- 1 <- 3, 0 <- 2, 4
    let graph = Graph::new(&work(&[&[], &[0], &[0], &[1, 1], &[]])).unwrap();
    assert_eq!(graph.dependents(0), [1, 2]);
    assert_eq!(graph.dependents(1), [3]);
    assert!(graph.dependents(4).is_empty());
    assert_eq!(graph.needs, [0, 1, 1, 1, 0]);
    assert_eq!(graph.critical, [3, 2, 1, 1, 1]);
}

/// Mistakes are named by the step they are about.
#[test]
fn refuses_what_cannot_be_run() {
    let missing = Graph::new(&work(&[&[], &[7]])).unwrap_err();
    assert_eq!(missing, WorkError::Missing { address: address(1), need: 7, steps: 2 });
    let itself = Graph::new(&work(&[&[0]])).unwrap_err();
    assert_eq!(itself, WorkError::Cycle(address(0)));
    let around = Graph::new(&work(&[&[], &[0, 3], &[1], &[2]])).unwrap_err();
    assert_eq!(around, WorkError::Cycle(address(1)));
    let mut twice = work(&[&[], &[]]);
    twice.steps[1].address = address(0);
    assert_eq!(Graph::new(&twice).unwrap_err(), WorkError::Twice(address(0)));
}

/// A chain as long as a large plan needs no stack.
#[test]
fn long_chains_need_no_stack() {
    let needs: Vec<Vec<u32>> =
        (0..100_000).map(|at: u32| at.checked_sub(1).into_iter().collect()).collect();
    let needs: Vec<&[u32]> = needs.iter().map(Vec::as_slice).collect();
    assert_eq!(Graph::new(&work(&needs)).unwrap().critical[0], 100_000);
}
