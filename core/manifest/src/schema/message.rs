//! One sentence for each kind of refusal.

use std::collections::BTreeSet;

use jsonschema::error::TypeKind;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;
use skybridge_model::nearest::nearest;
use skybridge_model::{Diagnostic, Span};

use super::{Fault, branch, node};
use crate::codes;
use crate::places::{Complaints, join, segments};
use crate::secrets;
use crate::section::Section;
use crate::words;

/// Values listed in a summary; more go into the help.
const LISTED_MAX: usize = 6;

/// Turns the engine's errors into complaints.
pub(super) struct Report<'a> {
    pub(super) section: &'a Section,
    pub(super) schema: &'a Value,
    /// What sentences call the section; the whole manifest is called nothing.
    pub(super) called: &'a str,
    pub(super) complaints: &'a mut Complaints,
}

impl<'a> Report<'a> {
    /// Reports errors that belong together: a value of the wrong type is not judged otherwise, and a
    /// missing key that was misspelt is not called missing.
    pub(super) fn all(&mut self, faults: &[&Fault]) {
        self.some(faults, faults);
    }

    /// Reports `faults`, which are part of `all`.
    pub(super) fn some(&mut self, faults: &[&Fault], all: &[&Fault]) {
        for fault in faults {
            // Null is what could not be read.
            let typed = matches!(fault.kind(), Kind::Type { .. });
            if !fault.instance().is_null() && (typed || !has_wrong_type(fault, all)) {
                self.one(fault, all);
            }
        }
    }

