//! The parts of a saved plan as they lie in its text: nothing is copied before it is known to be new.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::value::RawValue;

use super::v1;

/// The document with its parts unread, so that they may stand in any order.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Parts<'a> {
    #[serde(borrow, default)]
    pub(super) format: Option<Text<'a>>,
    #[serde(default)]
    pub(super) version: Option<u64>,
    #[serde(borrow, default)]
    pub(super) facts: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) origin: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) connectors: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) steps: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) notes: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) left_out: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) permissions: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) digest: Option<String>,
}

/// [`v1::Step`], borrowed.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Step<'a> {
    #[serde(borrow)]
    pub(super) address: Text<'a>,
    #[serde(borrow)]
    pub(super) connector: Text<'a>,
    #[serde(borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) scope: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) title: Text<'a>,
    #[serde(borrow)]
    pub(super) group: Text<'a>,
    #[serde(borrow, default)]
    pub(super) reference: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) effect: Text<'a>,
    #[serde(borrow)]
    pub(super) action: Text<'a>,
    #[serde(borrow)]
    pub(super) performer: Text<'a>,
    #[serde(borrow)]
    pub(super) needs: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) expects: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) desired: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) inputs: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) outputs: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) calls: Vec<Call<'a>>,
    #[serde(borrow, default)]
    pub(super) undo: Option<Undo<'a>>,
    #[serde(borrow, default)]
    pub(super) readiness: Option<Readiness<'a>>,
    #[serde(default)]
    pub(super) always: bool,
    #[serde(default)]
    pub(super) part: bool,
    #[serde(borrow)]
    pub(super) throttle: Text<'a>,
    #[serde(borrow, default)]
    pub(super) notes: Vec<Text<'a>>,
    #[serde(default)]
    pub(super) observed: Option<v1::Observed>,
    #[serde(default)]
    pub(super) changes: Vec<v1::Change>,
}

/// [`v1::Call`], borrowed.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Call<'a> {
    #[serde(borrow)]
    pub(super) method: Text<'a>,
    #[serde(borrow)]
    pub(super) url: Text<'a>,
    #[serde(borrow, default)]
    pub(super) permission: Option<Text<'a>>,
}

/// [`v1::Undo`], borrowed.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Undo<'a> {
    #[serde(borrow)]
    pub(super) title: Text<'a>,
    #[serde(borrow, default)]
    pub(super) calls: Vec<Call<'a>>,
}

/// [`v1::Readiness`], borrowed.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Readiness<'a> {
    #[serde(borrow)]
    pub(super) waits_for: Text<'a>,
    pub(super) successes: u32,
    pub(super) interval_ms: u64,
    pub(super) budget_ms: u64,
}

/// A text that is copied only if it holds escapes. Serde would copy those in lists always.
pub(super) struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TextVisitor).map(Text)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
