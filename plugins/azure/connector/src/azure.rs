//! The connector as the host sees it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use skybridge_azure_client::login::{ClientAssertionSource, ClientSecretSource};
use skybridge_azure_client::transport::WireRequest;
use skybridge_azure_client::{
    Client, ClientError, Cloud, Endpoints, HttpOptions, HttpTransport, Response, Service,
    TokenSource, Transport, TransportKind, Trust,
};
use skybridge_plugin_sdk::protocol::audit::Notice;
use skybridge_plugin_sdk::protocol::manifest::{PluginManifest, capability};
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, DescribeRequest, Description, Observation, ObserveRequest, Ready,
    ReadyRequest, Remains, UndoRequest, Undone, purpose,
};
use skybridge_plugin_sdk::protocol::open::{OpenRequest, SimulatedCloud};
use skybridge_plugin_sdk::protocol::survey::{
    PreflightReport, PreflightRequest, Survey, SurveyRequest,
};
use skybridge_plugin_sdk::protocol::verify::{VerifyReport, VerifyRequest};
use skybridge_plugin_sdk::{
    Connector, Ctx, Error, Host, Onboard, Result, Verify, async_trait, kind,
};
use tokio::sync::{Mutex, OnceCell};

use crate::operator::{Operator, OperatorTokens, Reaching, telling};
use crate::preflight::RightsSeen;
use crate::proof::{self, Proof, read_assertion};
use crate::session::{AsConnector, Session, Told};
use crate::settings::Settings;
use crate::surroundings::{Surroundings, from_unix_ms};
use crate::survey::Facts;
use crate::{catalogue, checks, describe, needs, preflight, rotation, schema, steps, survey};

/// A connector to one Entra tenant.
pub struct Azure {
    connector: String,
    /// Absent for an instance that only simulates.
    open: Option<Open>,
}

/// What an instance with settings holds.
struct Open {
    settings: Settings,
    reach: Reach,
    operator: Client,
    credentials: Mutex<()>,
    told: Told,
    rights: RightsSeen,
}

/// How the cloud is reached.
struct Reach {
    tenant: String,
    endpoints: Endpoints,
    transport: Arc<dyn Transport>,
}

#[cfg(test)]
mod testing;
#[cfg(test)]
pub(crate) use testing::{Answer, Fuse};

impl AsConnector for Reach {
    fn connector(&self, client_id: &str, proof: Proof) -> Client {
        let (endpoints, transport) = (self.endpoints.clone(), Arc::clone(&self.transport));
        let tenant = self.tenant.clone();
        let source: Arc<dyn TokenSource> = match proof {
            Proof::Secret(secret) => {
                Arc::new(ClientSecretSource::new(endpoints, transport, tenant, client_id, secret))
            }
            Proof::Certificate(certificate) => Arc::new(ClientAssertionSource::with_certificate(
                endpoints,
                transport,
                tenant,
                client_id,
                certificate,
            )),
            Proof::Assertion { file, issuer, subject, audience } => {
                let time = Arc::clone(&transport);
                let make = move |_: &str| {
                    read_assertion(&file, &issuer, &subject, &audience, time.now())
                        .map_err(|error| proof::refused(&error))
                };
                let make = Arc::new(make);
                Arc::new(ClientAssertionSource::new(endpoints, transport, tenant, client_id, make))
            }
        };
        Client::new(self.endpoints.clone(), Arc::clone(&self.transport), source)
    }
}

/// A whole exchange; short in tests, where services are made to say nothing.
const LIMIT: Option<Duration> = if cfg!(test) { Some(Duration::from_secs(2)) } else { None };

/// Tells the time.
type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Sets the real transport up when the first request is sent: reading the machine's certificates
/// is nothing an offline plan should depend on.
struct LazyTransport {
    trust: Trust,
    /// The host's clock.
    now: Now,
    made: OnceCell<HttpTransport>,
}

