//! The simulated tenant: one value that answers every call, under one lock.
//!
//! Nothing below this module knows sockets, and nothing but [`crate::clock::now`] reads the clock:
//! an answer follows from the world, the call and its time.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::chance::{Chance, seeded_id};
use crate::clock::Millis;
use crate::faults::{Fault, Faults, error_reply};
use crate::http::{Call, Delivery, Outcome, Reply};
use crate::scenario::{Scenario, Service};
use crate::signing::SigningKey;
use crate::store::{ServicePrincipal, Store};
use crate::throttle::Buckets;
use crate::traffic::Traffic;
use crate::{arm, graph, login, platform};

/// Where the services are, as their clients see them.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints {
    pub(crate) login: String,
    pub(crate) resource_manager: String,
    pub(crate) graph: String,
    pub(crate) platform: String,
}

impl Endpoints {
    pub(crate) fn of(&self, service: Service) -> &str {
        match service {
            Service::Login => &self.login,
            Service::ResourceManager => &self.resource_manager,
            Service::Graph => &self.graph,
            Service::Platform => &self.platform,
        }
    }
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) endpoints: Endpoints,
    pub(crate) store: Store,
    pub(crate) chance: Chance,
    pub(crate) keys: SigningKey,
    pub(crate) buckets: Buckets,
    pub(crate) traffic: Traffic,
    pub(crate) estate: arm::estate::Estate,
    pub(crate) departed: arm::Departed,
    pub(crate) sign_ins: login::SignIns,
    pub(crate) desk: platform::Desk,
    /// Applications somebody will consent to, and when.
    pub(crate) consents: BTreeMap<Uuid, Millis>,
    pub(crate) faults: Faults,
    requests: u64,
}

impl World {
    pub(crate) fn new(
        scenario: Scenario,
        endpoints: Endpoints,
        store: Store,
        keys: SigningKey,
        traffic: Traffic,
        sign_ins: login::SignIns,
        desk: platform::Desk,
    ) -> Self {
        Self {
            chance: Chance::new(scenario.seed),
            faults: Faults::new(&scenario.faults),
            estate: arm::estate::Estate::new(&scenario),
            departed: arm::Departed::default(),
            buckets: Buckets::default(),
            requests: 0,
            sign_ins,
            desk,
            consents: BTreeMap::new(),
            scenario,
            endpoints,
            store,
            keys,
            traffic,
        }
    }

    /// Answers one call: the scenario's faults first, then the service, then the log. What was
    /// appended to the log is on the disk only when [`Store::unsynced`] says so.
    pub(crate) fn answer(&mut self, call: &mut Call) -> Outcome {
        self.requests += 1;
        call.request_id = seeded_id(self.scenario.seed, "request", self.requests);
        let (reply, delivery) = match self.faults.next(call) {
            Some(Fault::Instead(reply)) => (reply, Delivery::Whole),
            Some(Fault::LostBefore(delivery)) => (Reply::empty(503), delivery),
            Some(Fault::LostAfter(delivery)) => (self.serve(call), delivery),
            None => (self.serve(call), Delivery::Whole),
        };
        let reply = self.with_common_headers(call, reply);
        self.traffic.record(self.endpoints.of(call.service), call, &reply);
        Outcome { reply, delivery }
    }

    /// A reply to something that could not be read as a call.
    pub(crate) fn refuse(&mut self, call: &mut Call, status: u16, message: &str) -> Reply {
        self.requests += 1;
        call.request_id = seeded_id(self.scenario.seed, "request", self.requests);
        let reply = error_reply(call, status, "BadRequest", message);
        let reply = self.with_common_headers(call, reply);
        self.traffic.record(self.endpoints.of(call.service), call, &reply);
        reply
    }

    /// The next object id.
    pub(crate) fn new_id(&mut self) -> Uuid {
        let number = self.store.next_number();
        self.chance.id(number)
    }

    /// The living service principal of an application.
    pub(crate) fn principal_of_app(&self, app_id: Uuid) -> Option<&ServicePrincipal> {
        let mut living = self.store.service_principals.values();
        living.find(|principal| principal.app_id == app_id && principal.deleted.is_none())
    }

    /// Whether a lagging object is seen by this read.
    pub(crate) fn sees(
        &mut self,
        view: crate::chance::View,
        subject: Uuid,
        born: Millis,
        lag: Millis,
        now: Millis,
    ) -> bool {
        if !self.scenario.flapping {
            return now.saturating_sub(born) >= lag;
        }
        self.chance.sees(view, subject, born, lag, now)
    }

    /// Whether this read meets a replica that has not heard yet that an object was deleted.
    pub(crate) fn sees_ghost(
        &mut self,
        view: crate::chance::View,
        subject: Uuid,
        deleted: Option<Millis>,
        lag: Millis,
        now: Millis,
    ) -> bool {
        deleted.is_some_and(|deleted| !self.sees(view, subject, deleted, lag, now))
    }

    fn serve(&mut self, call: &Call) -> Reply {
        graph::consent::give_due(self, call.now);
        let reply = match call.service {
            Service::Login => login::answer(self, call),
            Service::ResourceManager => arm::answer(self, call),
            Service::Graph => graph::answer(self, call),
            Service::Platform => platform::answer(self, call),
        };
        match self.store.append() {
            Ok(()) => reply,
            Err(error) => {
                tracing::error!(%error, "a change could not be written");
                error_reply(call, 500, "InternalServerError", "The change could not be kept.")
            }
        }
    }

    fn with_common_headers(&self, call: &Call, reply: Reply) -> Reply {
        let reply = match call.service {
            Service::Login => login::with_headers(call, reply),
            Service::ResourceManager => arm::with_headers(call, reply),
            Service::Graph => graph::with_headers(call, reply),
            Service::Platform => platform::with_headers(reply),
        };
        reply.with("x-content-type-options", "nosniff").with("cache-control", "no-cache")
    }
}
