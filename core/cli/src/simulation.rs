//! The simulated clouds of a rehearsal: started here, or elsewhere and only asked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use skybridge_host::{Instance, Library, NoVault, NoWitness};
use skybridge_model::Secret;
use skybridge_plugin_protocol::open::SimulatedCloud;
use skybridge_plugin_protocol::simulate::{SimulateReply, SimulateRequest};

use crate::args::SimulateArgs;
use crate::clock::SystemClock;
use crate::connect::{Checked, Surroundings, simulates};
use crate::exit::Exit;
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
                let request = SimulateRequest {
                    listen: "127.0.0.1:0".to_owned(),
                    state_dir: Some(state.cloud(plugin).display().to_string()),
                    scenario: scenario.clone(),
                    record: None,
                };
                if !simulates(library) {
                    return Err(cannot(library, &request, log, "leave --simulate away").await);
                }
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

/// Makes what a simulated cloud writes into: in a process of its own it may write there alone.
fn places(request: &SimulateRequest) -> std::io::Result<Vec<PathBuf>> {
    let mut places = Vec::new();
    if let Some(folder) = &request.state_dir {
        fs_err::create_dir_all(folder)?;
        places.push(fs_err::canonicalize(folder)?);
    }
    if let Some(file) = &request.record {
        drop(fs_err::OpenOptions::new().create(true).append(true).open(file)?);
        places.push(fs_err::canonicalize(file)?);
    }
    Ok(places)
}

/// Starts a plugin's simulated cloud, where the library runs.
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
    let places = places(request).map_err(|error| Failure::io(doing, &error))?;
    let places: Vec<&Path> = places.iter().map(PathBuf::as_path).collect();
    let instance = Instance::open_simulator(library, services, &places)
        .map_err(|error| Failure::plugin(doing, &error))?;
    let reply = instance.simulate(request).await.map_err(|error| Failure::plugin(doing, &error))?;
    Ok((instance, reply))
}

/// Why a plugin that does not declare a simulated cloud has none: in its own words when it has some,
/// for it may know another way to rehearse.
pub(crate) async fn cannot(
    library: &Library,
    request: &SimulateRequest,
    log: &tracing_subscriber::filter::Targets,
    help: &str,
) -> Box<Failure> {
    let summary = format!("the plugin `{}` cannot simulate its cloud", library.manifest.name);
    match start(library, request, log).await {
        Err(mut told) if told.diagnostics.iter().any(|one| one.help.is_some()) => {
            told.exit = Exit::Usage;
            told
        }
        // What it was not to start has stopped with its instance.
        _ => Failure::usage(summary, help),
    }
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
        // Plain HTTP: nobody's certificates are believed, so the machine's need not be read.
        .tls_certs_only([])
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
