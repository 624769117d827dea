//! Which secret to use, and which to remove, as a function of what is there.

use jiff::Timestamp;

/// A secret of this connector on the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) key_id: String,
    /// Its name, which says what made it.
    pub(crate) name: String,
    pub(crate) expires: Option<Timestamp>,
    /// The vault has its text.
    pub(crate) in_vault: bool,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision<'a> {
    /// Use this one.
    Use(&'a Stored),
    /// Remove those of this very step whose text was lost, and make another.
    Mint { orphans: Vec<String> },
}

/// The secret that works and lasts longest. One without an end is taken for expired: ours have one.
pub(crate) fn usable(stored: &[Stored], now: Timestamp) -> Option<&Stored> {
    stored
        .iter()
        .filter(|one| one.in_vault && one.expires.is_some_and(|end| end > now))
        .max_by(|a, b| (a.expires, &a.key_id).cmp(&(b.expires, &b.key_id)))
}

/// What the step that names its secret `tag` has to do.
///
/// A secret of another run that is in the vault is used too: a second run makes no other. One of
/// another run that is *not* in the vault is left alone, because it may be in another machine's.
pub(crate) fn decide<'a>(stored: &'a [Stored], tag: &str, now: Timestamp) -> Decision<'a> {
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

/// What the step that names its credential `tag` has to do when it shall make a new one whatever
/// else is there: its own is used if an earlier attempt made it, nobody else's ever.
pub(crate) fn decide_new<'a>(stored: &'a [Stored], tag: &str, now: Timestamp) -> Decision<'a> {
    let own = |one: &&Stored| one.name == tag;
    let works = |one: &&Stored| one.in_vault && one.expires.is_some_and(|end| end > now);
    match stored.iter().filter(own).find(works) {
        Some(found) => Decision::Use(found),
        None => Decision::Mint {
            orphans: stored
                .iter()
                .filter(own)
                .filter(|one| !one.in_vault)
                .map(|one| one.key_id.clone())
                .collect(),
        },
    }
}

/// The credentials that `kept` supersedes: those whose text this vault has, and those made
/// elsewhere, which are nobody's to remove from here.
pub(crate) fn superseded<'a>(
    stored: &'a [Stored],
    kept: &str,
) -> (Vec<&'a Stored>, Vec<&'a Stored>) {
    stored.iter().filter(|one| one.key_id != kept).partition(|one| one.in_vault)
}

/// Those made by the same step as `ours` whose text was lost.
pub(crate) fn twins(stored: &[Stored], ours: &Stored) -> Vec<String> {
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

    /// A rotation makes one of its own, and finds it again.
    #[test]
    fn a_new_one_table() {
        let mint = |orphans: &[&str]| {
            let orphans = orphans.iter().map(|o| (*o).to_owned()).collect();
            Decision::Mint { orphans }
        };
        assert_eq!(decide_new(&[], "t", now()), mint(&[]), "nothing there");
        let old = [stored("a", "other run", LATER, true)];
        assert_eq!(decide_new(&old, "t", now()), mint(&[]), "the old one is no reason");
        let lost = [old[0].clone(), stored("b", "t", LATER, false)];
        assert_eq!(decide_new(&lost, "t", now()), mint(&["b"]), "made, text lost");
        let made = [old[0].clone(), stored("b", "t", LATER, true)];
        assert_eq!(decide_new(&made, "t", now()), Decision::Use(&made[1]), "made, answer lost");
        let twice = [stored("b", "t", LATER, false), stored("c", "t", LATER, true)];
        assert_eq!(decide_new(&twice, "t", now()), Decision::Use(&twice[1]), "made twice");
        let expired = [stored("b", "t", BEFORE, true)];
        assert_eq!(decide_new(&expired, "t", now()), mint(&[]), "a run gone on with years later");
    }

    #[test]
    fn only_what_this_vault_knows_is_superseded() {
        let all = [
            stored("new", "t", LATER, true),
            stored("old", "s", LATER, true),
            stored("expired", "r", BEFORE, true),
            stored("elsewhere", "q", LATER, false),
        ];
        let (ours, others) = superseded(&all, "new");
        assert_eq!(ours, [&all[1], &all[2]]);
        assert_eq!(others, [&all[3]]);
    }

    #[test]
    fn the_one_that_lasts_longest_is_used() {
        let two = [stored("a", "x", "2026-08-01T00:00:00Z", true), stored("b", "y", LATER, true)];
        assert_eq!(usable(&two, now()), Some(&two[1]));
    }
}
