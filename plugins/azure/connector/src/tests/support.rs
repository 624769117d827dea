//! A host in memory and an engine of forty lines, to run steps against the simulated cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use skybridge_azure_client::http::provide_cryptography;
use skybridge_azure_sim::{Simulator, SimulatorOptions};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::audit::{Notice, Write};
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Description, Observation, ReadyRequest, Remains, Step, StepCall, Undone,
    observed,
};
use skybridge_plugin_sdk::protocol::open::{OpenRequest, SimulatedCloud};
use skybridge_plugin_sdk::protocol::rate_limit::RateLimit;
use skybridge_plugin_sdk::{Error, Result, Retry, SecretBytes, async_trait, kind};

use tokio::sync::Notify;

use crate::azure::{Azure, Fuse};
use crate::describe;
use crate::session::Session;
use crate::settings::Settings;
use crate::steps;
use crate::surroundings::Surroundings;

pub(super) const TENANT: &str = "11111111-2222-3333-4444-555555555555";
pub(super) const SUBSCRIPTION: &str = "33333333-4444-5555-6666-777777777777";

/// Longer than any lag of a scenario used here.
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// Between two attempts.
const PACE: Duration = Duration::from_millis(10);

#[derive(Default)]
pub(super) struct MemoryHost {
    pub(super) secrets: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(super) writes: Mutex<Vec<Write>>,
    pub(super) notices: Mutex<Vec<Notice>>,
    pub(super) limits: Mutex<Vec<RateLimit>>,
    /// What the vault's calls pass first.
    pub(super) fuse: Option<Arc<Fuse>>,
    /// Told when as much was written as [`MemoryHost::stop_after`] allows.
    pub(super) stopped: Arc<Notify>,
    allowed: AtomicUsize,
    dead: AtomicBool,
    ahead: Mutex<SignedDuration>,
}

impl MemoryHost {
    fn through(&self, effect: impl FnOnce()) -> Result<()> {
        let (acts, answers) = self.fuse.as_ref().map_or((true, true), |fuse| fuse.burn());
        if acts {
            effect();
        }
        if answers { Ok(()) } else { Err(Error::new(kind::UNEXPECTED, "killed")) }
    }

    /// Stops whoever waits for `stopped` at the `count`th thing written, in the cloud or in the
    /// vault; 0 lets everything be written.
    pub(super) fn stop_after(&self, count: usize) {
        self.allowed.store(count, Ordering::SeqCst);
        self.dead.store(false, Ordering::SeqCst);
    }

    /// Sets the clock ahead.
    pub(super) fn later(&self, by: SignedDuration) {
        *self.ahead.lock().unwrap() = by;
    }

    fn written(&self) -> bool {
        let last = self
            .allowed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let stop = last == Ok(1);
        if stop {
            self.dead.store(true, Ordering::SeqCst);
            self.stopped.notify_one();
        }
        stop
    }

    /// A process that was stopped after an answer came does not get to seal what was in it.
    async fn alive(&self) {
        if self.dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }

