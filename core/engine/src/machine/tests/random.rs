//! Larger graphs, several crashes, answers in any order, and inputs nobody waits for.

use jiff::Timestamp;
use proptest::prelude::*;
use skybridge_journal::RunState;
use skybridge_plugin_protocol::rate_limit::RateLimit;

use super::world::{Crash, Mishap, Order, Script, World, applied, error};
use crate::testing::at;
use crate::{Effect, Input, Limits, Machine, Ready, RetryClass, StepError};

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

/// Domains, connectors, steps that always run and parts, spread over the steps of a world.
fn spread(world: &mut World, domains: usize, connectors: usize, always: u64, parts: u64) {
    for (at, step) in world.work.steps.iter_mut().enumerate() {
        step.domain = format!("domain-{}", at % domains).into();
        let address = format!("c{}.step-{at}", at / domains % connectors);
        step.address = skybridge_model::Address::parse(&address).unwrap();
        step.always = always >> (at % 64) & 1 == 1;
        step.part = parts >> (at % 64) & 1 == 1;
    }
}

fn mishap() -> impl Strategy<Value = Option<(usize, Mishap)>> {
    prop::option::of((0_usize..40, prop::sample::select(Mishap::ALL.to_vec())))
}

fn class() -> impl Strategy<Value = RetryClass> {
    prop::sample::select(vec![
        RetryClass::Permanent,
        RetryClass::Transient,
        RetryClass::Eventual,
        RetryClass::RateLimited,
    ])
}

fn told() -> impl Strategy<Value = Vec<RateLimit>> {
    let domain = prop::option::of(prop::sample::select(vec!["domain".to_owned(), "x".to_owned()]));
    let limit = (domain, 0_u8..3, 0_u64..9, 0_u32..9, prop::option::of(0_u64..9_000)).prop_map(
        |(domain, bucket, remaining, calls, resets_in_ms)| RateLimit {
            domain,
            bucket: bucket.to_string(),
            remaining,
            calls,
            resets_in_ms,
        },
    );
    prop::collection::vec(limit, 0..3)
}

/// An answer to a call, or what only looks like one.
fn answer() -> impl Strategy<Value = Result<(), StepError>> {
    let refused =
        (class(), told(), prop::option::of(0_u64..9_000)).prop_map(|(class, told, ms)| {
            let mut error = error(class);
            error.detail.rate_limits = told;
            error.retry_after = ms.map(std::time::Duration::from_millis);
            Err(error)
        });
    prop_oneof![2 => Just(Ok(())), 1 => refused]
}

/// What happens next in a machine that is driven badly.
#[derive(Debug, Clone)]
enum Push {
    /// The call in flight that was begun so many calls ago is answered.
    Answer(usize, Result<(), StepError>, bool),
    /// Something nobody asked for.
    Stray(Input),
    /// Time passes, or goes back.
    Time(i64),
}

