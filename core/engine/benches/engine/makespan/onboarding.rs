//! An onboarding as the Azure plugin describes it, with the calls of every step, and what bounds it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use skybridge_engine::{Direction, Readiness, RunId, Work, WorkStep};
use skybridge_model::Address;
use uuid::Uuid;

use super::cloud::{Bucket, Call};

/// How long calls take, one after the other: 0.6 s in the middle, with a tail.
const LATENCIES_MS: [u64; 10] = [350, 400, 450, 500, 550, 600, 650, 700, 800, 1000];
/// Looks in a row that count as ready, and the milliseconds between two.
const LOOKS: usize = 3;
const INTERVAL_MS: u64 = 1000;

/// What is done for each subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A check, five role assignments, a verification: all from its own quotas.
    Roles,
    /// And one write at the tenant's scope.
    TenantWrite,
    /// And three objects of the directory, one after the other.
    GraphObjects,
}

impl Shape {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Roles => "roles",
            Self::TenantWrite => "tenant-write",
            Self::GraphObjects => "graph-objects",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Roles, Self::TenantWrite, Self::GraphObjects]
            .into_iter()
            .find(|one| one.word() == word)
    }
}

/// The steps, their calls, and the quotas those draw from.
pub(crate) struct Onboarding {
    pub(crate) work: Work,
    pub(crate) calls: Vec<Calls>,
    pub(crate) buckets: Vec<Bucket>,
}

/// The calls of one step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls {
    pub(crate) apply: Vec<Call>,
    /// Of each look whether it is ready.
    pub(crate) look: Vec<Call>,
}

/// No run is quicker than the largest of these, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    /// The longest path of steps.
    pub(crate) path: f64,
    /// What the fullest bucket still has to be refilled with.
    pub(crate) quota: f64,
    /// All calls over all places.
    pub(crate) places: f64,
}

impl Bound {
    pub(crate) fn all(self) -> f64 {
        self.path.max(self.quota).max(self.places)
    }
}

/// The buckets of a throttle domain, by position.
#[derive(Debug, Clone, Copy)]
struct Quotas {
    reads: usize,
    writes: usize,
}

/// Steps of the tenant that others need.
#[derive(Debug, Clone, Copy)]
struct Common {
    principal: u32,
    credential: u32,
    role_definition: u32,
}

impl Onboarding {
    pub(crate) fn new(subscriptions: u32, shape: Shape) -> Result<Self, Box<dyn Error>> {
        let run = RunId::new(Uuid::from_u128(2));
        let plan = "bench".to_owned();
        let work = Work { run, plan, direction: Direction::Forward, steps: Vec::new() };
        let mut this = Self { work, calls: Vec::new(), buckets: Vec::new() };
        let graph = this.quotas("graph", (3_500, 350), (3_000, 20), false);
        let tenant = this.quotas("arm/tenant", (250, 25), (200, 10), true);
        let mut each = Vec::new();
        for at in 0..subscriptions {
            let domain = format!("arm/{}", scope(at));
            let own = this.quotas(&domain, (250, 25), (200, 10), true);
            each.push((domain, own));
        }
        for (at, (domain, own)) in (0..).zip(&each) {
            this.step("subscription", None, Some(at), domain, &[], &[own.reads], None)?;
        }
        let checked: Vec<u32> = (0..subscriptions).collect();
        let common = this.common(&checked, graph, tenant)?;
        let mut verified = Vec::new();
        for (at, (domain, own)) in (0..).zip(&each) {
            let (made, seen) = ([own.reads, own.writes], Some(own.reads));
            let mut done = vec![common.credential];
            for role in ["reader", "one", "two", "three", "custom"] {
                let last = if role == "custom" { common.role_definition } else { at };
                let needs = [common.principal, last];
                done.push(this.step("role", Some(role), Some(at), domain, &needs, &made, seen)?);
            }
            done.extend(this.more(shape, at, common.principal, graph, tenant)?);
            let reads = [own.reads, own.reads];
            verified.push(this.step(
                "verification",
                None,
                Some(at),
                domain,
                &done,
                &reads,
                None,
            )?);
        }
        this.step("hand-over", None, None, "graph", &verified, &[graph.reads], None)?;
        Ok(this)
    }

    /// The steps of the tenant that others need.
    fn common(
        &mut self,
        checked: &[u32],
        graph: Quotas,
        tenant: Quotas,
    ) -> Result<Common, Box<dyn Error>> {
        let (made, seen) = ([graph.reads, graph.writes], Some(graph.reads));
        let application = self.step("application", None, None, "graph", &[], &made, seen)?;
        let needs = [application];
        let principal = self.step("service-principal", None, None, "graph", &needs, &made, seen)?;
        let credential = self.step("client-secret", None, None, "graph", &needs, &made, None)?;
        let (made, seen) = ([tenant.reads, tenant.writes], Some(tenant.reads));
        let role_definition =
            self.step("role-definition", None, None, "arm/tenant", checked, &made, seen)?;
        Ok(Common { principal, credential, role_definition })
    }

