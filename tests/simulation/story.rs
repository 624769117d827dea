//! What happens to a seed's tenant: it is connected, perhaps gets a new credential, perhaps is let go
//! again, and on the way everything goes wrong that may.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use super::checker::{self, Wanted};
use super::cloud::{Cloud, folder};
use super::dice::Dice;
use super::drive::{Disturbance, PAUSE};
use super::life::{Command, End, Lived, Place};
use super::print::print;
use super::tenant::{Credential, Destination, Tenant};
use super::time::VirtualClock;
use crate::exit::Exit;
use crate::record;
use crate::ui::Reader;

/// Lives of one command that are disturbed, at most.
const DISTURBED_MAX: u64 = 4;

/// Lives after those, by which the command must have come to its end: one goes on with a run that
/// cannot end well any more, one does the rest.
const QUIET_MAX: u64 = 3;

/// What was done to get there, over all seeds.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) seeds: u64,
    pub(super) lives: u64,
    pub(super) killed: u64,
    pub(super) in_a_call: u64,
    pub(super) interrupted: u64,
    pub(super) failed: u64,
    pub(super) injected: u64,
    pub(super) resumed: u64,
    pub(super) rotated: u64,
    pub(super) offboarded: u64,
    pub(super) happenings: u64,
    pub(super) hours: f64,
}

/// What an undisturbed run makes of each tenant, found out once.
#[derive(Default)]
pub(super) struct Ends(BTreeMap<String, Prints>);

/// The prints of a tenant before anything was made, and connected.
#[derive(Clone)]
struct Prints {
    before: Vec<String>,
    connected: Vec<String>,
}

/// Everything printed in a seed, in memory that is used again by the next.
pub(super) fn reader() -> Reader {
    Box::leak(Box::new(Mutex::new(Vec::new())))
}

/// A tenant that a story happens to.
pub(super) struct Stage {
    pub(super) place: Place,
    tenant: Tenant,
    seed: u64,
    life: u64,
    secrets: BTreeSet<String>,
    told: Vec<&'static str>,
    restorable: bool,
    _folder: tempfile::TempDir,
}

type Checked = Result<(), String>;

impl Stage {
    pub(super) async fn new(seed: u64, tenant: &Tenant, scenario: String, said: Reader) -> Self {
        said.lock().unwrap().clear();
        let kept = folder();
        let path = kept.path().to_owned();
        let clock = Arc::new(VirtualClock::new());
        let cloud = Cloud::start(&clock, path.join("cloud"), scenario).await;
        let manifest = tenant.manifest.replace("@FOLDER@", path.to_str().unwrap());
        fs_err::write(path.join("contoso.toml"), manifest).unwrap();
        let secrets = cloud.secrets().into_iter().collect();
        let place = Place { folder: path, clock, cloud: Arc::new(cloud), said };
        let (tenant, life, told, restorable) = (tenant.clone(), 0, Vec::new(), false);
        Self { place, tenant, seed, life, secrets, told, restorable, _folder: kept }
    }

    fn dice(&self, question: &str) -> Dice {
        Dice::new(self.seed, &format!("{question} {}", self.life))
    }

    pub(super) async fn live(
        &mut self,
        command: Command,
        disturbance: Disturbance,
        inject: &[String],
        tally: &mut Tally,
    ) -> Result<End, String> {
        self.life += 1;
        self.place.clock.pass(PAUSE);
        let (dice, entropy) = (self.dice("happenings"), self.dice("entropy"));
        let Lived { end, happenings, found } =
            self.place.live(command, disturbance, inject, dice, entropy).await;
        tally.lives += 1;
        tally.happenings += happenings;
        let state = self.place.cloud.state().await;
        checker::known_secrets(&state, &mut self.secrets);
        match (end, found.is_empty()) {
            (End::Broken(why), _) => Err(why),
            (_, false) => Err(found.join("\n")),
            (end, true) => Ok(end),
        }
    }

    /// Does what a user does who wants `command` done, however often it is cut short.
    async fn complete(&mut self, command: Command, tally: &mut Tally) -> Checked {
        let disturbed = self.dice("disturbed").below(DISTURBED_MAX + 1);
        for life in 0..disturbed + QUIET_MAX {
            let quiet = life >= disturbed;
            let typed = self.typed(command, life);
            let (disturbance, inject) = if quiet {
                self.place.cloud.faults(String::new()).await;
                (Disturbance::default(), Vec::new())
            } else {
                self.disturb(typed, life).await
            };
            tally.resumed += u64::from(typed == Command::Resume);
            tally.injected += u64::from(!inject.is_empty());
            let in_a_call = disturbance.in_a_call.is_some();
            match self.live(typed, disturbance, &inject, tally).await? {
                End::Exit(Exit::Done) => return Ok(()),
                End::Exit(exit)
                    if quiet && typed != Command::Resume && life + 1 == disturbed + QUIET_MAX =>
                {
                    return Err(format!("{typed:?}, undisturbed, ended with {exit:?}"));
                }
                End::Exit(Exit::Stuck) => tally.interrupted += 1,
                End::Exit(Exit::Failed) => tally.failed += 1,
                End::Exit(exit) => return Err(format!("{typed:?} ended with {exit:?}")),
                End::Killed => {
                    tally.killed += 1;
                    tally.in_a_call += u64::from(in_a_call);
                }
                End::Broken(why) => return Err(why),
            }
        }
        Err(format!("{command:?} does not come to its end"))
    }

