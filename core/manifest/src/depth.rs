//! How deep a text nests and which bracket stays open, counted on tokens before anything recurses.
//!
//! The TOML parser has a guard of its own, but it counts closings that nothing opened (an inline
//! table with `{` where a key belongs), so that a crafted file of half a megabyte overflows its
//! stack; and it lets a key of many dots count once. Here every opening bracket and every dot counts.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// What the brackets of a text say.
#[derive(Debug, Default)]
pub(crate) struct Brackets {
    /// The first bracket or dot that is one level too deep.
    pub(crate) too_deep: Option<Range<usize>>,
    /// The outermost bracket that is never closed.
    pub(crate) unclosed: Option<Range<usize>>,
}

/// One bracket that is open, or the document itself.
#[derive(Debug)]
struct Level {
    closes_with: TokenKind,
    opened: Range<usize>,
    /// Dots of the key being read: `a.b.c` is two tables more.
    run: usize,
    /// The most dots of any key here. Not of the last one: after a stray comma the parser may still
    /// hold the key before it.
    dots: usize,
}

struct Counter {
    levels: Vec<Level>,
    header: usize,
    in_header: bool,
    line_begins: bool,
}

/// Counts brackets and dots; stops at the first place deeper than `deepest`.
pub(crate) fn brackets(text: &str, deepest: usize) -> Brackets {
    let mut counter = Counter {
        levels: vec![level(TokenKind::Eof, 0..0)],
        header: 0,
        in_header: false,
        line_begins: true,
    };
    for token in Source::new(text).lex() {
        let place = token.span().start()..token.span().end();
        counter.token(token.kind(), &place);
        if counter.depth() > deepest {
            return Brackets { too_deep: Some(place), unclosed: None };
        }
    }
    let unclosed = counter.levels.get(1).map(|level| level.opened.clone());
    Brackets { too_deep: None, unclosed }
}

fn level(closes_with: TokenKind, opened: Range<usize>) -> Level {
    Level { closes_with, opened, run: 0, dots: 0 }
}

impl Counter {
    fn depth(&self) -> usize {
        self.header + self.levels.len() - 1 + self.levels.iter().map(|l| l.dots).sum::<usize>()
    }

    fn token(&mut self, kind: TokenKind, place: &Range<usize>) {
        let line_begins = std::mem::replace(&mut self.line_begins, false);
        match kind {
            TokenKind::Newline => self.newline(),
            TokenKind::Whitespace | TokenKind::Comment => self.line_begins = line_begins,
            TokenKind::LeftSquareBracket if self.levels.len() == 1 && line_begins => {
                self.header = 1;
                self.in_header = true;
            }
            TokenKind::Dot if self.in_header => self.header += 1,
            _ if self.in_header => {}
            TokenKind::LeftSquareBracket => {
                self.levels.push(level(TokenKind::RightSquareBracket, place.clone()));
            }
            TokenKind::LeftCurlyBracket => {
                self.levels.push(level(TokenKind::RightCurlyBracket, place.clone()));
            }
            // Only the bracket that fits closes: the parser never leaves a level on another.
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                let _closed = self.levels.pop_if(|level| level.closes_with == kind);
            }
            TokenKind::Comma | TokenKind::Equals => self.last(|level| level.run = 0),
            TokenKind::Dot => self.last(|level| {
                // Arrays have no keys: these are floats.
                if level.closes_with != TokenKind::RightSquareBracket {
                    level.run += 1;
                    level.dots = level.dots.max(level.run);
                }
            }),
            _ => {}
        }
    }

    fn newline(&mut self) {
        self.line_begins = true;
        self.in_header = false;
        if self.levels.len() == 1 {
            self.last(|level| (level.run, level.dots) = (0, 0));
        }
    }

    fn last(&mut self, change: impl Fn(&mut Level)) {
        if let Some(level) = self.levels.last_mut() {
            change(level);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(text: &str) -> bool {
        brackets(text, 4).too_deep.is_some()
    }

    #[test]
    fn counts_brackets_and_dots() {
        assert!(!deep("[a.b]\nc.d = [1.5]\n[e]\nf = [[{}]]\n"));
        assert!(deep("x = [[[[[1]]]]]"));
        assert!(deep("a.b.c.d.e.f = 1"));
        assert!(deep("[a.b.c]\nd.e.f = 1"));
        assert!(deep("[a.b]\nd.e = {f = {}}"));
        assert!(!deep("[a.b]\nd.e = {f = 1}\ng.h = 1"));
    }

    #[test]
    fn closings_that_fit_nothing_do_not_hide_depth() {
        assert!(deep(&format!("x={}", "{{}a=".repeat(9))));
        assert!(deep(&format!("x={}", "[}".repeat(9))));
        assert!(deep("x={a.b.c, = {d = {}}}"));
    }

    #[test]
    fn finds_the_bracket_that_stays_open() {
        assert_eq!(brackets("a = [1]\nb = [ \"x\"\n[c]\nd = [2]\n", 9).unclosed, Some(12..13));
        assert_eq!(brackets("[a\nb = 1\n", 9).unclosed, None);
    }
}
