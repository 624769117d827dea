//! The texts of faults: `FAULT[:WORD…][#ATTEMPT][*TIMES]@TARGET`.

use std::time::Duration;

use jiff::SignedDuration;
use skybridge_journal::{RetryClass, StepError};
use skybridge_model::address::is_word;
use skybridge_model::nearest::nearest;
use skybridge_model::{Diagnostic, Diagnostics};
use skybridge_plugin_protocol::error::ErrorDetail;

use super::{CODE, Fault, Faults, Injection, Steps, Target, When};
use crate::limits::INJECTED_WAIT_MAX;

const FORM: &str = "write FAULT@TARGET: error, delay:2s, lost-reply or crash, at a step's address, the beginning of one, or event:17";

const NAMES: [&str; 4] = ["error", "delay", "lost-reply", "crash"];

const CLASSES: [(&str, RetryClass); 4] = [
    ("permanent", RetryClass::Permanent),
    ("transient", RetryClass::Transient),
    ("eventual", RetryClass::Eventual),
    ("rate-limited", RetryClass::RateLimited),
];

/// What errors are called, with their numbers in the plugin interface and whether trying again
/// helps when nothing else is said.
pub(super) const KINDS: [(&str, u16, RetryClass); 13] = [
    ("unauthenticated", 2, RetryClass::Permanent),
    ("permission-denied", 3, RetryClass::Permanent),
    ("not-found", 4, RetryClass::Permanent),
    ("already-exists", 5, RetryClass::Permanent),
    ("conflict", 6, RetryClass::Transient),
    ("precondition", 7, RetryClass::Permanent),
    ("rate-limited", 8, RetryClass::RateLimited),
    ("quota", 9, RetryClass::Permanent),
    ("unavailable", UNAVAILABLE, RetryClass::Transient),
    ("timeout", 11, RetryClass::Transient),
    ("panicked", 14, RetryClass::Permanent),
    ("unexpected", 15, RetryClass::Permanent),
    ("not-replicated", 17, RetryClass::Eventual),
];

/// The number for a service that does not answer.
pub(super) const UNAVAILABLE: u16 = 10;

impl Faults {
    /// Reads what is to go wrong; all that is wrong with the texts themselves is told at once.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> (Self, Diagnostics) {
        let (mut faults, mut wrong) = (Self::default(), Diagnostics::new());
        for text in texts {
            let mut reader = Reader { text, wrong: Vec::new() };
            if let Some(injection) = reader.injection() {
                faults.0.push(injection);
            }
            for (problem, help) in reader.wrong {
                let problem = Diagnostic::error(CODE, format!("--inject {text}: {problem}"));
                wrong.push(problem.help(help));
            }
        }
        (faults, wrong)
    }
}

/// Reads one text and notes what is wrong with it.
struct Reader<'a> {
    text: &'a str,
    wrong: Vec<(String, String)>,
}

