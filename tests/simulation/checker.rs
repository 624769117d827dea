//! The independent checkers: each knows what must be so at the end, and nothing of how it came so.
//! They look at the tenant, at the files and at what was printed, and share no code with the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::files::{self, Journal};
use super::print::{differences, print};

/// Which end is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Everything is there, once.
    Connected,
    /// Nothing of ours is left.
    Gone,
}

/// The tenant holds what it holds after an undisturbed run: nothing twice, nothing missing, nothing
/// besides. After a removal without a purge, what was removed is `restorable` for a while.
pub(super) fn tenant(is: &Value, should: &[String], restorable: bool) -> Vec<String> {
    let mut lines = print(is);
    if restorable {
        lines.retain(|line| !line.starts_with("deletedItems "));
    }
    differences(&lines, should)
}

/// What is on this machine belongs to the connection there is, and to nothing else.
pub(super) fn machine(state: &Path, is: &Value, wanted: Wanted) -> Vec<String> {
    let (mut found, sealed) = (Vec::new(), files::sealed(state));
    let record = files::connection(state);
    match (wanted, record) {
        (Wanted::Connected, Some(record)) => {
            if sealed.len() != 1 {
                found.push(format!("one secret should be sealed, and there are {sealed:?}"));
            }
            let fields = record["fields"].as_array().unwrap();
            let field = |name: &str| {
                fields.iter().find(|field| field["name"] == name).map(|field| &field["value"])
            };
            let apps = is["applications"].as_array().unwrap();
            let client = field("client-id").unwrap_or(&Value::Null);
            if !apps.iter().any(|app| app["appId"] == *client) {
                found.push(format!("the record names {client}, which is no application"));
            }
            let secret = fields.iter().find(|field| field["secret"] == true);
            let secret = secret.and_then(|field| field["value"].as_str()).unwrap_or_default();
            if !sealed.iter().any(|name| name == secret) {
                found.push(format!("the record names the secret `{secret}`; sealed: {sealed:?}"));
            }
        }
        (Wanted::Connected, None) => found.push("there is no record of the connection".into()),
        (Wanted::Gone, record) => {
            if record.is_some() || !sealed.is_empty() {
                found.push(format!("left on this machine: {sealed:?} {record:?}"));
            }
        }
    }
    found
}

/// No secret in clear in any file or anything that was printed.
pub(super) fn secrets(folder: &Path, said: &[u8], secrets: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |place: &str, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let here = secrets.iter().filter(|secret| text.contains(secret.as_str()));
        found.extend(here.map(|secret| {
            let begin: String = secret.chars().take(4).collect();
            format!("the secret {begin}… stands in clear in {place}")
        }));
    };
    for (path, bytes) in files::everything(folder) {
        look(&path.display().to_string(), &bytes);
    }
    look("what was printed", said);
    found
}

/// The secrets of the tenant, in clear.
pub(super) fn known_secrets(tenant: &Value, into: &mut BTreeSet<String>) {
    for app in tenant["applications"].as_array().unwrap() {
        for password in app["passwordCredentials"].as_array().unwrap() {
            into.extend(password["secretText"].as_str().map(str::to_owned));
        }
    }
}

/// Every journal, by the rules of its format and by its plan; `ended`: the last run must have ended
/// well.
pub(super) fn journals(state: &Path, ended: bool) -> Vec<String> {
    let journals = match Journal::all(state) {
        Ok(journals) => journals,
        Err(broken) => return vec![broken],
    };
    let mut found: Vec<String> = journals.iter().flat_map(journal).collect();
    if ended
        && let Some(last) = journals.last()
        && last.records.last().is_none_or(|it| it["outcome"] != "done")
    {
        found.push(format!("run {} did not end well: {:?}", last.run, last.records.last()));
    }
    found
}

/// Where a step stands, as an outsider sums it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Open,
    Intended,
    Applied,
    Done,
    Failed,
    Skipped,
}

/// One journal: no step applied twice, none before what it needs, none forgotten.
fn journal(journal: &Journal) -> Vec<String> {
    let Journal { run, kind, records, steps } = journal;
    let mut ledger =
        Ledger { stands: BTreeMap::new(), attempts: BTreeMap::new(), found: Vec::new() };
    for step in steps {
        ledger.stands.insert(step["address"].as_str().unwrap().to_owned(), Stand::Open);
    }
    let needs: BTreeMap<&str, &Value> =
        steps.iter().map(|step| (step["address"].as_str().unwrap(), step)).collect();
    for (at, record) in records.iter().enumerate() {
        ledger.take(at + 1, record, &needs);
    }
    if records.last().is_some_and(|last| last["event"] == "run-finished") {
        ledger.nothing_forgotten(&needs);
    }
    ledger.found.iter().map(|what| format!("{kind} {run}: {what}")).collect()
}