    /// The command again, or `resume` when there is something to resume.
    fn typed(&self, command: Command, life: u64) -> Command {
        let unfinished = record::unfinished(&self.place.state()).is_some();
        let resume = life > 0 && unfinished && self.dice("typed").percent(60);
        if resume { Command::Resume } else { command }
    }

    /// Rolls what goes wrong in the next life.
    async fn disturb(&self, command: Command, life: u64) -> (Disturbance, Vec<String>) {
        let mut dice = self.dice("disturbance");
        let rules = if dice.percent(60) { rules(&mut dice) } else { String::new() };
        self.place.cloud.faults(rules).await;
        let scale = *dice.pick(&[15, 60, 150, 400]);
        let ends_after = dice.percent(70).then(|| dice.between(1, scale));
        let service = *dice.pick(&["graph", "resource-manager", "login"]);
        let through = dice.below(6);
        let disturbance = Disturbance {
            ends_after,
            in_a_call: (ends_after.is_some() && dice.percent(40)).then_some((service, through)),
            interrupted_after: dice.percent(15).then(|| dice.between(1, scale)),
            tardy: dice.percent(40),
            ..Disturbance::default()
        };
        let inject =
            if dice.percent(35) { self.inject(command, life, &mut dice) } else { Vec::new() };
        (disturbance, inject)
    }

    /// Faults as a user writes them. At steps only while none of them has been done, for a fault at
    /// what has nothing to do is refused.
    fn inject(&self, command: Command, life: u64, dice: &mut Dice) -> Vec<String> {
        let event = dice.between(1, 70);
        let when = *dice.pick(&["before", "after"]);
        if command != Command::Apply || life > 0 {
            return match command {
                Command::Verify => Vec::new(),
                _ => vec![format!("crash:{when}@event:{event}")],
            };
        }
        let credential = match self.tenant.credential {
            Credential::Secret => "client-secret",
            Credential::Certificate => "certificate",
        };
        let steps = [
            "application",
            "service-principal",
            "role-assignment",
            "admin-consent",
            "role-definition.custom",
            "verification",
            "hand-over",
            credential,
        ];
        let times = dice.between(1, 3);
        let step = *dice.pick(&steps);
        let fault = match dice.below(7) {
            0 => format!("crash:{when}"),
            1 => format!("lost-reply*{times}"),
            2 => format!("error:transient*{times}"),
            3 => format!("error:rate-limited:after=7s*{times}"),
            4 => format!("error:eventual*{times}"),
            5 => "error:permission-denied".to_owned(),
            _ => return vec![format!("crash:{when}@event:{event}")],
        };
        vec![format!("{fault}@contoso.{step}")]
    }

    /// Looks at everything there is to look at.
    async fn check(&self, wanted: Wanted, should: &[String]) -> Checked {
        let found = self.findings(wanted, should).await;
        if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
    }

    pub(super) async fn findings(&self, wanted: Wanted, should: &[String]) -> Vec<String> {
        let (state, is) = (self.place.state(), self.place.cloud.state().await);
        let mut found = checker::tenant(&is, should, self.restorable);
        found.extend(checker::machine(&state, &is, wanted));
        found.extend(checker::journals(&state, true));
        found.extend(checker::secrets(&state, &self.place.said.lock().unwrap(), &self.secrets));
        if self.tenant.destination == Destination::Webhook {
            found.extend(checker::deliveries(&is, &self.told));
        }
        found
    }

    pub(super) fn secrets(&self) -> &BTreeSet<String> {
        &self.secrets
    }

    /// Connects without any disturbance but what the test plants.
    pub(super) async fn connect_with(&mut self, planted: Disturbance) -> Result<End, String> {
        self.told.push("connected");
        self.live(Command::Apply, planted, &[], &mut Tally::default()).await
    }

    pub(super) async fn close(self) {
        if let Ok(cloud) = Arc::try_unwrap(self.place.cloud) {
            cloud.stop().await;
        }
    }
}

