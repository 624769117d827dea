//! Bytes to data with places: everything that can be wrong before a key means anything.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Number, Value};
use skybridge_model::Diagnostic;
use skybridge_model::limits::{DIAGNOSTICS_MAX, MANIFEST_BYTES_MAX, MANIFEST_DEPTH_MAX};
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use crate::codes;
use crate::depth;
use crate::places::{Complaints, Place, Places, join};
use crate::source::{LineIndex, Source};

/// A text that could be read, at least in parts.
pub(crate) struct Document {
    pub(crate) value: Value,
    pub(crate) places: Places,
    /// Something could not be read, so that nothing may be called missing.
    pub(crate) damaged: bool,
}

/// Reads a text. `None` when nothing of it is usable; the reason is among `complaints`.
pub(crate) fn read(source: Source<'_>, complaints: &mut Complaints) -> Option<Document> {
    if source.text.len() > MANIFEST_BYTES_MAX {
        complaints.push(too_large(source));
        return None;
    }
    let index = Arc::new(LineIndex::new(source));
    let Ok(text) = str::from_utf8(source.text) else {
        complaints.push(not_utf8(source.text, &index));
        return None;
    };
    let brackets = depth::brackets(text, MANIFEST_DEPTH_MAX);
    if let Some(place) = brackets.too_deep {
        complaints.push(too_deep(&index, &place));
        return None;
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    let broken = furthest_ends(&errors);
    let lost = lost_to_open_headers(text, &errors);
    let readable = brackets.unclosed.as_ref().map_or(text.len(), |bracket| bracket.start);
    let damaged = !errors.is_empty() || brackets.unclosed.is_some();
    report(text, &index, &errors, brackets.unclosed, complaints);
    let mut reader = Reader { places: Places::new(index), broken, lost, readable, complaints };
    let value = reader.root(root.get_ref());
    Some(Document { value, places: reader.places, damaged })
}

fn too_large(source: Source<'_>) -> Diagnostic {
    let nothing = LineIndex::new(Source { text: b"", ..source });
    Diagnostic::error(codes::TOO_LARGE, "the manifest is too large")
        .detail(format!(
            "it has {} bytes, at most {MANIFEST_BYTES_MAX} are read",
            source.text.len()
        ))
        .help("is this the right file? Connectors can be put into several manifests")
        .span(nothing.span(&(0..0)))
}

fn not_utf8(text: &[u8], index: &LineIndex) -> Diagnostic {
    let valid = str::from_utf8(text).err().map_or(0, |error| error.valid_up_to());
    let byte = text.get(valid).copied().unwrap_or_default();
    let wide = text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF");
    let help =
        if wide { "it looks like UTF-16; save it as UTF-8" } else { "save the file as UTF-8" };
    Diagnostic::error(codes::NOT_UTF8, "the manifest is not UTF-8")
        .detail(format!("byte 0x{byte:02x} at offset {valid} is not part of a character"))
        .help(help)
        .span(index.span(&(valid..valid + 1)))
}

fn too_deep(index: &LineIndex, place: &Range<usize>) -> Diagnostic {
    Diagnostic::error(codes::TOO_DEEP, "tables or arrays are nested too deep")
        .detail(format!("at most {MANIFEST_DEPTH_MAX} levels are read"))
        .help("look for a bracket that is opened again and again")
        .span(index.span(place))
}

/// One complaint a line, and none after a bracket that stays open: the rest follows from it.
fn report(
    text: &str,
    index: &LineIndex,
    errors: &[toml::de::Error],
    unclosed: Option<Range<usize>>,
    complaints: &mut Complaints,
) {
    let readable = unclosed.as_ref().map_or(text.len() + 1, |bracket| bracket.start);
    let mut errors: Vec<(Range<usize>, &str)> = errors
        .iter()
        .map(|error| (error.span().unwrap_or_default(), error.message()))
        .filter(|(place, _)| place.start < readable)
        .collect();
    errors.sort_by_key(|(place, _)| place.start);
    errors.dedup_by_key(|(place, _)| index.line(place.start));
    for (place, message) in errors {
        complaints.push(syntax(text, message, &place).span(index.span(&place)));
    }
    if let Some(bracket) = unclosed {
        let sign = text.get(bracket.clone()).unwrap_or("[");
        complaints.push(
            Diagnostic::error(codes::SYNTAX, format!("`{sign}` is never closed"))
                .help("close it; what follows could not be judged")
                .span(index.span(&bracket)),
        );
    }
}

fn syntax(text: &str, message: &str, place: &Range<usize>) -> Diagnostic {
    if message == "duplicate key" {
        let key = text.get(place.clone()).unwrap_or_default();
        return Diagnostic::error(codes::DUPLICATE, format!("`{key}` is given twice"))
            .help("keep one of them, or merge the tables");
    }
    if message.starts_with("string values must be quoted") {
        return if place.is_empty() {
            Diagnostic::error(codes::SYNTAX, "a value is missing after `=`")
        } else {
            Diagnostic::error(codes::SYNTAX, "text must be quoted").help("write it as \"…\"")
        };
    }
    let diagnostic = Diagnostic::error(codes::SYNTAX, message);
    if message.starts_with("key with no value") {
        return diagnostic.help("write `key = value`, or `[table]` for a table");
    }
    diagnostic
}

fn furthest_ends(errors: &[toml::de::Error]) -> Vec<(usize, usize)> {
    let mut places: Vec<Range<usize>> = errors.iter().filter_map(toml::de::Error::span).collect();
    places.sort_by_key(|place| place.start);
    let ends = places.iter().scan(0, |furthest: &mut usize, place| {
        *furthest = place.end.max(*furthest);
        Some((place.start, *furthest))
    });
    ends.collect()
}

/// The lines after headers that are not closed, up to the next header.
fn lost_to_open_headers(text: &str, errors: &[toml::de::Error]) -> Vec<Range<usize>> {
    let open = errors.iter().filter(|error| error.message().starts_with("unclosed table"));
    open.take(DIAGNOSTICS_MAX)
        .filter_map(|error| {
            let start = error.span()?.start;
            let length = text.get(start..)?.find("\n[").unwrap_or(text.len() - start);
            Some(start..start + length)
        })
        .collect()
}

struct Reader<'a> {
    places: Places,
    /// Where the text could not be read: each start, in order, with the furthest end up to there.
    broken: Vec<(usize, usize)>,
    /// Keys here belong to a table whose header is open, and would be taken for another's.
    lost: Vec<Range<usize>>,
    /// What begins here or later is inside a bracket that stays open.
    readable: usize,
    complaints: &'a mut Complaints,
}

