//! What ends a process, what never ends, and what never stops talking.

use skybridge_plugin_sdk::Ctx;
use skybridge_plugin_sdk::protocol::audit::Write;

/// More lines than anybody reads.
const FLOOD: u64 = 200_000;

/// More writes than any step makes.
const MANY_RECORDS: u64 = 20_000;

/// Taken at a time until there is no more.
const BITE: usize = 256 << 20;

/// Does what `what` names; returns when it names nothing known, or nothing that lasts.
pub(crate) async fn commit(what: &str, ctx: &Ctx) {
    match what {
        "segfault" => segfault(),
        "abort" => std::process::abort(),
        "exit" => leave(),
        "stack-overflow" => drop(deep(0)),
        "out-of-memory" => swallow(),
        "busy-loop" => spin(),
        "block" => std::thread::park(),
        "hang" => std::future::pending().await,
        "last-words" => last_words(),
        "flood-log" => (0..FLOOD).for_each(|number| tracing::info!(number, "drip")),
        "flood-progress" => (0..FLOOD).for_each(|number| ctx.progress(number, FLOOD, "drip")),
        "flood-record" => (0..MANY_RECORDS).for_each(|_| ctx.audit(&Write::default())),
        "flood-stderr" => flood_stderr(),
        "print" => print(),
        _ => {}
    }
}

#[expect(unsafe_code, reason = "this is what the plugin is for")]
fn segfault() {
    // SAFETY: there is none; the process ends here.
    unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };
}

#[expect(clippy::exit, reason = "this is what the plugin is for")]
fn leave() {
    std::process::exit(7);
}

#[expect(unconditional_recursion, reason = "this is what the plugin is for")]
fn deep(level: u64) -> [u64; 64] {
    let below = deep(std::hint::black_box(level + 1));
    std::hint::black_box([below[0] + level; 64])
}

/// Takes memory until there is none. Nothing is written into it: it is the limit that is tried.
fn swallow() {
    let mut taken = Vec::new();
    loop {
        taken.push(std::hint::black_box(Vec::<u8>::with_capacity(BITE)));
    }
}

fn spin() {
    loop {
        std::hint::spin_loop();
    }
}

fn last_words() {
    say(std::io::stderr(), "the disk of the plugin is on fire\n");
    std::process::abort();
}

fn flood_stderr() {
    for number in 0..FLOOD {
        say(std::io::stderr(), &format!("drip {number}\n"));
    }
}

fn print() {
    say(std::io::stdout(), "{\"this\": \"is not for the host's stdout\"}\n");
}

fn say(mut out: impl std::io::Write, text: &str) {
    // What cannot be said is not.
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}
