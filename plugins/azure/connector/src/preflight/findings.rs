//! One finding for one problem, however many scopes have it.

use std::collections::{BTreeMap, BTreeSet};

use skybridge_azure_client::ServiceError;
use skybridge_plugin_sdk::protocol::survey::{Finding, PreflightReport, severity};

use crate::errors::facts_of;
use crate::survey::{named, words_of};

/// How bad it is; what stops the run comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    Error,
    Warning,
    Note,
}

impl Weight {
    const fn word(self) -> &'static str {
        match self {
            Self::Error => severity::ERROR,
            Self::Warning => severity::WARNING,
            Self::Note => severity::NOTE,
        }
    }
}

/// What is told about one problem; where and what it stops is added up.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) weight: Weight,
    pub(crate) code: &'static str,
    /// A sentence without the scope.
    pub(crate) summary: String,
    pub(crate) help: String,
}

/// Where the actions stand in the sentence of a problem that takes other ones at other scopes.
pub(super) const ACTIONS: &str = "{actions}";

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[derive(Debug, Default)]
struct Gathered {
    help: String,
    actions: BTreeSet<String>,
    scopes: BTreeSet<String>,
    blocks: BTreeSet<String>,
    /// How the service knows the first refusal.
    context: Vec<(String, String)>,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: BTreeMap<(Weight, &'static str, String), Gathered>,
    looked: u64,
}

impl Findings {
    /// One more thing was looked at.
    pub(super) fn looked(&mut self) {
        self.looked += 1;
    }

    /// Adds `problem`, met at `scope`, which stops the steps `blocks`.
    pub(super) fn add(&mut self, problem: Problem, scope: Option<&str>, blocks: &[String]) {
        self.gather(problem, scope, blocks);
    }

    /// Adds `problem` that takes `actions` at `scope`.
    pub(super) fn takes(
        &mut self,
        problem: Problem,
        actions: BTreeSet<String>,
        scope: &str,
        blocks: &[String],
    ) {
        self.gather(problem, Some(scope), blocks).actions.extend(actions);
    }

    /// Adds `problem`, which the refusal `error` tells of.
    pub(super) fn refused(&mut self, problem: Problem, error: &ServiceError, blocks: &[String]) {
        let gathered = self.gather(problem, None, blocks);
        if gathered.context.is_empty() {
            gathered.context = facts_of(error);
        }
    }

    fn gather(
        &mut self,
        problem: Problem,
        scope: Option<&str>,
        blocks: &[String],
    ) -> &mut Gathered {
        let key = (problem.weight, problem.code, problem.summary);
        let gathered = self.all.entry(key).or_default();
        gathered.help = problem.help;
        gathered.scopes.extend(scope.map(str::to_owned));
        gathered.blocks.extend(blocks.iter().cloned());
        gathered
    }

    /// Something could not be looked at. That alone stops nothing.
    pub(super) fn closed(&mut self, what: &str, error: &ServiceError, scope: Option<&str>) {
        let help = "the run may still work; it is checked once the operator may read this";
        self.closed_with(what, error, scope, help.to_owned());
    }

    /// The same, where something better can be done about it.
    pub(super) fn closed_with(
        &mut self,
        what: &str,
        error: &ServiceError,
        scope: Option<&str>,
        help: String,
    ) {
        let problem = Problem {
            weight: Weight::Warning,
            code: "AZ-PREFLIGHT-007",
            summary: format!("could not look at {what}: {}", generic(error)),
            help,
        };
        let gathered = self.gather(problem, scope, &[]);
        if gathered.context.is_empty() {
            gathered.context = facts_of(error);
        }
    }

    pub(super) fn report(self) -> PreflightReport {
        let finding = |((weight, code, summary), gathered): ((Weight, &str, String), Gathered)| {
            let scopes: Vec<String> = gathered.scopes.into_iter().collect();
            let (scope, detail) = match scopes.as_slice() {
                [] => (None, None),
                [one] => (Some(one.clone()), None),
                all => (None, Some(format!("in {} scopes: {}", all.len(), named(all)))),
            };
            Finding {
                severity: weight.word().into(),
                code: code.into(),
                scope,
                summary: summary.replace(ACTIONS, &listed(&gathered.actions)),
                detail,
                help: Some(gathered.help).filter(|help| !help.is_empty()),
                context: gathered.context,
                blocks: gathered.blocks.into_iter().collect(),
            }
        };
        let findings = self.all.into_iter().map(finding).collect();
        PreflightReport { findings, checked: self.looked }
    }
}

/// A refusal without the ids in its message, which differ from scope to scope.
fn generic(error: &ServiceError) -> String {
    match error.status {
        403 => format!("{} answered 403 {}", error.service, error.code),
        _ => words_of(error),
    }
}
