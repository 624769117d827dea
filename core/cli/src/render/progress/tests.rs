//! What is shown of a run, of whatever size and on whatever terminal.

use std::sync::Arc;

use expect_test::{Expect, expect};
use skybridge_engine::{RetryClass, RunEvent, StepError};
use skybridge_journal::{Event, RunState};
use skybridge_model::{Address, Timestamp};
use skybridge_plan::{ConnectorInput, Plan, PlanOptions};
use skybridge_plugin_protocol::onboard::{Description, Step, StepTemplate};
use textwrap::core::display_width;

use super::area::{self, Look};
use super::board::{Board, Come};
use super::chart::{Chart, HasPlan};
use super::plain::Plain;
use super::words::stretch;
use crate::live::{Now, Rest};

struct Only(Plan);

impl HasPlan for Only {
    fn plan(&self) -> &Plan {
        &self.0
    }
}

fn template(kind: &str, group: &str) -> StepTemplate {
    StepTemplate {
        kind: kind.to_owned(),
        title: format!("make the {kind}"),
        group: group.to_owned(),
        effect: "ensure".to_owned(),
        throttle: "writes".to_owned(),
        ..StepTemplate::default()
    }
}

/// An application, a grant for each scope, and a hand-over.
fn connector(name: &str, scopes: usize) -> ConnectorInput {
    let grant = |scope: usize| Step {
        template: 1,
        needs: vec![0],
        scope: Some(format!("/places/{scope}")),
        ..Step::default()
    };
    let description = Description {
        templates: vec![template("application", "Directory"), template("grant", "Place {scope}")],
        steps: std::iter::once(Step::default()).chain((0..scopes).map(grant)).collect(),
        ..Description::default()
    };
    ConnectorInput { name: name.to_owned(), description, ..ConnectorInput::default() }
}

fn board(inputs: Vec<ConnectorInput>, journal: &RunState) -> Board {
    let (plan, problems) = skybridge_plan::plan(inputs, &PlanOptions::default());
    let plan = plan.unwrap_or_else(|| panic!("{problems:?}"));
    let addresses: Vec<Address> = plan.steps().map(|step| step.address()).collect();
    let chart = Chart::new(Arc::new(Only(plan)), addresses.into_iter());
    Board::new(chart, journal, at(0))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_900_000_000 + seconds).unwrap()
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn started(step: &str) -> RunEvent {
    let (address, title) = (address(step), "make it".to_owned());
    RunEvent::StepStarted { address, title, attempt: 0, at: at(0) }
}

fn waiting(step: &str, until: i64) -> RunEvent {
    let why = "the thing is readable in the directory".to_owned();
    RunEvent::StepWaiting { address: address(step), why, until: at(until) }
}

fn finished(step: &str, seconds: f64) -> RunEvent {
    let (address, action) = (address(step), "created".to_owned());
    RunEvent::StepFinished { address, action, detail: None, seconds }
}

