//! Which of several forms (`oneOf`, `anyOf`) a person meant, and what to say about it.

use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;
use skybridge_model::nearest::nearest;

use super::Fault;
use super::message::{Report, unexpected};
use super::node;
use crate::codes;
use crate::words;

/// One form and what it complains about.
pub(super) struct Branch<'e> {
    faults: &'e [Fault],
    node: &'e Value,
}

impl Branch<'_> {
    /// Whether the value is not even of the form's kind: a string where it wants a table.
    fn is_of_another_kind(&self, at: &str) -> bool {
        self.faults.iter().any(|fault| {
            let kind = fault.kind();
            let basic =
                matches!(kind, Kind::Type { .. } | Kind::Constant { .. } | Kind::Enum { .. });
            fault.instance_path().as_str() == at && (basic || matches!(kind, Kind::FalseSchema))
        })
    }

    fn missing(&self, at: &str) -> Vec<&str> {
        let here = self.faults.iter().filter(|fault| fault.instance_path().as_str() == at);
        here.filter_map(|fault| match fault.kind() {
            Kind::Required { property } => property.as_str(),
            _ => None,
        })
        .collect()
    }

    fn unexpected(&self, at: &str) -> Vec<&str> {
        let here = self.faults.iter().filter(|fault| fault.instance_path().as_str() == at);
        here.flat_map(unexpected).map(String::as_str).collect()
    }

    /// Missing keys that a misspelt one stands for.
    fn misspelt(&self, at: &str) -> usize {
        let missing = self.missing(at);
        let unexpected = self.unexpected(at);
        unexpected.iter().filter(|key| nearest(key, missing.iter().copied()).is_some()).count()
    }

    /// The lower, the better the form fits.
    fn distance(&self, schema: &Value, at: &str, value: &Value) -> (usize, usize) {
        let has = |key: &&str| value.get(key).is_some();
        let present =
            node::required_keys(schema, self.node).iter().copied().filter(|key| has(key)).count();
        let keys = self.missing(at).len() + self.unexpected(at).len();
        ((2 * keys + 1).saturating_sub(present + 2 * self.misspelt(at)), self.faults.len())
    }
}

/// Reports on a value that fits none of its forms.
pub(super) fn none_fits(report: &mut Report<'_>, fault: &Fault, contexts: &[Vec<Fault>]) {
    let schema = report.schema;
    let keyword = fault.schema_path().as_str();
    let nothing = Value::Null;
    let branches: Vec<Branch<'_>> = contexts
        .iter()
        .enumerate()
        .map(|(number, faults)| Branch {
            faults,
            node: node::at(schema, &node::element(keyword, number)).unwrap_or(&nothing),
        })
        .collect();
    let at = fault.instance_path().as_str();
    let close: Vec<&Branch<'_>> = branches.iter().filter(|b| !b.is_of_another_kind(at)).collect();
    let value: &Value = fault.instance();
    if close.is_empty() {
        other_kind(report, at, value, &branches);
    } else if let Some(key) = discriminator(schema, &close) {
        by_discriminator(report, at, value, &close, &key);
    } else {
        by_keys(report, at, value, &close);
    }
}

/// No form is of the value's kind: says what each would take.
fn other_kind(report: &mut Report<'_>, at: &str, value: &Value, branches: &[Branch<'_>]) {
    let schema = report.schema;
    let listed: Vec<Value> =
        branches.iter().flat_map(|b| node::listed_values(schema, b.node, false)).collect();
    if value.is_string() && listed.iter().any(Value::is_string) {
        let texts: Vec<Value> = listed.into_iter().filter(Value::is_string).collect();
        return report.not_listed(at, value, &texts);
    }
    let mut expected: Vec<String> = Vec::new();
    for branch in branches {
        let values = node::listed_values(schema, branch.node, false);
        let types =
            node::same_value(schema, branch.node, false).into_iter().find_map(|n| n.get("type"));
        let words: Vec<String> = if values.is_empty() {
            types.map(node_types).unwrap_or_default()
        } else {
            values.iter().map(words::shown).collect()
        };
        for word in words {
            if word != "nothing" && !expected.contains(&word) {
                expected.push(word);
            }
        }
    }
    report.wrong_type(at, value, &words::list(&expected, "or"));
}