/// Faults of the simulated cloud: each a few times, so that trying again helps, and one a service:
/// surveys and reports wait for a busy service inside the plugin, by a clock that no seed moves.
fn rules(dice: &mut Dice) -> String {
    let effects = [
        "too-many-requests",
        "too-many-requests",
        "internal-error",
        "service-unavailable",
        "request-timeout",
        "reset-before-commit",
        "reset-after-commit",
        "reset-mid-body",
    ];
    let (mut text, mut disturbed) = (String::new(), BTreeSet::new());
    for _ in 0..dice.between(1, 4) {
        let service = *dice.pick(&["graph", "graph", "resource-manager", "login", "platform"]);
        let effect = *dice.pick(&effects);
        let method = *dice.pick(&["", "GET", "POST", "PUT", "PATCH", "DELETE"]);
        let (skip, every, times) = (dice.below(20), dice.between(1, 4), dice.between(1, 4));
        if !disturbed.insert(service) {
            continue;
        }
        write!(
            text,
            "[[faults]]\nservice = \"{service}\"\neffect = \"{effect}\"\nskip = {skip}\n\
             every = {every}\ntimes = {times}\n"
        )
        .unwrap();
        if !method.is_empty() {
            writeln!(text, "method = \"{method}\"").unwrap();
        }
        if effect == "too-many-requests" && dice.percent(70) {
            writeln!(text, "retry-after = {}", dice.between(1, 5)).unwrap();
        }
    }
    text
}

impl Ends {
    /// What an undisturbed run makes of a tenant like this.
    async fn of(&mut self, tenant: &Tenant, said: Reader) -> Result<Prints, String> {
        if let Some(known) = self.0.get(&tenant.shape()) {
            return Ok(known.clone());
        }
        let mut stage = Stage::new(0, tenant, tenant.scenario_undisturbed(), said).await;
        let before = print(&stage.place.cloud.state().await);
        let quiet = Disturbance::default();
        let end = stage.live(Command::Apply, quiet, &[], &mut Tally::default()).await?;
        if !matches!(end, End::Exit(Exit::Done)) {
            return Err(format!("undisturbed, the tenant is not connected: {end:?}"));
        }
        let connected = print(&stage.place.cloud.state().await);
        stage.told.push("connected");
        stage.check(Wanted::Connected, &connected).await?;
        stage.close().await;
        let ends = Prints { before, connected };
        self.0.insert(tenant.shape(), ends.clone());
        Ok(ends)
    }
}

/// Tells the story of a seed.
pub(super) async fn tell(seed: u64, ends: &mut Ends, said: Reader, tally: &mut Tally) -> Checked {
    let tenant = Tenant::of(seed);
    let should = ends.of(&tenant, said).await?;
    let mut stage = Stage::new(seed, &tenant, tenant.scenario(), said).await;
    let told = chapters(&mut stage, &should, tally).await;
    tally.seeds += 1;
    tally.hours += stage.place.clock.elapsed().as_secs_f64() / 3600.0;
    stage.close().await;
    told
}

async fn chapters(stage: &mut Stage, should: &Prints, tally: &mut Tally) -> Checked {
    let mut plot = Dice::new(stage.seed, "plot");
    connect(stage, should, tally).await?;
    if plot.percent(25) {
        stage.place.cloud.faults(String::new()).await;
        let quiet = Disturbance::default();
        let end = stage.live(Command::Verify, quiet, &[], tally).await?;
        if !matches!(end, End::Exit(Exit::Done)) {
            return Err(format!("the connection does not verify: {end:?}"));
        }
    }
    if plot.percent(35) {
        stage.complete(Command::Rotate, tally).await?;
        tally.rotated += 1;
        stage.told.push("rotated");
        settle(stage);
        stage.check(Wanted::Connected, &should.connected).await?;
    }
    if plot.percent(50) {
        let purged = plot.percent(40);
        stage.complete(Command::Offboard { purge: purged }, tally).await?;
        tally.offboarded += 1;
        stage.told.push("removed");
        stage.restorable |= !purged;
        settle(stage);
        stage.check(Wanted::Gone, &should.before).await?;
        if plot.percent(30) {
            connect(stage, should, tally).await?;
        }
    }
    Ok(())
}

async fn connect(stage: &mut Stage, should: &Prints, tally: &mut Tally) -> Checked {
    stage.complete(Command::Apply, tally).await?;
    stage.told.push("connected");
    settle(stage);
    stage.check(Wanted::Connected, &should.connected).await
}

/// A quiet while, in which everything that lags catches up.
fn settle(stage: &Stage) {
    stage.place.clock.pass(std::time::Duration::from_secs(60));
}
