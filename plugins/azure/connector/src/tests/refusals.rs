//! What a person sees of every refusal that is known, met over real HTTPS at the step where it is
//! met. The texts beside these files are what is shown; each begins with the row it is about.

use std::fmt::Write as _;
use std::time::Duration;

use expect_test::ExpectFile;
use serde_json::{Value, json};
use skybridge_azure_client::http::provide_cryptography;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Ready, ReadyRequest, StepCall,
};
use skybridge_plugin_sdk::protocol::open::{OpenRequest, SimulatedCloud};
use skybridge_plugin_sdk::{Error, Result, Retry, kind};

use super::support::{NO_LAG, Rehearsal, settings};
use crate::azure::Azure;
use crate::steps;

mod hostile;
mod lag;
mod masks;
mod own;
mod page;
mod provoked;
mod role_assignments;
mod services;
mod simulated;
mod tokens;
mod transport;
mod verified;

/// The simulator is on this machine.
const LIMIT: Duration = Duration::from_secs(30);

/// A fault, as the scenario has it: `GRAPH PATCH /applications` and what it answers.
fn fault(call: &str, effect: &str) -> String {
    let mut parts = call.split(' ');
    let service = parts.next().unwrap();
    let (method, path) = (parts.next().unwrap(), parts.next().unwrap_or_default());
    let method = if method == "*" { String::new() } else { format!("method = \"{method}\"\n") };
    format!("[[faults]]\nservice = \"{service}\"\n{method}path-contains = \"{path}\"\n{effect}\n")
}

/// The effect of an error of the service.
fn answer(status: u16, code: &str, message: &str) -> String {
    format!("effect = \"answer\"\nstatus = {status}\ncode = \"{code}\"\nmessage = \"{message}\"")
}

/// A simulated cloud in which everything before one step is done, and what was seen there.
struct Bench {
    rehearsal: Rehearsal,
    word: String,
    seen: String,
}

impl Bench {
    /// Stands before the step `word` of the default onboarding.
    async fn before(word: &str) -> Self {
        Self::with(word, NO_LAG, settings()).await
    }

    async fn with(word: &str, scenario: &str, settings: Value) -> Self {
        Self::after(&[], word, scenario, settings).await
    }

    /// Stands before the step `word`, in a tenant that takes hours to catch up with what the steps
    /// `hurried` do: they are applied and not waited for.
    async fn after(hurried: &[&str], word: &str, scenario: &str, settings: Value) -> Self {
        let rehearsal = Rehearsal::with(Some(scenario), settings).await;
        let mut bench = Self { rehearsal, word: word.into(), seen: String::new() };
        bench.walk(hurried, word).await;
        bench
    }

    /// Does everything before the step `word` that is not done yet.
    async fn walk(&mut self, hurried: &[&str], word: &str) {
        let rehearsal = &mut self.rehearsal;
        for position in 0..rehearsal.find(word) {
            if rehearsal.outputs.contains_key(&position) {
                continue;
            }
            let done = if hurried.contains(&rehearsal.word(position).as_str()) {
                let done = rehearsal.apply(position).await;
                done.inspect(|done| {
                    rehearsal.outputs.insert(position, done.outputs.clone());
                })
            } else {
                rehearsal.run_step(position).await
            };
            done.unwrap_or_else(|error| panic!("{}: {error:#?}", rehearsal.word(position)));
        }
        self.word = word.into();
    }

    /// Goes on to another step; everything before it is done.
    async fn go_on_to(&mut self, word: &str) {
        self.faults("").await;
        self.walk(&[], word).await;
    }

    /// Rules in place of those there were.
    async fn faults(&self, rules: &str) {
        provide_cryptography();
        let url = self.rehearsal.ready["url"].as_str().unwrap().trim_end_matches('/');
        let request = reqwest::Client::builder()
            .timeout(LIMIT)
            .build()
            .unwrap()
            .post(format!("{url}/_simulator/faults"));
        let reply = request.body(rules.to_owned()).send().await.unwrap();
        let (status, text) = (reply.status(), reply.text().await.unwrap());
        assert!(status.is_success(), "{text}\n{rules}");
    }

    fn call(&self, inputs: &[(&str, Value)]) -> StepCall {
        let mut step = self.rehearsal.call(self.rehearsal.find(&self.word));
        for (name, value) in inputs {
            step.inputs.insert((*name).to_owned(), value.clone());
        }
        step
    }

    /// One attempt, as the engine makes it.
    async fn attempt(&self, inputs: &[(&str, Value)], attempt: u32) -> Result<Applied> {
        let step = self.call(inputs);
        let key = format!("{}/{}", self.rehearsal.run, step.address);
        let request = ApplyRequest { step, run: self.rehearsal.run.clone(), key, attempt };
        let session = self.rehearsal.azure.session(&self.rehearsal.host)?;
        steps::family(&request.step.kind)?.apply(&session, &request).await
    }

    /// One look whether the step is ready.
    async fn ready(&self, outputs: &Applied) -> Result<Ready> {
        let request = ReadyRequest { step: self.call(&[]), outputs: outputs.outputs.clone() };
        let session = self.rehearsal.azure.session(&self.rehearsal.host)?;
        steps::family(&request.step.kind)?.ready(&session, &request).await
    }

