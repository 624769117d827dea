//! One finding for one problem, however many scopes have it.

use std::collections::{BTreeMap, BTreeSet};

use skybridge_aws_client::ClientError;
use skybridge_plugin_sdk::protocol::survey::{Finding, PreflightReport, severity};

use crate::survey::named;

/// How bad it is; what stops the run comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
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
pub(super) struct Problem {
    pub(super) weight: Weight,
    pub(super) code: &'static str,
    /// A sentence without the scope.
    pub(super) summary: String,
    pub(super) help: String,
}

#[derive(Debug, Default)]
struct Gathered {
    help: String,
    scopes: BTreeSet<String>,
    blocks: BTreeSet<String>,
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
        let key = (problem.weight, problem.code, problem.summary);
        let gathered = self.all.entry(key).or_default();
        gathered.help = problem.help;
        gathered.scopes.extend(scope.map(str::to_owned));
        gathered.blocks.extend(blocks.iter().cloned());
    }

    /// Something could not be looked at. That alone stops nothing.
    pub(super) fn closed(&mut self, what: &str, needs: &str, error: &ClientError, scope: &str) {
        let why = error.service().map_or_else(
            || error.to_string(),
            |it| format!("{} answered {} {}", it.service, it.status, it.code),
        );
        let problem = Problem {
            weight: Weight::Warning,
            code: "AWS-PREFLIGHT-001",
            summary: format!("could not look at {what}: {}", why.trim_end()),
            help: format!("the run may still work; to have it checked, allow the operator {needs}"),
        };
        self.add(problem, Some(scope), &[]);
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
                summary,
                detail,
                help: Some(gathered.help).filter(|help| !help.is_empty()),
                context: Vec::new(),
                blocks: gathered.blocks.into_iter().collect(),
            }
        };
        let findings = self.all.into_iter().map(finding).collect();
        PreflightReport { findings, checked: self.looked }
    }
}
