//! Starting and stopping: sockets, state and the world behind them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::certificates::Authority;
use crate::clock::{self, Clock, Millis};
use crate::control;
use crate::error::SimulatorError;
use crate::faults::error_reply;
use crate::founding;
use crate::http::Call;
use crate::http::reply::{Delivery, Outcome, Reply};
use crate::http::server::{Answer, Arrived, Endpoint, Leaving, bind};
use crate::login::SignIns;
use crate::platform::{self, Desk};
use crate::ready::{Ready, ReadyEndpoints, ReadyIdentity, ReadyOperator, ReadyPlatform};
use crate::scenario::{DEFAULT, Scenario, Service};
use crate::signing::{SigningKey, random_text};
use crate::store::{Store, Unsynced, files};
use crate::traffic::Traffic;
use crate::world::{Endpoints, World};

/// What a simulator is started with.
#[derive(Debug, Clone)]
pub struct SimulatorOptions {
    /// Where the control endpoints listen: a loopback address. Port 0 takes free ports; another
    /// port takes that one and the four above it.
    pub listen: SocketAddr,
    /// Where the tenant is kept between starts; in memory when absent.
    pub state_dir: Option<PathBuf>,
    /// The scenario's TOML text; the default scenario when absent.
    pub scenario: Option<String>,
    /// A file every exchange is appended to, one JSON object a line, without secrets.
    pub record: Option<PathBuf>,
}

