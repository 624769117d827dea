//! Subscriptions.

use serde::Deserialize;

use super::SUBSCRIPTIONS_VERSION;
use crate::cloud::Service;
use crate::request::{Path, Request};

/// A subscription.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Its id, a GUID.
    pub subscription_id: String,
    /// The tenant it trusts.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// `Enabled`, `Warned`, `PastDue`, `Disabled` or `Deleted`.
    #[serde(default)]
    pub state: Option<String>,
}

/// Reads one subscription.
#[must_use]
pub fn get_request(subscription: &str) -> Request {
    let path = Path::new().segment("subscriptions").segment(subscription);
    Request::get(Service::ResourceManager, path, "reading subscription")
        .version(SUBSCRIPTIONS_VERSION)
}

/// Lists the subscriptions the caller can see.
#[must_use]
pub fn list_request() -> Request {
    Request::get(Service::ResourceManager, Path::fixed("/subscriptions"), "listing subscriptions")
        .version(SUBSCRIPTIONS_VERSION)
}
