//! The small language inside a template's texts.
//!
//! | written | means |
//! |---|---|
//! | `{scope}`, `{name}` | the step's scope, or a value of its variables |
//! | `<application.client-id>` | the output `client-id` of the dependency `application` |
//! | `{{`, `<<` | a literal `{`, a literal `<` |
//!
//! Everything else is text, and so are `}` and `>`. A brace or angle that begins nothing is text too,
//! so that reading never fails; the planner complains about it.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use skybridge_model::address::is_word;

/// Nothing between a brace or angle and its partner is longer: three words of an address.
const INNER_BYTES_MAX: usize = 512;

/// One piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    /// `{{`
    Brace,
    /// `<<`
    Angle,
    /// `{name}`
    Var(&'a str),
    /// `<local.output>`
    Output(Reference<'a>),
    /// A brace or angle that begins nothing.
    Odd(&'a str),
}

/// An output of a step, as texts speak of it: `application.client-id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference<'a> {
    /// `kind` or `kind.name`.
    pub(crate) local: &'a str,
    pub(crate) output: &'a str,
}

impl<'a> Reference<'a> {
    /// Reads `kind.output` or `kind.name.output`.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (local, output) = text.rsplit_once('.')?;
        let local_is_good = match local.split_once('.') {
            Some((kind, name)) => is_word(kind) && is_word(name),
            None => is_word(local),
        };
        (local_is_good && is_word(output)).then_some(Self { local, output })
    }

    /// `<application.client-id>`
    pub(crate) fn push_placeholder(&self, out: &mut String) {
        for part in ["<", self.local, ".", self.output, ">"] {
            out.push_str(part);
        }
    }
}

impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.local, self.output)
    }
}

/// The pieces of a text, in order.
pub(crate) struct Pieces<'a>(&'a str);

impl<'a> Pieces<'a> {
    pub(crate) const fn of(text: &'a str) -> Self {
        Self(text)
    }

    /// What stands between the first character and `close`, and what follows.
    fn inner(&self, close: u8) -> Option<(&'a str, &'a str)> {
        let end = self.0.bytes().take(INNER_BYTES_MAX).position(|byte| byte == close)?;
        Some((self.0.get(1..end)?, self.0.get(end + 1..)?))
    }

    fn special(&self) -> Option<(Piece<'a>, &'a str)> {
        if let Some(rest) = self.0.strip_prefix("{{") {
            return Some((Piece::Brace, rest));
        }
        if let Some(rest) = self.0.strip_prefix("<<") {
            return Some((Piece::Angle, rest));
        }
        if self.0.starts_with('{') {
            let (inner, rest) = self.inner(b'}')?;
            return is_word(inner).then_some((Piece::Var(inner), rest));
        }
        let (inner, rest) = self.inner(b'>')?;
        Reference::parse(inner).map(|reference| (Piece::Output(reference), rest))
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let (piece, rest) = match self.0.find(['{', '<']) {
            Some(0) => self.special().unwrap_or_else(|| {
                let (odd, rest) = self.0.split_at(1);
                (Piece::Odd(odd), rest)
            }),
            Some(at) => {
                let (text, rest) = self.0.split_at(at);
                (Piece::Text(text), rest)
            }
            None => (Piece::Text(self.0), ""),
        };
        self.0 = rest;
        Some(piece)
    }
}

/// What the variables of one step stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) scope: Option<&'a str>,
    pub(crate) vars: &'a BTreeMap<String, String>,
}

impl<'a> Values<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        match self.scope {
            Some(scope) if name == "scope" => Some(scope),
            _ => self.vars.get(name).map(String::as_str),
        }
    }
}

/// Appends `text` for people: variables filled in, doubled characters single, placeholders as they are.
pub(crate) fn display(text: &str, values: Values<'_>, out: &mut String) {
    for piece in Pieces::of(text) {
        match piece {
            Piece::Text(text) | Piece::Odd(text) => out.push_str(text),
            Piece::Brace => out.push('{'),
            Piece::Angle => out.push('<'),
            Piece::Output(reference) => reference.push_placeholder(out),
            Piece::Var(name) => push_value(name, values, str::to_owned, out),
        }
    }
}