fn node_types(types: &Value) -> Vec<String> {
    let list = types.as_array().map_or_else(|| std::slice::from_ref(types), Vec::as_slice);
    list.iter().filter_map(Value::as_str).map(|name| words::type_named(name).to_owned()).collect()
}

/// The key whose listed values tell the forms apart: every form has it.
fn discriminator(schema: &Value, branches: &[&Branch<'_>]) -> Option<String> {
    let (first, rest) = branches.split_first()?;
    let tells = |branch: &Branch<'_>, key: &str| {
        node::property(schema, branch.node, key)
            .is_some_and(|node| !node::listed_values(schema, node, false).is_empty())
    };
    let keys = node::known_keys(schema, first.node, false);
    let mut keys = keys.into_iter().filter(|key| tells(first, key));
    keys.find(|key| !rest.is_empty() && rest.iter().all(|b| tells(b, key))).map(str::to_owned)
}

fn by_discriminator(
    report: &mut Report<'_>,
    at: &str,
    value: &Value,
    branches: &[&Branch<'_>],
    key: &str,
) {
    let schema = report.schema;
    let values = |branch: &Branch<'_>| {
        node::property(schema, branch.node, key)
            .map(|node| node::listed_values(schema, node, false))
            .unwrap_or_default()
    };
    let all: Vec<Value> = branches.iter().flat_map(|b| values(b)).collect();
    match value.get(key) {
        None => report.missing_with_values(at, key, &all),
        Some(Value::Null) => {}
        Some(given) => match branches.iter().find(|b| values(b).contains(given)) {
            Some(meant) => report.all(&meant.faults.iter().collect::<Vec<_>>()),
            None => report.not_listed(&crate::places::join(at, key), given, &all),
        },
    }
}

fn by_keys(report: &mut Report<'_>, at: &str, value: &Value, branches: &[&Branch<'_>]) {
    let schema = report.schema;
    let Some(best) = branches.iter().min_by_key(|b| b.distance(schema, at, value)) else { return };
    let mut others: Vec<&str> =
        branches.iter().flat_map(|b| node::known_keys(schema, b.node, true)).collect();
    others.sort_unstable();
    others.dedup();
    let missing = best.missing(at);
    let strangers = best.unexpected(at);
    let (beside, unknown): (Vec<&str>, Vec<&str>) =
        strangers.into_iter().partition(|k| others.contains(k));
    if branches.len() > 1 && !missing.is_empty() && best.misspelt(at) == 0 {
        let mut choice: Vec<&str> = branches.iter().flat_map(|b| b.missing(at)).collect();
        choice.sort_unstable();
        choice.dedup();
        report.unknown_keys(at, &unknown, &others);
        return report.missing_one_of(at, &choice);
    }
    if !beside.is_empty() {
        let own = node::required_keys(schema, best.node);
        report.beside(at, &beside, &own);
    }
    report.unknown_keys_among(at, &unknown, &others, &missing);
    let all: Vec<&Fault> = best.faults.iter().collect();
    let strangers =
        |fault: &Fault| !unexpected(fault).is_empty() && fault.instance_path().as_str() == at;
    let rest: Vec<&Fault> = all.iter().copied().filter(|fault| !strangers(fault)).collect();
    report.some(&rest, &all);
}

/// Reports on a value that fits several forms at once.
pub(super) fn several_fit(report: &mut Report<'_>, fault: &Fault) {
    let at = fault.instance_path().as_str();
    let schema = report.schema;
    let forms = node::at(schema, fault.schema_path().as_str()).and_then(Value::as_array);
    let mut keys: Vec<&str> = Vec::new();
    for form in forms.into_iter().flatten() {
        keys.extend(
            node::required_keys(schema, form).iter().filter(|k| fault.instance().get(k).is_some()),
        );
    }
    keys.dedup();
    let summary = format!("{} mixes several forms", report.label(at));
    let help = match keys.as_slice() {
        [] | [_] => "keep the keys of one form".to_owned(),
        keys => format!("keep only one of {}", words::keys(keys.iter().copied(), "and")),
    };
    report.at_value(at, codes::FORMS, summary, None, Some(help));
}
