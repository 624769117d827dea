//! A plugin's lines and spans as they cross the socket.

use abi_stable::std_types::{RSlice, RStr};
use serde::{Deserialize, Serialize};
use skybridge_plugin_api::{LogSite, LogValue};

use super::message::LOG_BYTES_MAX;

/// Fields of a line, and values: `tracing` itself has 32.
const FIELDS_MAX: usize = 32;

/// A text of a field that is longer is cut: with its escapes it still fits a frame.
const TEXT_CHARS_MAX: usize = 4 << 10;

/// A name longer than this is cut.
const NAME_CHARS_MAX: usize = 200;

/// Where it stands in the source, and what it says.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Line {
    site: Site,
    values: Vec<Value>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Site {
    id: u64,
    level: u8,
    line: u32,
    name: String,
    target: String,
    file: String,
    fields: Vec<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Value {
    name: String,
    what: u8,
    text: String,
    number: u64,
}

fn cut(text: RStr<'_>, most: usize) -> String {
    text.as_str().chars().take(most).collect()
}

impl Line {
    /// As bytes that fit a frame; what is too long loses its values.
    pub(crate) fn encode(site: Option<&LogSite<'_>>, values: &[LogValue<'_>]) -> Vec<u8> {
        let site = site.map_or_else(Site::default, |site| Site {
            id: site.id,
            level: site.level,
            line: site.line,
            name: cut(site.name, NAME_CHARS_MAX),
            target: cut(site.target, NAME_CHARS_MAX),
            file: cut(site.file, NAME_CHARS_MAX),
            fields: site
                .fields
                .iter()
                .take(FIELDS_MAX)
                .map(|name| cut(*name, NAME_CHARS_MAX))
                .collect(),
        });
        let values = values.iter().take(FIELDS_MAX).map(|value| Value {
            name: cut(value.name, NAME_CHARS_MAX),
            what: value.what,
            text: cut(value.text, TEXT_CHARS_MAX),
            number: value.number,
        });
        let mut line = Self { site, values: values.collect() };
        let bytes = serde_json::to_vec(&line).unwrap_or_default();
        if bytes.len() <= LOG_BYTES_MAX {
            return bytes;
        }
        line.values.clear();
        serde_json::to_vec(&line).unwrap_or_default()
    }

    /// Shows the line as the interface has it.
    pub(crate) fn with<R>(&self, show: impl FnOnce(&LogSite<'_>, &[LogValue<'_>]) -> R) -> R {
        let fields: Vec<RStr<'_>> = self.site.fields.iter().map(|f| RStr::from_str(f)).collect();
        let values: Vec<LogValue<'_>> = self
            .values
            .iter()
            .map(|value| LogValue {
                name: RStr::from_str(&value.name),
                what: value.what,
                text: RStr::from_str(&value.text),
                number: value.number,
            })
            .collect();
        let Site { id, level, line, .. } = self.site;
        let site = LogSite {
            id,
            level,
            line,
            name: RStr::from_str(&self.site.name),
            target: RStr::from_str(&self.site.target),
            file: RStr::from_str(&self.site.file),
            fields: RSlice::from_slice(&fields),
        };
        show(&site, &values)
    }
}
