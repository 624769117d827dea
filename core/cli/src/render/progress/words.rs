//! What is going on, in words, and how much of them fits.

use skybridge_journal::Holder;
use skybridge_model::Timestamp;
use textwrap::core::display_width;

use crate::live::{Does, Now, Rest, Step, Tally};

/// A stretch of time: `12 s`, `5 min`, `1 h 5 min`.
pub(crate) fn stretch(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a stretch is far below 2^53 seconds")]
    let whole = seconds.max(0.0).round() as i64;
    match whole {
        0..120 => format!("{whole} s"),
        120..7200 if whole % 60 == 0 || whole >= 600 => format!("{} min", whole / 60),
        120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        _ if whole % 3600 < 60 => format!("{} h", whole / 3600),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// From one time to a later one.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

/// How a step is called where its connector is known and its heading names the scope.
pub(crate) fn called(address: &str) -> &str {
    let path = address.split_once('@').map_or(address, |(path, _)| path);
    path.split_once('.').map_or(path, |(_, local)| local)
}

/// Who works somewhere.
pub(crate) fn who(holder: &Holder) -> String {
    let Holder { pid, command, host, since } = holder;
    format!("process {pid} on {host} (`{}`), since {since:.0}", clean(command))
}

/// What a step under way does or waits for, and for how long.
pub(crate) fn told(step: &Step, now: Timestamp) -> String {
    let since = between(step.since, now);
    let why = step.why.as_deref().unwrap_or_default();
    let rest = step.until.map(|until| between(now, until)).filter(|rest| *rest >= 0.5);
    let rest = rest.map(stretch);
    let what = match (step.does, rest) {
        (Does::Works, _) => works(step, since),
        (Does::Waits, rest) => {
            let whole = step.until.filter(|_| rest.is_some());
            let most = whole.map(|until| stretch(between(step.since, until)));
            let most = most.map(|most| format!(" of at most {most}")).unwrap_or_default();
            // The times first: they are what is left when there is little room.
            format!("waits {}{most} until {why}", stretch(since))
        }
        (Does::Held, Some(rest)) if why.is_empty() => format!("held by a rate limit for {rest}"),
        (Does::Held, Some(rest)) => format!("held by {why} for {rest}"),
        (Does::Retries, Some(rest)) => format!("again in {rest}: {why}"),
        (Does::Held | Does::Retries, None) => "waits for its turn".to_owned(),
    };
    match &step.person {
        Some(text) => format!("a person is needed ({text}); {what}"),
        None => what,
    }
}

/// The same without any time: it changes only when something happens.
pub(crate) fn timeless(step: &Step) -> String {
    let why = step.why.as_deref().unwrap_or_default();
    let what = match step.does {
        Does::Works => works(&Step { why: None, ..step.clone() }, 0.0),
        Does::Waits => format!("waits until {why}"),
        Does::Held if why.is_empty() => "is held by a rate limit".to_owned(),
        Does::Held => format!("is held by {why}"),
        Does::Retries => format!("is tried again: {why}"),
    };
    match &step.person {
        Some(text) => format!("a person is needed ({text}); {what}"),
        None => what,
    }
}

fn works(step: &Step, since: f64) -> String {
    let mut text = step.title.clone();
    if let Some(come) = &step.why {
        text = format!("{text}: {come}");
    }
    if step.attempt > 0 {
        text = format!("{text} (attempt {})", step.attempt + 1);
    }
    if since >= 1.0 { format!("{text}, {}", stretch(since)) } else { text }
}

/// How long the rest takes; nothing when that is as good as nothing.
pub(crate) fn left(left: Option<Rest>) -> Option<String> {
    let Rest { seconds, at_least } = left.filter(|left| left.seconds >= 1.0)?;
    let about = if at_least { "at least" } else { "about" };
    Some(format!("{about} {} left", stretch(seconds)))
}

/// Everything in one line: `12 of 20 steps done, 1 failed, 5 under way, 34 s, about 40 s left`.
pub(crate) fn totals(run: &Now, now: Timestamp) -> String {
    let mut parts = vec![counted(run.total), stretch(between(run.taken_up, now))];
    parts.extend(left(run.left));
    parts.join(", ")
}

/// `12 of 20 steps done, 1 failed, 5 under way`.
pub(crate) fn counted(tally: Tally) -> String {
    let Tally { steps, done, failed, skipped, under_way } = tally;
    let mut parts = vec![format!("{done} of {steps} steps done")];
    parts.extend(troubles(failed, skipped));
    if under_way > 0 {
        parts.push(format!("{under_way} under way"));
    }
    parts.join(", ")
}

/// `1 failed`, `2 skipped`, as far as there are any.
pub(crate) fn troubles(failed: u32, skipped: u32) -> Vec<String> {
    let some = |count: u32, word: &str| (count > 0).then(|| format!("{count} {word}"));
    some(failed, "failed").into_iter().chain(some(skipped, "skipped")).collect()
}

/// A text without what could play tricks on a terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// As much of a text as fits into so many columns, cleaned.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let clean = clean(text);
    if display_width(&clean) <= columns {
        return clean;
    }
    let mut cut = String::new();
    let mut taken = 1;
    for c in clean.chars() {
        taken += display_width(c.encode_utf8(&mut [0; 4]));
        if taken > columns {
            break;
        }
        cut.push(c);
    }
    if columns > 0 {
        cut.push('…');
    }
    cut
}
