//! Reading a condition: words first, then what they mean together.

use std::iter::Peekable;
use std::vec::IntoIter;

use uuid::Uuid;

use super::{Attribute, Expression, Function, Kind, Operand, Quantifier, Source};

/// Reads a whole condition; `depth` is how many brackets and negations may be open at once.
pub(super) fn expression(text: &str, depth: usize) -> Result<Expression, String> {
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), depth };
    let read = parser.any()?;
    match parser.tokens.next() {
        None => Ok(read),
        Some((at, token)) => Err(format!("{} was not expected at character {at}", token.shown())),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    OpenSet,
    CloseSet,
    Comma,
    Not,
    And,
    Or,
    Attribute(Attribute),
    /// Quoted.
    Text(String),
    Word(String),
}

impl Token {
    fn shown(&self) -> String {
        let short = |text: &str| text.chars().take(40).collect::<String>();
        match self {
            Self::Open => "'('".to_owned(),
            Self::Close => "')'".to_owned(),
            Self::OpenSet => "'{'".to_owned(),
            Self::CloseSet => "'}'".to_owned(),
            Self::Comma => "','".to_owned(),
            Self::Not => "a negation".to_owned(),
            Self::And => "AND".to_owned(),
            Self::Or => "OR".to_owned(),
            Self::Attribute(it) => format!("the attribute '{}'", short(&it.name)),
            Self::Text(text) | Self::Word(text) => format!("'{}'", short(text)),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let mut found = Vec::new();
    let mut rest = text.chars().enumerate().peekable();
    while let Some((at, first)) = rest.next() {
        let token = match first {
            _ if first.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '{' => Token::OpenSet,
            '}' => Token::CloseSet,
            ',' => Token::Comma,
            '!' => Token::Not,
            '&' if rest.next_if(|(_, next)| *next == '&').is_some() => Token::And,
            '|' if rest.next_if(|(_, next)| *next == '|').is_some() => Token::Or,
            '\'' => Token::Text(until(&mut rest, '\'').ok_or("a quote is not closed")?),
            '@' => {
                let inner = until(&mut rest, ']').ok_or("an attribute is not closed with ']'")?;
                Token::Attribute(attribute(&inner)?)
            }
            _ if is_word(first) => {
                let mut word = String::from(first);
                while let Some((_, next)) = rest.next_if(|(_, next)| is_word(*next)) {
                    word.push(next);
                }
                match word.to_ascii_uppercase().as_str() {
                    "AND" => Token::And,
                    "OR" => Token::Or,
                    "NOT" => Token::Not,
                    _ => Token::Word(word),
                }
            }
            _ => return Err(format!("the character {first:?} was not expected at character {at}")),
        };
        found.push((at, token));
    }
    Ok(found)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_:./*".contains(c)
}

fn until(rest: &mut impl Iterator<Item = (usize, char)>, end: char) -> Option<String> {
    let mut text = String::new();
    for (_, next) in rest {
        if next == end {
            return Some(text);
        }
        text.push(next);
    }
    None
}

/// `Request[Microsoft.Authorization/roleAssignments:PrincipalId`.
fn attribute(inner: &str) -> Result<Attribute, String> {
    let (source, name) = inner.split_once('[').ok_or("an attribute has no '['")?;
    let source = match source.to_ascii_lowercase().as_str() {
        "request" => Source::Request,
        "resource" => Source::Resource,
        "principal" | "environment" => Source::Elsewhere,
        _ => {
            let shown: String = source.chars().take(40).collect();
            return Err(format!("'@{shown}' is not a source of attributes"));
        }
    };
    if name.trim().is_empty() {
        return Err("an attribute has no name".to_owned());
    }
    Ok(Attribute { source, name: name.trim().to_lowercase() })
}

struct Parser {
    tokens: Peekable<IntoIter<(usize, Token)>>,
    depth: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.all()?];
        while self.takes(&Token::Or) {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.part()?];
        while self.takes(&Token::And) {
            parts.push(self.part()?);
        }
        Ok(one_or(parts, Expression::All))
    }

    fn part(&mut self) -> Result<Expression, String> {
        let (at, token) = self.next("an expression")?;
        match token {
            Token::Not => {
                let inner = self.deeper(Self::part)?;
                Ok(Expression::Not(Box::new(inner)))
            }
            Token::Open => {
                let inner = self.deeper(Self::any)?;
                self.expect(&Token::Close)?;
                Ok(inner)
            }
            Token::Word(word) if word.eq_ignore_ascii_case("ActionMatches") => {
                self.set().map(Expression::Action)
            }
            Token::Word(word) if word.eq_ignore_ascii_case("SubOperationMatches") => {
                self.set().map(|_| Expression::Suboperation)
            }
            Token::Word(word) if word.eq_ignore_ascii_case("Exists") => {
                match self.next("an attribute")? {
                    (_, Token::Attribute(attribute)) => Ok(Expression::Exists(attribute)),
                    (at, odd) => Err(format!("{} is no attribute, at character {at}", odd.shown())),
                }
            }
            first => self.comparison(at, first),
        }
    }

    fn comparison(&mut self, at: usize, first: Token) -> Result<Expression, String> {
        let left = self.operand(at, first)?;
        let (at, token) = self.next("an operator")?;
        let Token::Word(word) = token else {
            return Err(format!("{} is no operator, at character {at}", token.shown()));
        };
        let unknown = || format!("'{word}' at character {at} is not a known operator");
        let (quantifier, name) = match word.split_once(':') {
            Some((quantifier, name)) => {
                (Some(self::quantifier(quantifier).ok_or_else(unknown)?), name)
            }
            None => (None, word.as_str()),
        };
        let function = function(name).ok_or_else(unknown)?;
        let (at, token) = self.next("a value")?;
        let right = self.operand(at, token)?;
        for operand in [&left, &right] {
            if let Operand::Values(values) = operand {
                check(values, function, quantifier.is_some())?;
            }
        }
        let single = Quantifier { every_left: true, every_right: true };
        Ok(Expression::Compare { left, quantifier: quantifier.unwrap_or(single), function, right })
    }

    fn operand(&mut self, at: usize, token: Token) -> Result<Operand, String> {
        match token {
            Token::Attribute(attribute) => Ok(Operand::Attribute(attribute)),
            Token::Text(text) | Token::Word(text) => Ok(Operand::Values(vec![text])),
            Token::OpenSet => self.rest_of_set().map(Operand::Values),
            odd => Err(format!("{} at character {at} is no attribute and no value", odd.shown())),
        }
    }

    fn set(&mut self) -> Result<Vec<String>, String> {
        self.expect(&Token::OpenSet)?;
        self.rest_of_set()
    }

    fn rest_of_set(&mut self) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        loop {
            match self.next("a value")? {
                (_, Token::Text(text) | Token::Word(text)) => values.push(text),
                (at, odd) => return Err(format!("{} is no value, at character {at}", odd.shown())),
            }
            if !self.takes(&Token::Comma) {
                self.expect(&Token::CloseSet)?;
                return Ok(values);
            }
        }
    }

    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Expression, String>,
    ) -> Result<Expression, String> {
        self.depth = self.depth.checked_sub(1).ok_or("it is nested too deeply")?;
        let inner = read(self)?;
        self.depth += 1;
        Ok(inner)
    }

    fn next(&mut self, wanted: &str) -> Result<(usize, Token), String> {
        self.tokens.next().ok_or_else(|| format!("it ends where {wanted} was expected"))
    }

    fn takes(&mut self, wanted: &Token) -> bool {
        self.tokens.next_if(|(_, token)| token == wanted).is_some()
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), String> {
        match self.tokens.next() {
            Some((_, token)) if token == *wanted => Ok(()),
            Some((at, odd)) => {
                let (odd, wanted) = (odd.shown(), wanted.shown());
                Err(format!("{odd} stands at character {at} where {wanted} was expected"))
            }
            None => Err(format!("it ends where {} was expected", wanted.shown())),
        }
    }
}

fn one_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            parts.extend(last);
            many(parts)
        }
    }
}

fn quantifier(name: &str) -> Option<Quantifier> {
    let (every_left, every_right) = match name.to_ascii_lowercase().as_str() {
        "foranyofanyvalues" => (false, false),
        "forallofanyvalues" => (true, false),
        "foranyofallvalues" => (false, true),
        "forallofallvalues" => (true, true),
        _ => return None,
    };
    Some(Quantifier { every_left, every_right })
}

fn function(name: &str) -> Option<Function> {
    let name = name.to_ascii_lowercase();
    let (guid, rest) = match name.strip_prefix("guid") {
        Some(rest) => (true, rest),
        None => (false, name.strip_prefix("string")?),
    };
    let (negated, rest) = match rest.strip_prefix("not") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (ignore_case, rest) = match rest.strip_suffix("ignorecase") {
        Some(rest) if !guid => (true, rest),
        _ => (false, rest),
    };
    let kind = match (guid, rest) {
        (true, "equals") => Kind::Guid,
        (false, "equals") => Kind::Equals,
        (false, "like") => Kind::Like,
        (false, "startswith") => Kind::StartsWith,
        _ => return None,
    };
    Some(Function { kind, negated, ignore_case })
}

fn check(values: &[String], function: Function, quantified: bool) -> Result<(), String> {
    if values.len() > 1 && !quantified {
        return Err("a set is compared with an operator that takes one value".to_owned());
    }
    let guid = |value: &&String| function.kind == Kind::Guid && Uuid::parse_str(value).is_err();
    match values.iter().find(guid) {
        Some(odd) => {
            let shown: String = odd.chars().take(40).collect();
            Err(format!("'{shown}' is not a GUID"))
        }
        None => Ok(()),
    }
}
