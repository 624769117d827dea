//! Secrets are never written in the manifest: what refers to one, what looks like one, and how to
//! show a file in which somebody wrote one.

use std::fmt;
use std::ops::Range;

use serde_json::Value;
use skybridge_model::Diagnostic;
use skybridge_model::limits::{MANIFEST_BYTES_MAX, MANIFEST_DEPTH_MAX};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::codes;
use crate::places::{Complaints, Places, join, segments};
use crate::source::Source;
use crate::words::{kebab, key};
use crate::{depth, syntax::Document};

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretReference {
    /// In an environment variable of this name.
    Env(String),
    /// In a file at this path, which is relative to the manifest.
    File(String),
}

impl SecretReference {
    /// Reads `env:NAME` or `file:PATH`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("env:") {
            let word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let begins = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
            return (word && begins).then(|| Self::Env(name.to_owned()));
        }
        let path = text.strip_prefix("file:")?;
        let printable = !path.trim().is_empty() && !path.chars().any(char::is_control);
        printable.then(|| Self::File(path.to_owned()))
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
        }
    }
}

/// The last words of keys that hold secrets, dashes left out; plurals are understood.
const SECRET_ENDINGS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "token",
    "privatekey",
    "secretkey",
    "accesskey",
    "accountkey",
    "sharedkey",
    "signingkey",
    "encryptionkey",
    "connectionstring",
    "sastoken",
];

/// Whether a key by its name holds a secret: `client-secret`, `apiKey`, `OX_TOKEN`.
pub(crate) fn is_secret_key(name: &str) -> bool {
    let plain: String = kebab(name).to_lowercase().replace('-', "");
    let plain = plain.strip_suffix('s').unwrap_or(&plain);
    plain == "pwd" || SECRET_ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// Whether any key of a pointer holds a secret.
pub(crate) fn is_secret_path(pointer: &str) -> bool {
    segments(pointer).any(|name| is_secret_key(&name))
}

/// Whether a text by its form is a secret: a private key, a signed token, an Azure client secret, or an
/// address with a password in it.
pub(crate) fn looks_like_secret(text: &str) -> bool {
    let private_key = text.contains("-----BEGIN") && text.contains("PRIVATE KEY");
    let signed_token = text.starts_with("eyJ") && text.matches('.').count() >= 2;
    let authority =
        text.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(""));
    let user_info =
        authority.is_some_and(|a| a.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')));
    private_key || signed_token || user_info || looks_like_client_secret(text)
}

/// Microsoft marks its client secrets: three characters, a digit, `Q~`, and 34 in all or more.
fn looks_like_client_secret(text: &str) -> bool {
    (34..=48).contains(&text.len())
        && text.get(4..6) == Some("Q~")
        && text.as_bytes().get(3).is_some_and(u8::is_ascii_digit)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.~-".contains(&b))
}

fn is_literal(name: Option<&str>, text: &str) -> bool {
    let by_name = name.is_some_and(is_secret_key) && !text.is_empty();
    (by_name && SecretReference::parse(text).is_none()) || looks_like_secret(text)
}

/// A destination's `key` refers to a secret, whatever it looks like.
fn is_literal_key(name: Option<&str>, text: &str) -> bool {
    name == Some("key") && SecretReference::parse(text).is_none()
}

/// Reports every literal secret and takes it out of the data, so that it goes nowhere from here.
pub(crate) fn refuse(document: &mut Document, complaints: &mut Complaints) {
    take_out(&mut document.value, None, "", &document.places, complaints);
    let tables = document.value.get_mut("connectors").and_then(Value::as_object_mut);
    for (name, connector) in tables.into_iter().flatten() {
        let Some(value) = connector.pointer_mut("/destination/key") else { continue };
        let literal = value.as_str().filter(|text| SecretReference::parse(text).is_none());
        if let Some(text) = literal {
            let pointer = join("/connectors", name) + "/destination/key";
            complaints.push(complaint("key", text).span(document.places.key(&pointer)));
            *value = Value::Null;
        }
    }
}

fn take_out(
    value: &mut Value,
    name: Option<&str>,
    pointer: &str,
    places: &Places,
    complaints: &mut Complaints,
) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                take_out(value, Some(key), &join(pointer, key), places, complaints);
            }
        }
        // The elements of `tokens = […]` go by the array's name and are shown at it.
        Value::Array(items) => {
            for item in items {
                take_out(item, name, pointer, places, complaints);
            }
        }
        Value::String(text) if is_literal(name, text) => {
            complaints.push(complaint(name.unwrap_or_default(), text).span(places.key(pointer)));
            *value = Value::Null;
        }
        _ => {}
    }
}

