//! The Acme plugin: makes a reader in an account, proves it, collects what it sees.
#![forbid(unsafe_code)]

mod api;
mod checks;
mod machines;
mod reader;
mod settings;
mod simulator;

use skybridge_plugin_sdk::protocol::collect::CollectRequest;
use skybridge_plugin_sdk::protocol::manifest::{PluginManifest, capability};
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, DescribeRequest, Description, Observation, ObserveRequest, Ready,
    ReadyRequest, Remains, UndoRequest, Undone,
};
use skybridge_plugin_sdk::protocol::open::OpenRequest;
use skybridge_plugin_sdk::protocol::verify::{VerifyReport, VerifyRequest};
use skybridge_plugin_sdk::{
    BatchSender, Collect, Connector, Ctx, Host, Onboard, Result, Simulate, Verify, async_trait,
};

use crate::api::Api;
use crate::settings::Settings;

/// A connector to one account.
struct Plugin {
    connector: String,
    settings: Settings,
    api: Api,
}

impl Connector for Plugin {
    fn manifest() -> PluginManifest {
        PluginManifest {
            name: "acme".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            title: "Acme".into(),
            capabilities: vec![
                capability::ONBOARD.into(),
                capability::VERIFY.into(),
                capability::COLLECT.into(),
                capability::SIMULATE.into(),
            ],
            settings_schema: settings::schema(),
            operator_schema: settings::operator_schema(),
            ..PluginManifest::default()
        }
    }

    fn open(request: OpenRequest, _host: Host) -> Result<Self> {
        let settings = Settings::read(request.settings.unwrap_or_default())?;
        let api = Api::new(&settings, &request.operator, request.simulated.as_ref())?;
        Ok(Self { connector: request.connector, settings, api })
    }

    fn onboard(&self) -> Option<&dyn Onboard> {
        Some(self)
    }

    fn verify(&self) -> Option<&dyn Verify> {
        Some(self)
    }

    fn collect(&self) -> Option<&dyn Collect> {
        Some(self)
    }

    fn simulator() -> Option<Box<dyn Simulate>> {
        Some(Box::new(simulator::Simulator))
    }
}

/// With one family of steps there is nothing to choose; with several, choose by `request.step.kind`.
#[async_trait]
impl Onboard for Plugin {
    fn describe(&self, _: &DescribeRequest) -> Result<Description> {
        Ok(reader::describe(&self.connector, &self.settings))
    }

    async fn observe(&self, request: ObserveRequest, ctx: &Ctx) -> Result<Observation> {
        reader::observe(&self.api, ctx, &request.step).await
    }

    async fn apply(&self, request: ApplyRequest, ctx: &Ctx) -> Result<Applied> {
        reader::apply(&self.api, ctx, &request.step).await
    }

    async fn ready(&self, request: ReadyRequest, ctx: &Ctx) -> Result<Ready> {
        reader::ready(&self.api, ctx, &request.step).await
    }

    async fn undo(&self, request: UndoRequest, ctx: &Ctx) -> Result<Undone> {
        reader::undo(&self.api, ctx, &request.undo).await
    }

    async fn remains(&self, request: UndoRequest, ctx: &Ctx) -> Result<Remains> {
        reader::remains(&self.api, ctx, &request.undo).await
    }
}

#[async_trait]
impl Verify for Plugin {
    async fn verify(&self, request: VerifyRequest, ctx: &Ctx) -> Result<VerifyReport> {
        checks::verify(&self.api, ctx, &self.settings.account, &request.connection).await
    }
}

#[async_trait]
impl Collect for Plugin {
    async fn collect(&self, request: CollectRequest, out: BatchSender, ctx: &Ctx) -> Result<()> {
        machines::collect(&self.api, ctx, &self.settings.account, &request, &out).await
    }
}

skybridge_plugin_sdk::export_plugin!(Plugin);
