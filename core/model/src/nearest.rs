//! "Did you mean …": the nearest of a few known words.

/// The candidate nearest to `word`, when it is near enough to be what was meant.
///
/// Near enough: at most a third of the letters differ (one for words of two to five, none for a
/// single letter), or one is the beginning of the other.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&word, &lower);
            let prefix = word.len() >= 3 && (lower.starts_with(&word) || word.starts_with(&lower));
            let letters = word.chars().count();
            let allowed = match letters {
                _ if prefix => usize::MAX,
                0 | 1 => 0,
                _ => (letters / 3).max(1),
            };
            (distance, allowed, candidate)
        })
        .filter(|(distance, allowed, _)| distance <= allowed)
        .min_by_key(|(distance, _, candidate)| (*distance, *candidate))
        .map(|(_, _, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["client-secret", "certificate", "federated"];
        assert_eq!(nearest("client-secrte", known), Some("client-secret"));
        assert_eq!(nearest("cert", known), Some("certificate"));
        assert_eq!(nearest("Federated", known), Some("federated"));
        assert_eq!(nearest("password", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("a", ["b"]), None);
    }
}
