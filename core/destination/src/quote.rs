//! Somebody else's words, made fit to be shown.

use skybridge_model::Secret;

use crate::limits::{LISTED_MAX, QUOTE_CHARS_MAX};

/// What must not be shown, whoever says it: platforms repeat what they were sent.
#[derive(Debug, Default)]
pub(crate) struct Hidden(Vec<Secret<String>>);

impl Hidden {
    /// Hides `secret` from now on, as it is and as JSON writes it.
    pub(crate) fn add(&mut self, secret: &Secret<String>) {
        let plain = secret.expose().trim();
        if plain.is_empty() {
            return;
        }
        let escaped = serde_json::Value::from(plain).to_string();
        let escaped = escaped.trim_matches('"');
        if escaped != plain {
            self.0.push(Secret::new(escaped.to_owned()));
        }
        self.0.push(Secret::new(plain.to_owned()));
    }

    /// The beginning of `text` on one line, without secrets and without what moves a cursor or turns
    /// the writing around.
    pub(crate) fn quote(&self, text: &str) -> String {
        // Before anything is cut: half a secret is no longer recognised.
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = text.replace(secret.expose().as_str(), "[secret]");
        }
        let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let visible: String = visible.filter(|c| !turns_around(*c)).collect();
        let words: Vec<&str> = visible.split_whitespace().collect();
        cut(&words.join(" "))
    }
}

fn turns_around(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The first of `names`, and how many more there are.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let shown = names.get(..LISTED_MAX).unwrap_or(&names).join(", ");
    match names.len().saturating_sub(LISTED_MAX) {
        0 if names.is_empty() => "none".to_owned(),
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_are_one_clean_short_line_without_our_secrets() {
        let mut hidden = Hidden::default();
        hidden.add(&Secret::new("line \"one\"\nline two\n".to_owned()));
        hidden.add(&Secret::new(String::new()));
        let plain = hidden.quote("bad:\r\n\u{1b}[31mline \"one\"\nline two\u{202e} no");
        assert_eq!(plain, "bad: [31m[secret] no");
        let escaped = hidden.quote(r#"{"sent":"line \"one\"\nline two"}"#);
        assert_eq!(escaped, r#"{"sent":"[secret]"}"#);
        let mut padded = "é".repeat(QUOTE_CHARS_MAX - 3);
        padded.push_str("line \"one\"\nline two");
        assert!(!hidden.quote(&padded).contains("line"));
        assert_eq!(hidden.quote(&padded).chars().count(), QUOTE_CHARS_MAX + 1);
    }

    #[test]
    fn long_lists_are_counted() {
        let many: Vec<String> = (0..LISTED_MAX + 2).map(|n| n.to_string()).collect();
        assert!(list(many.iter().map(String::as_str)).ends_with("`11` and 2 more"));
        assert_eq!(list([]), "none");
    }
}
