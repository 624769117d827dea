//! A webhook: one signed POST of JSON.

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::json;
use skybridge_model::Secret;
use uuid::Uuid;

use crate::codes;
use crate::connection::{Connection, Opened, Secrets, broken};
use crate::courier::{Delivered, Event, Withdrawn};
use crate::error::{DeliveryError, Result, kind};
use crate::http::{Address, Http, body, later, refused, unusable_key};
use crate::quote::Hidden;
use crate::signature::sign;
use crate::wait::retry_after;

const FORMAT: &str = "skybridge-connection";
const VERSION: u32 = 1;
const REMOVED: &str = "removed";
const DELIVERY: HeaderName = HeaderName::from_static("skybridge-delivery");
const SIGNATURE: HeaderName = HeaderName::from_static("skybridge-signature");

/// What is posted.
#[derive(Serialize)]
struct Letter<'a> {
    format: &'static str,
    version: u32,
    event: &'a str,
    delivery: Uuid,
    connector: &'a str,
    plugin: &'a str,
    fields: Opened<'a>,
}

/// Complains about what can be seen before anything is sent.
pub(crate) fn check(key: Option<&Secret<String>>, connection: &Connection) -> Result<()> {
    match key {
        Some(key) if key.expose().trim().is_empty() => Err(unusable_key("is empty")),
        None if connection.has_secret() => Err(DeliveryError::permanent(
            codes::UNSIGNED,
            kind::INVALID_CONFIG,
            "the connection has a secret, and the webhook has no key to sign it with",
        )),
        _ => Ok(()),
    }
}

/// A webhook and what it is called with.
pub(crate) struct Hook<'a> {
    http: &'a Http,
    to: Address,
    key: Option<&'a Secret<String>>,
    now: Timestamp,
}

impl<'a> Hook<'a> {
    pub(crate) fn new(
        http: &'a Http,
        to: Address,
        key: Option<&'a Secret<String>>,
        now: Timestamp,
    ) -> Self {
        Self { http, to, key, now }
    }

    pub(crate) async fn deliver(
        &self,
        connection: &Connection,
        event: Event,
        key: Uuid,
        secrets: &dyn Secrets,
    ) -> Result<Delivered> {
        let operation = "sending the connection to the webhook";
        let mut hidden = self.hidden();
        let fields = connection.fields.iter().map(|field| (field.name.as_str(), field)).collect();
        let fields = Opened::open(fields, secrets, &mut hidden)
            .await
            .map_err(|error| error.during(operation))?;
        let event = match event {
            Event::Connected => "connected",
            Event::Rotated => "rotated",
        };
        let letter = letter(connection, event, key, fields);
        let delivery = letter.delivery;
        self.send(&letter, &hidden).await.map_err(|error| error.during(operation))?;
        Ok(Delivered {
            reference: delivery.to_string(),
            changed: true,
            detail: format!("sent to {} as delivery {delivery}", self.to),
            undo: json!({ "kind": "webhook", "delivery": delivery }),
        })
    }

    /// Tells that the connection is gone; the secret may be gone too and is not opened.
    pub(crate) async fn withdraw(&self, connection: &Connection, key: Uuid) -> Result<Withdrawn> {
        let letter = letter(connection, REMOVED, key, Opened::plain(&connection.fields));
        let sent = self.send(&letter, &self.hidden()).await;
        sent.map_err(|error| error.during("telling the webhook that the connection is removed"))?;
        Ok(Withdrawn { detail: format!("told {} as delivery {}", self.to, letter.delivery) })
    }

    fn hidden(&self) -> Hidden {
        let mut hidden = Hidden::default();
        if let Some(key) = self.key {
            hidden.add(key);
        }
        hidden
    }

    async fn send(&self, letter: &Letter<'_>, hidden: &Hidden) -> Result<()> {
        let body = body(letter)?;
        let mut headers = HeaderMap::new();
        headers.insert(DELIVERY, value(letter.delivery.to_string())?);
        if let Some(key) = self.key {
            headers.insert(SIGNATURE, value(sign(&body, key, self.now))?);
        }
        let reply = self.http.post(&self.to, headers, body).await?;
        tracing::debug!(
            to = %self.to,
            status = reply.status.as_u16(),
            delivery = %letter.delivery,
            event = letter.event,
            "posted to a webhook"
        );
        if reply.status.is_success() {
            return Ok(());
        }
        let wait = retry_after(&reply.headers, self.now);
        let later = later(&self.to, &reply, wait, hidden);
        Err(later.unwrap_or_else(|| refused(&self.to, &reply, hidden)))
    }
}

fn value(text: String) -> Result<HeaderValue> {
    HeaderValue::try_from(text).map_err(|_| broken("internal error: a header that cannot be sent"))
}

fn letter<'a>(
    connection: &'a Connection,
    event: &'a str,
    key: Uuid,
    fields: Opened<'a>,
) -> Letter<'a> {
    Letter {
        format: FORMAT,
        version: VERSION,
        event,
        delivery: Uuid::new_v5(&key, event.as_bytes()),
        connector: &connection.connector,
        plugin: &connection.plugin,
        fields,
    }
}
