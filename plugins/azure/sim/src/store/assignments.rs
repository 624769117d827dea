//! Role assignments, found by name, by scope, by principal and by role.
//!
//! A tenant of a thousand subscriptions holds many thousands of them, and every call asks for the
//! few that matter to it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use uuid::Uuid;

use super::RoleAssignment;
use crate::clock::Millis;

/// Every role assignment of the tenant.
#[derive(Debug, Default)]
pub(crate) struct RoleAssignments {
    all: BTreeMap<Uuid, RoleAssignment>,
    by_scope: BTreeSet<(String, Uuid)>,
    by_principal: BTreeMap<Uuid, OfPrincipal>,
    by_role: BTreeMap<Uuid, usize>,
}

/// The assignments of one principal.
#[derive(Debug, Default)]
struct OfPrincipal {
    by_scope: BTreeSet<(String, Uuid)>,
    by_age: BTreeSet<(Millis, Uuid)>,
}

impl RoleAssignments {
    pub(crate) fn get(&self, name: &Uuid) -> Option<&RoleAssignment> {
        self.all.get(name)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &RoleAssignment> {
        self.all.values()
    }

    /// Those at exactly this scope, given as a key.
    pub(crate) fn at_scope(&self, key: &str) -> impl Iterator<Item = &RoleAssignment> {
        self.named(at(&self.by_scope, key))
    }

    /// Those below a scope, given as a key.
    pub(crate) fn below(&self, key: &str) -> impl Iterator<Item = &RoleAssignment> {
        self.named(below(&self.by_scope, key))
    }

    pub(crate) fn of_principal(&self, principal: Uuid) -> impl Iterator<Item = &RoleAssignment> {
        let own = self.by_principal.get(&principal);
        self.named(own.into_iter().flat_map(|own| own.by_scope.iter().map(|(_, name)| *name)))
    }

    /// Those of a principal at exactly this scope.
    pub(crate) fn held_at<'a>(
        &'a self,
        principal: Uuid,
        key: &'a str,
    ) -> impl Iterator<Item = &'a RoleAssignment> {
        let own = self.by_principal.get(&principal);
        self.named(own.into_iter().flat_map(move |own| at(&own.by_scope, key)))
    }

    /// Those of a principal below a scope.
    pub(crate) fn held_below<'a>(
        &'a self,
        principal: Uuid,
        key: &'a str,
    ) -> impl Iterator<Item = &'a RoleAssignment> {
        let own = self.by_principal.get(&principal);
        self.named(own.into_iter().flat_map(move |own| below(&own.by_scope, key)))
    }

    /// Names and times of those a principal got after a moment.
    pub(crate) fn held_since(&self, principal: Uuid, moment: Millis) -> Vec<(Millis, Uuid)> {
        let after = (Bound::Excluded((moment, Uuid::max())), Bound::Unbounded);
        let own = self.by_principal.get(&principal);
        own.map(|own| own.by_age.range(after).copied().collect()).unwrap_or_default()
    }

    /// Whether any of them gives this role.
    pub(crate) fn give(&self, role: Uuid) -> bool {
        self.by_role.contains_key(&role)
    }

    pub(super) fn insert(&mut self, it: RoleAssignment) {
        self.remove(it.name);
        let key = it.scope.to_lowercase();
        self.by_scope.insert((key.clone(), it.name));
        let own = self.by_principal.entry(it.principal).or_default();
        own.by_scope.insert((key, it.name));
        own.by_age.insert((it.created, it.name));
        *self.by_role.entry(it.role).or_default() += 1;
        self.all.insert(it.name, it);
    }

    pub(super) fn remove(&mut self, name: Uuid) {
        let Some(it) = self.all.remove(&name) else { return };
        let entry = (it.scope.to_lowercase(), name);
        self.by_scope.remove(&entry);
        if let Some(own) = self.by_principal.get_mut(&it.principal) {
            own.by_scope.remove(&entry);
            own.by_age.remove(&(it.created, name));
            if own.by_age.is_empty() {
                self.by_principal.remove(&it.principal);
            }
        }
        if let Some(count) = self.by_role.get_mut(&it.role) {
            *count -= 1;
            if *count == 0 {
                self.by_role.remove(&it.role);
            }
        }
    }

    fn named(&self, names: impl Iterator<Item = Uuid>) -> impl Iterator<Item = &RoleAssignment> {
        names.filter_map(|name| self.all.get(&name))
    }
}

fn at(index: &BTreeSet<(String, Uuid)>, key: &str) -> impl Iterator<Item = Uuid> {
    let all = (key.to_owned(), Uuid::nil())..=(key.to_owned(), Uuid::max());
    index.range(all).map(|(_, name)| *name)
}

/// A slash is the only thing that leads below a scope, and `0` is what comes after a slash.
fn below(index: &BTreeSet<(String, Uuid)>, key: &str) -> impl Iterator<Item = Uuid> {
    let key = key.trim_end_matches('/');
    let inside = (format!("{key}/"), Uuid::max())..(format!("{key}0"), Uuid::nil());
    index.range(inside).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignment(name: u128, scope: &str, principal: u128, role: u128) -> RoleAssignment {
        RoleAssignment {
            name: Uuid::from_u128(name),
            scope: scope.to_owned(),
            role: Uuid::from_u128(role),
            principal: Uuid::from_u128(principal),
            principal_type: "User".to_owned(),
            description: None,
            condition: None,
            condition_version: None,
            created: i64::try_from(name).unwrap(),
            updated: 0,
            created_by: Uuid::nil(),
            updated_by: Uuid::nil(),
        }
    }

    fn names<'a>(all: impl Iterator<Item = &'a RoleAssignment>) -> Vec<u128> {
        all.map(|it| it.name.as_u128()).collect()
    }

    #[test]
    fn every_index_follows_every_change() {
        let mut all = RoleAssignments::default();
        for (name, scope, principal) in
            [(1, "/", 1), (2, "/S/A", 1), (3, "/s/a/r", 2), (4, "/s/ab", 1), (5, "/s/a", 2)]
        {
            all.insert(assignment(name, scope, principal, 9));
        }
        assert_eq!(names(all.at_scope("/s/a")), [2, 5]);
        assert_eq!(names(all.below("/s/a")), [3]);
        assert_eq!(names(all.below("/")), [2, 5, 3, 4], "the tenant itself is not below itself");
        assert_eq!(names(all.held_at(Uuid::from_u128(2), "/s/a")), [5]);
        assert_eq!(names(all.held_below(Uuid::from_u128(1), "/s")), [2, 4]);
        assert_eq!(
            all.held_since(Uuid::from_u128(1), 1),
            [(2, Uuid::from_u128(2)), (4, Uuid::from_u128(4))]
        );
        all.insert(assignment(2, "/s/b", 3, 8));
        assert_eq!(names(all.at_scope("/s/a")), [5], "a replaced one is where it is now");
        assert_eq!(names(all.of_principal(Uuid::from_u128(3))), [2]);
        for name in 1..=5 {
            all.remove(Uuid::from_u128(name));
        }
        assert!(!all.give(Uuid::from_u128(9)) && all.by_scope.is_empty());
        assert!(all.by_principal.is_empty() && all.by_role.is_empty());
    }
}
