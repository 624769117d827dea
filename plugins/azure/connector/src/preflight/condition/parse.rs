//! The grammar of conditions, as Azure documents it for role assignments.

use std::iter::Peekable;
use std::vec::IntoIter;

/// The longest condition that is read; Azure's own limit is 8 KB.
const CHARS_MAX: usize = 16_384;

/// How deep brackets may nest. Azure's editor makes three levels.
const DEPTH_MAX: usize = 64;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    /// `ActionMatches{'…'}`.
    ActionMatches(String),
    /// Two operands, and the operator's name between them.
    Compare(Operand, String, Operand),
    /// A test that is in the grammar and cannot be decided here.
    Undecided,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    /// `@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]`.
    Attribute { source: String, name: String },
    /// One value or several.
    Values(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    And,
    Or,
    Not,
    /// What stands in square brackets.
    Bracket(String),
    Text(String),
    /// A name, with its leading `@` if it has one.
    Word(String),
}

/// Reads a condition.
pub(super) fn parse(text: &str) -> Result<Condition, String> {
    if text.len() > CHARS_MAX {
        return Err(format!("longer than {CHARS_MAX} characters"));
    }
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable() };
    let condition = parser.any(0)?;
    match parser.tokens.next() {
        None => Ok(condition),
        Some(token) => Err(format!("{token:?} after the end")),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let token = match c {
            _ if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '{' => Token::OpenList,
            '}' => Token::CloseList,
            ',' => Token::Comma,
            '!' => Token::Not,
            '&' if chars.next_if_eq(&'&').is_some() => Token::And,
            '|' if chars.next_if_eq(&'|').is_some() => Token::Or,
            '\'' => Token::Text(until(&mut chars, '\'')?),
            '[' => Token::Bracket(until(&mut chars, ']')?),
            _ if is_word(c) => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| is_word(*c)) {
                    word.push(c);
                }
                match word.to_ascii_lowercase().as_str() {
                    "and" => Token::And,
                    "or" => Token::Or,
                    "not" => Token::Not,
                    _ => Token::Word(word),
                }
            }
            _ => return Err(format!("`{c}` has no meaning here")),
        };
        out.push(token);
    }
    Ok(out)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "@:._-/*".contains(c)
}

fn until(chars: &mut impl Iterator<Item = char>, end: char) -> Result<String, String> {
    let mut text = String::new();
    for c in chars {
        if c == end {
            return Ok(text);
        }
        text.push(c);
    }
    Err(format!("`{end}` is missing"))
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
}

impl Parser {
    fn any(&mut self, depth: usize) -> Result<Condition, String> {
        let mut parts = vec![self.all(depth)?];
        while self.tokens.next_if_eq(&Token::Or).is_some() {
            parts.push(self.all(depth)?);
        }
        Ok(Condition::Any(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, String> {
        let mut parts = vec![self.one(depth)?];
        while self.tokens.next_if_eq(&Token::And).is_some() {
            parts.push(self.one(depth)?);
        }
        Ok(Condition::All(parts))
    }

    fn one(&mut self, depth: usize) -> Result<Condition, String> {
        if depth > DEPTH_MAX {
            return Err("nested too deep".into());
        }
        if self.tokens.next_if_eq(&Token::Not).is_some() {
            return Ok(Condition::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.tokens.next_if_eq(&Token::Open).is_some() {
            let inner = self.any(depth + 1)?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        let function = match self.tokens.peek() {
            Some(Token::Word(word)) => word.to_ascii_lowercase(),
            _ => String::new(),
        };
        match function.as_str() {
            "actionmatches" | "suboperationmatches" => {
                self.tokens.next();
                let values = self.list()?;
                let [pattern] = values.as_slice() else { return Err("one value expected".into()) };
                if function == "actionmatches" {
                    Ok(Condition::ActionMatches(pattern.clone()))
                } else {
                    Ok(Condition::Undecided)
                }
            }
            "exists" | "notexists" => {
                self.tokens.next();
                self.operand()?;
                Ok(Condition::Undecided)
            }
            _ => self.comparison(),
        }
    }

    fn comparison(&mut self) -> Result<Condition, String> {
        let left = self.operand()?;
        match self.tokens.next() {
            Some(Token::Word(operator)) if !operator.starts_with('@') => {
                Ok(Condition::Compare(left, operator, self.operand()?))
            }
            other => Err(format!("an operator is missing, there is {other:?}")),
        }
    }

    fn operand(&mut self) -> Result<Operand, String> {
        match self.tokens.peek() {
            Some(Token::OpenList) => Ok(Operand::Values(self.list()?)),
            Some(Token::Text(_) | Token::Word(_)) => match self.tokens.next() {
                Some(Token::Word(word)) if word.starts_with('@') => match self.tokens.next() {
                    Some(Token::Bracket(name)) => Ok(Operand::Attribute { source: word, name }),
                    other => Err(format!("an attribute's name is missing, there is {other:?}")),
                },
                Some(Token::Text(value) | Token::Word(value)) => Ok(Operand::Values(vec![value])),
                other => Err(format!("a value is missing, there is {other:?}")),
            },
            other => Err(format!("a value is missing, there is {other:?}")),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, String> {
        self.expect(&Token::OpenList)?;
        let mut values = Vec::new();
        loop {
            match self.tokens.next() {
                Some(Token::Text(value) | Token::Word(value)) => values.push(value),
                other => return Err(format!("a value is missing, there is {other:?}")),
            }
            match self.tokens.next() {
                Some(Token::Comma) => {}
                Some(Token::CloseList) => return Ok(values),
                other => return Err(format!("a list does not end, there is {other:?}")),
            }
        }
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), String> {
        match self.tokens.next() {
            Some(token) if token == *wanted => Ok(()),
            other => Err(format!("{wanted:?} expected, there is {other:?}")),
        }
    }
}