#[async_trait]
impl Transport for LazyTransport {
    async fn exchange(&self, request: WireRequest) -> std::result::Result<Response, ClientError> {
        let make = || async {
            HttpTransport::new(&HttpOptions { trust: self.trust.clone(), limit: LIMIT }).map_err(
                |error| ClientError::Transport {
                    service: request.origin.service,
                    operation: request.origin.operation,
                    kind: TransportKind::Refused,
                    message: error.to_string(),
                },
            )
        };
        self.made.get_or_try_init(make).await?.exchange(request).await
    }

    fn now(&self) -> Timestamp {
        (self.now)()
    }
}

impl Azure {
    /// Opens an instance; nothing is asked of the network.
    fn start_at(request: OpenRequest, now: Now) -> Result<Self> {
        let Some(settings) = request.settings else {
            return Ok(Self { connector: request.connector, open: None });
        };
        let settings = Settings::read(settings)?;
        let tenant = settings.tenant_id();
        let (endpoints, trust, operator) = match request.simulated {
            Some(simulated) => reach_simulated(settings.cloud(), simulated)?,
            None => {
                let operator = Operator::read(&request.operator)?;
                let cloud = settings.where_it_is();
                (cloud.endpoints()?, cloud.trust()?, operator)
            }
        };
        let transport: Arc<dyn Transport> =
            Arc::new(LazyTransport { trust: trust.clone(), now, made: OnceCell::new() });
        let reach = Reach { tenant: tenant.clone(), endpoints: endpoints.clone(), transport };
        let transport = Arc::clone(&reach.transport);
        let reaching = Reaching { tenant, endpoints: endpoints.clone(), transport, trust };
        let tokens = OperatorTokens::new(operator, reaching);
        let operator = Client::new(endpoints, Arc::clone(&reach.transport), Arc::new(tokens));
        let open = Some(Open {
            settings,
            reach,
            operator,
            credentials: Mutex::new(()),
            told: Told::default(),
            rights: RightsSeen::default(),
        });
        Ok(Self { connector: request.connector, open })
    }

    fn open_parts(&self) -> Result<&Open> {
        self.open.as_ref().ok_or_else(|| {
            Error::new(kind::PRECONDITION, "the connector was opened without settings")
                .code("AZ-HOST-002")
        })
    }

    /// Everything a call works with.
    pub(crate) fn session<'a>(&'a self, host: &'a dyn Surroundings) -> Result<Session<'a>> {
        let open = self.open_parts()?;
        let notebook = Arc::default();
        Ok(Session {
            connector: &self.connector,
            settings: &open.settings,
            client: open.operator.noting(&notebook),
            notebook,
            connectors: &open.reach,
            credentials: &open.credentials,
            host,
            told: &open.told,
            rights: &open.rights,
            purge: false,
        })
    }
}

/// Where a simulated cloud is; nothing but it is believed or asked.
fn reach_simulated(
    cloud: Cloud,
    simulated: SimulatedCloud,
) -> Result<(Endpoints, Trust, Operator)> {
    let wrong =
        |message: String| Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-CONFIG-005");
    let address = |service: Service, name: &str| {
        simulated.endpoints.get(name).map(String::as_str).ok_or_else(|| {
            wrong(format!("the simulated cloud has no endpoint `{name}` for {service}"))
        })
    };
    let endpoints = Endpoints::custom(
        cloud,
        address(Service::Login, "login")?,
        address(Service::ResourceManager, "resource-manager")?,
        address(Service::Graph, "graph")?,
    )
    .map_err(|error| wrong(error.to_string()))?;
    let operator = serde_json::to_value(simulated.operator)
        .map_err(|_| wrong("the simulated operator cannot be read".into()))?;
    Ok((endpoints, Trust::Only(simulated.ca_pem), Operator::simulated(operator)?))
}