impl Reader<'_> {
    /// Nothing when anything is wrong.
    fn injection(&mut self) -> Option<Injection> {
        let Some((left, target)) = self.text.split_once('@') else {
            self.complain("there is no `@`, so it is not said where", FORM);
            return None;
        };
        let (left, times) = self.number(left, '*');
        let (left, first) = self.number(left, '#');
        let mut words = left.split(':');
        let name = words.next().unwrap_or_default();
        let fault = self.fault(name, &words.collect::<Vec<_>>());
        let target = self.target(target, first, times);
        let (fault, target) = (fault?, target?);
        if matches!(target, Target::Event(_)) && !matches!(fault, Fault::Crash(_)) {
            self.complain(format!("only a crash has an event, and this is {name}"), FORM);
        }
        let text = self.text.to_owned();
        self.wrong.is_empty().then_some(Injection { text, fault, target })
    }

    fn complain(&mut self, problem: impl Into<String>, help: impl Into<String>) {
        self.wrong.push((problem.into(), help.into()));
    }

    /// What stands before the last `mark`, and the number behind it.
    fn number<'t>(&mut self, text: &'t str, mark: char) -> (&'t str, Option<u32>) {
        let Some((before, number)) = text.rsplit_once(mark) else { return (text, None) };
        let read = number.parse().ok().filter(|number| *number > 0);
        if read.is_none() {
            let help = "attempts are counted from 1: #2 is the second one, *3 is three in a row";
            self.complain(format!("`{mark}{number}` is no number from 1 on"), help);
        }
        (before, read)
    }

    fn fault(&mut self, name: &str, words: &[&str]) -> Option<Fault> {
        match name {
            "error" => Some(Fault::Error(self.error(words))),
            "delay" => self.delay(words),
            "lost-reply" => {
                self.nothing_more(name, words);
                Some(Fault::LostReply)
            }
            "crash" => self.crash(words),
            other => {
                let help = match nearest(other, NAMES) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are {}", NAMES.join(", ")),
                };
                self.complain(format!("`{other}` is no fault"), help);
                None
            }
        }
    }

    fn nothing_more(&mut self, name: &str, words: &[&str]) {
        if let Some(word) = words.first() {
            let help = format!("write `{name}@…`");
            self.complain(format!("`{name}` takes nothing like `{word}`"), help);
        }
    }

    fn crash(&mut self, words: &[&str]) -> Option<Fault> {
        self.nothing_more("crash:before", words.get(1..).unwrap_or_default());
        match words.first() {
            None | Some(&"before") => Some(Fault::Crash(When::Before)),
            Some(&"after") => Some(Fault::Crash(When::After)),
            Some(other) => {
                let help = "write crash:before, the default, or crash:after";
                self.complain(format!("a crash is before or after, not `{other}`"), help);
                None
            }
        }
    }

    fn delay(&mut self, words: &[&str]) -> Option<Fault> {
        let Some(word) = words.first() else {
            self.complain("it is not said how long", "write `delay:2s@…`");
            return None;
        };
        self.nothing_more("delay:2s", words.get(1..).unwrap_or_default());
        self.duration(word).map(Fault::Delay)
    }

    fn duration(&mut self, text: &str) -> Option<Duration> {
        let read = text.parse::<SignedDuration>().ok();
        let read = read.and_then(|time| Duration::try_from(time).ok());
        let read = read.filter(|time| *time <= INJECTED_WAIT_MAX);
        if read.is_none() {
            let help = format!(
                "write 500ms, 2s or 1m30s, at most {} hours",
                INJECTED_WAIT_MAX.as_secs() / 3600
            );
            self.complain(format!("`{text}` is no time that can be waited"), help);
        }
        read
    }

    /// Class, kind and the time to wait, in any order and each if need be.
    fn error(&mut self, words: &[&str]) -> StepError {
        let (mut class, mut kind, mut wait) = (None, None, None);
        for word in words {
            let as_class = CLASSES.iter().find(|(name, _)| name == word);
            let as_kind = KINDS.iter().find(|(name, ..)| name == word);
            if let Some(time) = word.strip_prefix("after=") {
                wait = self.duration(time);
            } else if as_class.is_some() || as_kind.is_some() {
                class = class.or(as_class.map(|(_, class)| *class));
                kind = kind.or(as_kind);
            } else {
                self.unknown_word(word);
            }
        }
        let kind =
            kind.or_else(|| natural(class)).map_or((15, RetryClass::Permanent), |k| (k.1, k.2));
        let detail = ErrorDetail {
            message: "this went wrong on purpose".to_owned(),
            context: vec![("injected".to_owned(), self.text.to_owned())],
            help: Some("leave --inject away".to_owned()),
            ..ErrorDetail::default()
        };
        let error = StepError::of(kind.0, class.unwrap_or(kind.1), detail);
        wait.map_or(error.clone(), |wait| error.after(wait))
    }

    fn unknown_word(&mut self, word: &str) {
        let classes = CLASSES.iter().map(|(name, _)| *name);
        let kinds = KINDS.iter().map(|(name, ..)| *name);
        let help = match nearest(word, classes.clone().chain(kinds.clone())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let all = |names: &mut dyn Iterator<Item = &'static str>| {
                    names.collect::<Vec<_>>().join(", ")
                };
                let (classes, kinds) = (all(&mut classes.clone()), all(&mut kinds.clone()));
                format!("errors are {classes}; or {kinds}; or after=2s")
            }
        };
        self.complain(format!("`{word}` says nothing of an error"), help);
    }

    fn target(&mut self, text: &str, first: Option<u32>, times: Option<u32>) -> Option<Target> {
        if let Some(number) = text.strip_prefix("event:") {
            if first.or(times).is_some() {
                let help = "leave # and * away: the number says when";
                self.complain("an event of the journal happens once", help);
            }
            let number = number.parse().ok().filter(|number| *number > 0);
            if number.is_none() {
                self.complain(format!("`{text}` is no event"), "events are counted from 1");
            }
            return number.map(Target::Event);
        }
        let (path, scope) = match text.split_once('@') {
            Some((path, scope)) => (path, Some(scope)),
            None => (text, None),
        };
        let words: Vec<String> = match path {
            "" if scope.is_some() => Vec::new(),
            path => path.split('.').map(str::to_owned).collect(),
        };
        let bad_scope = scope.is_some_and(|s| s.is_empty() || s.chars().any(char::is_whitespace));
        if bad_scope || words.len() > 3 || !words.iter().all(|word| is_word(word)) {
            let help = "write connector, connector.kind, connector.kind.name, each with @scope or without, or event:17";
            self.complain(format!("`{text}` names no steps"), help);
            return None;
        }
        let (first, times) = (first.unwrap_or(1) - 1, times.unwrap_or(1));
        Some(Target::Steps(Steps { words, scope: scope.map(str::to_owned), first, times }))
    }
}

/// The kind of error that is usual for a class.
fn natural(class: Option<RetryClass>) -> Option<&'static (&'static str, u16, RetryClass)> {
    let name = match class? {
        RetryClass::Permanent => "unexpected",
        RetryClass::Transient => "unavailable",
        RetryClass::Eventual => "not-replicated",
        RetryClass::RateLimited => "rate-limited",
    };
    KINDS.iter().find(|(known, ..)| *known == name)
}