fn push() -> impl Strategy<Value = Push> {
    let stray = prop_oneof![
        Just(Input::Start),
        Just(Input::Tick),
        (0_u32..50, 0_u32..4).prop_map(|(step, attempt)| Input::Applied {
            step,
            attempt,
            answer: Ok(applied(step))
        }),
        (0_u32..50, 0_u32..4).prop_map(|(step, look)| Input::Probed {
            step,
            look,
            answer: Ok(Ready::default())
        }),
    ];
    prop_oneof![
        8 => (0_usize..8, answer(), any::<bool>()).prop_map(|(a, b, c)| Push::Answer(a, b, c)),
        2 => stray.prop_map(Push::Stray),
        1 => Just(Push::Stray(Input::Cancel)),
        3 => (-5_000_i64..500_000).prop_map(Push::Time),
    ]
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
        parts in (any::<u64>(), any::<u64>()).prop_map(|(a, b)| a & b),
        in_flight in 1_u32..6,
        per_domain in 1_u32..4,
        connectors in 1_usize..4,
        mishap in mishap(),
    ) {
        let needs: Vec<&[u32]> = needs.iter().map(Vec::as_slice).collect();
        let mut world = World::new(&needs, &scripts);
        world.order = Order::Mixed(seed);
        world.limits.in_flight = in_flight;
        world.limits.in_flight_per_domain = per_domain;
        world.mishap = mishap;
        spread(&mut world, 3, connectors, always, parts);
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
    /// Late, repeated and invented answers change nothing, and neither does chance: the same world
    /// gives the same disk.
    #[test]
    fn noise_changes_nothing(
        (needs, scripts) in graph(),
        seed: u64,
        noise: u64,
        in_flight in 1_u32..6,
        mishap in mishap(),
    ) {
        let needs: Vec<&[u32]> = needs.iter().map(Vec::as_slice).collect();
        let mut world = World::new(&needs, &scripts);
        world.order = Order::Mixed(seed);
        world.limits.in_flight = in_flight;
        world.mishap = mishap;
        spread(&mut world, 3, 2, 0, 0);
        let (mut again, mut noisy) = (world.clone(), world.clone());
        noisy.noise = Some(noise);
        for one in [&mut world, &mut again, &mut noisy] {
            let report = one.process(None).unwrap();
            one.check_end(&report);
        }
        prop_assert_eq!(&world.disk, &again.disk);
        prop_assert_eq!(&world.disk, &noisy.disk);
        prop_assert_eq!(&world.told, &noisy.told);
    }

    /// While one domain hangs, every step of another that could start does: nobody starves.
    #[test]
    fn a_domain_that_hangs_keeps_nobody(
        (needs, scripts) in graph(),
        seed: u64,
        in_flight in 2_u32..9,
        per_domain in 1_u32..9,
        domains in 2_usize..6,
        connectors in 1_usize..3,
    ) {
        let needs: Vec<&[u32]> = needs.iter().map(Vec::as_slice).collect();
        // What hangs would else become ready too late.
        let hangs = |at: usize| at.is_multiple_of(domains);
        let each = scripts.iter().enumerate();
        let scripts: Vec<Script> =
            each.map(|(at, script)| if hangs(at) { Script::Works } else { *script }).collect();
        let mut world = World::new(&needs, &scripts);
        world.order = Order::FirstDomainLast(seed);
        world.limits.in_flight = in_flight;
        world.limits.in_flight_per_domain = per_domain;
        spread(&mut world, domains, 1, 0, 0);
        if connectors == 2 {
            // The domain that hangs is one connector's, all others are another's.
            for step in world.work.steps.iter_mut().filter(|step| &*step.domain != "domain-0") {
                let address = step.address.as_str().replace("c0.", "d.");
                step.address = skybridge_model::Address::parse(&address).unwrap();
            }
        }
        let report = world.process(None).unwrap();
        world.check_end(&report);
    }

    /// However it is driven, the machine answers: it is a total function.
    #[test]
    fn any_input_at_any_time_is_taken(
        (needs, scripts) in graph(),
        pushes in prop::collection::vec(push(), 1..120),
        in_flight in 0_u32..6,
    ) {
        let needs: Vec<&[u32]> = needs.iter().map(Vec::as_slice).collect();
        let world = World::new(&needs, &scripts);
        let limits = Limits { in_flight, ..Limits::default() };
        let mut machine = Machine::new(world.work, RunState::default(), limits).unwrap();
        let (mut now, mut calls): (Timestamp, Vec<Effect>) = (at(0), Vec::new());
        let mut inputs = vec![Input::Start];
        for push in pushes {
            match push {
                Push::Time(ms) => {
                    now = now.checked_add(jiff::SignedDuration::from_millis(ms)).unwrap();
                    inputs.push(Input::Tick);
                }
                Push::Stray(input) => inputs.push(input),
                Push::Answer(ago, answer, ready) => match calls.len().checked_sub(ago + 1) {
                    Some(which) => inputs.push(answered(&calls.remove(which), answer, ready)),
                    None => continue,
                },
            }
            for input in inputs.drain(..) {
                for effect in machine.step(input, now).effects {
                    match effect {
                        Effect::Apply { .. } | Effect::Probe { .. } => calls.push(effect),
                        Effect::Broken(what) => panic!("{what}"),
                        Effect::Tell(_) | Effect::Finished(_) => {}
                    }
                }
            }
            prop_assert!(machine.queue.in_flight() <= in_flight.max(1));
        }
    }
}

fn answered(call: &Effect, answer: Result<(), StepError>, ready: bool) -> Input {
    match *call {
        Effect::Apply { step, attempt } => {
            Input::Applied { step, attempt, answer: answer.map(|()| applied(step)) }
        }
        Effect::Probe { step, look } => {
            let answer = answer.map(|()| Ready { ready, ..Ready::default() });
            Input::Probed { step, look, answer }
        }
        _ => unreachable!("only calls are kept"),
    }
}
