//! Larger graphs, several crashes, answers in any order.

use proptest::prelude::*;

use super::world::{Crash, Order, Script, World};

fn graph() -> impl Strategy<Value = (Vec<Vec<u32>>, Vec<Script>)> {
    (1_usize..40).prop_flat_map(|steps| {
        let needs = (0..steps)
            .map(|to| {
                let earlier = 0..u32::try_from(to.max(1)).unwrap();
                prop::collection::vec(earlier, 0..=to.min(3))
            })
            .collect::<Vec<_>>();
        // Mostly what works, so that runs get somewhere.
        let script = prop_oneof![
            6 => Just(Script::Works),
            3 => prop::sample::select(Script::ALL.to_vec()),
        ];
        (needs, prop::collection::vec(script, steps))
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// However often the process dies, the run ends as it would have without dying.
    #[test]
    fn any_run_survives_any_crashes(
        (needs, scripts) in graph(),
        crashes in prop::collection::vec((any::<bool>(), 1_usize..30), 0..4),
        seed: u64,
        // About one step in four.
        always in (any::<u64>(), any::<u64>()).prop_map(|(a, b)| a & b),
        in_flight in 1_u32..6,
        per_domain in 1_u32..4,
    ) {
        let needs: Vec<&[u32]> = needs.iter().map(Vec::as_slice).collect();
        let mut world = World::new(&needs, &scripts);
        world.order = Order::Mixed(seed);
        world.limits.in_flight = in_flight;
        world.limits.in_flight_per_domain = per_domain;
        for (at, step) in world.work.steps.iter_mut().enumerate() {
            step.domain = format!("domain-{}", at % 3).into();
            step.always = always >> (at % 64) & 1 == 1;
        }
        let mut report = None;
        for (upon, further) in crashes {
            let records = world.disk.len() + further;
            let crash = if upon { Crash::Upon(records) } else { Crash::After(records) };
            report = world.process(Some(crash));
            if report.is_some() {
                break;
            }
        }
        let report = report.unwrap_or_else(|| world.process(None).unwrap());
        world.check_end(&report);
    }
}
