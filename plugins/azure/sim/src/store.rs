//! The tenant's objects, and the change log that makes them outlive the process.
//!
//! A handler changes objects through [`Store::put`] and [`Store::remove`]; nothing is acknowledged
//! before the whole change was appended as one line and that line is on the disk.

use std::collections::BTreeMap;
use std::path::Path;

use uuid::Uuid;

use crate::error::SimulatorError;

mod assignments;
pub(crate) mod files;
mod log;
pub(crate) mod objects;
mod sync;

pub(crate) use assignments::RoleAssignments;
use log::{Batch, Change, ChangeLog};
pub(crate) use objects::{
    AppRoleAssignment, Application, FederatedCredential, KeyCredential, Kind, Object, Password,
    RoleAssignment, RoleDefinition, ServicePrincipal, TenantRecord,
};
use objects::{PlatformCredential, WebhookDelivery};

pub(crate) use sync::Unsynced;

/// Everything that was created, by kind and id.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) tenant: Option<TenantRecord>,
    pub(crate) applications: BTreeMap<Uuid, Application>,
    pub(crate) service_principals: BTreeMap<Uuid, ServicePrincipal>,
    pub(crate) app_role_assignments: BTreeMap<Uuid, AppRoleAssignment>,
    pub(crate) role_assignments: RoleAssignments,
    pub(crate) role_definitions: BTreeMap<Uuid, RoleDefinition>,
    pub(crate) platform_credentials: BTreeMap<Uuid, PlatformCredential>,
    pub(crate) webhook_deliveries: BTreeMap<String, WebhookDelivery>,
    /// How many ids were given out.
    pub(crate) counter: u64,
    pending: Vec<Change>,
    unsynced: Option<Unsynced>,
    log: Option<ChangeLog>,
}

impl Store {
    /// Replays and compacts the change log of a state directory; without one all stays in memory.
    pub(crate) fn open(state_dir: Option<&Path>) -> Result<Self, SimulatorError> {
        let mut store = Self::default();
        let Some(directory) = state_dir else { return Ok(store) };
        let mut log = ChangeLog::open(directory)?;
        for batch in log.replay()? {
            store.counter = store.counter.max(batch.counter);
            for change in batch.changes {
                store.apply(change);
            }
        }
        log.compact(&Batch { counter: store.counter, changes: store.snapshot() })?;
        store.log = Some(log);
        Ok(store)
    }

    /// Creates or replaces an object.
    pub(crate) fn put(&mut self, object: Object) {
        self.apply(Change::Put(Box::new(object.clone())));
        self.pending.push(Change::Put(Box::new(object)));
    }

    /// Removes an object.
    pub(crate) fn remove(&mut self, kind: Kind, id: Uuid) {
        self.apply(Change::Remove { kind, id });
        self.pending.push(Change::Remove { kind, id });
    }

    /// The next number of the id sequence; it is kept with the change it is used in.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Writes what changed since the last commit, and waits until it is on the disk.
    pub(crate) fn commit(&mut self) -> std::io::Result<()> {
        self.append()?;
        self.unsynced().map_or(Ok(()), Unsynced::wait)
    }

    /// Appends what changed since the last commit to the log. After an error memory is ahead of
    /// the disk, and the log refuses every later commit.
    pub(crate) fn append(&mut self) -> std::io::Result<()> {
        let changes = std::mem::take(&mut self.pending);
        if let Some(log) = &mut self.log
            && !changes.is_empty()
        {
            self.unsynced = Some(log.append(&Batch { counter: self.counter, changes })?);
        }
        Ok(())
    }

    /// What was appended last and may not be on the disk yet: nothing may be acknowledged before.
    pub(crate) fn unsynced(&mut self) -> Option<Unsynced> {
        self.unsynced.take()
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Put(object) => self.apply_put(*object),
            Change::Remove { kind, id } => self.apply_remove(kind, id),
        }
    }

    fn apply_put(&mut self, object: Object) {
        match object {
            Object::Tenant(it) => self.tenant = Some(it),
            Object::Application(it) => drop(self.applications.insert(it.id, it)),
            Object::ServicePrincipal(it) => drop(self.service_principals.insert(it.id, it)),
            Object::AppRoleAssignment(it) => drop(self.app_role_assignments.insert(it.id, it)),
            Object::RoleAssignment(it) => self.role_assignments.insert(it),
            Object::RoleDefinition(it) => drop(self.role_definitions.insert(it.name, it)),
            Object::PlatformCredential(it) => drop(self.platform_credentials.insert(it.id, it)),
            Object::WebhookDelivery(it) => {
                drop(self.webhook_deliveries.insert(it.id.clone(), it));
            }
        }
    }

    fn apply_remove(&mut self, kind: Kind, id: Uuid) {
        match kind {
            Kind::Application => drop(self.applications.remove(&id)),
            Kind::ServicePrincipal => drop(self.service_principals.remove(&id)),
            Kind::AppRoleAssignment => drop(self.app_role_assignments.remove(&id)),
            Kind::RoleAssignment => self.role_assignments.remove(id),
            Kind::RoleDefinition => drop(self.role_definitions.remove(&id)),
            Kind::PlatformCredential => drop(self.platform_credentials.remove(&id)),
        }
    }

    fn snapshot(&self) -> Vec<Change> {
        let tenant = self.tenant.iter().cloned().map(Object::Tenant);
        let applications = self.applications.values().cloned().map(Object::Application);
        let principals = self.service_principals.values().cloned().map(Object::ServicePrincipal);
        let grants = self.app_role_assignments.values().cloned().map(Object::AppRoleAssignment);
        let assignments = self.role_assignments.values().cloned().map(Object::RoleAssignment);
        let definitions = self.role_definitions.values().cloned().map(Object::RoleDefinition);
        let platform = self.platform_credentials.values().cloned().map(Object::PlatformCredential);
        let deliveries = self.webhook_deliveries.values().cloned().map(Object::WebhookDelivery);
        tenant
            .chain(applications)
            .chain(principals)
            .chain(grants)
            .chain(assignments)
            .chain(definitions)
            .chain(platform)
            .chain(deliveries)
            .map(|object| Change::Put(Box::new(object)))
            .collect()
    }
}