fn refused(step: &str, class: RetryClass, seconds: f64) -> RunEvent {
    let mut error = StepError::new(1, class, "the cloud is busy");
    error.detail.context.push(("status".to_owned(), "429".to_owned()));
    RunEvent::StepRetrying { address: address(step), error: (&error).into(), r#in: seconds }
}

fn shown(board: &mut Board, columns: usize, now: i64) -> String {
    board.pass(at(now));
    let left = board.estimate(at(now));
    let look = Look { columns, lines: 24, color: false };
    area::lines(&Now::of(board, Some(left)), look, at(now)).join("\n")
}

fn check(board: &mut Board, columns: usize, now: i64, wanted: &Expect) {
    wanted.assert_eq(&shown(board, columns, now));
}

/// Two connectors, one of which waits and is refused, the other of which has failed.
fn busy() -> Board {
    let mut board = board(vec![connector("a", 3), connector("long-name", 1)], &RunState::default());
    for event in [
        started("a.application"),
        finished("a.application", 2.0),
        started("a.grant@/places/0"),
        finished("a.grant@/places/0", 4.0),
        started("a.grant@/places/1"),
        waiting("a.grant@/places/1", 300),
        started("a.grant@/places/2"),
        refused("a.grant@/places/2", RetryClass::RateLimited, 17.0),
    ] {
        board.take_in(&event, at(3));
    }
    let (until, step) = (at(20), address("a.grant@/places/2"));
    board.take_in(
        &RunEvent::DomainHeld { domain: "writes".to_owned(), until, address: step },
        at(3),
    );
    let error = (&StepError::new(1, RetryClass::Permanent, "not allowed")).into();
    let (failed, because) = (address("long-name.application"), address("long-name.application"));
    board.take_in(&RunEvent::StepFailed { address: failed, error, seconds: 1.0 }, at(3));
    for skipped in ["long-name.grant@/places/0", "long-name.hand-over"] {
        let event = RunEvent::StepSkipped { address: address(skipped), because: because.clone() };
        board.take_in(&event, at(3));
    }
    board
}

#[test]
fn a_line_a_connector_with_what_is_waited_for_and_why() {
    let mut board = busy();
    check(
        &mut board,
        140,
        15,
        &expect![[r#"
        a         ██████░░░░░░░░░░ 2/5  Place /places/1: grant waits 12 s of at most 4 min 57 s until the thing is readable in the directory
        long-name ████████████████ 3/3  1 failed, 2 skipped  ended
        2 of 8 steps done, 1 failed, 2 skipped, 2 under way, 15 s; writes is held for 5 s"#]],
    );
    check(
        &mut board,
        80,
        15,
        &expect![[r#"
        a         ██████░░░░░░░░░░ 2/5  grant waits 12 s of at most 4 min 57 s until th…
        long-name ████████████████ 3/3  1 failed, 2 skipped  ended
        2 of 8 steps done, 1 failed, 2 skipped, 2 under way, 15 s; writes is held for 5…"#]],
    );
    check(
        &mut board,
        40,
        15,
        &expect![[r#"
        a         2/5  grant waits 12 s of at m…
        long-name 3/3  1 failed, 2 skipped  end…
        2 of 8 steps done, 1 failed, 2 skipped,…"#]],
    );
}

#[test]
fn who_is_refused_is_told_for_how_long_and_a_person_comes_first() {
    let mut board = busy();
    board.take_in(&finished("a.grant@/places/1", 9.0), at(5));
    assert!(shown(&mut board, 120, 6).contains("grant held by 429 for 14 s"));
    // Another step of the domain was refused for longer.
    let (domain, step) = ("writes".to_owned(), address("a.grant@/places/2"));
    board.take_in(&RunEvent::DomainHeld { domain, until: at(60), address: step }, at(6));
    assert!(shown(&mut board, 120, 6).contains("grant held by 429 for 54 s"));
    assert!(shown(&mut board, 120, 61).contains("grant waits for its turn"));

    board.take_in(&waiting("a.grant@/places/2", 100), at(10));
    let notice = RunEvent::Notice {
        at: at(10),
        connector: "a".to_owned(),
        step: "a.grant@/places/2".to_owned(),
        text: "open\u{1b}[2J the address".to_owned(),
        url: None,
        code: None,
    };
    board.take_in(&notice, at(10));
    let text = shown(&mut board, 140, 11);
    assert!(text.contains("a person is needed (open [2J the address); waits 1 s"), "{text}");
}

#[test]
fn a_call_says_how_far_it_has_come() {
    let mut board = board(vec![connector("a", 1)], &RunState::default());
    board.take_in(&started("a.application"), at(1));
    let come = |done| Come { done, of: 30, what: "scopes".to_owned() };
    board.came("a.application", come(12));
    board.came("survey", come(1));
    assert!(shown(&mut board, 120, 9).contains("application make it: 12 of 30 scopes, 8 s"));
}

/// No line is wider than the terminal, nor are there more than it has.
#[test]
fn whatever_the_terminal_it_fits() {
    let mut board = busy();
    let left = board.estimate(at(15));
    let now = Now::of(&board, Some(left));
    for columns in 0..200 {
        for lines in [1, 5, 24, 100] {
            let look = Look { columns, lines, color: false };
            let shown = area::lines(&now, look, at(15));
            let wide = shown.iter().map(|line| display_width(line)).max().unwrap_or(0);
            assert!(wide <= columns, "{wide} in {columns}: {shown:?}");
            assert!(shown.len() <= lines.max(3), "{} in {lines}", shown.len());
        }
    }
}

#[test]
fn of_ten_thousand_connectors_the_busiest_few_and_a_count() {
    let inputs = (0..10_000).map(|at| connector(&format!("c{at}"), 13)).collect();
    let mut board = board(inputs, &RunState::default());
    assert_eq!(board.total().steps, 150_000);
    for connector in 0..2_000 {
        board.take_in(&finished(&format!("c{connector}.application"), 1.0), at(1));
        for scope in 0..13 {
            board.take_in(&started(&format!("c{connector}.grant@/places/{scope}")), at(1));
            if connector < 1_000 {
                let step = format!("c{connector}.grant@/places/{scope}");
                board.take_in(&finished(&step, 2.0), at(2));
            }
        }
        if connector < 500 {
            board.take_in(&finished(&format!("c{connector}.hand-over"), 0.1), at(2));
        }
    }
    let left = board.estimate(at(10));
    let now = Now::of(&board, Some(left));
    let look = Look { columns: 100, lines: 10, color: false };
    let lines = area::lines(&now, look, at(10));
    expect![[r#"
        c1000 █░░░░░░░░░░░░░░░  1/15  Place /places/0: grant make it, 9 s
        c1001 █░░░░░░░░░░░░░░░  1/15  Place /places/0: grant make it, 9 s
        c1002 █░░░░░░░░░░░░░░░  1/15  Place /places/0: grant make it, 9 s
        c1003 █░░░░░░░░░░░░░░░  1/15  Place /places/0: grant make it, 9 s
        and 9996 more connectors: 500 ended, 1496 begun, 8000 not begun
        15500 of 150000 steps done, 13000 under way, 10 s, about 87 s left"#]]
    .assert_eq(&lines.join("\n"));
    let written = serde_json::to_vec(&now).unwrap().len();
    assert!(written < 500_000, "{written} bytes every second");
    assert_eq!(serde_json::from_slice::<Now>(&serde_json::to_vec(&now).unwrap()).unwrap(), now);
}

/// What a journal says has ended counts from the beginning, and is not counted twice.
#[test]
fn a_resumed_run_begins_where_it_stood() {
    let mut journal = RunState::default();
    let (run, plan) = (skybridge_engine::RunId::new(uuid::Uuid::nil()), "p".to_owned());
    let step = address("a.application");
    let applied = Event::StepApplied {
        address: step.clone(),
        action: "created".to_owned(),
        outputs: Default::default(),
        undo: serde_json::Value::Null,
        detail: None,
        ready: true,
        at: at(-5),
    };
    let events = [
        Event::RunStarted { run, plan, at: at(-9) },
        Event::StepIntended { address: step.clone(), attempt: 0, at: at(-8) },
        applied,
        Event::StepIntended { address: address("a.grant@/places/0"), attempt: 0, at: at(-4) },
    ];
    for (sequence, event) in (1..).zip(&events) {
        journal.absorb(sequence, event).unwrap();
    }
    let mut board = board(vec![connector("a", 2)], &journal);
    board.take_in(&finished("a.application", 1.0), at(1));
    // Its beginning was told to a process that is gone.
    board.take_in(&waiting("a.grant@/places/0", 60), at(1));
    let total = board.total();
    assert_eq!((total.steps, total.done, total.under_way), (4, 1, 1));
}

#[test]
fn the_rest_takes_as_long_as_its_longest_chain() {
    let mut board = board(vec![connector("a", 2), connector("b", 1)], &RunState::default());
    let unknown = board.estimate(at(0));
    assert_eq!(unknown, Rest { seconds: 0.0, at_least: true });
    for event in [
        started("a.application"),
        finished("a.application", 10.0),
        started("a.grant@/places/0"),
        finished("a.grant@/places/0", 30.0),
        started("a.grant@/places/1"),
    ] {
        board.take_in(&event, at(0));
    }
    // Ten of the thirty seconds of its like have passed; nobody knows how long a hand-over takes.
    assert_eq!(board.estimate(at(10)), Rest { seconds: 40.0, at_least: true });
    assert_eq!(board.rows[0].left, Some(Rest { seconds: 20.0, at_least: true }));
    board.take_in(&finished("a.grant@/places/1", 30.0), at(30));
    board.take_in(&finished("a.hand-over", 1.0), at(31));
    assert_eq!(board.estimate(at(31)), Rest { seconds: 41.0, at_least: false });
    assert_eq!(board.rows[0].left, None);
    assert_eq!(board.rows[1].left, Some(Rest { seconds: 41.0, at_least: false }));
}

#[test]
fn elsewhere_a_line_now_and_then() {
    let mut board = busy();
    let mut plain = Plain::default();
    let mut said = |board: &mut Board, now: i64| {
        let left = board.estimate(at(now));
        plain.line(&Now::of(board, Some(left)), at(now)).unwrap_or_default()
    };
    let first = said(&mut board, 4);
    assert_eq!(
        first,
        "62 %: 2 of 8 steps done, 1 failed, 2 skipped, 2 under way, 4 s, at least 3 s left"
    );
    // Nothing new, and not yet time.
    assert_eq!(said(&mut board, 13), "");
    expect!["62 %: 2 of 8 steps done, 1 failed, 2 skipped, 2 under way, 14 s; a.grant@/places/1 waits 11 s of at most 4 min 57 s until the thing is readable in the directory"]
        .assert_eq(&said(&mut board, 14));
    // Further by enough.
    board.take_in(&finished("a.grant@/places/1", 1.0), at(15));
    assert!(said(&mut board, 15).starts_with("75 %: 3 of 8"));
    assert_eq!(said(&mut board, 16), "");
}

#[test]
fn stretches_of_time() {
    for (seconds, wanted) in [
        (-1.0, "0 s"),
        (0.4, "0 s"),
        (119.4, "119 s"),
        (120.0, "2 min"),
        (297.0, "4 min 57 s"),
        (300.0, "5 min"),
        (601.0, "10 min"),
        (7200.0, "2 h"),
        (9000.0, "2 h 30 min"),
        (86_400.0, "24 h"),
    ] {
        assert_eq!(stretch(seconds), wanted);
    }
}