/// A simulated Azure that is being served.
#[derive(Debug)]
pub struct Simulator {
    ready: Ready,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Simulator {
    /// Opens the state, binds four loopback ports and serves.
    pub async fn start(options: SimulatorOptions) -> Result<Self, SimulatorError> {
        Self::start_at(options, Clock::system()).await
    }

    /// The same by another clock. Its certificates go by the system's: clients check them by that.
    pub async fn start_at(options: SimulatorOptions, clock: Clock) -> Result<Self, SimulatorError> {
        let ports = Ports::bind(options.listen).await?;
        let endpoints = ports.endpoints()?;
        let url = format!("http://{}", address(&ports.control)?);
        // Making keys and replaying a log takes a while, and would hold up the other tasks.
        let now = clock.now();
        let prepared = tokio::task::spawn_blocking(move || prepare(&options, endpoints, now)).await;
        let prepared =
            prepared.map_err(|error| SimulatorError::State(std::io::Error::other(error)))??;
        let ready = ready(&prepared, url);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let world = Arc::new(Mutex::new(prepared.world));
        for (listener, service) in [
            (ports.login, Service::Login),
            (ports.resource_manager, Service::ResourceManager),
            (ports.graph, Service::Graph),
            (ports.platform, Service::Platform),
        ] {
            let answer = service_answer(Arc::clone(&world), service, clock.clone());
            let tls = Some(Arc::clone(&prepared.tls));
            Endpoint { listener, tls, answer }.spawn(&tasks, stop.clone());
        }
        let answer = control_answer(world, ready.clone(), clock);
        Endpoint { listener: ports.control, tls: None, answer }.spawn(&tasks, stop.clone());
        tasks.close();
        tracing::info!(url = ready.url, tenant = %ready.tenant, "simulated Azure is ready");
        Ok(Self { ready, stop, tasks })
    }

    /// Where it is and who may sign in.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Lets open requests finish and closes everything. Nothing is left to write: every change was
    /// on disk before it was acknowledged.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Simulator {
    /// A simulator nobody holds must not go on listening.
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The five listening sockets.
struct Ports {
    control: TcpListener,
    login: TcpListener,
    resource_manager: TcpListener,
    graph: TcpListener,
    platform: TcpListener,
}

impl Ports {
    async fn bind(listen: SocketAddr) -> Result<Self, SimulatorError> {
        if !listen.ip().is_loopback() {
            return Err(SimulatorError::NotLoopback(listen));
        }
        let port = |offset: u16| match listen.port() {
            0 => Ok(0),
            first => first.checked_add(offset).ok_or(SimulatorError::PortTooHigh(first)),
        };
        let at = |port: u16| SocketAddr::new(listen.ip(), port);
        Ok(Self {
            control: bind(at(port(0)?)).await?,
            login: bind(at(port(1)?)).await?,
            resource_manager: bind(at(port(2)?)).await?,
            graph: bind(at(port(3)?)).await?,
            platform: bind(at(port(4)?)).await?,
        })
    }

    fn endpoints(&self) -> Result<Endpoints, SimulatorError> {
        // Clients check names, and `localhost` is the one all of them resolve.
        let url = |listener: &TcpListener| {
            let address = address(listener)?;
            let plain = address.ip() == IpAddr::from([127, 0, 0, 1]) || address.ip().is_ipv6();
            let port = address.port();
            Ok::<_, SimulatorError>(if plain {
                format!("https://localhost:{port}")
            } else {
                format!("https://{address}")
            })
        };
        Ok(Endpoints {
            login: url(&self.login)?,
            resource_manager: url(&self.resource_manager)?,
            graph: url(&self.graph)?,
            platform: url(&self.platform)?,
        })
    }
}

fn address(listener: &TcpListener) -> Result<SocketAddr, SimulatorError> {
    Ok(listener.local_addr()?)
}

/// Everything that has to be there before the first request.
struct Prepared {
    world: World,
    operator_secret: String,
    keys: StartKeys,
    ca_file: Option<PathBuf>,
    ca_pem: String,
    tls: Arc<rustls::ServerConfig>,
}

/// Keys that are made anew at each start and told to nobody but who started it.
struct StartKeys {
    identity_header: String,
    ox: String,
    webhook: String,
}

impl StartKeys {
    fn make() -> Result<Self, SimulatorError> {
        let key = || {
            random_text().ok_or_else(|| SimulatorError::key("a key of this start", "no randomness"))
        };
        Ok(Self { identity_header: key()?, ox: key()?, webhook: key()? })
    }
}

fn prepare(
    options: &SimulatorOptions,
    endpoints: Endpoints,
    now: Millis,
) -> Result<Prepared, SimulatorError> {
    let today = clock::now();
    let scenario = Scenario::parse(options.scenario.as_deref().unwrap_or(DEFAULT))?;
    let state_dir = match &options.state_dir {
        Some(directory) => {
            files::prepare_directory(directory)?;
            // The ready line names the authority's file to programs in other directories.
            Some(fs_err::canonicalize(directory)?)
        }
        None => None,
    };
    let state_dir = state_dir.as_deref();
    let mut store = Store::open(state_dir)?;
    let operator_secret = founding::found(&mut store, &scenario, now)?;
    let authority = Authority::load(state_dir, today)?;
    let keys = SigningKey::load(state_dir, "signing-key.pem")?;
    let issuer_key = match scenario.issuers.is_empty() {
        true => None,
        false => Some(SigningKey::load(state_dir, "issuer-key.pem")?),
    };
    let start_keys = StartKeys::make()?;
    let sign_ins = SignIns::new(start_keys.identity_header.clone().into(), issuer_key);
    let desk = Desk::new(start_keys.ox.clone().into(), start_keys.webhook.clone())?;
    let traffic = Traffic::open(options.record.as_deref())?;
    Ok(Prepared {
        tls: authority.server_config(today)?,
        world: World::new(scenario, endpoints, store, keys, traffic, sign_ins, desk),
        operator_secret,
        keys: start_keys,
        ca_file: authority.file,
        ca_pem: authority.pem,
    })
}

fn ready(prepared: &Prepared, url: String) -> Ready {
    let world = &prepared.world;
    let tenant = world.scenario.tenant.id;
    Ready {
        identity: ReadyIdentity {
            endpoint: format!("{url}/_simulator/identity"),
            header: prepared.keys.identity_header.clone(),
        },
        platform: ReadyPlatform {
            ox_key: prepared.keys.ox.clone(),
            webhook_key: prepared.keys.webhook.clone(),
        },
        url,
        endpoints: ReadyEndpoints {
            login: world.endpoints.login.clone(),
            resource_manager: world.endpoints.resource_manager.clone(),
            graph: world.endpoints.graph.clone(),
            ox: format!("{}{}", world.endpoints.platform, platform::GATEWAY),
            webhook: format!("{}{}", world.endpoints.platform, platform::WEBHOOK),
        },
        ca_file: prepared.ca_file.clone(),
        ca_pem: prepared.ca_pem.clone(),
        tenant,
        operator: operator(prepared),
    }
}

fn operator(prepared: &Prepared) -> ReadyOperator {
    let scenario = &prepared.world.scenario;
    let tenant_id = scenario.tenant.id;
    match scenario.operating_person() {
        None => ReadyOperator {
            kind: "client-secret".to_owned(),
            tenant_id,
            client_id: scenario.operator.client_id,
            client_secret: Some(prepared.operator_secret.clone()),
            user: None,
        },
        Some(user) => ReadyOperator {
            kind: "person".to_owned(),
            tenant_id,
            client_id: scenario.operating_client(),
            client_secret: None,
            user: Some(user.principal_name.clone()),
        },
    }
}

/// A handler that panicked left at worst an uncommitted change; the rest of the world is whole.
fn locked(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

fn service_answer(world: Arc<Mutex<World>>, service: Service, clock: Clock) -> Arc<Answer> {
    Arc::new(move |arrived| leaving(serve(&world, service, arrived, clock.now())))
}

fn serve(world: &Mutex<World>, service: Service, arrived: Arrived, now: Millis) -> Outcome {
    let Arrived { method, target, headers, body, refused } = arrived;
    let call = Call::new(service, &method, &target, headers.clone(), body, now);
    let whole = |reply: Reply| Outcome { reply, delivery: Delivery::Whole };
    match (call, refused) {
        (Ok(mut call), None) => acknowledged(world, &mut call),
        (Ok(mut call), Some(status)) => {
            let text = "The request is too large or took too long to arrive.";
            whole(locked(world).refuse(&mut call, status.as_u16(), text))
        }
        (Err(_), _) => {
            let mut call = Call::unreadable(service, &method, headers, now);
            let text = "The address of the request is not readable.";
            whole(locked(world).refuse(&mut call, 400, text))
        }
    }
}

/// Answers a call, and lets the answer out when what it changed is on the disk. Other calls are
/// answered meanwhile.
fn acknowledged(world: &Mutex<World>, call: &mut Call) -> Outcome {
    let (outcome, unsynced) = {
        let mut world = locked(world);
        (world.answer(call), world.store.unsynced())
    };
    match unsynced.map_or(Ok(()), Unsynced::wait) {
        Ok(()) => outcome,
        Err(error) => {
            tracing::error!(%error, "a change could not be written through");
            let text = "The change could not be kept.";
            let reply = error_reply(call, 500, "InternalServerError", text);
            Outcome { reply, delivery: Delivery::Whole }
        }
    }
}

fn control_answer(world: Arc<Mutex<World>>, ready: Ready, clock: Clock) -> Arc<Answer> {
    Arc::new(move |arrived| {
        let mut world = locked(&world);
        let reply = control::faults::answer(&mut world, &arrived)
            .unwrap_or_else(|| control::answer(&mut world, &ready, &arrived, clock.now()));
        leaving(Outcome { reply, delivery: Delivery::Whole })
    })
}

fn leaving(outcome: Outcome) -> Leaving {
    let Outcome { reply, delivery } = outcome;
    let body = reply.bytes();
    Leaving { status: reply.status, headers: reply.headers, body, delivery }
}