/// Appends the value of a variable, or the variable when it has none.
fn push_value(name: &str, values: Values<'_>, write: impl Fn(&str) -> String, out: &mut String) {
    match values.get(name) {
        Some(value) => out.push_str(&write(value)),
        None => {
            out.push('{');
            out.push_str(name);
            out.push('}');
        }
    }
}

/// `text` with the variables filled in and still in the language: what is not a placeholder does not
/// become one, whatever the values hold.
pub(crate) fn fill(text: &str, values: Values<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in Pieces::of(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Odd(text) => escape_into(text, &mut out),
            Piece::Brace => out.push_str("{{"),
            Piece::Angle => out.push_str("<<"),
            Piece::Output(reference) => reference.push_placeholder(&mut out),
            Piece::Var(name) => push_value(name, values, escape, &mut out),
        }
    }
    out
}

/// [`fill`] for every text in `value`; the keys of objects are left alone.
pub(crate) fn fill_value(value: &Value, values: Values<'_>) -> Value {
    map_texts(value, &mut |text| Ok::<_, std::convert::Infallible>(fill(text, values).into()))
        .unwrap_or_else(|never| match never {})
}

/// Makes `text` stand for itself.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(text, &mut out);
    out
}

/// [`escape`] for every text in `value`.
pub(crate) fn escape_value(value: &Value) -> Value {
    map_texts(value, &mut |text| Ok::<_, std::convert::Infallible>(escape(text).into()))
        .unwrap_or_else(|never| match never {})
}

fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        if c == '{' || c == '<' {
            out.push(c);
        }
        out.push(c);
    }
}

/// Calls `each` with every text in `value`, keys of objects left out.
pub(crate) fn each_text<'a>(value: &'a Value, each: &mut dyn FnMut(&'a str)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, each)),
        Value::Object(fields) => fields.values().for_each(|field| each_text(field, each)),
        _ => {}
    }
}

/// `value` with every text replaced by what `map` makes of it.
pub(crate) fn map_texts<E>(
    value: &Value,
    map: &mut impl FnMut(&str) -> Result<Value, E>,
) -> Result<Value, E> {
    Ok(match value {
        Value::String(text) => map(text)?,
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| map_texts(item, map)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, field)| Ok((key.clone(), map_texts(field, map)?)))
                .collect::<Result<_, E>>()?,
        ),
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<'a>(vars: &'a BTreeMap<String, String>) -> Values<'a> {
        Values { scope: Some("s-1"), vars }
    }

    fn shown(text: &str, vars: &BTreeMap<String, String>) -> String {
        let mut out = String::new();
        display(text, values(vars), &mut out);
        out
    }

    #[test]
    fn texts_for_people() {
        let vars = BTreeMap::from([("name".to_owned(), "Tailspin".to_owned())]);
        for (text, expected) in [
            ("assign Reader on {scope}", "assign Reader on s-1"),
            ("{name}: <a.b.c>", "Tailspin: <a.b.c>"),
            ("{{scope} <<a.b>", "{scope} <a.b>"),
            ("{unknown} {Not A Word} < 5 {", "{unknown} {Not A Word} < 5 {"),
            ("<a> <a.b.c.d> <", "<a> <a.b.c.d> <"),
            ("", ""),
        ] {
            assert_eq!(shown(text, &vars), expected, "{text}");
        }
    }

    #[test]
    fn a_value_never_becomes_a_placeholder() {
        let vars = BTreeMap::from([("x".to_owned(), "<a.b>".to_owned())]);
        // The odd angle in front must not pair up with the doubled one of the value either.
        for text in ["{x}", "<{x}", "<<{x}", "a < {x}"] {
            let filled = fill(text, values(&vars));
            assert!(
                Pieces::of(&filled).all(|p| !matches!(p, Piece::Output(_) | Piece::Odd(_))),
                "{text} -> {filled}"
            );
        }
    }
}
