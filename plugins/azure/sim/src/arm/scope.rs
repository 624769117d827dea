//! Scopes: where a grant holds, from the tenant down to one resource.

use serde_json::{Value, json};
use uuid::Uuid;

use super::error::refuse;
use super::estate::Estate;
use crate::http::Reply;
use crate::scenario::SubscriptionState;

/// A scope as it was written, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) text: String,
    pub(crate) kind: ScopeKind,
}

/// What a scope is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Tenant,
    ManagementGroup(String),
    /// The id as text: what is not a GUID is a scope that does not exist.
    Subscription(String),
    ResourceGroup(String, String),
    Resource(String, String),
}

impl Scope {
    /// The scope of a path, if it is one.
    pub(crate) fn parse(segments: &[String]) -> Option<Self> {
        let lower: Vec<String> = segments.iter().map(|part| part.to_lowercase()).collect();
        let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
        let kind = match parts.as_slice() {
            [] => ScopeKind::Tenant,
            ["providers", "microsoft.management", "managementgroups", id] => {
                ScopeKind::ManagementGroup((*id).to_owned())
            }
            ["subscriptions", id] => ScopeKind::Subscription((*id).to_owned()),
            ["subscriptions", id, "resourcegroups", group] => {
                ScopeKind::ResourceGroup((*id).to_owned(), (*group).to_owned())
            }
            ["subscriptions", id, "resourcegroups", group, "providers", _, rest @ ..]
                if rest.len() >= 2 && rest.len().is_multiple_of(2) =>
            {
                ScopeKind::Resource((*id).to_owned(), (*group).to_owned())
            }
            _ => return None,
        };
        Some(Self { text: format!("/{}", segments.join("/")), kind })
    }

    /// The scope of a text such as an assignable scope.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('/')?;
        let segments: Vec<String> =
            rest.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Self::parse(&segments)
    }

    /// How a scope is described beside its path: its name, and what it is.
    pub(super) fn described(&self, estate: &Estate) -> Value {
        let last = || self.text.rsplit('/').next().unwrap_or_default().to_owned();
        let (name, kind) = match &self.kind {
            ScopeKind::Tenant => ("/".to_owned(), "tenant"),
            ScopeKind::ManagementGroup(id) => {
                (estate.group(id).map_or_else(last, |it| it.name.clone()), "managementgroup")
            }
            ScopeKind::Subscription(id) => {
                let found = estate.subscription_named(id);
                (found.map_or_else(last, |it| it.name.clone()), "subscription")
            }
            ScopeKind::ResourceGroup(..) => (last(), "resourcegroup"),
            ScopeKind::Resource(..) => (last(), "resource"),
        };
        json!({"id": self.text, "displayName": name, "type": kind})
    }

    /// How scopes are compared.
    pub(crate) fn key(&self) -> String {
        self.text.to_lowercase()
    }

    /// The path of something below this scope.
    pub(crate) fn child(&self, rest: &str) -> String {
        if self.text == "/" { format!("/{rest}") } else { format!("{}/{rest}", self.text) }
    }

    /// `/subscriptions/{id}` for scopes inside one.
    pub(crate) fn subscription(&self) -> Option<Uuid> {
        match &self.kind {
            ScopeKind::Subscription(id)
            | ScopeKind::ResourceGroup(id, _)
            | ScopeKind::Resource(id, _) => Uuid::parse_str(id).ok(),
            ScopeKind::Tenant | ScopeKind::ManagementGroup(_) => None,
        }
    }

    /// This scope and everything above it, as keys: where a grant has to be to hold here.
    pub(crate) fn chain(&self, estate: &Estate) -> Vec<String> {
        let mut chain = Vec::new();
        let above = match &self.kind {
            ScopeKind::Tenant => Vec::new(),
            ScopeKind::ManagementGroup(id) => estate.group_chain(id),
            ScopeKind::Subscription(id) => estate.subscription_chain(id),
            ScopeKind::ResourceGroup(id, _) | ScopeKind::Resource(id, _) => {
                self.push_inner(&mut chain);
                estate.subscription_chain(id)
            }
        };
        chain.extend(above);
        chain.push("/".to_owned());
        chain
    }

    /// A nested resource lies in its parent resources, they in the group.
    fn push_inner(&self, chain: &mut Vec<String>) {
        let key = self.key();
        let parts: Vec<&str> = key.split('/').skip(1).collect();
        let mut end = parts.len();
        while end >= 8 {
            chain.push(format!("/{}", parts.get(..end).unwrap_or_default().join("/")));
            end -= 2;
        }
        chain.push(format!("/{}", parts.get(..4).unwrap_or_default().join("/")));
    }

    /// Whether things can be made in it: not in a subscription that is switched off.
    pub(crate) fn require_writable(&self, estate: &Estate) -> Result<(), Reply> {
        let found = self.subscription().and_then(|id| estate.subscription(id));
        match found {
            Some(it) if it.state == SubscriptionState::Disabled => {
                let text = format!(
                    "The subscription '{}' is disabled and therefore marked as read only. You \
                     cannot perform any write actions on this subscription until it is re-enabled.",
                    it.id
                );
                Err(refuse(409, "ReadOnlyDisabledSubscription", text))
            }
            _ => Ok(()),
        }
    }

    /// Whether it exists; the refusal says what does not.
    pub(crate) fn require(&self, estate: &Estate) -> Result<(), Reply> {
        match &self.kind {
            ScopeKind::Tenant => Ok(()),
            ScopeKind::ManagementGroup(id) if estate.group(id).is_some() => Ok(()),
            ScopeKind::ManagementGroup(id) => Err(refuse(
                404,
                "NotFound",
                format!("The management group '{id}' cannot be found."),
            )),
            ScopeKind::Subscription(id) => require_subscription(estate, id),
            ScopeKind::ResourceGroup(id, group) => {
                require_subscription(estate, id)?;
                require_group(estate, id, group)
            }
            ScopeKind::Resource(id, group) => {
                require_subscription(estate, id)?;
                require_group(estate, id, group)?;
                if estate.has_resource(&self.key()) {
                    return Ok(());
                }
                Err(super::error::not_found(&self.text))
            }
        }
    }
}

fn require_subscription(estate: &Estate, id: &str) -> Result<(), Reply> {
    let found = estate.subscription_named(id);
    if found.is_some_and(|it| it.state != SubscriptionState::Deleted) {
        return Ok(());
    }
    let shown: String = id.chars().take(100).collect();
    Err(if Uuid::parse_str(id).is_ok() {
        let text = format!("The subscription '{shown}' could not be found.");
        refuse(404, "SubscriptionNotFound", text)
    } else {
        let text =
            format!("The provided subscription identifier '{shown}' is malformed or invalid.");
        refuse(400, "InvalidSubscriptionId", text)
    })
}

fn require_group(estate: &Estate, subscription: &str, group: &str) -> Result<(), Reply> {
    if estate.has_resource_group(subscription, group) {
        return Ok(());
    }
    let shown: String = group.chars().take(100).collect();
    let text = format!("Resource group '{shown}' could not be found.");
    Err(refuse(404, "ResourceGroupNotFound", text))
}
