//! Opens the plugin for a case: its own simulated cloud when it has one, a vault, a record.

use std::sync::Arc;

use skybridge_host::services::WIRE;
use skybridge_host::{Instance, Library, PluginError, Services};
use skybridge_plugin_protocol::manifest::{PluginManifest, capability};
use skybridge_plugin_protocol::open::{OpenRequest, SimulatedCloud};
use skybridge_plugin_protocol::simulate::SimulateRequest;
use tempfile::TempDir;
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::capture::Capture;
use crate::fixture::{Fixture, with_folder};
use crate::witness::{MemoryVault, RealClock, Told};

/// The connector's name in every case.
pub(crate) const CONNECTOR: &str = "subject";

/// The plugin, and what is known of it.
pub(crate) struct Bench<'a> {
    pub(crate) library: &'a Library,
    pub(crate) fixture: Fixture,
    pub(crate) capture: &'a Capture,
}

/// The plugin, opened.
pub(crate) struct Opened {
    pub(crate) instance: Instance,
    pub(crate) vault: Arc<MemoryVault>,
    pub(crate) told: Arc<Told>,
    /// What the simulated operator signs in with.
    pub(crate) operator_secrets: Vec<String>,
    // Dropped last: the instance may use them to its end.
    _simulation: Option<Instance>,
    _folder: TempDir,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(library: &'a Library, fixture: Fixture, capture: &'a Capture) -> Self {
        Self { library, fixture, capture }
    }

    pub(crate) fn manifest(&self) -> &PluginManifest {
        &self.library.manifest
    }

    /// Opens it in a world like `scenario`, or in the default one of its simulated cloud.
    pub(crate) async fn open(&self, scenario: Option<&str>) -> Result<Opened, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("a folder: {error}"))?;
        let vault = Arc::new(MemoryVault::default());
        let told = Arc::new(Told::default());
        let services = || {
            let wire = WIRE.map(|target| (target, LevelFilter::WARN));
            let log = Targets::new().with_default(LevelFilter::TRACE).with_targets(wire);
            Services::new(
                CONNECTOR,
                Arc::clone(&vault) as _,
                Arc::new(RealClock),
                Arc::clone(&told) as _,
                log,
            )
        };
        let simulation = match self.manifest().can(capability::SIMULATE) {
            true => Some(self.simulate(services(), scenario).await?),
            false => None,
        };
        let dir = folder.path().to_string_lossy().into_owned();
        let (simulation, simulated) = simulation.unzip();
        let request = OpenRequest {
            connector: CONNECTOR.to_owned(),
            settings: Some(with_folder(&self.fixture.settings, &dir)),
            operator: with_folder(&self.fixture.operator, &dir),
            simulated: simulated.clone(),
        };
        let instance = Instance::open(self.library, services(), &request)
            .map_err(|error| format!("opening with the fixture's settings: {error}"))?;
        let operator = simulated.map(|cloud| cloud.operator).unwrap_or_default();
        let operator_secrets = operator
            .iter()
            .filter(|(name, _)| {
                ["secret", "key", "password", "token"].iter().any(|it| name.contains(it))
            })
            .filter_map(|(_, value)| value.as_str().map(str::to_owned))
            .collect();
        let _simulation = simulation;
        Ok(Opened { instance, vault, told, operator_secrets, _simulation, _folder: folder })
    }

    async fn simulate(
        &self,
        services: Services,
        scenario: Option<&str>,
    ) -> Result<(Instance, SimulatedCloud), String> {
        let started = async {
            let instance = Instance::open_simulator(self.library, services, &[])?;
            let request = SimulateRequest {
                listen: "127.0.0.1:0".to_owned(),
                state_dir: None,
                scenario: scenario.map(str::to_owned),
                record: None,
            };
            let reply = instance.simulate(&request).await?;
            let cloud = SimulatedCloud {
                endpoints: reply.endpoints,
                ca_pem: reply.ca_pem,
                operator: reply.operator,
            };
            Ok::<_, PluginError>((instance, cloud))
        };
        started.await.map_err(|error| format!("starting the simulated cloud: {error}"))
    }

    /// Opens it with other settings; nothing is asked of it.
    pub(crate) fn open_with(&self, settings: &serde_json::Value) -> Result<Instance, PluginError> {
        let services = Services::new(
            CONNECTOR,
            Arc::new(MemoryVault::default()),
            Arc::new(RealClock),
            Arc::new(Told::default()),
            Targets::new(),
        );
        let request = OpenRequest {
            connector: CONNECTOR.to_owned(),
            settings: Some(settings.clone()),
            operator: self.fixture.operator.clone(),
            simulated: None,
        };
        Instance::open(self.library, services, &request)
    }
}
