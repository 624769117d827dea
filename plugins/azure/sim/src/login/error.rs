//! Refusals of the token service: OAuth's shape with a numbered reason.

use serde_json::json;

use crate::clock::login_time;
use crate::http::{Call, Reply};
use crate::world::World;

/// A refusal.
pub(super) struct Refusal<M> {
    pub(super) status: u16,
    /// OAuth's name of the error.
    pub(super) error: &'static str,
    /// The number clients key on.
    pub(super) code: u32,
    pub(super) message: M,
}

impl<M: std::fmt::Display> Refusal<M> {
    pub(super) fn reply(&self, world: &World, call: &Call) -> Reply {
        let time = login_time(call.now);
        let trace = call.request_id;
        let asked = call.header("client-request-id").or(call.header("x-ms-client-request-id"));
        let correlation = asked.map_or_else(|| trace.to_string(), str::to_owned);
        let (code, message) = (self.code, &self.message);
        let text = format!(
            "AADSTS{code}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"
        );
        let body = json!({
            "error": self.error,
            "error_description": text,
            "error_codes": [code],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("{}/error?code={code}", world.endpoints.login),
        });
        Reply::json(self.status, body)
    }
}
