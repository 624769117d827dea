//! A plugin that breaks its contract on demand: what it does is its only setting.
#![forbid(unsafe_code)]

use serde_json::json;
use skybridge_plugin_sdk::protocol::collect::{Asset, Batch, CollectRequest};
use skybridge_plugin_sdk::protocol::manifest::{PluginManifest, capability};
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, DescribeRequest, Description, Observation, ObserveRequest, Ready,
    ReadyRequest, Step, StepTemplate, UndoRequest, Undone, applied, effect, observed,
};
use skybridge_plugin_sdk::protocol::open::OpenRequest;
use skybridge_plugin_sdk::{
    BatchSender, Collect, Connector, Ctx, Error, Host, Onboard, Result, async_trait, kind,
};

/// Batches of a collection: more than anybody keeps in memory unasked.
const BATCHES: u64 = 1_000;

#[derive(serde::Deserialize)]
struct Misbehaving {
    what: String,
}

impl Misbehaving {
    fn does(&self, what: &str) -> bool {
        self.what == what
    }
}

impl Connector for Misbehaving {
    fn manifest() -> PluginManifest {
        PluginManifest {
            name: "misbehaving".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            title: "Breaks its contract on demand".into(),
            capabilities: vec![capability::ONBOARD.into(), capability::COLLECT.into()],
            settings_schema: json!({ "type": "object", "required": ["what"] }),
            operator_schema: json!({ "type": "object" }),
            explanations: Vec::new(),
        }
    }

    fn open(request: OpenRequest, _: Host) -> Result<Self> {
        let this: Self = serde_json::from_value(request.settings.unwrap_or_default())
            .map_err(|error| Error::new(kind::INVALID_CONFIG, error.to_string()))?;
        assert!(!this.does("panic-in-open"), "blew up while opening");
        Ok(this)
    }

    fn onboard(&self) -> Option<&dyn Onboard> {
        Some(self)
    }

    fn collect(&self) -> Option<&dyn Collect> {
        Some(self)
    }
}

#[async_trait]
impl Onboard for Misbehaving {
    fn describe(&self, _: &DescribeRequest) -> Result<Description> {
        assert!(!self.does("panic-in-describe"), "blew up while describing");
        let template = StepTemplate {
            kind: "thing".into(),
            title: "make a thing".into(),
            group: "Things".into(),
            effect: effect::ENSURE.into(),
            outputs: vec!["id".into()],
            throttle: "things".into(),
            ..StepTemplate::default()
        };
        let step = |name: &str, needs| Step {
            scope: Some(name.into()),
            needs,
            template: if self.does("no-such-template") { 7 } else { 0 },
            ..Step::default()
        };
        let first = step("first", if self.does("cycle") { vec![1] } else { vec![] });
        let steps = vec![first, step("second", vec![0])];
        Ok(Description { templates: vec![template], steps, ..Description::default() })
    }

    async fn observe(&self, _: ObserveRequest, _: &Ctx) -> Result<Observation> {
        let state = if self.does("no-such-state") { "purple" } else { observed::ABSENT };
        Ok(Observation { state: state.into(), ..Observation::default() })
    }

    async fn apply(&self, request: ApplyRequest, _: &Ctx) -> Result<Applied> {
        let address = request.step.address;
        let span = tracing::info_span!("making", address, colour = "blue");
        span.in_scope(|| tracing::info!(count = 3, "made"));
        assert!(!self.does("panic-in-apply"), "blew up while applying {address}");
        let undo = json!({ "id": address });
        let mut outputs = std::collections::BTreeMap::new();
        if !self.does("forget-an-output") {
            outputs.insert("id".to_owned(), json!(address));
        }
        Ok(Applied { action: applied::CREATED.into(), outputs, undo, ..Applied::default() })
    }

    async fn ready(&self, _: ReadyRequest, _: &Ctx) -> Result<Ready> {
        Ok(Ready { ready: true, reason: None })
    }

    async fn undo(&self, request: UndoRequest, _: &Ctx) -> Result<Undone> {
        if self.does("keep-what-it-made") && request.address.ends_with("@first") {
            return Err(
                Error::new(kind::PERMISSION_DENIED, "nobody may remove it").help("ask its owner")
            );
        }
        Ok(Undone { removed: true, detail: None })
    }
}

#[async_trait]
impl Collect for Misbehaving {
    async fn collect(&self, _: CollectRequest, out: BatchSender, ctx: &Ctx) -> Result<()> {
        for number in 0..BATCHES {
            let asset = Asset {
                id: number.to_string(),
                kind: "thing".into(),
                name: String::new(),
                scope: String::new(),
                region: None,
                properties: json!({}),
            };
            out.send(&Batch { assets: vec![asset], relations: vec![] }).await?;
            ctx.progress(number + 1, BATCHES, "sent");
            assert!(!(self.does("panic-in-collect") && number == 2), "blew up while collecting");
        }
        Ok(())
    }
}

skybridge_plugin_sdk::export_plugin!(Misbehaving);
