//! A connection, its vault, a clock that stands still, and a courier that trusts one server.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use skybridge_destination::{
    Connection, Courier, Delivered, DeliveryError, Event, Field, SecretError, Secrets, Target,
    Trust, Withdrawn,
};
use skybridge_model::clock::FixedClock;
use skybridge_model::{Secret, Timestamp};
use uuid::Uuid;

use crate::server::Server;

pub(crate) const CLIENT_SECRET: &str = "t0p~s3cr3t.client-secret_value";
pub(crate) const NEXT_SECRET: &str = "an0ther~s3cr3t";
pub(crate) const KEY: &str = "the-k3y-of-the-platform";
/// The key of the step, the same at every attempt.
pub(crate) const STEP: Uuid = Uuid::from_u128(7);

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

/// A vault of two secrets; `broken` cannot be opened.
pub(crate) struct Vault(BTreeMap<String, String>);

impl Vault {
    pub(crate) fn new() -> Self {
        let pairs = [("client-secret/k1", CLIENT_SECRET), ("client-secret/k2", NEXT_SECRET)];
        Self(pairs.map(|(name, text)| (name.to_owned(), text.to_owned())).into())
    }

    pub(crate) fn with(name: &str, text: &str) -> Self {
        Self([(name.to_owned(), text.to_owned())].into())
    }
}

impl Secrets for Vault {
    fn text<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Secret<String>>, SecretError>> {
        async move {
            if name == "broken" {
                return Err(SecretError("it is sealed for another identity".to_owned()));
            }
            Ok(self.0.get(name).cloned().map(Secret::new))
        }
        .boxed()
    }
}

pub(crate) fn field(name: &str, value: impl Into<Value>, secret: bool) -> Field {
    Field { name: name.to_owned(), label: name.to_owned(), value: value.into(), secret }
}

/// The connection of `contoso` with its secret of the number `key`.
pub(crate) fn connection(key: u32) -> Connection {
    Connection {
        connector: "contoso".to_owned(),
        plugin: "azure".to_owned(),
        fields: vec![
            field("tenant-id", "8d7c\"}) { evil }", false),
            field("client-id", "31f0", false),
            field("client-secret", format!("client-secret/k{key}"), true),
            field("key-id", format!("k{key}"), false),
            field("expires", "2027-05-01", false),
        ],
        platform: json!({
            "connector-names": ["Azure", "Azure Cloud"],
            "credentials-type": "AzureCloud",
            "fields": {
                "tenant-id": "tenantId",
                "client-id": "clientId",
                "client-secret": "clientSecret",
            },
        }),
    }
}

pub(crate) fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

pub(crate) fn courier(ca: &str) -> Courier {
    Courier::new(&Trust::Only(ca.to_owned()), Arc::new(FixedClock(now()))).unwrap()
}

pub(crate) fn webhook(server: &Server, key: Option<&str>) -> Target {
    Target::Webhook { url: format!("{}/hooks/p4th", server.origin), key: key.map(secret) }
}

pub(crate) fn ox(server: &Server) -> Target {
    Target::Ox { url: format!("{}/api/apollo-gateway", server.origin), key: secret(KEY) }
}

pub(crate) async fn deliver(
    server: &Server,
    target: &Target,
    connection: &Connection,
) -> Result<Delivered, DeliveryError> {
    let courier = courier(&server.ca);
    courier.deliver(target, connection, Event::Connected, STEP, &Vault::new()).await
}

pub(crate) async fn withdraw(
    server: &Server,
    target: &Target,
    connection: &Connection,
    undo: &Value,
) -> Result<Withdrawn, DeliveryError> {
    courier(&server.ca).withdraw(target, connection, STEP, undo).await
}

/// What an error says, its facts and help with it.
pub(crate) fn all_of(error: &DeliveryError) -> String {
    format!("{error}\n{error:?}\n{:?} {:?}", error.detail.context, error.detail.help)
}
