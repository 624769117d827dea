//! Texts on their way into the page.

use serde_json::{Value, json};

use super::super::text_step::plain;
use crate::language::{Piece, Pieces};

/// Text between tags, and in attributes within double quotes.
pub(super) fn escaped(text: &str) -> String {
    let text = plain(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A template's text cut up for the page's script: a string, or literal pieces with the names of
/// variables between them.
pub(super) fn cut(text: &str) -> Value {
    let mut pieces = vec![String::new()];
    let mut last = String::new();
    for piece in Pieces::of(text) {
        match piece {
            Piece::Text(text) | Piece::Odd(text) => last.push_str(text),
            Piece::Brace => last.push('{'),
            Piece::Angle => last.push('<'),
            Piece::Output(reference) => reference.push_placeholder(&mut last),
            Piece::Var(name) => {
                pieces.pop();
                pieces.extend([std::mem::take(&mut last), name.to_owned(), String::new()]);
            }
        }
    }
    pieces.pop();
    pieces.push(last);
    match &pieces[..] {
        [only] => json!(lines(only)),
        _ => pieces.iter().map(|piece| lines(piece)).collect(),
    }
}

/// [`plain`], which keeps lines apart: a page has room for them.
fn lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

/// A template's text with `…` for what differs from step to step.
pub(super) fn generic(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in Pieces::of(text) {
        match piece {
            Piece::Text(text) | Piece::Odd(text) => out.push_str(text),
            Piece::Brace => out.push('{'),
            Piece::Angle => out.push('<'),
            Piece::Output(reference) => reference.push_placeholder(&mut out),
            Piece::Var(_) => out.push('…'),
        }
    }
    out
}

/// A stretch of time as people say it.
pub(super) fn duration(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_their_variables() {
        for (text, expected) in [
            ("assign Reader", json!("assign Reader")),
            ("on {scope}", json!(["on ", "scope", ""])),
            ("{a}{b}: {{x} <<y> <k.o>", json!(["", "a", "", "b", ": {x} <y> <k.o>"])),
            ("a\n\u{1b}b", json!("a\n\u{fffd}b")),
            ("", json!("")),
        ] {
            assert_eq!(cut(text), expected, "{text}");
        }
        assert_eq!(generic("arm/{scope}/x"), "arm/…/x");
    }

    #[test]
    fn times_are_rounded_up() {
        for (ms, expected) in
            [(0, "0 s"), (1, "1 s"), (119_000, "119 s"), (120_001, "3 min"), (7_200_000, "2 h")]
        {
            assert_eq!(duration(ms), expected);
        }
    }
}
