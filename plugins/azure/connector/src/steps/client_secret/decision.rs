//! Which secret to use, and which to remove, as a function of what is there.

use jiff::Timestamp;

/// A secret of this connector on the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) key_id: String,
    /// Its name, which says what made it.
    pub(super) name: String,
    pub(super) expires: Option<Timestamp>,
    /// The vault has its text.
    pub(super) in_vault: bool,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision<'a> {
    /// Use this one.
    Use(&'a Stored),
    /// Remove those of this very step whose text was lost, and make another.
    Mint { orphans: Vec<String> },
}

/// The secret that works and lasts longest. One without an end is taken for expired: ours have one.
pub(super) fn usable(stored: &[Stored], now: Timestamp) -> Option<&Stored> {
    stored
        .iter()
        .filter(|one| one.in_vault && one.expires.is_some_and(|end| end > now))
        .max_by(|a, b| (a.expires, &a.key_id).cmp(&(b.expires, &b.key_id)))
}

/// What the step that names its secret `tag` has to do.
///
/// A secret of another run that is in the vault is used too: a second run makes no other. One of
/// another run that is *not* in the vault is left alone, because it may be in another machine's.
pub(super) fn decide<'a>(stored: &'a [Stored], tag: &str, now: Timestamp) -> Decision<'a> {
    match usable(stored, now) {
        Some(found) => Decision::Use(found),
        None => Decision::Mint {
            orphans: stored
                .iter()
                .filter(|one| one.name == tag && !one.in_vault)
                .map(|one| one.key_id.clone())
                .collect(),
        },
    }
}

/// Those made by the same step as `ours` whose text was lost.
pub(super) fn twins(stored: &[Stored], ours: &Stored) -> Vec<String> {
    stored
        .iter()
        .filter(|one| one.name == ours.name && one.key_id != ours.key_id && !one.in_vault)
        .map(|one| one.key_id.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(key_id: &str, name: &str, end: &str, in_vault: bool) -> Stored {
        Stored { key_id: key_id.into(), name: name.into(), expires: end.parse().ok(), in_vault }
    }

    fn now() -> Timestamp {
        "2026-06-01T00:00:00Z".parse().unwrap()
    }

    const LATER: &str = "2026-12-01T00:00:00Z";
    const BEFORE: &str = "2026-05-01T00:00:00Z";

    /// Every combination that can be met, and what is done about it.
    #[test]
    fn table() {
        let mint = |orphans: &[&str]| {
            let orphans = orphans.iter().map(|o| (*o).to_owned()).collect();
            Decision::Mint { orphans }
        };
        assert_eq!(decide(&[], "t", now()), mint(&[]), "nothing there");
        let ours = [stored("a", "t", LATER, true)];
        assert_eq!(decide(&ours, "t", now()), Decision::Use(&ours[0]), "made, answer lost");
        let lost = [stored("a", "t", LATER, false)];
        assert_eq!(decide(&lost, "t", now()), mint(&["a"]), "made, text lost");
        let other = [stored("a", "other run", LATER, true)];
        assert_eq!(decide(&other, "t", now()), Decision::Use(&other[0]), "second run");
        let elsewhere = [stored("a", "other run", LATER, false)];
        assert_eq!(decide(&elsewhere, "t", now()), mint(&[]), "another machine's");
        let expired = [stored("a", "t", BEFORE, true)];
        assert_eq!(decide(&expired, "t", now()), mint(&[]), "expired");
    }

    #[test]
    fn the_one_that_lasts_longest_is_used() {
        let two = [stored("a", "x", "2026-08-01T00:00:00Z", true), stored("b", "y", LATER, true)];
        assert_eq!(usable(&two, now()), Some(&two[1]));
    }
}
