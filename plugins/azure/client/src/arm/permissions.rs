//! What the caller may do at a scope.

use serde::Deserialize;

use super::AUTHORIZATION_VERSION;
use crate::cloud::Service;
use crate::request::{Path, Request};

/// What one role of the caller grants. An action is allowed when any grant allows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Permission {
    /// Allowed, with `*` for anything.
    pub actions: Vec<String>,
    /// Taken out of `actions` of this same grant.
    pub not_actions: Vec<String>,
    /// Allowed on data.
    pub data_actions: Vec<String>,
    /// Taken out of `data_actions`.
    pub not_data_actions: Vec<String>,
}

impl Permission {
    /// Whether this grant allows `action`.
    #[must_use]
    pub fn allows(&self, action: &str) -> bool {
        self.actions.iter().any(|p| covers(p, action))
            && !self.not_actions.iter().any(|p| covers(p, action))
    }
}

/// Whether any of `grants` allows `action`. Conditions and deny assignments are not in them.
#[must_use]
pub fn any_allows(grants: &[Permission], action: &str) -> bool {
    grants.iter().any(|grant| grant.allows(action))
}

/// Lists what the caller may do at `scope`.
#[must_use]
pub fn list_request(scope: &str) -> Request {
    let path = Path::new().scope(scope).then("/providers/Microsoft.Authorization/permissions");
    Request::get(Service::ResourceManager, path, "listing permissions")
        .version(AUTHORIZATION_VERSION)
}

/// Whether `pattern`, in which `*` stands for anything, covers `action`; capitals do not count.
#[must_use]
pub fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    // `split` yields at least one part; that one is anchored at the start.
    let Some(mut rest) = action.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
