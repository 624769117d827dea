//! How values, types and lists are put into sentences.

use serde_json::Value;

use crate::secrets::looks_like_secret;

/// Longer values are cut: the place in the file shows the rest.
const SHOWN_CHARS_MAX: usize = 60;

/// A value as it may be repeated in a sentence, never one that could be a secret.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if looks_like_secret(text) => "the value".to_owned(),
        Value::String(text) => format!("`{}`", cut(text)),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::Null | Value::Array(_) | Value::Object(_) => type_of(value).to_owned(),
    }
}

fn cut(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(SHOWN_CHARS_MAX)
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        out.push('…');
    }
    out
}

/// A key as it may be repeated in a sentence.
pub(crate) fn key(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// What TOML calls the kind of a value, with its article.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a float",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "a table",
    }
}

/// What TOML calls a JSON Schema type, with its article.
pub(crate) fn type_named(name: &str) -> &'static str {
    match name {
        "boolean" => "a boolean",
        "integer" => "an integer",
        "number" => "a number",
        "string" => "a string",
        "array" => "an array",
        "object" => "a table",
        _ => "nothing",
    }
}

/// `a`, `b` and `c`, with the last joined by `last`.
pub(crate) fn list(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
}

/// Keys in backticks, joined with `last`.
pub(crate) fn keys<'a>(names: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    list(&names.into_iter().map(key).collect::<Vec<_>>(), last)
}

/// `displayName` and `display_name` as keys are written here: `display-name`.
pub(crate) fn kebab(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c == '_' || c == ' ' {
            out.push('-');
        } else if c.is_ascii_uppercase() {
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            out.push(c.to_ascii_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}