    /// What a shape adds to a subscription.
    fn more(
        &mut self,
        shape: Shape,
        at: u32,
        principal: u32,
        graph: Quotas,
        tenant: Quotas,
    ) -> Result<Option<u32>, Box<dyn Error>> {
        let made = [graph.writes];
        Ok(match shape {
            Shape::Roles => None,
            Shape::TenantWrite => {
                let made = [tenant.reads, tenant.writes];
                let needs = [principal];
                Some(self.step("group-role", None, Some(at), "arm/tenant", &needs, &made, None)?)
            }
            Shape::GraphObjects => {
                let one =
                    self.step("own-application", None, Some(at), "graph", &[], &made, None)?;
                let two =
                    self.step("own-principal", None, Some(at), "graph", &[one], &made, None)?;
                Some(self.step("own-secret", None, Some(at), "graph", &[two], &made, None)?)
            }
        })
    }

    fn step_count(&self) -> u32 {
        u32::try_from(self.work.steps.len()).unwrap_or(u32::MAX)
    }

    fn quotas(
        &mut self,
        domain: &str,
        reads: (u64, u64),
        writes: (u64, u64),
        told: bool,
    ) -> Quotas {
        for (name, (size, per_second)) in [("reads", reads), ("writes", writes)] {
            self.buckets.push(Bucket { domain: domain.to_owned(), name, size, per_second, told });
        }
        Quotas { reads: self.buckets.len() - 2, writes: self.buckets.len() - 1 }
    }

    /// Adds a step with its calls; one that `waits` is seen by reads from that bucket.
    #[expect(clippy::too_many_arguments, reason = "a row of a table")]
    fn step(
        &mut self,
        kind: &str,
        name: Option<&str>,
        subscription: Option<u32>,
        domain: &str,
        needs: &[u32],
        calls: &[usize],
        waits: Option<usize>,
    ) -> Result<u32, Box<dyn Error>> {
        let at = self.step_count();
        let call = |(which, bucket): (usize, &usize)| {
            // Spread over the table, the same each time.
            let row = (at as usize * 7 + which * 3) % LATENCIES_MS.len();
            Call { bucket: *bucket, ms: LATENCIES_MS[row] }
        };
        let scope = subscription.map(scope);
        self.work.steps.push(WorkStep {
            address: Address::build("contoso", kind, name, scope.as_deref())?,
            title: kind.into(),
            needs: needs.to_vec(),
            domain: domain.into(),
            readiness: waits.map(|_| readiness()),
            settled: None,
            always: false,
            part: false,
        });
        self.calls.push(Calls {
            apply: calls.iter().enumerate().map(call).collect(),
            look: waits
                .iter()
                .enumerate()
                .map(|(which, bucket)| call((which + 9, bucket)))
                .collect(),
        });
        Ok(at)
    }

    pub(crate) fn bound(&self, places: u32) -> Bound {
        let sum = |calls: &[Call]| calls.iter().map(|call| call.ms).sum::<u64>();
        let mut drawn = vec![0_u64; self.buckets.len()];
        let (mut all, mut longest) = (0, 0);
        // Needs stand before whoever needs them.
        let mut ends: Vec<u64> = Vec::with_capacity(self.calls.len());
        for (step, calls) in self.work.steps.iter().zip(&self.calls) {
            let looks = if calls.look.is_empty() { 0 } else { LOOKS as u64 };
            let begins = step.needs.iter().map(|need| ends[*need as usize]).max().unwrap_or(0);
            let busy = sum(&calls.apply) + looks * sum(&calls.look);
            let end = begins + busy + looks.saturating_sub(1) * INTERVAL_MS;
            calls.apply.iter().for_each(|call| drawn[call.bucket] += 1);
            calls.look.iter().for_each(|call| drawn[call.bucket] += looks);
            (all, longest) = (all + busy, longest.max(end));
            ends.push(end);
        }
        let refill = |(bucket, drawn): (&Bucket, &u64)| {
            drawn.saturating_sub(bucket.size) as f64 / bucket.per_second as f64
        };
        Bound {
            path: longest as f64 / 1000.0,
            quota: self.buckets.iter().zip(&drawn).map(refill).fold(0.0, f64::max),
            places: all as f64 / 1000.0 / f64::from(places),
        }
    }
}

fn scope(at: u32) -> String {
    format!("00000000-0000-4000-8000-{at:012}")
}

fn readiness() -> Arc<Readiness> {
    Arc::new(Readiness {
        waits_for: "it can be read".to_owned(),
        successes: LOOKS as u32,
        interval: Duration::from_millis(INTERVAL_MS),
        budget: Duration::from_secs(300),
    })
}
