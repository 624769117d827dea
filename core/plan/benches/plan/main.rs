//! How long it takes to plan, to print, to read back and to compare, how much memory, and how all of
//! it grows; beside it the floor, and Terraform on graphs of the same shape.
//!
//! `README.md` beside says how to read the figures. Each size runs in a process of its own, so that
//! the peaks of memory are each size's own:
//!
//! | arguments | what |
//! |---|---|
//! | none | all of it |
//! | `SUBSCRIPTIONS STEPS` | one size of ours |
//! | `beside RESOURCES` | one size of Terraform, and ours |

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]

mod ours;
mod terraform;

use std::process::Command;

/// Subscriptions and steps for each, largest last.
const SIZES: [(u32, u32); 6] =
    [(1_000, 9), (10_000, 9), (100_000, 9), (1_000, 15), (10_000, 15), (100_000, 15)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u32>().ok();
    match arguments[..] {
        ["beside", resources] => terraform::measure(number(resources).unwrap_or(1_000)),
        ["once", subscriptions, steps] => {
            ours::plan_once(number(subscriptions).unwrap_or(1), number(steps).unwrap_or(1));
        }
        ["usage", program, ref arguments @ ..] => terraform::run(program, arguments),
        [subscriptions, steps] if number(subscriptions).is_some() => {
            let sizes = number(subscriptions).zip(number(steps));
            println!("{}", sizes.map_or_else(String::new, |(n, s)| ours::measure(n, s)));
        }
        _ => all(),
    }
}

/// This program with other arguments; what it prints.
fn again(arguments: &[&str]) -> String {
    let program = std::env::current_exe().expect("a running program has a path");
    let output = Command::new(program).args(arguments).output();
    let output = output.expect("this program can be started again");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn all() {
    println!("{}", ours::HEADING);
    let mut before: Option<(u32, f64)> = None;
    for (subscriptions, steps) in SIZES {
        let line = again(&[&subscriptions.to_string(), &steps.to_string()]);
        let now = ours::total(&line);
        let growth = match before {
            Some((same, time)) if same == steps => format!("{:.1}", now / time),
            _ => "-".to_owned(),
        };
        before = Some((steps, now));
        println!("{line} | {growth:>6}");
    }
    println!();
    terraform::all();
}
