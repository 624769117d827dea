//! What came of the cases.

use std::fmt;

use serde::Serialize;

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "why")]
pub enum Outcome {
    /// The plugin keeps this part of the contract.
    Passed,
    /// It does not; one sentence or several lines.
    Failed(String),
    /// It does not declare the capability, or the fixture lacks what the case needs.
    LeftOut(String),
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// What is promised: `applying twice equals applying once`.
    pub name: &'static str,
    /// Whether it holds.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// All of them, in order.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The plugin's name and version.
    pub plugin: String,
    /// Where its code ran: `in-process`, or `process` for one of its own.
    pub isolation: &'static str,
    /// The cases.
    pub cases: Vec<Case>,
}

impl Report {
    /// Whether no case failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.cases.iter().any(|case| matches!(case.outcome, Outcome::Failed(_)))
    }

    /// For tests.
    ///
    /// # Panics
    /// When a case failed, with the whole report.
    pub fn assert_passed(&self) {
        assert!(self.passed(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {}", self.plugin, self.isolation)?;
        let (mut passed, mut failed, mut left_out) = (0, 0, 0);
        for Case { name, outcome } in &self.cases {
            match outcome {
                Outcome::Passed => {
                    passed += 1;
                    writeln!(f, "  ok        {name}")?;
                }
                Outcome::Failed(why) => {
                    failed += 1;
                    writeln!(f, "  FAILED    {name}")?;
                    why.lines().try_for_each(|line| writeln!(f, "              {line}"))?;
                }
                Outcome::LeftOut(why) => {
                    left_out += 1;
                    writeln!(f, "  left out  {name}: {why}")?;
                }
            }
        }
        write!(f, "{passed} passed, {failed} failed, {left_out} left out")
    }
}
