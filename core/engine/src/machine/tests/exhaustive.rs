//! Every small graph, every outcome, and at every event a crash, a failure, and a lost answer.

use super::world::{Crash, Mishap, Order, Script, World};

/// Where the steps of a graph are.
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// In one domain.
    Together,
    /// Each in a domain of its own.
    Apart,
    /// Every other one of another connector.
    TwoConnectors,
}

impl Layout {
    fn lay_out(self, world: &mut World) {
        for (at, step) in world.work.steps.iter_mut().enumerate() {
            match self {
                Self::Together => {}
                Self::Apart => step.domain = format!("domain-{at}").into(),
                Self::TwoConnectors if at % 2 == 0 => {}
                Self::TwoConnectors => {
                    let address = format!("d.step-{at}");
                    step.address = skybridge_model::Address::parse(&address).unwrap();
                }
            }
        }
    }
}

/// What is tried with every graph.
struct Trials<'a> {
    scripts: &'a [Script],
    orders: &'a [Order],
    layouts: &'a [Layout],
    crashes: &'a [fn(usize) -> Crash],
    /// How many steps that always run.
    always_max: u32,
    /// How many steps that are parts.
    parts_max: u32,
    /// Of these scripts alone, also each mishap at each call.
    mishaps_with: &'a [Script],
    /// And with it a crash at each record.
    crash_as_well: bool,
}

/// Goal: whatever happens in runs of up to `steps` steps, the journal is enough to go on right, what
/// exists afterwards is what the journal says, and what is to be put back is put back.
/// Method: all graphs whose edges go upwards (every graph is one of them up to renaming) times all
/// choices of steps that always run, and of parts, times all scripts; first without a crash, then with each kind of
/// crash at each record, each then resumed; then with each mishap at each call.
fn all(steps: usize, trials: &Trials<'_>) -> u64 {
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
        for chosen in choices(trials.scripts, steps) {
            for always in choices_of_always(&needs, trials.always_max) {
                for parts in choices_of_parts(&needs, trials.parts_max) {
                    cases += every_world(&needs, &chosen, (always, parts), trials);
                }
            }
        }
    }
    cases
}

fn every_world(
    needs: &[&[u32]],
    chosen: &[Script],
    (always, parts): (usize, usize),
    trials: &Trials<'_>,
) -> u64 {
    let mut cases = 0;
    for layout in trials.layouts {
        let mut fresh = World::new(needs, chosen);
        layout.lay_out(&mut fresh);
        for (at, step) in fresh.work.steps.iter_mut().enumerate() {
            step.always = always >> at & 1 == 1;
            step.part = parts >> at & 1 == 1;
        }
        let plain = always | parts == 0 && matches!(layout, Layout::Together);
        // The nastier crash alone where there is most to try.
        let crashes = if plain { trials.crashes } else { &trials.crashes[..1] };
        for order in trials.orders {
            fresh.order = *order;
            cases += every_crash(&fresh, crashes);
        }
        let may_meet = chosen.iter().all(|script| trials.mishaps_with.contains(script));
        if may_meet && (always | parts == 0 || chosen.len() < 4) {
            cases += every_mishap(&fresh, trials.crash_as_well);
        }
    }
    cases
}

/// Every way to give each step one of the scripts.
fn choices(scripts: &[Script], steps: usize) -> impl Iterator<Item = Vec<Script>> {
    let power = |at: usize| scripts.len().pow(u32::try_from(at).unwrap());
    (0..power(steps)).map(move |choice| {
        (0..steps).map(|at| scripts[choice / power(at) % scripts.len()]).collect()
    })
}

/// Every set of at most `most` steps that always run, as bits. For steps without needs it makes no
/// difference.
fn choices_of_always(needs: &[&[u32]], most: u32) -> impl Iterator<Item = usize> {
    let alone: usize = (0..needs.len()).filter(|at| needs[*at].is_empty()).map(|at| 1 << at).sum();
    (0..1_usize << needs.len()).filter(move |set| set & alone == 0 && set.count_ones() <= most)
}