    /// Nothing happens any more after what was written last.
    async fn written_or_dead(&self) {
        if self.written() {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Surroundings for MemoryHost {
    fn now(&self) -> Timestamp {
        Timestamp::now() + *self.ahead.lock().unwrap()
    }

    async fn secret(&self, name: &str) -> Result<Option<SecretBytes>> {
        Ok(self.secrets.lock().unwrap().get(name).cloned().map(SecretBytes::from))
    }

    async fn put_secret(&self, name: &str, value: &[u8]) -> Result<()> {
        self.alive().await;
        self.through(|| {
            self.secrets.lock().unwrap().insert(name.into(), value.into());
        })?;
        self.written_or_dead().await;
        Ok(())
    }

    async fn remove_secret(&self, name: &str) -> Result<()> {
        self.alive().await;
        let mut was_there = false;
        self.through(|| was_there = self.secrets.lock().unwrap().remove(name).is_some())?;
        if was_there {
            self.written_or_dead().await;
        }
        Ok(())
    }

    fn audit(&self, write: &Write) {
        self.writes.lock().unwrap().push(write.clone());
        self.written();
    }

    fn progress(&self, _done: u64, _total: u64, _note: &str) {}

    fn notice(&self, notice: &Notice) {
        self.notices.lock().unwrap().push(notice.clone());
    }

    fn rate_limit(&self, limit: RateLimit) {
        limit.add_to(&mut self.limits.lock().unwrap());
    }
}

pub(super) fn settings() -> Value {
    json!({ "tenant": TENANT, "scope": { "subscriptions": [SUBSCRIPTION] } })
}

/// A scenario without lag, for tests that are about something else.
pub(super) const NO_LAG: &str = "[lag]\napplication = 0\napplication-reference = 0\n\
    service-principal = 0\nprincipal = 0\nprincipal-untyped = 0\napp-role-assignment = 0\n\
    app-role-effect = 0\nrole-definition = 0\nrole-definition-deletion = 0\nrole-assignment = 0\n\
    role-assignment-deletion = 0\nrole-assignment-effect = 0\n\
    secret = 0\ncredential-list = 0\ncertificate = 0\nfederated-credential = 0\n\
    application-deletion = 0\nservice-principal-deletion = 0\n";

/// A simulated cloud.
pub(super) async fn simulator(scenario: Option<&str>) -> Arc<Simulator> {
    let options = SimulatorOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        state_dir: None,
        scenario: scenario.map(str::to_owned),
        record: None,
    };
    Arc::new(Simulator::start(options).await.unwrap())
}

/// A connector against a simulated cloud of its own.
pub(super) struct Rehearsal {
    pub(super) azure: Azure,
    pub(super) host: MemoryHost,
    pub(super) description: Description,
    pub(super) outputs: BTreeMap<u32, Map>,
    /// Steps that failed or were skipped.
    pub(super) lost: BTreeSet<u32>,
    pub(super) run: String,
    pub(super) settings: Settings,
    /// What the simulator says of itself.
    pub(super) ready: Value,
    /// Between two looks whether a step is ready: what flaps has to be seen over some time.
    pub(super) pace: Duration,
    /// Attempts before the first of the next apply, in other processes.
    pub(super) attempts: u32,
    pub(super) simulator: Arc<Simulator>,
}

impl Rehearsal {
    pub(super) async fn new(scenario: Option<&str>) -> Self {
        Self::with(scenario, settings()).await
    }

    pub(super) async fn with(scenario: Option<&str>, settings: Value) -> Self {
        Self::on(simulator(scenario).await, settings)
    }

    /// The connector on a simulated cloud that runs already.
    pub(super) fn on(simulator: Arc<Simulator>, settings: Value) -> Self {
        Self::of("contoso", simulator, settings)
    }

    /// A connector of another name on a simulated cloud that runs already.
    pub(super) fn of(connector: &str, simulator: Arc<Simulator>, settings: Value) -> Self {
        let ready = serde_json::to_value(simulator.ready()).unwrap();
        let simulated = SimulatedCloud {
            endpoints: serde_json::from_value(ready["endpoints"].clone()).unwrap(),
            ca_pem: ready["ca-pem"].as_str().unwrap().to_owned(),
            operator: serde_json::from_value(ready["operator"].clone()).unwrap(),
        };
        let request = OpenRequest {
            connector: connector.into(),
            settings: Some(settings.clone()),
            operator: Value::Null,
            simulated: Some(simulated),
        };
        let azure = Azure::start(request).unwrap();
        let settings = Settings::read(settings).unwrap();
        Self {
            azure,
            host: MemoryHost::default(),
            description: describe::describe(connector, &settings, None),
            outputs: BTreeMap::new(),
            lost: BTreeSet::new(),
            run: "run-1".into(),
            settings,
            ready,
            pace: Duration::from_millis(50),
            attempts: 0,
            simulator,
        }
    }

    /// Asks the simulator's control address; with a body it is told to do something.
    pub(super) async fn control(&self, path: &str, body: Option<Value>) -> Value {
        self.ask(path, body.map(|body| body.to_string())).await
    }

    /// New rules of what goes wrong at the cloud; an empty text for none.
    pub(super) async fn faults(&self, rules: &str) {
        let answer = self.ask("_simulator/faults", Some(rules.to_owned())).await;
        assert!(answer["faults"].is_array(), "{answer}");
    }

    async fn ask(&self, path: &str, body: Option<String>) -> Value {
        provide_cryptography();
        let url = format!("{}/{path}", self.ready["url"].as_str().unwrap().trim_end_matches('/'));
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        let request = match body {
            Some(body) => http.post(url).body(body),
            None => http.get(url),
        };
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// What the tenant holds of one kind, without any lag.
    pub(super) async fn truth(&self, kind: &str) -> Vec<Value> {
        let state = self.control("_simulator/state", None).await;
        state[kind].as_array().unwrap().clone()
    }

    /// The outputs so far, by word: positions change with the description. Of several steps of one
    /// word the last counts.
    pub(super) fn outputs_by_word(&self) -> BTreeMap<String, Map> {
        self.outputs.iter().map(|(at, outputs)| (self.word(*at), outputs.clone())).collect()
    }

    /// Takes outputs over into another description.
    pub(super) fn recall(&mut self, outputs: BTreeMap<String, Map>) {
        let known = |at: u32| Some((at, outputs.get(&self.word(at))?.clone()));
        self.outputs = self.positions().filter_map(known).collect();
    }

    pub(super) fn output(&self, word: &str, name: &str) -> String {
        self.outputs[&self.find(word)][name].as_str().unwrap().to_owned()
    }

    pub(super) async fn remains(
        &self,
        position: u32,
        undo: &Value,
        purge: bool,
    ) -> Result<Remains> {
        let family = steps::family(&self.call(position).kind)?;
        let session = Session { purge, ..self.azure.session(&self.host)? };
        patiently(|| family.remains(&session, undo)).await
    }

    pub(super) fn positions(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.description.steps.len()).unwrap()
    }

    fn step(&self, position: u32) -> &Step {
        &self.description.steps[position as usize]
    }

    /// `role-assignment.reader`.
    pub(super) fn word(&self, position: u32) -> String {
        let template = &self.description.templates[self.step(position).template as usize];
        match &template.name {
            Some(name) => format!("{}.{name}", template.kind),
            None => template.kind.clone(),
        }
    }

    pub(super) fn find(&self, word: &str) -> u32 {
        self.positions().find(|p| self.word(*p) == word).unwrap()
    }

    /// The step with every input that is known.
    pub(super) fn call(&self, position: u32) -> StepCall {
        let step = self.step(position);
        let template = &self.description.templates[step.template as usize];
        let mut inputs = Map::new();
        for input in &template.inputs {
            let (word, output) = input.rsplit_once('.').unwrap();
            let from = step.needs.iter().find(|p| self.word(**p) == word);
            let from = from.unwrap_or_else(|| panic!("{input} is of no direct dependency"));
            let value = self.outputs.get(from).and_then(|outputs| outputs.get(output));
            if let Some(value) = value {
                inputs.insert(input.clone(), value.clone());
            }
        }
        StepCall {
            address: format!("contoso.{}", self.word(position)),
            kind: template.kind.clone(),
            name: template.name.clone(),
            scope: step.scope.clone(),
            desired: template.desired.clone(),
            inputs,
            without: self.parts_of(position).1,
        }
    }

    /// Of the parts that a step needs: how many work, and the scopes of those that do not.
    fn parts_of(&self, position: u32) -> (usize, Vec<String>) {
        let needs = self.step(position).needs.iter();
        let parts = needs.filter(|need| self.is_part(**need));
        let (lost, work): (Vec<u32>, Vec<u32>) = parts.partition(|need| self.lost.contains(need));
        let scopes = lost.into_iter().filter_map(|part| self.step(part).scope.clone());
        (work.len(), scopes.collect())
    }

    fn is_part(&self, position: u32) -> bool {
        self.description.templates[self.step(position).template as usize].part
    }

    /// Whether the engine would skip the step.
    fn is_skipped(&self, position: u32) -> bool {
        let needs = &self.step(position).needs;
        let (work, lost) = self.parts_of(position);
        needs.iter().any(|need| !self.is_part(*need) && self.lost.contains(need))
            || (work == 0 && !lost.is_empty())
    }

    pub(super) async fn observe(&self, position: u32) -> Result<Observation> {
        let call = self.call(position);
        let session = self.azure.session(&self.host)?;
        let family = steps::family(&call.kind)?;
        patiently(|| family.observe(&session, &call)).await
    }

    /// Waits until every replica has heard of a deletion: absent for longer than any deletion lags.
    pub(super) async fn until_gone(&self, position: u32) {
        let (mut absences, started) = (0, Instant::now());
        while absences < 15 {
            let seen = self.observe(position).await.unwrap();
            absences = if seen.state == observed::ABSENT { absences + 1 } else { 0 };
            assert!(started.elapsed() < PATIENCE, "{}: {seen:?}", self.word(position));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(super) async fn apply(&self, position: u32) -> Result<Applied> {
        let step = self.call(position);
        let family = steps::family(&step.kind)?;
        let session = self.azure.session(&self.host)?;
        let key = format!("{}/{}", self.run, step.address);
        let mut request = ApplyRequest { step, run: self.run.clone(), key, attempt: self.attempts };
        let started = Instant::now();
        loop {
            match family.apply(&session, &request).await {
                Err(error) if again(&error, started) => tokio::time::sleep(pause(&error)).await,
                outcome => return outcome,
            }
            request.attempt += 1;
        }
    }

    /// Applies one step and waits until it is ready.
    pub(super) async fn run_step(&mut self, position: u32) -> Result<Applied> {
        let applied = self.apply(position).await?;
        self.await_ready(position, &applied).await?;
        Ok(applied)
    }

    /// Takes over what a step put out and waits until it is ready.
    pub(super) async fn await_ready(&mut self, position: u32, applied: &Applied) -> Result<()> {
        self.outputs.insert(position, applied.outputs.clone());
        let call = self.call(position);
        let template = &self.description.templates[self.step(position).template as usize];
        for output in &template.outputs {
            assert!(applied.outputs.contains_key(output), "{} gives no {output}", call.address);
        }
        let family = steps::family(&call.kind)?;
        let session = self.azure.session(&self.host)?;
        let request = ReadyRequest { step: call, outputs: applied.outputs.clone() };
        let (mut successes, started) = (0, Instant::now());
        while template.readiness.as_ref().is_some_and(|r| successes < r.successes) {
            let ready = patiently(|| family.ready(&session, &request)).await?;
            successes = if ready.ready { successes + 1 } else { 0 };
            assert!(started.elapsed() < PATIENCE, "{}: {:?}", request.step.address, ready.reason);
            tokio::time::sleep(self.pace).await;
        }
        Ok(())
    }

    /// Applies every step up to and including `last`, if one is given.
    pub(super) async fn run_all(&mut self, last: Option<&str>) -> Vec<(u32, Applied)> {
        let mut done = Vec::new();
        for position in self.positions() {
            let applied = self.run_step(position).await;
            let applied =
                applied.unwrap_or_else(|error| panic!("{}: {error:#?}", self.word(position)));
            done.push((position, applied));
            if last == Some(self.word(position).as_str()) {
                break;
            }
        }
        done
    }

    /// `role-assignment.reader@33333333-…`, or without `@` the word alone.
    pub(super) fn name(&self, position: u32) -> String {
        let word = self.word(position);
        match &self.step(position).scope {
            Some(scope) => format!("{word}@{scope}"),
            None => word,
        }
    }

    /// Applies every step as the engine does: parts that fail cost the others nothing. Also what
    /// failed, by name.
    pub(super) async fn run_what_works(&mut self) -> (Vec<(u32, Applied)>, Vec<(String, Error)>) {
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        self.lost.clear();
        for position in self.positions() {
            if self.is_skipped(position) {
                self.lost.insert(position);
                continue;
            }
            match self.run_step(position).await {
                Ok(applied) => done.push((position, applied)),
                Err(error) => {
                    self.lost.insert(position);
                    failed.push((self.name(position), error));
                }
            }
        }
        (done, failed)
    }

    /// What would be handed over now.
    pub(super) fn connection(&self) -> Map {
        let value = |text: &str| {
            let placeholder = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
            let Some((word, output)) = placeholder.and_then(|text| text.rsplit_once('.')) else {
                return json!(text);
            };
            self.outputs[&self.find(word)][output].clone()
        };
        let fields = self.description.handover.iter();
        fields.map(|field| (field.name.clone(), value(&field.value))).collect()
    }

    pub(super) async fn undo(&self, position: u32, undo: &Value) -> Result<Undone> {
        self.undo_with(position, undo, false).await
    }

    pub(super) async fn undo_with(
        &self,
        position: u32,
        undo: &Value,
        purge: bool,
    ) -> Result<Undone> {
        let family = steps::family(&self.call(position).kind)?;
        let session = Session { purge, ..self.azure.session(&self.host)? };
        patiently(|| family.undo(&session, undo)).await
    }

    pub(super) fn writes(&self, operation: &str) -> usize {
        self.host.writes.lock().unwrap().iter().filter(|w| w.operation == operation).count()
    }
}

fn again(error: &skybridge_plugin_sdk::Error, started: Instant) -> bool {
    error.retry != Retry::Permanent && started.elapsed() < PATIENCE
}

fn pause(error: &skybridge_plugin_sdk::Error) -> Duration {
    error.retry_after.unwrap_or(PACE)
}

pub(super) async fn patiently<T, F>(mut attempt: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let started = Instant::now();
    loop {
        match attempt().await {
            Err(error) if again(&error, started) => tokio::time::sleep(pause(&error)).await,
            outcome => return outcome,
        }
    }
}

/// Looks until it is so.
pub(super) async fn eventually(what: &str, so: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !so().await {
        assert!(started.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