/// What to say about a text that stands where a reference belongs; the text is not repeated.
pub(crate) fn complaint(name: &str, text: &str) -> Diagnostic {
    let help = "write `env:NAME` or `file:PATH`";
    if text.starts_with("env:") || text.starts_with("file:") {
        let summary = format!("{} is not a usable reference to a secret", key(name));
        return Diagnostic::error(codes::SECRET_REFERENCE, summary).help(format!(
            "{help}: a name is letters, digits and underscores, a path is not empty"
        ));
    }
    Diagnostic::error(codes::SECRET, "secrets are never written in the manifest")
        .detail(format!("{} holds one in clear", key(name)))
        .help(format!("{help}, and change the secret if this file was shared"))
}

/// The text of a manifest as it may be shown: what looks like a secret is starred out, byte by byte, so
/// that places stay right. Empty when the text cannot be read at all.
///
/// Whoever draws a diagnostic's line takes it from here: the line itself may hold the secret.
#[must_use]
pub fn quotable(source: Source<'_>) -> String {
    let Some(text) =
        str::from_utf8(source.text).ok().filter(|text| text.len() <= MANIFEST_BYTES_MAX)
    else {
        return String::new();
    };
    if depth::brackets(text, MANIFEST_DEPTH_MAX).too_deep.is_some() {
        return String::new();
    }
    let mut hidden = Vec::new();
    in_table(DeTable::parse_recoverable(text).0.get_ref(), &mut hidden);
    in_lines(text, &mut hidden);
    star_out(text, &hidden)
}

fn in_table(table: &DeTable<'_>, hidden: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        in_value(value, Some(key.get_ref()), hidden);
    }
}

fn in_value(value: &Spanned<DeValue<'_>>, name: Option<&str>, hidden: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, hidden),
        DeValue::Array(items) => items.iter().for_each(|item| in_value(item, name, hidden)),
        DeValue::String(text) if is_literal(name, text) || is_literal_key(name, text) => {
            hidden.push(value.span());
        }
        _ => {}
    }
}

/// Finds what the parser could not read: a line such as `password = hunter2`, or the `key` of a
/// destination, goes by the word before the equals sign.
fn in_lines(text: &str, hidden: &mut Vec<Range<usize>>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(value) = secret_value(line) {
            hidden.push(start + value..start + line.len());
        }
        start += line.len();
    }
}

/// Where the literal value of the first secret key of a line begins.
fn secret_value(line: &str) -> Option<usize> {
    let mut word = 0..0;
    let mut begins = 0;
    for (offset, byte) in line.bytes().enumerate() {
        if b" \t,{.\"'=".contains(&byte) {
            if begins < offset {
                word = begins..offset;
            }
            begins = offset + 1;
        }
        if byte == b'=' && line.get(word.clone()).is_some_and(|w| w == "key" || is_secret_key(w)) {
            let value = line.get(offset + 1..).unwrap_or_default().trim_start();
            let plain = value.trim_start_matches(['"', '\'']);
            let reference = plain.starts_with("env:") || plain.starts_with("file:");
            if !reference && !value.starts_with(['{', '[']) {
                return Some(offset + 1);
            }
        }
    }
    None
}

fn star_out(text: &str, hidden: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for range in hidden {
        for byte in bytes.get_mut(range.clone()).into_iter().flatten() {
            if !byte.is_ascii_whitespace() {
                *byte = b'*';
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