struct Ledger {
    stands: BTreeMap<String, Stand>,
    attempts: BTreeMap<String, u64>,
    found: Vec<String>,
}

impl Ledger {
    fn take(&mut self, number: usize, record: &Value, steps: &BTreeMap<&str, &Value>) {
        let Some(address) = record["address"].as_str() else { return };
        let Some(stand) = self.stands.get(address).copied() else {
            self.found.push(format!("record {number}: {address} is not in the plan"));
            return;
        };
        let event = record["event"].as_str().unwrap();
        let next = match (event, stand) {
            ("step-settled", Stand::Open) => Stand::Done,
            ("step-skipped", Stand::Open) => Stand::Skipped,
            ("step-intended", Stand::Open | Stand::Intended) => {
                let attempts = self.attempts.entry(address.to_owned()).or_default();
                if record["attempt"].as_u64() != Some(*attempts) {
                    self.found.push(format!("record {number}: attempt {attempts} was to come"));
                }
                *attempts += 1;
                self.needs_are_done(number, steps[address], steps);
                Stand::Intended
            }
            ("step-applied", Stand::Intended) if record["ready"] == true => Stand::Done,
            ("step-applied", Stand::Intended) if record["ready"] == false => Stand::Applied,
            ("step-applied", Stand::Intended) => Stand::Done,
            ("step-ready", Stand::Applied) => Stand::Done,
            ("step-failed", Stand::Intended | Stand::Applied) if record["final"] == true => {
                Stand::Failed
            }
            ("step-failed", Stand::Intended) => Stand::Intended,
            (event, stand) => {
                self.found
                    .push(format!("record {number}: {event} of {address}, which is {stand:?}"));
                stand
            }
        };
        self.stands.insert(address.to_owned(), next);
    }

    fn needs_are_done(&mut self, number: usize, step: &Value, steps: &BTreeMap<&str, &Value>) {
        if step["always"] == true {
            return;
        }
        let needs: Vec<&str> =
            step["needs"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let part = |need: &str| steps.get(need).is_some_and(|step| step["part"] == true);
        let done = |need: &str| self.stands.get(need) == Some(&Stand::Done);
        let a_part = needs.iter().any(|need| part(need) && done(need));
        let ended =
            |need: &str| matches!(self.stands.get(need), Some(Stand::Failed | Stand::Skipped));
        // A part that did not work is done without when another did.
        let spared = |need: &str| part(need) && a_part && ended(need);
        let early = needs.iter().filter(|need| !done(need) && !spared(need));
        let found: Vec<String> = early
            .map(|need| {
                let (address, stand) = (&step["address"], self.stands.get(*need));
                format!(
                    "record {number}: {address} begins, and {need}, which it needs, is {stand:?}"
                )
            })
            .collect();
        self.found.extend(found);
    }

    /// At the end every step is done, or failed, or needs one that is neither.
    fn nothing_forgotten(&mut self, steps: &BTreeMap<&str, &Value>) {
        for (address, stand) in &self.stands {
            let mut needs = steps[address.as_str()]["needs"].as_array().unwrap().iter();
            let excused = needs.any(|need| {
                let need = need.as_str().and_then(|need| self.stands.get(need));
                matches!(need, Some(Stand::Failed | Stand::Skipped))
            });
            match stand {
                Stand::Done | Stand::Failed => {}
                Stand::Skipped if excused => {}
                _ => self.found.push(format!("{address} was forgotten: it is {stand:?}")),
            }
        }
    }
}

/// A webhook hears of what came to be once for each delivery's id, in the order it came to be.
pub(super) fn deliveries(tenant: &Value, should: &[&str]) -> Vec<String> {
    let (mut ids, mut events) = (BTreeSet::new(), Vec::new());
    for delivery in tenant["webhookDeliveries"].as_array().unwrap() {
        let body = &delivery["body"];
        if ids.insert(body["delivery"].as_str().unwrap_or_default()) {
            events.push(body["event"].as_str().unwrap_or_default());
        }
    }
    // A run that failed after its hand-over, or a crash after the run's end, has it hand over again.
    events.dedup();
    if events == should { Vec::new() } else { vec![format!("told {events:?}, not {should:?}")] }
}
