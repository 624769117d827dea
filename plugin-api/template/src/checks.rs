//! Proves the connection as the reader.

use serde_json::Value;
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::verify::{Check, VerifyReport, check_status};
use skybridge_plugin_sdk::{Ctx, Error, Result, kind};

use crate::api::Api;
use crate::machines::{self, Machine};

/// Tries everything and reports all of it; a check that fails is no error.
pub(crate) async fn verify(
    api: &Api,
    ctx: &Ctx,
    account: &str,
    connection: &Map,
) -> Result<VerifyReport> {
    let reader = reader(connection)?;
    let tried = api.page::<Machine>(ctx, "listing machines", machines::PATH, ("", Some(reader)));
    let (status, detail, help) = match tried.await {
        Ok(page) => (check_status::OK, format!("the first page has {}", page.items.len()), None),
        Err(error) => (check_status::FAILED, error.to_string(), error.detail.help),
    };
    let check = Check {
        scope: format!("account {account}"),
        what: "list machines".into(),
        status: status.into(),
        detail,
        help,
        ..Check::default()
    };
    Ok(VerifyReport { checks: vec![check], ..VerifyReport::default() })
}

/// Who was handed over.
pub(crate) fn reader(connection: &Map) -> Result<&str> {
    connection.get("reader").and_then(Value::as_str).ok_or_else(|| {
        Error::new(kind::PRECONDITION, "the connection names no reader")
            .help("apply the manifest again")
    })
}
