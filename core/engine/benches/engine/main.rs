//! What the engine costs and how near it comes to what bounds it. `benches/README.md` says how to
//! read the figures.
//!
//! `cargo bench -p skybridge-engine [-- overhead|makespan|resume|terraform]`
//!
//! Every measurement is a process of its own, started by this one, so that its memory, time and
//! bytes are its own.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

mod chains;
mod makespan;
mod overhead;
mod process;
mod resume;
mod terraform;

use std::error::Error;

type Outcome = Result<(), Box<dyn Error>>;

type Section = fn() -> Outcome;

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["measure", "overhead", rest @ ..] => overhead::measure(rest),
        ["measure", "makespan", rest @ ..] => makespan::measure(rest),
        ["measure", "resume", rest @ ..] => resume::measure(rest),
        ["measure", "write", rest @ ..] => resume::write(rest),
        ["measure", "run", rest @ ..] => terraform::measure(rest),
        wanted => {
            let wants = |name: &str| wanted.is_empty() || wanted.contains(&name);
            let mut sections: [(&str, Section); 4] = [
                ("overhead", overhead::all),
                ("makespan", makespan::all),
                ("resume", resume::all),
                ("terraform", terraform::all),
            ];
            sections.iter_mut().filter(|(name, _)| wants(name)).try_for_each(|(_, all)| all())
        }
    }
}