/// Every set of at most `most` steps that are parts, as bits. For steps that nothing needs it makes no
/// difference.
fn choices_of_parts(needs: &[&[u32]], most: u32) -> impl Iterator<Item = usize> {
    let needed = needs.iter().flat_map(|needs| needs.iter()).fold(0, |set, need| set | 1 << need);
    (0..1_usize << needs.len()).filter(move |set| set & !needed == 0 && set.count_ones() <= most)
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

/// Each mishap at each call there is, the calls that only the mishap leads to included.
fn every_mishap(fresh: &World, crash_as_well: bool) -> u64 {
    let mut cases = 0;
    for mishap in Mishap::ALL {
        for call in 0.. {
            let mut world = fresh.clone();
            world.mishap = Some((call, mishap));
            let befallen = world.clone();
            let report = world.process(None).unwrap();
            if call >= world.calls {
                break;
            }
            world.check_end(&report);
            world.check_told();
            cases += 1;
            if crash_as_well {
                cases += every_crash(&befallen, &[Crash::After]);
            }
        }
    }
    cases
}

#[test]
fn graphs_of_up_to_three_steps() {
    let trials = Trials {
        scripts: &Script::ALL,
        orders: &[Order::Oldest, Order::Newest],
        layouts: &[Layout::Together, Layout::Apart, Layout::TwoConnectors],
        crashes: &[Crash::After, Crash::Upon],
        always_max: 3,
        parts_max: 0,
        mishaps_with: &Script::ALL,
        crash_as_well: false,
    };
    let cases: u64 = (0..=3).map(|steps| all(steps, &trials)).sum();
    println!("{cases} runs of up to three steps");
}

/// A mishap and a crash in one run.
#[test]
fn two_misfortunes_in_up_to_three_steps() {
    let trials = Trials {
        scripts: &[Script::Works, Script::Flaps],
        orders: &[],
        layouts: &[Layout::Together],
        crashes: &[Crash::After],
        always_max: 3,
        parts_max: 0,
        mishaps_with: &[Script::Works, Script::Flaps],
        crash_as_well: true,
    };
    let cases: u64 = (1..=3).map(|steps| all(steps, &trials)).sum();
    println!("{cases} runs of up to three steps with two misfortunes");
}

/// Fewer scripts and the nastier crash only, so that it takes seconds.
#[test]
fn graphs_of_four_steps() {
    let trials = Trials {
        scripts: &[Script::Works, Script::Flaps, Script::Fails],
        orders: &[Order::Oldest],
        layouts: &[Layout::Together],
        crashes: &[Crash::After],
        always_max: 1,
        parts_max: 0,
        mishaps_with: &[Script::Works, Script::Flaps],
        crash_as_well: false,
    };
    println!("{} runs of four steps", all(4, &trials));
}

/// Parts that work, fail and never become ready, with steps that do without them.
#[test]
fn parts_in_up_to_three_steps() {
    let trials = Trials {
        scripts: &Script::ALL,
        orders: &[Order::Oldest, Order::Newest],
        layouts: &[Layout::Together],
        crashes: &[Crash::After, Crash::Upon],
        always_max: 1,
        parts_max: 2,
        mishaps_with: &[Script::Works, Script::Fails],
        crash_as_well: false,
    };
    let cases: u64 = (1..=3).map(|steps| all(steps, &trials)).sum();
    println!("{cases} runs of up to three steps with parts");
}

/// As many parts as there can be, and every way for them to end.
#[test]
fn parts_in_four_steps() {
    let trials = Trials {
        scripts: &[Script::Works, Script::Fails],
        orders: &[Order::Oldest],
        layouts: &[Layout::Together],
        crashes: &[Crash::After],
        always_max: 0,
        parts_max: 3,
        mishaps_with: &[],
        crash_as_well: false,
    };
    println!("{} runs of four steps with parts", all(4, &trials));
}
