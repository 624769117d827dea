//! What was read of the operator's rights, scope by scope: survey and preflight ask about the same
//! scopes moments apart, and a tenant has thousands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use skybridge_azure_client::Request;
use skybridge_azure_client::arm::deny_assignments::{self, DenyAssignment};
use skybridge_azure_client::arm::permissions::{self, Permission};
use skybridge_azure_client::arm::role_assignments::{self, RoleAssignment};
use skybridge_plugin_sdk::Result;

use crate::session::Session;
use crate::survey::{self, Read};

/// Lists by scope.
type Lists<T> = Mutex<BTreeMap<String, Arc<Read<Vec<T>>>>>;

/// What was read already, in the life of this instance: that of one command.
#[derive(Debug, Default)]
pub(crate) struct RightsSeen {
    permissions: Lists<Permission>,
    denials: Lists<DenyAssignment>,
    of_operator: Lists<RoleAssignment>,
}

impl RightsSeen {
    /// What the operator's roles allow at `scope`.
    pub(super) async fn permissions(
        &self,
        session: &Session<'_>,
        scope: &str,
    ) -> Result<Arc<Read<Vec<Permission>>>> {
        once(&self.permissions, session, scope, || permissions::list_request(scope)).await
    }

    /// The deny assignments at `scope`.
    pub(super) async fn denials(
        &self,
        session: &Session<'_>,
        scope: &str,
    ) -> Result<Arc<Read<Vec<DenyAssignment>>>> {
        let request = || deny_assignments::list_at_scope_request(scope);
        once(&self.denials, session, scope, request).await
    }

    /// The roles of `operator` at `scope`.
    pub(super) async fn of_operator(
        &self,
        session: &Session<'_>,
        scope: &str,
        operator: &str,
    ) -> Result<Arc<Read<Vec<RoleAssignment>>>> {
        let request = || role_assignments::list_assigned_to_request(scope, operator);
        once(&self.of_operator, session, scope, request).await
    }

    /// The scopes that were looked at.
    pub(super) fn scopes(&self) -> BTreeSet<String> {
        let seen = self.permissions.lock().unwrap_or_else(PoisonError::into_inner);
        seen.keys().cloned().collect()
    }
}

async fn once<T: DeserializeOwned>(
    lists: &Lists<T>,
    session: &Session<'_>,
    scope: &str,
    request: impl Fn() -> Request,
) -> Result<Arc<Read<Vec<T>>>> {
    let lock = || lists.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(seen) = lock().get(scope).cloned() {
        return Ok(seen);
    }
    let read = Arc::new(survey::list(session, request).await?);
    lock().insert(scope.to_owned(), Arc::clone(&read));
    Ok(read)
}
