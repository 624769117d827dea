//! What is asked, before anything is known of addresses, credentials and bytes.

use std::fmt;

use serde_json::Value;

use crate::endpoints::Service;

/// Whether a request changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It reads.
    Read,
    /// It writes.
    Write,
}

/// What is said, in the way the service speaks.
#[derive(Clone, PartialEq)]
pub enum Payload {
    /// A form: IAM, STS, EC2.
    Query(Vec<(String, String)>),
    /// JSON with the action in a header: Organizations.
    Json(Value),
    /// A path and a query: EKS, S3.
    Get {
        /// Encoded, beginning with a slash.
        path: String,
        /// Not encoded.
        query: Vec<(String, String)>,
    },
}

/// One request.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// Who is asked.
    pub service: Service,
    /// Where, when it is not the region of the endpoints.
    pub region: Option<String>,
    /// What is being done, for people: `creating role`.
    pub operation: &'static str,
    /// AWS's own word for it: `CreateRole`.
    pub action: &'static str,
    /// What is changed, for the audit log: an ARN, or a name.
    pub target: String,
    /// Whether it changes anything.
    pub effect: Effect,
    /// Whether it is sent without a signature: the one who asks has no credentials yet.
    pub unsigned: bool,
    /// What is said.
    pub payload: Payload,
}

impl Request {
    /// A reading request in the form of a query.
    pub(crate) fn query(service: Service, action: &'static str, operation: &'static str) -> Self {
        Self::new(service, action, operation, Payload::Query(Vec::new()))
    }

    pub(crate) fn new(
        service: Service,
        action: &'static str,
        operation: &'static str,
        payload: Payload,
    ) -> Self {
        Self {
            service,
            region: None,
            operation,
            action,
            target: String::new(),
            effect: Effect::Read,
            unsigned: false,
            payload,
        }
    }

    /// It writes, to `target`.
    pub(crate) fn writing(mut self, target: impl Into<String>) -> Self {
        self.effect = Effect::Write;
        self.target = target.into();
        self
    }

    /// With one more field, in the place where the service looks for it.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        match &mut self.payload {
            Payload::Query(fields) | Payload::Get { query: fields, .. } => {
                fields.push((name, value));
            }
            Payload::Json(body) => {
                body[name] = Value::String(value);
            }
        }
        self
    }

    /// With a list, as forms have it: `NAME.member.1`.
    pub(crate) fn with_members<'a>(
        self,
        name: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let numbered = (1_u32..).zip(values);
        numbered.fold(self, |it, (n, value)| it.with(format!("{name}.member.{n}"), value))
    }

    /// In another region than that of the endpoints.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }
}

/// Without the payload, which may hold an external id or a token.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("service", &self.service)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}
