//! Telling that a step is like one before it, but for its scope, without making a template of it
//! first: of 150,000 steps some twenty are new.

use memchr::memmem::Finder;
use memchr::{memchr, memchr2};

use super::parts::{Call, Step};
use crate::language::{Piece, Pieces};

/// What a step says with its scope left out, as bytes to compare. Two steps have the same exactly
/// when their templates are the same; only texts with escapes in the desired state may tell
/// templates apart that are the same.
pub(super) struct Likeness {
    bytes: Vec<u8>,
    /// Finds the scope of the step before, which mostly is that of the next.
    scope: Option<Finder<'static>>,
}

/// Ends what was cut up; no piece is as long.
const END: [u8; 4] = u32::MAX.to_le_bytes();

impl Likeness {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::with_capacity(1024), scope: None }
    }

    /// The likeness of a step of the connector with this number.
    pub(super) fn of(&mut self, connector: u32, step: &Step<'_>) -> &[u8] {
        let scope = step.scope.as_deref().map(str::as_bytes);
        if self.scope.as_ref().map(Finder::needle) != scope {
            self.scope = scope.map(|scope| Finder::new(scope).into_owned());
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(&connector.to_le_bytes());
        for text in [&*step.kind, option(step.name.as_deref()), &step.effect, &step.performer] {
            self.whole(text);
        }
        self.whole(option(step.reference.as_deref()));
        for text in [&*step.title, &step.group, &step.throttle] {
            self.cut(text.as_bytes());
        }
        // An absent name or reference and an empty one differ, and so do absent parts below.
        let absent = [step.name.is_none(), step.reference.is_none(), step.always, step.part];
        self.bytes.extend(absent.map(u8::from));
        self.desired(step.desired.map_or("", |desired| desired.get()));
        for list in [&step.inputs, &step.outputs] {
            list.iter().for_each(|text| self.whole(text));
            self.end();
        }
        self.calls(&step.calls);
        if let Some(undo) = &step.undo {
            self.cut(undo.title.as_bytes());
            self.calls(&undo.calls);
        }
        self.end();
        if let Some(readiness) = &step.readiness {
            self.cut(readiness.waits_for.as_bytes());
            self.bytes.extend_from_slice(&readiness.successes.to_le_bytes());
            self.bytes.extend_from_slice(&readiness.interval_ms.to_le_bytes());
            self.bytes.extend_from_slice(&readiness.budget_ms.to_le_bytes());
        }
        self.end();
        step.notes.iter().for_each(|note| self.cut(note.as_bytes()));
        self.end();
        &self.bytes
    }

    fn end(&mut self) {
        self.bytes.extend_from_slice(&END);
    }

    fn calls(&mut self, calls: &[Call<'_>]) {
        for call in calls {
            self.whole(&call.method);
            self.cut(call.url.as_bytes());
            self.bytes.push(u8::from(call.permission.is_none()));
            self.cut(option(call.permission.as_deref()).as_bytes());
        }
        self.end();
    }

    fn piece(&mut self, bytes: &[u8]) {
        // A piece is part of a text in memory of which `END` bytes would be 4 GiB.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX - 1);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(bytes);
    }

    /// A text whose template holds it as it is.
    fn whole(&mut self, text: &str) {
        self.piece(text.as_bytes());
    }

    /// A text whose template has a variable wherever the scope stands.
    fn cut(&mut self, text: &[u8]) {
        let mut from = 0;
        if let Some(finder) = self.scope.take() {
            while let Some(at) = text.get(from..).and_then(|rest| finder.find(rest)) {
                self.piece(text.get(from..from + at).unwrap_or_default());
                from += at + finder.needle().len();
            }
            self.scope = Some(finder);
        }
        self.piece(text.get(from..).unwrap_or_default());
        self.end();
    }

    /// A text with placeholders, which name steps and never scopes.
    fn cut_pieces(&mut self, text: &str) {
        for piece in Pieces::of(text) {
            match piece {
                Piece::Text(text) => self.cut(text.as_bytes()),
                Piece::Brace => self.whole("{{"),
                Piece::Angle => self.whole("<<"),
                Piece::Odd(text) | Piece::Var(text) => self.whole(text),
                Piece::Output(reference) => {
                    self.whole(reference.local);
                    self.whole(reference.output);
                }
            }
        }
        self.end();
    }

    /// JSON, of which only the texts that are values have the variable.
    fn desired(&mut self, json: &str) {
        let mut rest = json.as_bytes();
        while let Some(start) = memchr(b'"', rest) {
            let (before, text) = rest.split_at(start + 1);
            self.piece(before);
            let Some(end) = string_end(text) else { break };
            let (inner, after) = text.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            let is_key = rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
            if is_key || memchr(b'\\', inner).is_some() {
                self.piece(inner);
            } else if memchr2(b'<', b'{', inner).is_some() {
                self.cut_pieces(std::str::from_utf8(inner).unwrap_or_default());
            } else {
                self.cut(inner);
            }
        }
        self.piece(rest);
        self.end();
    }
}

fn option(text: Option<&str>) -> &str {
    text.unwrap_or_default()
}

/// Where the string ends that begins before `text`.
fn string_end(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}