    /// One attempt that meets `rules`; what it did in spite of them is taken back.
    async fn meet(&mut self, row: &str, rules: &str, inputs: &[(&str, Value)], attempt: u32) {
        self.faults(rules).await;
        let outcome = self.attempt(inputs, attempt).await;
        self.faults("").await;
        let position = self.rehearsal.find(&self.word);
        if let Ok(done) = &outcome
            && !done.undo.is_null()
        {
            self.rehearsal.undo(position, &done.undo).await.unwrap();
        }
        self.saw(row, outcome.as_ref().map(|done| done.action.as_str()));
    }

    /// The same where what the step needs is new, and where it is old and does not exist.
    async fn meet_new_and_old(&mut self, row: &str, fresh: &str, rules: &str, gone: &str) {
        let (new, old) = (format!("{row}, made by this run"), format!("{row}, and nothing is new"));
        self.meet(&new, rules, &[(fresh, json!(true))], 0).await;
        self.meet(&old, &format!("{gone}{rules}"), &[(fresh, json!(false))], 0).await;
    }

    /// Notes what a person sees of it.
    fn saw(&mut self, row: &str, outcome: std::result::Result<&str, &Error>) {
        writeln!(self.seen, "== {row}\nstep: {}", self.word).unwrap();
        match outcome {
            Ok(done) => {
                writeln!(self.seen, "done: {done}").unwrap();
            }
            Err(error) => {
                self.seen.push_str(&shown(error));
                if error.retry == Retry::Eventual {
                    writeln!(self.seen, "waited for: {}", self.budget()).unwrap();
                }
            }
        }
        self.seen.push('\n');
    }

    /// How long the engine waits for the step.
    fn budget(&self) -> String {
        let rehearsal = &self.rehearsal;
        let step = &rehearsal.description.steps[rehearsal.find(&self.word) as usize];
        let template = &rehearsal.description.templates[step.template as usize];
        let readiness = template.readiness.as_ref();
        readiness
            .map_or_else(|| "as anything".into(), |it| format!("{} min", it.budget_ms / 60_000))
    }

    /// Notes a look that says why it is not time yet.
    fn not_ready(&mut self, row: &str, seen: Result<Ready>) {
        let seen = seen.unwrap();
        assert!(!seen.ready, "{row}");
        let told = format!("not ready: {}\nwaited for: {}", seen.reason.unwrap(), self.budget());
        self.saw(row, Ok(&told));
    }

    fn compare(&self, expected: &ExpectFile) {
        expected.assert_eq(&masks::masked(&self.seen));
    }

    /// Opens the connector anew, so that nobody is signed in.
    fn reopen(&mut self, change: impl FnOnce(&mut SimulatedCloud)) {
        let ready = &self.rehearsal.ready;
        let mut simulated = SimulatedCloud {
            endpoints: serde_json::from_value(ready["endpoints"].clone()).unwrap(),
            ca_pem: ready["ca-pem"].as_str().unwrap().to_owned(),
            operator: serde_json::from_value(ready["operator"].clone()).unwrap(),
        };
        change(&mut simulated);
        self.rehearsal.azure = Azure::start(OpenRequest {
            connector: "contoso".into(),
            settings: Some(settings()),
            operator: Value::Null,
            simulated: Some(simulated),
        })
        .unwrap();
    }
}

/// Everything a person is shown of an error. A refusal of a service has the id it is known by there.
fn shown(error: &Error) -> String {
    let detail = &error.detail;
    let code = detail.code.as_deref().unwrap_or("no code");
    let mut text =
        format!("error: {code} ({}, {:?})\nsays: {error}\n", word(error.kind), error.retry);
    if let Some(wait) = error.retry_after {
        writeln!(text, "wait: {} s", wait.as_secs()).unwrap();
    }
    if let Some(pointer) = &detail.pointer {
        writeln!(text, "at: {pointer}").unwrap();
    }
    if let Some(help) = &detail.help {
        writeln!(text, "help: {help}").unwrap();
    }
    let keys: Vec<&str> = detail.context.iter().map(|(key, _)| key.as_str()).collect();
    if !keys.is_empty() {
        writeln!(text, "context: {}", keys.join(", ")).unwrap();
    }
    if keys.contains(&"status") {
        let id = detail.context.iter().find(|(key, _)| key == "request-id");
        assert!(id.is_some_and(|(_, id)| id.len() >= 32), "no request id: {error:#?}");
    }
    let is_internal = ["AZ-HOST-", "AZ-CONFIG-"].iter().any(|area| code.starts_with(area));
    let waits = error.retry != Retry::Permanent;
    let is_told = detail.help.is_some() || detail.pointer.is_some();
    assert!(waits || is_internal || is_told, "nobody knows what to do: {error:#?}");
    text
}

fn word(number: u16) -> &'static str {
    match number {
        kind::INVALID_CONFIG => "invalid configuration",
        kind::PRECONDITION => "precondition",
        kind::NOT_FOUND => "not found",
        kind::ALREADY_EXISTS => "already exists",
        kind::PERMISSION_DENIED => "permission denied",
        kind::UNAUTHENTICATED => "unauthenticated",
        kind::CONFLICT => "conflict",
        kind::RATE_LIMITED => "rate limited",
        kind::QUOTA => "quota",
        kind::UNAVAILABLE => "unavailable",
        kind::TIMEOUT => "timeout",
        kind::CONTRACT_VIOLATION => "contract violation",
        kind::UNEXPECTED => "unexpected",
        kind::NOT_REPLICATED => "not replicated",
        _ => panic!("kind {number}"),
    }
}