impl Reader<'_> {
    fn root(&mut self, table: &DeTable<'_>) -> Value {
        self.places.insert(String::new(), Place { key: None, value: 0..0 });
        self.table(table, "")
    }

    fn table(&mut self, table: &DeTable<'_>, pointer: &str) -> Value {
        let mut map = Map::new();
        for (key, value) in table {
            if self.lost.iter().any(|lost| lost.contains(&key.span().start)) {
                continue;
            }
            let pointer = join(pointer, key.get_ref());
            let read = self.value(value, &pointer, Some(key.span()));
            map.insert(key.get_ref().to_string(), read);
        }
        Value::Object(map)
    }

    fn value(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        pointer: &str,
        key: Option<Range<usize>>,
    ) -> Value {
        let place = value.span();
        let begins = key.as_ref().map_or(place.start, |key| key.start);
        self.places.insert(pointer.to_owned(), Place { key, value: place.clone() });
        match value.get_ref() {
            _ if place.start >= self.readable && !place.is_empty() => Value::Null,
            DeValue::Table(table) => self.table(table, pointer),
            DeValue::Array(array) => {
                let items = array.iter().enumerate();
                Value::Array(
                    items
                        .map(|(i, v)| self.value(v, &join(pointer, &i.to_string()), None))
                        .collect(),
                )
            }
            _ if self.is_broken(begins..place.end) => Value::Null,
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Datetime(time) => Value::String(time.to_string()),
            DeValue::Integer(number) => self.number(integer(number), &place),
            DeValue::Float(number) => self.number(float(number), &place),
        }
    }

    fn number(&mut self, number: Result<Number, &'static str>, place: &Range<usize>) -> Value {
        number.map_or_else(
            |why| {
                self.complaints.push(
                    Diagnostic::error(codes::UNREADABLE_NUMBER, why)
                        .help("write a number in range, or a text in quotes")
                        .span(self.places.index.span(place)),
                );
                Value::Null
            },
            Value::Number,
        )
    }

    /// Whether the parser stumbled in this stretch, or made the value up (then it has no length).
    fn is_broken(&self, place: Range<usize>) -> bool {
        let before = self.broken.partition_point(|(start, _)| *start <= place.end);
        let last = before.checked_sub(1).and_then(|last| self.broken.get(last));
        place.is_empty() || last.is_some_and(|(_, end)| *end >= place.start)
    }
}

fn integer(number: &DeInteger<'_>) -> Result<Number, &'static str> {
    i64::from_str_radix(number.as_str(), number.radix())
        .map(Number::from)
        .map_err(|_| "the integer does not fit 64 bits")
}

fn float(number: &DeFloat<'_>) -> Result<Number, &'static str> {
    let number: Option<f64> = number.as_str().parse().ok();
    number.and_then(Number::from_f64).ok_or("infinity and not-a-number are no settings")
}
