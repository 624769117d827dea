//! Why steps failed: one diagnostic a cause, however many steps it stopped.

use std::borrow::Cow;
use std::collections::BTreeMap;

use skybridge_engine::{Failure, RetryClass};
use skybridge_model::{Address, Diagnostic, Diagnostics};

/// Steps named besides the first; a cause that stops a thousand needs no thousand lines.
const NAMED: usize = 5;

/// What to do about what might have passed and did not, where nobody says it better.
const NOT_IN_TIME: &str = "it was tried again until the time for it was over; give the same command \
     again, which goes on from here";

/// The causes, each with the first step it stopped and how many more. `code` says what was being
/// done to them.
pub(crate) fn diagnose(failures: &[Failure], code: &'static str) -> Diagnostics {
    let mut causes: BTreeMap<String, Vec<&Failure>> = BTreeMap::new();
    for failure in failures {
        // Request ids differ from step to step and say nothing of the cause.
        causes.entry(failure.error.to_string()).or_default().push(failure);
    }
    causes.into_iter().map(|(text, failures)| cause(code, text, &failures)).collect()
}

fn cause(code: &'static str, text: String, failures: &[&Failure]) -> Diagnostic {
    let Some((first, others)) = failures.split_first() else {
        return Diagnostic::error(code, text);
    };
    // The plugin's own code says more, and `skybridge explain` knows it.
    let own = first.error.detail.code.clone().map(Cow::Owned);
    let mut diagnostic =
        Diagnostic::error(own.unwrap_or(Cow::Borrowed(code)), text).at(first.address.clone());
    let detail = &first.error.detail;
    let mut notes: Vec<String> = Vec::new();
    if !detail.context.is_empty() {
        let facts: Vec<String> =
            detail.context.iter().map(|(key, value)| format!("{key} {value}")).collect();
        notes.push(facts.join(", "));
    }
    if !others.is_empty() {
        notes.push(also(&others.iter().map(|other| &other.address).collect::<Vec<_>>()));
    }
    if !notes.is_empty() {
        diagnostic = diagnostic.detail(notes.join("\n"));
    }
    match &detail.help {
        Some(help) => diagnostic.help(help.clone()),
        None if first.error.class != RetryClass::Permanent => diagnostic.help(NOT_IN_TIME),
        None => diagnostic,
    }
}

fn also(others: &[&Address]) -> String {
    let named: Vec<&str> = others.iter().take(NAMED).map(|address| address.as_str()).collect();
    let mut text = format!("the same at {}", named.join(", "));
    if others.len() > NAMED {
        text = format!("{text} and {} more", others.len() - NAMED);
    }
    text
}

#[cfg(test)]
mod tests {
    use skybridge_engine::StepError;

    use super::*;

    /// Goal: what was waited for in vain says what to do, in its own words if it has any.
    #[test]
    fn what_did_not_come_in_time_says_what_to_do() {
        let told = |class, help: Option<&str>| {
            let mut error =
                StepError::new(2, class, "gave up after 300 s waiting until it is there");
            error.detail.help = help.map(str::to_owned);
            let failures = [Failure { address: Address::parse("a.b").unwrap(), error }];
            diagnose(&failures, "SKY-RUN-003").sorted()[0].help.clone()
        };
        for class in [RetryClass::Transient, RetryClass::Eventual, RetryClass::RateLimited] {
            assert!(told(class, None).unwrap().contains("the same command again"), "{class:?}");
            assert_eq!(told(class, Some("wait")).as_deref(), Some("wait"));
        }
        assert_eq!(told(RetryClass::Permanent, None), None);
    }

    #[test]
    fn one_cause_is_told_once() {
        let failure = |address: &str, id: &str| {
            let mut error = StepError::new(2, RetryClass::Permanent, "nobody is signed in");
            error.detail.context.push(("request-id".to_owned(), id.to_owned()));
            Failure { address: Address::parse(address).unwrap(), error }
        };
        let failures = [failure("a.b", "1"), failure("a.c", "2"), failure("a.d@x", "3")];
        let told = diagnose(&failures, "SKY-RUN-003").sorted();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].detail.as_deref(), Some("request-id 1\nthe same at a.c, a.d@x"));
    }
}
