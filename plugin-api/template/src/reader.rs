//! The family of steps `reader`: somebody who may look at everything in the account and change
//! nothing.

use serde::Deserialize;
use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, Call, Description, HandoverField, Observation, Readiness, Ready, Remains, Step,
    StepCall, StepTemplate, Undo, Undone, applied, effect, observed,
};
use skybridge_plugin_sdk::{Ctx, Error, Result, kind};

use crate::api::Api;
use crate::settings::Settings;

const READERS: &str = "/v1/readers";

#[derive(Debug, Deserialize)]
struct Reader {
    id: String,
    name: String,
    owner: String,
}

/// The steps, offline: nothing is asked of anybody here.
pub(crate) fn describe(connector: &str, settings: &Settings) -> Description {
    let call = |method: &str, url: &str, permission: &str| Call {
        method: method.into(),
        url: format!("{}{url}", settings.endpoint),
        permission: Some(permission.into()),
    };
    let template = StepTemplate {
        kind: "reader".into(),
        title: "make the reader {scope}".into(),
        group: format!("Account {}", settings.account),
        effect: effect::ENSURE.into(),
        // The owner's mark tells our reader from one that somebody else made.
        desired: json!({ "name": settings.reader, "owner": format!("skybridge/{connector}") }),
        outputs: vec!["id".into()],
        calls: vec![call("GET", READERS, "readers.list"), call("POST", READERS, "readers.create")],
        undo: Some(Undo {
            title: "remove the reader".into(),
            calls: vec![call("DELETE", "/v1/readers/<reader.id>", "readers.delete")],
        }),
        readiness: Some(Readiness {
            waits_for: "the reader is listed".into(),
            successes: 2,
            interval_ms: 200,
            budget_ms: 60_000,
        }),
        throttle: "acme".into(),
        ..StepTemplate::default()
    };
    let field = |name: &str, label: &str, value: &str| HandoverField {
        name: name.into(),
        label: label.into(),
        value: value.into(),
        ..HandoverField::default()
    };
    Description {
        templates: vec![template],
        steps: vec![Step { scope: Some(settings.reader.clone()), ..Step::default() }],
        handover: vec![
            field("account", "Account", &settings.account),
            field("reader", "Reader id", "<reader.id>"),
        ],
        ..Description::default()
    }
}

async fn find(api: &Api, ctx: &Ctx, step: &StepCall) -> Result<Option<Reader>> {
    let all: Vec<Reader> = api.list(ctx, "listing readers", READERS).await?;
    Ok(all.into_iter().find(|reader| step.desired["name"] == reader.name))
}

fn outputs(reader: &Reader) -> Map {
    [("id".to_owned(), json!(reader.id))].into_iter().collect()
}

fn is_ours(step: &StepCall, reader: &Reader) -> bool {
    step.desired["owner"] == reader.owner
}

/// Looks whether there is one already; writes nothing.
pub(crate) async fn observe(api: &Api, ctx: &Ctx, step: &StepCall) -> Result<Observation> {
    let (state, outputs) = match find(api, ctx, step).await? {
        Some(reader) if is_ours(step, &reader) => (observed::MATCHES, outputs(&reader)),
        Some(reader) => (observed::FOREIGN, outputs(&reader)),
        None => (observed::ABSENT, Map::default()),
    };
    Ok(Observation { state: state.into(), outputs, ..Observation::default() })
}

/// Looks first: an attempt before this one may have made it and lost its answer.
pub(crate) async fn apply(api: &Api, ctx: &Ctx, step: &StepCall) -> Result<Applied> {
    let (action, reader) = match find(api, ctx, step).await? {
        Some(reader) if is_ours(step, &reader) => (applied::UNCHANGED, reader),
        Some(reader) => (applied::ADOPTED, reader),
        None => {
            let made = api.post(ctx, "creating the reader", READERS, &step.desired).await?;
            (applied::CREATED, made)
        }
    };
    // What somebody else made is used and never removed.
    let undo = if action == applied::ADOPTED { Value::Null } else { json!({ "id": reader.id }) };
    Ok(Applied { action: action.into(), outputs: outputs(&reader), undo, ..Applied::default() })
}

/// One probe of what dependents need.
pub(crate) async fn ready(api: &Api, ctx: &Ctx, step: &StepCall) -> Result<Ready> {
    let ready = find(api, ctx, step).await?.is_some();
    let reason = (!ready).then(|| "the reader is not listed yet".to_owned());
    Ok(Ready { ready, reason, ..Ready::default() })
}

fn id(undo: &Value) -> Result<&str> {
    undo["id"].as_str().ok_or_else(|| {
        Error::new(kind::CONTRACT_VIOLATION, "the host did not give back what `apply` told it")
    })
}

/// Removes what `apply` made.
pub(crate) async fn undo(api: &Api, ctx: &Ctx, undo: &Value) -> Result<Undone> {
    let path = format!("{READERS}/{}", id(undo)?);
    let removed = api.delete(ctx, "removing the reader", &path).await?;
    Ok(Undone { removed, ..Undone::default() })
}

/// Looks whether something of it is left.
pub(crate) async fn remains(api: &Api, ctx: &Ctx, undo: &Value) -> Result<Remains> {
    let id = id(undo)?;
    let all: Vec<Reader> = api.list(ctx, "listing readers", READERS).await?;
    Ok(Remains { remains: all.iter().any(|reader| reader.id == id), ..Remains::default() })
}
