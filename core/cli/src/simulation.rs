//! The simulated clouds of a rehearsal: started here, or elsewhere and only asked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use skybridge_host::{Instance, Library, NoVault, NoWitness};
use skybridge_model::Secret;
use skybridge_plugin_protocol::open::{OpenRequest, SimulatedCloud};
use skybridge_plugin_protocol::simulate::{SimulateReply, SimulateRequest};

use crate::args::SimulateArgs;
use crate::clock::SystemClock;
use crate::connect::{Checked, Surroundings, simulates};
use crate::failure::{Failure, Outcome};
use crate::state::StateDir;

/// Asking a simulator that runs on this machine.
const ASK_DEADLINE: Duration = Duration::from_secs(10);

/// Simulated clouds, and those of them that live in this process.
#[derive(Default)]
pub(crate) struct Simulation {
    /// By plugin name.
    pub(crate) clouds: BTreeMap<String, SimulatedCloud>,
    /// What connections are handed over to in a rehearsal, by plugin name.
    pub(crate) platforms: BTreeMap<String, SimulatedPlatform>,
    hosts: Vec<Instance>,
}

/// The platform at the other end of a simulated cloud.
#[derive(Clone)]
pub(crate) struct SimulatedPlatform {
    /// Address and key by the word for such a destination; one it lacks is not there.
    pub(crate) services: BTreeMap<&'static str, (String, Secret<String>)>,
    pub(crate) ca_pem: String,
}

impl SimulatedPlatform {
    fn of(reply: &SimulateReply) -> Self {
        let keys = reply.more.get("platform");
        let service = |word: &'static str, key: &str| {
            let address = reply.endpoints.get(word)?.clone();
            let key = keys?.get(key)?.as_str()?;
            Some((word, (address, Secret::new(key.to_owned()))))
        };
        let all = [service("ox", "ox-key"), service("webhook", "webhook-key")];
        Self { services: all.into_iter().flatten().collect(), ca_pem: reply.ca_pem.clone() }
    }
}

impl Simulation {
    /// Starts or asks what the command line says; nothing when it says nothing.
    pub(crate) async fn start(
        args: &SimulateArgs,
        checked: &Checked,
        state: &StateDir,
        log: &tracing_subscriber::filter::Targets,
    ) -> Outcome<Self> {
        let mut this = Self::default();
        if let Some(url) = &args.simulator {
            let reply = ask(url).await?;
            let platform = SimulatedPlatform::of(&reply);
            let cloud = cloud(reply);
            let plugins = checked.libraries.keys();
            this.platforms = plugins.map(|p| (p.clone(), platform.clone())).collect();
            this.clouds = checked.libraries.keys().map(|p| (p.clone(), cloud.clone())).collect();
        } else if args.simulate {
            let scenario = args.scenario.as_deref().map(read_scenario).transpose()?;
            for (plugin, library) in &checked.libraries {
                if !simulates(library) {
                    let summary = format!("the plugin `{plugin}` cannot simulate its cloud");
                    return Err(Failure::usage(summary, "leave --simulate away"));
                }
                let request = SimulateRequest {
                    listen: "127.0.0.1:0".to_owned(),
                    state_dir: Some(state.cloud(plugin).display().to_string()),
                    scenario: scenario.clone(),
                    record: None,
                };
                let (instance, reply) = start(library, &request, log).await?;
                this.platforms.insert(plugin.clone(), SimulatedPlatform::of(&reply));
                this.clouds.insert(plugin.clone(), cloud(reply));
                this.hosts.push(instance);
            }
        }
        Ok(this)
    }

    /// Stops what runs in this process; its state is on disk afterwards.
    pub(crate) async fn stop(self) {
        for host in self.hosts {
            if let Err(error) = host.stop_simulation().await {
                tracing::warn!(%error, "the simulated cloud did not stop well");
            }
        }
    }
}

fn cloud(reply: SimulateReply) -> SimulatedCloud {
    SimulatedCloud { endpoints: reply.endpoints, ca_pem: reply.ca_pem, operator: reply.operator }
}

/// Reads a scenario's text.
pub(crate) fn read_scenario(path: &Path) -> Outcome<String> {
    fs_err::read_to_string(path)
        .map_err(|error| Failure::usage(error.to_string(), "--scenario names a TOML file"))
}

/// Starts a plugin's simulated cloud in this process.
pub(crate) async fn start(
    library: &Library,
    request: &SimulateRequest,
    log: &tracing_subscriber::filter::Targets,
) -> Outcome<(Instance, SimulateReply)> {
    let surroundings = Surroundings {
        vault: Arc::new(NoVault),
        clock: Arc::new(SystemClock),
        witness: Arc::new(NoWitness),
        log: log.clone(),
    };
    let doing = "starting the simulated cloud";
    let services = surroundings.services("simulator");
    let instance = Instance::open(library, services, &OpenRequest::default())
        .map_err(|error| Failure::plugin(doing, &error))?;
    let reply = instance.simulate(request).await.map_err(|error| Failure::plugin(doing, &error))?;
    Ok((instance, reply))
}

/// Asks a simulator what it would print when it is ready.
///
/// Its control address is plain HTTP on loopback: it hands out the certificate authority that
/// everything after it is verified with, so it cannot be verified with that itself. Other addresses
/// than loopback are refused.
async fn ask(url: &str) -> Outcome<SimulateReply> {
    let refused = |why: String| {
        let help = "give the `url` of the line that `skybridge simulator` printed";
        Failure::usage(format!("asking the simulator at {url}: {why}"), help)
    };
    let parsed = reqwest::Url::parse(url).map_err(|error| refused(error.to_string()))?;
    let loopback = match parsed.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let bare = host.trim_matches(['[', ']']);
            bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    };
    if parsed.scheme() != "http" || !loopback {
        return Err(refused("it is not http on this machine".to_owned()));
    }
    let address = parsed.join("/_simulator").map_err(|error| refused(error.to_string()))?;
    let client = reqwest::Client::builder()
        .timeout(ASK_DEADLINE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|error| refused(error.to_string()))?;
    let answer = client.get(address).send().await.and_then(reqwest::Response::error_for_status);
    let bytes = match answer {
        Ok(answer) => answer.bytes().await.map_err(|error| refused(error.to_string()))?,
        Err(error) => return Err(refused(format!("{error:#}"))),
    };
    serde_json::from_slice(&bytes).map_err(|error| refused(format!("its answer is odd: {error}")))
}
