//! Faults of the scenario: which call they befall, and what they look like.

use serde_json::{Value, json};

use crate::clock::{error_time, login_time};
use crate::http::{Call, Delivery, Reply};
use crate::scenario::{FaultEffect, FaultRule, Service};

/// The rules and how often each was met.
#[derive(Debug)]
pub(crate) struct Faults {
    rules: Vec<(FaultRule, Count)>,
}

#[derive(Debug, Default)]
struct Count {
    matched: u64,
    fired: u64,
}

/// What befalls one call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    /// Answered without being looked at.
    Instead(Reply),
    /// Not answered, and nothing happened.
    LostBefore(Delivery),
    /// It happened, and the answer does not arrive, or not whole.
    LostAfter(Delivery),
}

impl Faults {
    pub(crate) fn new(rules: &[FaultRule]) -> Self {
        Self { rules: rules.iter().map(|rule| (rule.clone(), Count::default())).collect() }
    }

    /// The rules, how many calls each could have befallen, and how many it did.
    pub(crate) fn to_json(&self) -> Value {
        let shown = self.rules.iter().map(|(rule, count)| {
            let mut shown = json!(rule);
            if let Value::Object(members) = &mut shown {
                members.retain(|_, value| !value.is_null());
                members.insert("matched".to_owned(), json!(count.matched));
                members.insert("struck".to_owned(), json!(count.fired));
            }
            shown
        });
        json!({ "faults": shown.collect::<Vec<_>>() })
    }

    /// Counts a call and says what befalls it. Every matching rule counts; the first due wins.
    pub(crate) fn next(&mut self, call: &Call) -> Option<Fault> {
        let mut fault = None;
        for (rule, count) in &mut self.rules {
            if !befalls(rule, call) {
                continue;
            }
            count.matched += 1;
            let due = count.matched > rule.skip
                && (count.matched - rule.skip).is_multiple_of(rule.every)
                && rule.times.is_none_or(|times| count.fired < times);
            if due && fault.is_none() {
                count.fired += 1;
                fault = Some(fault_of(rule, call));
            }
        }
        fault
    }
}

fn befalls(rule: &FaultRule, call: &Call) -> bool {
    let path = call.path().to_lowercase();
    let starts = |part: &String| path.starts_with(&part.to_lowercase());
    let contains = |part: &String| path.contains(&part.to_lowercase());
    rule.service == call.service
        && rule.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&call.method))
        && rule.path_prefix.as_ref().is_none_or(starts)
        && rule.path_contains.as_ref().is_none_or(contains)
}

fn fault_of(rule: &FaultRule, call: &Call) -> Fault {
    let (status, code, message) = match rule.effect {
        FaultEffect::ResetBeforeCommit => return Fault::LostBefore(Delivery::Lost),
        FaultEffect::Hang => return Fault::LostBefore(Delivery::Never),
        FaultEffect::HangAfterCommit => return Fault::LostAfter(Delivery::Never),
        FaultEffect::ResetAfterCommit => return Fault::LostAfter(Delivery::Lost),
        FaultEffect::ResetMidBody => return Fault::LostAfter(Delivery::Cut),
        FaultEffect::Answer => (
            rule.status.unwrap_or(500),
            rule.code.as_deref().unwrap_or("SimulatedFault"),
            rule.message.as_deref().unwrap_or("The scenario wants this call to fail."),
        ),
        FaultEffect::TooManyRequests => (429, "TooManyRequests", "Too many requests."),
        FaultEffect::InternalError => (500, "InternalServerError", "An internal error occurred."),
        FaultEffect::ServiceUnavailable => {
            (503, "ServiceUnavailable", "The service is temporarily unavailable.")
        }
        FaultEffect::RequestTimeout => (408, "RequestTimeout", "The request took too long."),
    };
    let reply = match (rule.effect, call.service) {
        (FaultEffect::Answer, Service::Login) => login_reply(call, status, code, message),
        _ => error_reply(call, status, code, message),
    };
    Fault::Instead(match rule.retry_after {
        Some(seconds) => reply.with("retry-after", seconds.to_string()),
        None => reply,
    })
}

/// An error of the token endpoint: `code` is its `error`, and the number is in the message, if at
/// all, as in `AADSTS7000222: The provided client secret keys are expired.`
fn login_reply(call: &Call, status: u16, code: &str, message: &str) -> Reply {
    let number = message.strip_prefix("AADSTS").and_then(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end)?.parse::<u32>().ok()
    });
    let numbers: Vec<u32> = number.into_iter().collect();
    Reply::json(
        status,
        json!({
            "error": code,
            "error_description": message,
            "error_codes": numbers,
            "timestamp": login_time(call.now),
            "trace_id": call.request_id,
            "correlation_id": call.header("client-request-id").unwrap_or_default(),
        }),
    )
}

/// An error that no particular operation is to blame for, in the shape of its service.
pub(crate) fn error_reply(call: &Call, status: u16, code: &str, message: &str) -> Reply {
    match call.service {
        Service::ResourceManager => {
            Reply::json(status, json!({"error": {"code": code, "message": message}}))
        }
        Service::Graph => {
            let request = call.header("client-request-id").unwrap_or_default();
            Reply::json(
                status,
                json!({"error": {"code": code, "message": message, "innerError": {
                    "date": error_time(call.now), "client-request-id": request,
                }}}),
            )
        }
        Service::Platform => Reply::json(status, json!({"errors": [{"message": message}]})),
        Service::Login => {
            let text = format!("AADSTS90033: {message}");
            let body = json!({"error": "temporarily_unavailable", "error_description": text,
                "error_codes": [90_033]});
            Reply::json(status, body)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    fn call(method: &str, target: &str) -> Call {
        Call::new(Service::Graph, method, target, Vec::new(), Vec::new(), 0).ok().unwrap()
    }

    #[test]
    fn a_rule_skips_repeats_and_ends() {
        let text = "[[faults]]\nservice = 'graph'\nmethod = 'get'\npath-prefix = '/v1.0/A'\n\
                    skip = 1\nevery = 2\ntimes = 2\neffect = 'too-many-requests'";
        let mut faults = Faults::new(&Scenario::parse(text).unwrap().faults);
        assert_eq!(faults.next(&call("POST", "/v1.0/a")), None, "another method");
        assert_eq!(faults.next(&call("GET", "/v1.0/b")), None, "another path");
        let hits: Vec<bool> =
            (0..9).map(|_| faults.next(&call("GET", "/v1.0/a/b")).is_some()).collect();
        let expected = [false, false, true, false, true, false, false, false, false];
        assert_eq!(hits, expected);
    }
}
