//! `scope`: what is watched over.

use serde::Deserialize;
use skybridge_azure_client::arm::permissions::covers;
use uuid::Uuid;

/// What is watched over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ScopeForm")]
pub(crate) struct Scope {
    pub(crate) watched: Watched,
    include: Vec<String>,
    exclude: Vec<String>,
}

/// How subscriptions are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Watched {
    /// One by one.
    Subscriptions(Vec<Uuid>),
    /// Whatever these management groups hold, on every level below them.
    ManagementGroups(Vec<String>),
    /// Every one the operator can see in the tenant.
    Tenant,
}

/// The keys a manifest may have here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ScopeForm {
    subscriptions: Option<Vec<Uuid>>,
    management_groups: Option<Vec<String>>,
    tenant: Option<bool>,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
}

impl TryFrom<ScopeForm> for Scope {
    type Error = &'static str;

    fn try_from(form: ScopeForm) -> Result<Self, Self::Error> {
        let watched = match (form.subscriptions, form.management_groups, form.tenant) {
            (Some(ids), None, None) => Watched::Subscriptions(ids),
            (None, Some(groups), None) => Watched::ManagementGroups(groups),
            (None, None, Some(true)) => Watched::Tenant,
            _ => {
                return Err("`scope` names exactly one of `subscriptions`, `management-groups` \
                            and `tenant = true`");
            }
        };
        Ok(Self { watched, include: form.include, exclude: form.exclude })
    }
}

impl Scope {
    /// The subscriptions listed one by one.
    pub(crate) fn listed(&self) -> &[Uuid] {
        match &self.watched {
            Watched::Subscriptions(ids) => ids,
            Watched::ManagementGroups(_) | Watched::Tenant => &[],
        }
    }

    /// Whether only a look at the tenant tells which subscriptions are meant.
    pub(crate) const fn is_dynamic(&self) -> bool {
        !matches!(self.watched, Watched::Subscriptions(_))
    }

    /// Whether names decide, which only a look at the tenant tells.
    pub(crate) const fn has_patterns(&self) -> bool {
        !self.include.is_empty() || !self.exclude.is_empty()
    }

    /// Whether there may be others when one of them cannot be onboarded.
    pub(crate) fn may_mean_several(&self) -> bool {
        self.is_dynamic() || self.listed().len() > 1
    }

    /// Why a subscription is not meant, when it is not: `exclude` wins over `include`.
    pub(crate) fn left_out(&self, id: &str, name: &str) -> Option<String> {
        let fits = |pattern: &&String| covers(pattern, name) || pattern.eq_ignore_ascii_case(id);
        if let Some(pattern) = self.exclude.iter().find(fits) {
            return Some(format!("excluded by `{pattern}`"));
        }
        let included = self.include.is_empty() || self.include.iter().any(|it| fits(&it));
        (!included).then(|| "no pattern of `include` fits its name or id".to_owned())
    }

    /// What is wrong, with where; the schema has said the rest.
    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        match &self.watched {
            Watched::Subscriptions(ids) if ids.is_empty() => {
                Err(("/scope/subscriptions".into(), "no subscription is listed".into()))
            }
            Watched::Subscriptions(ids) => {
                let ids = ids.iter().map(Uuid::to_string);
                no_twin("/scope/subscriptions", "subscription", ids)
            }
            Watched::ManagementGroups(groups) if groups.is_empty() => {
                Err(("/scope/management-groups".into(), "no management group is listed".into()))
            }
            Watched::ManagementGroups(groups) => {
                let groups = groups.iter().map(|group| group.to_lowercase());
                no_twin("/scope/management-groups", "management group", groups)
            }
            Watched::Tenant => Ok(()),
        }
    }
}

/// Refuses a list that names something twice.
fn no_twin(
    pointer: &str,
    what: &str,
    all: impl Iterator<Item = String>,
) -> Result<(), (String, String)> {
    let mut seen = std::collections::BTreeSet::new();
    for (index, one) in all.enumerate() {
        if !seen.insert(one.clone()) {
            return Err((format!("{pointer}/{index}"), format!("{what} {one} is listed twice")));
        }
    }
    Ok(())
}
