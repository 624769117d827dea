//! Rules of faults on their own: they may be replaced while the simulator runs.

use serde::Deserialize;

use super::{FaultEffect, FaultRule};
use crate::error::SimulatorError;
use crate::limits::SCENARIO_ENTRIES_MAX;

/// A text of nothing but `[[faults]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    #[serde(default)]
    faults: Vec<FaultRule>,
}

impl FaultRule {
    /// Reads the rules of a text as they stand in a scenario; the error names line and column.
    pub(crate) fn parse_all(text: &str) -> Result<Vec<Self>, SimulatorError> {
        super::check_size(text)?;
        let rules: Rules =
            toml::from_str(text).map_err(|error| SimulatorError::Scenario(error.to_string()))?;
        check(&rules.faults).map_err(SimulatorError::Scenario)?;
        Ok(rules.faults)
    }
}

/// The first thing that is wrong, in words.
pub(super) fn check(rules: &[FaultRule]) -> Result<(), String> {
    if rules.len() > SCENARIO_ENTRIES_MAX {
        let count = rules.len();
        return Err(format!("faults: {count} given, at most {SCENARIO_ENTRIES_MAX} are"));
    }
    for (index, rule) in rules.iter().enumerate() {
        if rule.every == 0 {
            return Err(format!("faults[{index}].every is 0: the smallest is 1, every call"));
        }
        let answers = rule.effect == FaultEffect::Answer;
        let said = rule.status.is_some() || rule.code.is_some() || rule.message.is_some();
        if !answers && said {
            return Err(format!(
                "faults[{index}]: status, code and message belong to the effect \"answer\""
            ));
        }
        match rule.status {
            None if answers => {
                return Err(format!("faults[{index}]: the effect \"answer\" needs a status"));
            }
            // An answer of 1xx is not the last one, and 204 and 304 have no body to say it in.
            Some(status) if !(200..600).contains(&status) || matches!(status, 204 | 304) => {
                return Err(format!(
                    "faults[{index}].status is {status}: it is from 200 to 599 and has a body"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let rule = |rest: &str| format!("[[faults]]\nservice = 'graph'\n{rest}\n");
        FaultRule::parse_all(&rule("effect = 'answer'\nstatus = 418\ncode = 'Teapot'")).unwrap();
        assert!(FaultRule::parse_all("").unwrap().is_empty());
        for (text, part) in [
            (rule("effect = 'answer'"), "needs a status"),
            (rule("effect = 'answer'\nstatus = 99"), "from 200"),
            (rule("effect = 'answer'\nstatus = 204"), "has a body"),
            (rule("effect = 'hang'\ncode = 'x'"), "belong to"),
            (rule("effect = 'hang'\nevery = 0"), "every"),
            (rule("effect = 'laugh'"), "line 3"),
            ("seed = 7".to_owned(), "seed"),
        ] {
            let error = FaultRule::parse_all(&text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
