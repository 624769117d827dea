//! The Azure plugin: the connector, and the simulated Azure to rehearse it on, behind the plugin
//! interface. Nothing links this crate; the host loads it.
#![forbid(unsafe_code)]

use skybridge_azure::Azure;
use skybridge_azure_sim::{Simulator, SimulatorOptions};
use skybridge_plugin_sdk::protocol::manifest::{PluginManifest, capability};
use skybridge_plugin_sdk::protocol::open::OpenRequest;
use skybridge_plugin_sdk::protocol::simulate::{SimulateReply, SimulateRequest};
use skybridge_plugin_sdk::{
    Connector, Ctx, Error, Host, Onboard, Result, Simulate, Simulation, Verify, async_trait, kind,
};

struct AzurePlugin(Azure);

impl Connector for AzurePlugin {
    fn manifest() -> PluginManifest {
        let mut manifest = Azure::manifest();
        manifest.capabilities.push(capability::SIMULATE.to_owned());
        manifest
    }

    fn open(request: OpenRequest, host: Host) -> Result<Self> {
        Azure::open(request, host).map(Self)
    }

    fn onboard(&self) -> Option<&dyn Onboard> {
        Connector::onboard(&self.0)
    }

    fn verify(&self) -> Option<&dyn Verify> {
        Connector::verify(&self.0)
    }

    fn simulator() -> Option<Box<dyn Simulate>> {
        Some(Box::new(SimulatedAzure))
    }
}

struct SimulatedAzure;

#[async_trait]
impl Simulate for SimulatedAzure {
    async fn start(&self, request: SimulateRequest, _: &Ctx) -> Result<Box<dyn Simulation>> {
        let wrong = |message: String| Error::new(kind::INVALID_CONFIG, message);
        let listen = request.listen.parse().map_err(|_| {
            wrong(format!("`{}` is no address to listen on", request.listen))
                .help("write 127.0.0.1:0, or another port")
        })?;
        let options = SimulatorOptions {
            listen,
            state_dir: request.state_dir.map(Into::into),
            scenario: request.scenario,
            record: request.record.map(Into::into),
        };
        let simulator = Simulator::start(options).await.map_err(|error| wrong(chain(&error)))?;
        // Both sides are JSON of the same contract, and neither shares the other's types.
        let reply = serde_json::to_value(simulator.ready())
            .and_then(serde_json::from_value)
            .map_err(|error| Error::new(kind::UNEXPECTED, error.to_string()))?;
        Ok(Box::new(Running { simulator, reply }))
    }
}

struct Running {
    simulator: Simulator,
    reply: SimulateReply,
}

#[async_trait]
impl Simulation for Running {
    fn reply(&self) -> SimulateReply {
        self.reply.clone()
    }

    async fn stop(self: Box<Self>) {
        self.simulator.stop().await;
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

skybridge_plugin_sdk::export_plugin!(AzurePlugin);
