//! Every call of every step of every journey, and everything that can befall it.
//!
//! Each call is refused, delayed, cut off before or after its effect, or left without an answer; and
//! the journey has to end as if nothing had been. `journeys` says what is travelled, `fate` how each
//! call comes to its fault, `judge` what is looked at afterwards.

use std::fmt::Write as _;

use expect_test::expect_file;

use cloud::Cloud;
use fate::{Fate, Fault, row};
use journeys::JOURNEYS;

mod cloud;
mod fate;
mod journeys;
mod judge;

/// What can befall a call, the name of its test first.
const FAULTS: [(&str, Fault); 11] = [
    (
        "refused_as_bad",
        refused("effect = \"answer\"\nstatus = 400\ncode = \"BadRequest\"\nmessage = \"no\""),
    ),
    (
        "refused_as_forbidden",
        refused("effect = \"answer\"\nstatus = 403\ncode = \"Forbidden\"\nmessage = \"no\""),
    ),
    ("too_many_requests", passing("effect = \"too-many-requests\"\nretry-after = 0")),
    ("internal_error", passing("effect = \"internal-error\"")),
    ("service_unavailable", passing("effect = \"service-unavailable\"")),
    ("request_timeout", passing("effect = \"request-timeout\"")),
    ("reset_before_the_effect", passing("effect = \"reset-before-commit\"")),
    ("reset_after_the_effect", passing("effect = \"reset-after-commit\"")),
    ("reset_in_the_middle_of_the_answer", passing("effect = \"reset-mid-body\"")),
    ("no_answer_and_no_effect", passing("effect = \"hang\"")),
    ("no_answer_after_the_effect", passing("effect = \"hang-after-commit\"")),
];

const fn refused(rule: &'static str) -> Fault {
    Fault { rule, passes: false }
}

const fn passing(rule: &'static str) -> Fault {
    Fault { rule, passes: true }
}

/// Where the counts are, and the lists of refusals that a step takes no notice of.
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/faults/met");

/// Travels all journeys with one fault, and compares how often it was met with what the page says.
async fn all_calls_meet(name: &str) {
    let (_, fault) = FAULTS.into_iter().find(|(other, _)| *other == name).unwrap();
    let cloud = Cloud::start().await;
    let (mut met, mut unnoticed) = (String::new(), String::new());
    for journey in JOURNEYS {
        let mut fate = Fate::new(&cloud, journey.watched());
        fate.fault = Some(fault);
        journey.travel(&mut fate).await;
        let calls: usize = fate.calls.values().map(Vec::len).sum();
        assert_eq!(fate.met, calls, "{}: calls that met nothing", journey.name());
        writeln!(met, "{} {}", fate.met, journey.name()).unwrap();
        if !fate.unnoticed.is_empty() {
            writeln!(unnoticed, "## {}\n\n{}", journey.name(), fate.unnoticed).unwrap();
        }
    }
    expect_file![format!("{DATA}/{name}.txt")].assert_eq(&met);
    if !fault.passes {
        expect_file![format!("{DATA}/{name}.unnoticed.txt")].assert_eq(&unnoticed);
    }
}

/// One test a fault, so that they run beside each other.
macro_rules! faults {
    ($($name:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            all_calls_meet(stringify!($name)).await;
        })*
    };
}

faults! {
    refused_as_bad
    refused_as_forbidden
    too_many_requests
    internal_error
    service_unavailable
    request_timeout
    reset_before_the_effect
    reset_after_the_effect
    reset_in_the_middle_of_the_answer
    no_answer_and_no_effect
    no_answer_after_the_effect
}

/// How often the fault of the test `name` was met on each journey, as that test counted.
fn counted(name: &str) -> Vec<usize> {
    let text = fs_err::read_to_string(format!("{DATA}/{name}.txt")).unwrap();
    text.lines().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect()
}

const INTRODUCTION: &str = "# What was made to go wrong

Made by the tests in `connector/src/tests/faults.rs`.
Each journey was travelled in peace, which told the calls of its steps; then again and again, each step meeting the fault at its first call, at its second, until every call of every step had met it.
What is refused for good fails the step with a code and the service's request id, and succeeds when the run goes on; where a step does without the answer (it asks in another way, or waits) it passes, and `connector/src/tests/faults/met/*.unnoticed.txt` lists these.
Everything else passes by itself.

After each journey the tenant was looked at without any help of the connector's.
Connected: one application, one service principal, one credential, each role and each consent once, one custom role, no elevation, nothing else in the vault, and nothing left to do.
Taken back: the tenant is what it was before, to the last object, and the vault is empty.
Rotated: one credential, a new one, and the vault keeps no other.

The numbers are what each test counted while it ran (`connector/src/tests/faults/met`).
";

/// Goal: the page says which calls were tried with what. `UPDATE_EXPECT=1` writes it anew from the
/// counts of the other tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn table() {
    let cloud = Cloud::start().await;
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n| fault | ends |");
    (1..=JOURNEYS.len()).for_each(|number| write!(text, " {number} |").unwrap());
    writeln!(text, "\n|---|---|{}", "---|".repeat(JOURNEYS.len())).unwrap();
    let mut sums = [0; JOURNEYS.len()];
    for (name, fault) in FAULTS {
        let what = fault.rule.replace('\n', ", ").replace('"', "");
        let ends = if fault.passes { "passes by itself" } else { "fails, and resumes" };
        write!(text, "| {what} | {ends} |").unwrap();
        for (sum, count) in sums.iter_mut().zip(counted(name)) {
            *sum += count;
            write!(text, " {count} |").unwrap();
        }
        text.push('\n');
    }
    writeln!(text, "\n{} combinations.\n", sums.iter().sum::<usize>()).unwrap();
    for (number, (journey, sum)) in (1..).zip(JOURNEYS.into_iter().zip(sums)) {
        let mut fate = Fate::new(&cloud, journey.watched());
        journey.travel(&mut fate).await;
        let calls: usize = fate.calls.values().map(Vec::len).sum();
        assert_eq!(sum, calls * FAULTS.len(), "{}", journey.name());
        writeln!(text, "## {number}. {}\n", journey.name()).unwrap();
        writeln!(text, "{calls} calls, {sum} combinations.\n").unwrap();
        text.push_str("| step | call |\n|---|---|\n");
        for step in &fate.order {
            for call in &fate.calls[step] {
                writeln!(text, "{}", row(step, call)).unwrap();
            }
        }
        text.push('\n');
    }
    let text = format!("{}\n", text.trim_end());
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/faults.md")].assert_eq(&text);
}
