//! The pieces `$filter` expressions are made of; each list says which of them it understands.

/// Splits at `and` outside of quotes.
pub(crate) fn split_and(text: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut quoted = false;
    for word in text.split_inclusive(' ') {
        if !quoted && word.trim().eq_ignore_ascii_case("and") {
            terms.push(String::new());
            continue;
        }
        if word.matches('\'').count() % 2 == 1 {
            quoted = !quoted;
        }
        if let Some(last) = terms.last_mut() {
            last.push_str(word);
        }
    }
    terms.into_iter().map(|term| term.trim().to_owned()).filter(|term| !term.is_empty()).collect()
}

pub(crate) fn is_call(term: &str, name: &str) -> bool {
    term.strip_suffix("()").is_some_and(|called| called.eq_ignore_ascii_case(name))
}

/// The text of `name('text')`.
pub(crate) fn argument(term: &str, name: &str) -> Option<String> {
    let (called, rest) = term.split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    if called.trim().eq_ignore_ascii_case(name) { quoted(inner.trim()) } else { None }
}

/// The two arguments of `name(property,'text')`.
pub(crate) fn argument_pair(term: &str, name: &str) -> Option<(String, String)> {
    let (called, rest) = term.split_once('(')?;
    let (property, text) = rest.strip_suffix(')')?.split_once(',')?;
    if !called.trim().eq_ignore_ascii_case(name) {
        return None;
    }
    Some((property.trim().to_owned(), quoted(text.trim())?))
}

/// The text of `name eq 'text'`.
pub(crate) fn equals(term: &str, name: &str) -> Option<String> {
    let (left, rest) = term.split_once(' ')?;
    let (operator, right) = rest.trim().split_once(' ')?;
    let is = left.eq_ignore_ascii_case(name) && operator.eq_ignore_ascii_case("eq");
    if is { quoted(right.trim()) } else { None }
}

/// The text between quotes; two quotes in a row stand for one.
pub(crate) fn quoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let plain = inner.replace("''", "\u{1}");
    (!plain.contains('\'')).then(|| plain.replace('\u{1}', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_split_outside_of_quotes_only() {
        let text = "roleName eq 'salt and pepper' and type eq 'CustomRole'";
        assert_eq!(split_and(text), ["roleName eq 'salt and pepper'", "type eq 'CustomRole'"]);
        assert_eq!(equals("roleName eq 'it''s'", "RoleName").as_deref(), Some("it's"));
        assert_eq!(equals("roleName eq 'a' or 'b'", "roleName"), None);
        assert_eq!(argument("assignedTo('x')", "assignedto").as_deref(), Some("x"));
        assert!(is_call("atScope()", "atscope"));
        assert_eq!(quoted("'"), None);
    }
}