    fn one(&mut self, fault: &Fault, all: &[&Fault]) {
        let at = fault.instance_path().as_str();
        let value: &Value = fault.instance();
        let node = self.owner(fault);
        match fault.kind() {
            Kind::AdditionalProperties { unexpected } => {
                self.strangers(at, node, unexpected, &missing_at(at, all), false);
            }
            Kind::UnevaluatedProperties { unexpected } => {
                self.strangers(at, node, unexpected, &missing_at(at, all), true);
            }
            Kind::Required { property } => self.required(at, node, property, all),
            Kind::Type { kind } => self.wrong_type(at, value, &expected(kind)),
            Kind::Enum { options } => {
                self.not_listed(at, value, options.as_array().map_or(&[], Vec::as_slice));
            }
            Kind::Constant { expected_value } => {
                self.not_listed(at, value, std::slice::from_ref(&**expected_value));
            }
            Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
                branch::none_fits(self, fault, context);
            }
            Kind::OneOfMultipleValid { .. } => branch::several_fit(self, fault),
            Kind::Pattern { pattern } => {
                self.wrong_form(at, value, node, &format!("the pattern `{pattern}`"));
            }
            Kind::Format { format } if format == "secret-reference" => self.secret(at, value),
            Kind::Format { format } => {
                self.wrong_form(at, value, node, &format!("the format `{format}`"));
            }
            Kind::PropertyNames { error } => self.name(at, error),
            Kind::UniqueItems => self.repeated(at, value),
            other => self.limits(at, value, node, other, fault),
        }
    }

    /// Lengths, counts and ranges.
    fn limits(&mut self, at: &str, value: &Value, node: &Value, kind: &Kind, fault: &Fault) {
        let label = self.label(at);
        let count =
            value.as_array().map(Vec::len).or_else(|| value.as_object().map(serde_json::Map::len));
        let found = count.map(|count| format!("found {count}")).unwrap_or_default();
        let (code, summary) = match kind {
            Kind::MinItems { limit } | Kind::MinProperties { limit } => (
                codes::ITEMS,
                format!("{label} needs at least {limit} {}, {found}", items(*limit, value)),
            ),
            Kind::MaxItems { limit } | Kind::MaxProperties { limit } => (
                codes::ITEMS,
                format!("{label} takes at most {limit} {}, {found}", items(*limit, value)),
            ),
            Kind::AdditionalItems { limit } => (
                codes::ITEMS,
                format!("{label} takes at most {limit} {}, {found}", items(*limit as u64, value)),
            ),
            Kind::Contains => (codes::ITEMS, format!("{label} lacks an item that it must have")),
            Kind::MinLength { limit: 1 } => (codes::WRONG_FORM, format!("{label} is empty")),
            Kind::MinLength { limit } => {
                (codes::WRONG_FORM, format!("{label} has fewer than {limit} characters"))
            }
            Kind::MaxLength { limit } => {
                (codes::WRONG_FORM, format!("{label} has more than {limit} characters"))
            }
            Kind::Minimum { limit } => {
                (codes::OUT_OF_RANGE, self.range(at, value, "at least", limit))
            }
            Kind::Maximum { limit } => {
                (codes::OUT_OF_RANGE, self.range(at, value, "at most", limit))
            }
            Kind::ExclusiveMinimum { limit } => {
                (codes::OUT_OF_RANGE, self.range(at, value, "more than", limit))
            }
            Kind::ExclusiveMaximum { limit } => {
                (codes::OUT_OF_RANGE, self.range(at, value, "less than", limit))
            }
            Kind::MultipleOf { multiple_of } => {
                (codes::OUT_OF_RANGE, format!("{label} must be a multiple of {multiple_of}"))
            }
            Kind::FalseSchema => (codes::UNKNOWN_KEY, format!("{label} is not allowed here")),
            Kind::Not { .. } => {
                (codes::WRONG_FORM, format!("{label} has a form that is not allowed"))
            }
            // The engine's own sentence, with the value left out: it may be anything.
            _ => (codes::WRONG_FORM, format!("{label} is refused: {}", fault.masked())),
        };
        let counts = matches!(code, codes::ITEMS);
        if !(counts && self.section.damaged) {
            let few = matches!(kind, Kind::MinItems { .. } | Kind::MinProperties { .. });
            let help = node::annotation(self.schema, node, "x-help").filter(|_| few);
            self.at_value(at, code, summary, None, help.map(str::to_owned));
        }
    }

    fn range(&self, at: &str, value: &Value, relation: &str, limit: &Value) -> String {
        format!("{} must be {relation} {limit}, found {}", self.label(at), words::shown(value))
    }

    fn required(&mut self, at: &str, node: &Value, property: &Value, all: &[&Fault]) {
        let Some(key) = property.as_str() else { return };
        let known = node::known_keys(self.schema, node, true);
        let misspelt =
            all.iter().filter(|fault| fault.instance_path().as_str() == at).any(|fault| {
                unexpected(fault)
                    .iter()
                    .any(|stranger| nearest(stranger, known.iter().copied()) == Some(key))
            });
        if misspelt {
            return;
        }
        let of_key = node::property(self.schema, node, key).unwrap_or(&Value::Null);
        let values = node::listed_values(self.schema, of_key, true);
        let note = |name| node::annotation(self.schema, of_key, name).map(str::to_owned);
        match note("x-help").or_else(|| note("x-hint").map(|hint| format!("`{key}` is {hint}"))) {
            Some(help) => self.missing(at, key, Some(help)),
            None => self.missing_with_values(at, key, &values),
        }
    }

    pub(super) fn missing_with_values(&mut self, at: &str, key: &str, values: &[Value]) {
        let shown: Vec<String> = values.iter().map(words::shown).collect();
        let help = (!shown.is_empty()).then(|| format!("`{key}` is {}", words::list(&shown, "or")));
        self.missing(at, key, help);
    }

    fn missing(&mut self, at: &str, key: &str, help: Option<String>) {
        if !self.section.damaged {
            let summary = format!("missing key `{key}`{}", self.in_label(at));
            self.at_value(at, codes::MISSING_KEY, summary, None, help);
        }
    }

    pub(super) fn missing_one_of(&mut self, at: &str, keys: &[&str]) {
        if !self.section.damaged {
            let one_of = if keys.len() > 1 { "one of " } else { "key " };
            let names = words::keys(keys.iter().copied(), "or");
            let summary = format!("missing {one_of}{names}{}", self.in_label(at));
            self.at_value(at, codes::MISSING_KEY, summary, None, None);
        }
    }

    fn strangers(
        &mut self,
        at: &str,
        node: &Value,
        keys: &[String],
        missing: &[&str],
        forms: bool,
    ) {
        let schema = self.schema;
        let known = node::known_keys(schema, node, forms);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.unknown_keys_among(at, &keys, &known, missing);
    }

    pub(super) fn unknown_keys(&mut self, at: &str, keys: &[&str], known: &[&str]) {
        self.unknown_keys_among(at, keys, known, &[]);
    }

    /// Unknown keys, where a missing key that resembles one is what was meant.
    pub(super) fn unknown_keys_among(
        &mut self,
        at: &str,
        keys: &[&str],
        known: &[&str],
        missing: &[&str],
    ) {
        for key in keys {
            let summary = format!("unknown key {}{}", words::key(key), self.in_label(at));
            let help = key_help(key, known, missing);
            let span = self.section.key_span(&join(at, key));
            self.push(codes::UNKNOWN_KEY, span, summary, None, help);
        }
    }

    /// Keys that belong to another form than the one chosen.
    pub(super) fn beside(&mut self, at: &str, keys: &[&str], own: &[&str]) {
        for key in keys {
            let with = words::keys(own.iter().copied(), "and");
            let summary =
                format!("{} cannot stand beside {with}{}", words::key(key), self.in_label(at));
            let help = format!("keep either {with} or {}", words::key(key));
            let span = self.section.key_span(&join(at, key));
            self.push(codes::FORMS, span, summary, None, Some(help));
        }
    }

    pub(super) fn wrong_type(&mut self, at: &str, value: &Value, expected: &str) {
        let found =
            if value.is_boolean() { words::shown(value) } else { words::type_of(value).to_owned() };
        let summary = format!("expected {expected} for {}, found {found}", self.label(at));
        self.at_value(at, codes::WRONG_TYPE, summary, None, None);
    }

    pub(super) fn not_listed(&mut self, at: &str, value: &Value, allowed: &[Value]) {
        if value.is_null() {
            return;
        }
        let shown: Vec<String> = allowed.iter().map(words::shown).collect();
        if value.is_array() || value.is_object() {
            return self.wrong_type(at, value, &words::list(&shown, "or"));
        }
        let found = self.shown(at, value);
        let summary = match shown.as_slice() {
            [only] => format!("{} must be {only}, found {found}", self.label(at)),
            few if few.len() <= LISTED_MAX => format!("{found} is not one of {}", few.join(", ")),
            many => {
                format!("{found} is not one of the {} values of {}", many.len(), self.label(at))
            }
        };
        let texts: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        let meant = value.as_str().and_then(|text| nearest(text, texts.iter().copied()));
        let list = (shown.len() > LISTED_MAX).then(|| format!("allowed: {}", shown.join(", ")));
        let help = match (meant, list) {
            (Some(meant), Some(list)) => Some(format!("did you mean `{meant}`? {list}")),
            (Some(meant), None) => Some(format!("did you mean `{meant}`?")),
            (None, list) => list,
        };
        self.at_value(at, codes::NOT_ALLOWED, summary, None, help);
    }

    fn wrong_form(&mut self, at: &str, value: &Value, node: &Value, rule: &str) {
        let found = self.shown(at, value);
        let label = self.label(at);
        let hint = node::annotation(self.schema, node, "x-hint");
        let text =
            ["description", "title"].iter().find_map(|n| node::annotation(self.schema, node, n));
        let (summary, detail) = match (hint, text) {
            (Some(hint), _) => (format!("{label} must be {hint}"), format!("found {found}")),
            (None, Some(text)) => (format!("{found} does not fit {label}"), text.to_owned()),
            (None, None) => {
                (format!("{found} does not fit {label}"), format!("it must match {rule}"))
            }
        };
        self.at_value(at, codes::WRONG_FORM, summary, Some(detail), None);
    }

    fn secret(&mut self, at: &str, value: &Value) {
        let name = segments(at).last().unwrap_or_default();
        let span = self.section.key_span(at);
        self.complaints
            .push(secrets::complaint(&name, value.as_str().unwrap_or_default()).span(span));
    }

    fn name(&mut self, at: &str, error: &Fault) {
        let Some(name) = error.instance().as_str() else { return };
        let node = self.owner(error);
        let hint = node::annotation(self.schema, node, "x-hint");
        let summary = format!("{} cannot be a name{}", words::key(name), self.in_label(at));
        let detail = hint.map(|hint| format!("a name is {hint}"));
        let span = self.section.key_span(&join(at, name));
        self.push(codes::WRONG_FORM, span, summary, detail, None);
    }

    fn repeated(&mut self, at: &str, value: &Value) {
        let mut seen = BTreeSet::new();
        let mut items = value.as_array().into_iter().flatten().enumerate();
        let twice = items.find(|(_, item)| !item.is_null() && !seen.insert(item.to_string()));
        if let Some((number, item)) = twice {
            let at_item = join(at, &number.to_string());
            let found = self.shown(at, item);
            let summary = format!("{found} is listed twice in {}", self.label(at));
            self.at_value(&at_item, codes::ITEMS, summary, None, None);
        }
    }

    /// A place as people write it: `settings.scope.subscriptions[0]`.
    pub(super) fn label(&self, at: &str) -> String {
        let text = self.path(at);
        if text.is_empty() { "the manifest".to_owned() } else { words::key(&text) }
    }

    fn path(&self, at: &str) -> String {
        let mut out = self.called.to_owned();
        for key in segments(at) {
            if key.bytes().all(|b| b.is_ascii_digit()) {
                out = format!("{out}[{key}]");
            } else if out.is_empty() {
                out = key;
            } else {
                out = format!("{out}.{key}");
            }
        }
        out
    }

    fn in_label(&self, at: &str) -> String {
        let path = self.path(at);
        if path.is_empty() { String::new() } else { format!(" in {}", words::key(&path)) }
    }

    /// A value, unless it stands under a key that holds secrets.
    fn shown(&self, at: &str, value: &Value) -> String {
        if secrets::is_secret_path(at) { "the value".to_owned() } else { words::shown(value) }
    }

    /// The schema whose keyword refused.
    fn owner(&self, fault: &Fault) -> &'a Value {
        node::at(self.schema, node::owner(fault.schema_path().as_str())).unwrap_or(&Value::Null)
    }

    pub(super) fn at_value(
        &mut self,
        at: &str,
        code: &'static str,
        summary: String,
        detail: Option<String>,
        help: Option<String>,
    ) {
        let span = self.section.value_span(at);
        self.push(code, span, summary, detail, help);
    }

    fn push(
        &mut self,
        code: &'static str,
        span: Span,
        summary: String,
        detail: Option<String>,
        help: Option<String>,
    ) {
        let mut diagnostic = Diagnostic::error(code, summary).span(span);
        diagnostic.detail = detail;
        diagnostic.help = help;
        self.complaints.push(diagnostic);
    }
}

