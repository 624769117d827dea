//! Every small graph, every outcome, a crash after every record.

use super::world::{Crash, Order, Script, World};

/// Goal: whatever happens in runs of up to `steps` steps, the journal is enough to go on right, and
/// what is to be put back is put back.
/// Method: all graphs whose edges go upwards (every graph is one of them up to renaming) times all
/// choices of steps that always run times all scripts; first without a crash, then with each kind of
/// crash at each record, each then resumed.
fn all(steps: usize, scripts: &[Script], orders: &[Order], crashes: &[fn(usize) -> Crash]) -> u64 {
    let pairs: Vec<(u32, usize)> = (0..steps)
        .flat_map(|to| (0..to).map(move |from| (u32::try_from(from).unwrap(), to)))
        .collect();
    let mut cases = 0;
    for edges in 0..1_usize << pairs.len() {
        let mut needs = vec![Vec::new(); steps];
        for (bit, &(from, to)) in pairs.iter().enumerate() {
            if edges >> bit & 1 == 1 {
                needs[to].push(from);
            }
        }
        let needs: Vec<&[u32]> = needs.iter().map(Vec::as_slice).collect();
        for choice in 0..scripts.len().pow(u32::try_from(steps).unwrap()) {
            let digit = |at: usize| choice / scripts.len().pow(u32::try_from(at).unwrap());
            let chosen: Vec<Script> =
                (0..steps).map(|at| scripts[digit(at) % scripts.len()]).collect();
            for always in choices_of_always(&needs) {
                let mut fresh = World::new(&needs, &chosen);
                for (at, step) in fresh.work.steps.iter_mut().enumerate() {
                    step.always = always >> at & 1 == 1;
                }
                // The nastier crash alone where there is most to try.
                let crashes = if always == 0 { crashes } else { &crashes[..1] };
                for order in orders {
                    fresh.order = *order;
                    cases += every_crash(&fresh, crashes);
                }
            }
        }
    }
    cases
}

/// Every set of steps that always run, as bits; of four steps one at most, so that it takes seconds.
/// For steps without needs it makes no difference.
fn choices_of_always(needs: &[&[u32]]) -> impl Iterator<Item = usize> {
    let alone: usize = (0..needs.len()).filter(|at| needs[*at].is_empty()).map(|at| 1 << at).sum();
    let most = if needs.len() < 4 { 3 } else { 1 };
    (0..1_usize << needs.len()).filter(move |set| set & alone == 0 && set.count_ones() <= most)
}

fn every_crash(fresh: &World, crashes: &[fn(usize) -> Crash]) -> u64 {
    let mut whole = fresh.clone();
    let report = whole.process(None).unwrap();
    whole.check_end(&report);
    whole.check_told();
    let mut cases = 1;
    for records in 0..=whole.disk.len() {
        for crash in crashes {
            let mut crashed = fresh.clone();
            let report = match crashed.process(Some(crash(records))) {
                Some(report) => report,
                None => match crashed.process(None) {
                    Some(report) => report,
                    None => unreachable!("no second crash was asked for"),
                },
            };
            crashed.check_end(&report);
            cases += 1;
        }
    }
    cases
}

#[test]
fn graphs_of_up_to_three_steps() {
    let orders = [Order::Oldest, Order::Newest];
    let crashes = [Crash::After, Crash::Upon];
    let cases: u64 = (0..=3).map(|steps| all(steps, &Script::ALL, &orders, &crashes)).sum();
    println!("{cases} runs of up to three steps");
}

/// Fewer scripts and the nastier crash only, so that it takes seconds.
#[test]
fn graphs_of_four_steps() {
    let scripts = [Script::Works, Script::Flaps, Script::Fails];
    println!("{} runs of four steps", all(4, &scripts, &[Order::Oldest], &[Crash::After]));
}
