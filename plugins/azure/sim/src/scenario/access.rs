//! Who holds which roles from the start, and whom nobody's role helps.

use std::collections::BTreeSet;

use serde::Deserialize;
use uuid::Uuid;

use super::Scenario;
use crate::arm::{Condition, Scope, builtin_roles, group_path};
use crate::founding::operator_principal;
use crate::limits::SCENARIO_ENTRIES_MAX;

/// A role somebody holds, or may take.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Assignment {
    pub(crate) role: String,
    /// The root management group when left out.
    #[serde(default)]
    pub(crate) scope: String,
    #[serde(default)]
    pub(crate) condition: Option<String>,
    /// It has to be activated first, and until then gives nothing.
    #[serde(default)]
    pub(crate) eligible: bool,
}

/// What some principals may not do, whatever their roles say.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DenyAssignment {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    /// The root management group when left out.
    #[serde(default)]
    pub(crate) scope: String,
    pub(crate) actions: Vec<String>,
    #[serde(default)]
    pub(crate) not_actions: Vec<String>,
    #[serde(default)]
    pub(crate) data_actions: Vec<String>,
    #[serde(default)]
    pub(crate) not_data_actions: Vec<String>,
    pub(crate) principals: Vec<String>,
    #[serde(default)]
    pub(crate) exclude_principals: Vec<String>,
}

/// Whom a deny assignment names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Principal {
    Everyone,
    One(Uuid, &'static str),
}

impl Principal {
    /// `everyone`, `operator`, the name of a person, or an object id.
    pub(crate) fn named(scenario: &Scenario, name: &str) -> Option<Self> {
        let person = |user: &&super::User| user.principal_name.eq_ignore_ascii_case(name);
        if name.eq_ignore_ascii_case("everyone") {
            return Some(Self::Everyone);
        }
        if name.eq_ignore_ascii_case("operator") {
            if let Some(user) = scenario.operating_person() {
                return Some(Self::One(user.id, "User"));
            }
            return Some(Self::One(operator_principal(scenario), "ServicePrincipal"));
        }
        if let Some(user) = scenario.users.iter().find(person) {
            return Some(Self::One(user.id, "User"));
        }
        let id = Uuid::parse_str(name).ok()?;
        let user = scenario.users.iter().any(|user| user.id == id);
        Some(Self::One(id, if user { "User" } else { "ServicePrincipal" }))
    }

    /// Whether it is this one.
    pub(crate) fn covers(self, id: Uuid) -> bool {
        match self {
            Self::Everyone => true,
            Self::One(own, _) => own == id,
        }
    }
}

impl Scenario {
    /// A scope as a scenario gives it: the root management group, or `/` without one, when it is
    /// left out.
    pub(crate) fn scope_or_root(&self, given: &str) -> String {
        if !given.is_empty() {
            return given.to_owned();
        }
        if self.tenant.root_management_group {
            group_path(&self.root_group())
        } else {
            "/".to_owned()
        }
    }
}

/// The first thing that is wrong, in words.
pub(super) fn check(scenario: &Scenario) -> Result<(), String> {
    check_all("operator.assignments", &scenario.operator.assignments)?;
    for user in &scenario.users {
        check_all(&format!("users {:?}: assignments", user.principal_name), &user.assignments)?;
    }
    if scenario.deny_assignments.len() > SCENARIO_ENTRIES_MAX {
        return Err(format!("deny-assignments: at most {SCENARIO_ENTRIES_MAX} are read"));
    }
    let mut names = BTreeSet::new();
    for it in &scenario.deny_assignments {
        let what = format!("deny-assignments {:?}", it.name);
        if it.name.is_empty() || !names.insert(it.name.to_lowercase()) {
            return Err(format!("{what}: every one has a name of its own"));
        }
        check_scope(&what, &it.scope)?;
        if it.actions.is_empty() && it.data_actions.is_empty() {
            return Err(format!("{what}: it denies no action"));
        }
        if it.principals.is_empty() {
            return Err(format!("{what}: it names no principal"));
        }
        for name in it.principals.iter().chain(&it.exclude_principals) {
            if Principal::named(scenario, name).is_none() {
                return Err(format!(
                    "{what}: {name:?} is neither everyone, operator, a user's principal-name nor \
                     an object id"
                ));
            }
        }
    }
    Ok(())
}

fn check_all(what: &str, assignments: &[Assignment]) -> Result<(), String> {
    if assignments.len() > SCENARIO_ENTRIES_MAX {
        return Err(format!("{what}: at most {SCENARIO_ENTRIES_MAX} are read"));
    }
    for it in assignments {
        if builtin_roles::named(&it.role).is_none() {
            return Err(format!("{what}: no built-in role {:?}", it.role));
        }
        check_scope(what, &it.scope)?;
        if let Some(condition) = &it.condition {
            Condition::parse(condition)
                .map_err(|reason| format!("{what}: the condition of {:?}: {reason}", it.role))?;
        }
    }
    Ok(())
}

fn check_scope(what: &str, scope: &str) -> Result<(), String> {
    if scope.is_empty() || Scope::of_text(scope).is_some() {
        return Ok(());
    }
    Err(format!(
        "{what}: {scope:?} is not a scope: it is '/', or the path of a management group, \
                 subscription, resource group or resource"
    ))
}