fn has_wrong_type(fault: &Fault, all: &[&Fault]) -> bool {
    all.iter().any(|other| {
        matches!(other.kind(), Kind::Type { .. }) && other.instance_path() == fault.instance_path()
    })
}

pub(super) fn unexpected(fault: &Fault) -> &[String] {
    match fault.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected
        }
        _ => &[],
    }
}

fn missing_at<'f>(at: &str, all: &[&'f Fault]) -> Vec<&'f str> {
    let here = all.iter().filter(|fault| fault.instance_path().as_str() == at);
    here.filter_map(|fault| match fault.kind() {
        Kind::Required { property } => property.as_str(),
        _ => None,
    })
    .collect()
}

fn key_help(key: &str, known: &[&str], missing: &[&str]) -> Option<String> {
    let kebab = words::kebab(key);
    if kebab != key && known.contains(&kebab.as_str()) {
        return Some(format!("keys are kebab-case: write `{kebab}`"));
    }
    let meant =
        nearest(key, missing.iter().copied()).or_else(|| nearest(key, known.iter().copied()));
    let list = words::keys(known.iter().copied(), "and");
    match (meant, known) {
        (_, []) => None,
        (Some(meant), [_]) => Some(format!("did you mean `{meant}`?")),
        (Some(meant), _) => Some(format!("did you mean `{meant}`? known keys are {list}")),
        (None, [_]) => Some(format!("the only key known here is {list}")),
        (None, _) => Some(format!("known keys are {list}")),
    }
}

fn expected(kind: &TypeKind) -> String {
    let names: Vec<String> = match kind {
        TypeKind::Single(one) => vec![words::type_named(one.as_str()).to_owned()],
        TypeKind::Multiple(set) => {
            set.iter().map(|t| words::type_named(t.as_str()).to_owned()).collect()
        }
    };
    words::list(&names.into_iter().filter(|name| name != "nothing").collect::<Vec<_>>(), "or")
}

fn items(limit: u64, value: &Value) -> &'static str {
    match (value.is_array(), limit) {
        (true, 1) => "item",
        (true, _) => "items",
        (false, 1) => "entry",
        (false, _) => "entries",
    }
}