impl Connector for Azure {
    fn manifest() -> PluginManifest {
        PluginManifest {
            name: "azure".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            title: "Microsoft Azure and Entra".into(),
            capabilities: vec![
                capability::ONBOARD.into(),
                capability::VERIFY.into(),
                capability::ROTATE.into(),
            ],
            settings_schema: schema::settings(),
            operator_schema: schema::operator(),
            explanations: catalogue::explanations(),
            needs: needs::needs(),
        }
    }

    fn open(request: OpenRequest, host: Host) -> Result<Self> {
        Self::start_at(request, Arc::new(move || from_unix_ms(host.now_unix_ms())))
    }

    fn onboard(&self) -> Option<&dyn Onboard> {
        Some(self)
    }

    fn verify(&self) -> Option<&dyn Verify> {
        Some(self)
    }
}

#[async_trait]
impl Onboard for Azure {
    fn describe(&self, request: &DescribeRequest) -> Result<Description> {
        let open = self.open_parts()?;
        let facts = Facts::read(&request.survey)?;
        if request.purpose == purpose::ROTATE {
            let facts = facts.as_ref();
            return rotation::describe(&self.connector, &open.settings, facts, &request.connection);
        }
        Ok(describe::describe(&self.connector, &open.settings, facts.as_ref()))
    }

    async fn survey(&self, request: SurveyRequest, ctx: &Ctx) -> Result<Survey> {
        let session = self.session(ctx)?;
        telling(teller(ctx), survey::survey(&session, &request.purpose)).await
    }

    async fn preflight(&self, request: PreflightRequest, ctx: &Ctx) -> Result<PreflightReport> {
        let session = self.session(ctx)?;
        telling(teller(ctx), preflight::preflight(&session, &request.steps)).await
    }

    async fn observe(&self, request: ObserveRequest, ctx: &Ctx) -> Result<Observation> {
        let (family, session) = (steps::family(&request.step.kind)?, self.session(ctx)?);
        asked(ctx, &session, family.observe(&session, &request.step)).await
    }

    async fn apply(&self, request: ApplyRequest, ctx: &Ctx) -> Result<Applied> {
        let (family, session) = (steps::family(&request.step.kind)?, self.session(ctx)?);
        asked(ctx, &session, family.apply(&session, &request)).await
    }

    async fn ready(&self, request: ReadyRequest, ctx: &Ctx) -> Result<Ready> {
        let (family, session) = (steps::family(&request.step.kind)?, self.session(ctx)?);
        asked(ctx, &session, family.ready(&session, &request)).await
    }

    async fn undo(&self, request: UndoRequest, ctx: &Ctx) -> Result<Undone> {
        if request.undo.is_null() {
            let detail = Some("there is nothing of ours to take back".into());
            return Ok(Undone { removed: false, detail, ..Undone::default() });
        }
        let session = Session { purge: request.purge, ..self.session(ctx)? };
        let family = steps::family(&request.kind)?;
        asked(ctx, &session, family.undo(&session, &request.undo)).await
    }

    async fn remains(&self, request: UndoRequest, ctx: &Ctx) -> Result<Remains> {
        if request.undo.is_null() {
            return Ok(Remains::default());
        }
        let session = Session { purge: request.purge, ..self.session(ctx)? };
        let family = steps::family(&request.kind)?;
        asked(ctx, &session, family.remains(&session, &request.undo)).await
    }
}

/// What a step says, and with it what the cloud said about further calls.
async fn asked<T>(ctx: &Ctx, session: &Session<'_>, step: impl Future<Output = T>) -> T {
    let answer = telling(teller(ctx), step).await;
    session.tell_limits();
    answer
}

/// How the call `ctx` reaches the person at the host.
fn teller(ctx: &Ctx) -> Arc<dyn Fn(&Notice) + Send + Sync> {
    let ctx = ctx.clone();
    Arc::new(move |notice| ctx.notice(notice))
}

#[async_trait]
impl Verify for Azure {
    async fn verify(&self, request: VerifyRequest, ctx: &Ctx) -> Result<VerifyReport> {
        let session = self.session(ctx)?;
        telling(teller(ctx), checks::report(&session, &request.connection)).await
    }
}
