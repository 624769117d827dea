//! The connector as the host sees it.

use std::sync::Arc;

use skybridge_aws_client::credentials::Kept;
use skybridge_aws_client::wire::WireRequest;
use skybridge_aws_client::{
    Client, ClientError, Endpoints, HttpOptions, HttpTransport, Response, Transport, TransportKind,
    Trust,
};
use skybridge_plugin_sdk::protocol::collect::CollectRequest;
use skybridge_plugin_sdk::protocol::manifest::{PluginManifest, capability};
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, DescribeRequest, Description, Observation, ObserveRequest, Ready,
    ReadyRequest, Remains, UndoRequest, Undone, purpose,
};
use skybridge_plugin_sdk::protocol::open::OpenRequest;
use skybridge_plugin_sdk::protocol::survey::{
    PreflightReport, PreflightRequest, Survey, SurveyRequest,
};
use skybridge_plugin_sdk::protocol::verify::{VerifyReport, VerifyRequest};
use skybridge_plugin_sdk::{
    BatchSender, Collect, Connector, Ctx, Error, Host, Onboard, Result, Simulate, Verify,
    async_trait, kind,
};
use tokio::sync::OnceCell;

use crate::operator::{Operator, OperatorCredentials, Variables};
use crate::rehearsal::{self, NoSimulation};
use crate::session::{Accounts, Session};
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::survey::Facts;
use crate::{catalogue, checks, collect, describe, needs, preflight, schema, steps, survey};

/// A connector to one AWS account, or to the accounts of one organization.
pub struct Aws {
    connector: String,
    /// Absent for an instance that was opened without settings.
    open: Option<Open>,
}

/// What an instance with settings holds.
struct Open {
    settings: Settings,
    endpoints: Endpoints,
    accounts: Accounts,
    variables: Variables,
}

/// Sets the real transport up when the first request is sent: reading the machine's certificates
/// is nothing an offline plan should depend on.
struct LazyTransport {
    trust: Trust,
    made: OnceCell<HttpTransport>,
}

#[async_trait]
impl Transport for LazyTransport {
    async fn exchange(&self, request: WireRequest) -> std::result::Result<Response, ClientError> {
        let make = || async {
            let options = HttpOptions { trust: self.trust.clone(), limit: None };
            HttpTransport::new(&options).map_err(|error| ClientError::Transport {
                service: request.origin.service,
                operation: request.origin.operation,
                kind: TransportKind::Refused,
                message: error.to_string(),
            })
        };
        self.made.get_or_try_init(make).await?.exchange(request).await
    }
}

impl Aws {
    /// Opens an instance; nothing is asked of the network.
    pub(crate) fn start(request: OpenRequest, variables: Variables) -> Result<Self> {
        let Some(settings) = request.settings else {
            return Ok(Self { connector: request.connector, open: None });
        };
        if request.simulated.is_some() {
            return Err(rehearsal::refusal());
        }
        let settings = Settings::read(settings)?;
        let operator = Operator::read(&request.operator)?;
        let endpoints = settings.endpoints(variables.get("AWS_ENDPOINT_URL").as_deref())?;
        let transport: Arc<dyn Transport> =
            Arc::new(LazyTransport { trust: settings.cloud.trust()?, made: OnceCell::new() });
        let client = |credentials: Kept| {
            Client::new(endpoints.clone(), Arc::clone(&transport), Arc::new(credentials))
        };
        // Becoming somebody by a web identity is asked without a signature.
        let nobody = client(Kept::new(Nobody));
        let credentials =
            OperatorCredentials { operator, variables: variables.clone(), sts: nobody };
        let operator = client(Kept::new(credentials));
        let accounts = Accounts::new(settings.account.clone(), operator);
        let open = Some(Open { settings, endpoints, accounts, variables });
        Ok(Self { connector: request.connector, open })
    }

    fn open_parts(&self) -> Result<&Open> {
        self.open.as_ref().ok_or_else(|| {
            Error::new(kind::PRECONDITION, "the connector was opened without settings")
                .code("AWS-HOST-002")
        })
    }

    /// Everything a call works with.
    pub(crate) fn session<'a>(&'a self, host: &'a dyn Surroundings) -> Result<Session<'a>> {
        let open = self.open_parts()?;
        Ok(Session {
            settings: &open.settings,
            accounts: &open.accounts,
            variables: &open.variables,
            host,
        })
    }
}

/// Whoever asks before they are anybody.
struct Nobody;

#[async_trait]
impl skybridge_aws_client::CredentialSource for Nobody {
    async fn fetch(&self) -> std::result::Result<skybridge_aws_client::Credentials, ClientError> {
        let message = "internal error: a request that needs no signature was to be signed";
        Err(ClientError::Credential { message: message.into(), transient: false })
    }
}

impl Connector for Aws {
    fn manifest() -> PluginManifest {
        PluginManifest {
            name: "aws".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            title: "Amazon Web Services".into(),
            capabilities: vec![
                capability::ONBOARD.into(),
                capability::VERIFY.into(),
                capability::COLLECT.into(),
            ],
            settings_schema: schema::settings(),
            operator_schema: schema::operator(),
            explanations: catalogue::explanations(),
            needs: needs::needs(),
        }
    }

    fn open(request: OpenRequest, _host: Host) -> Result<Self> {
        Self::start(request, Variables::of_process())
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
        // Not declared among the capabilities; whoever asks all the same is told what to do.
        Some(Box::new(NoSimulation))
    }
}

#[async_trait]
impl Onboard for Aws {
    fn describe(&self, request: &DescribeRequest) -> Result<Description> {
        let open = self.open_parts()?;
        if request.purpose == purpose::ROTATE {
            let message = "a role has nothing to rotate: the vendor's sessions end by themselves";
            return Err(Error::new(kind::UNSUPPORTED, message)
                .code("AWS-ROTATE-001")
                .help("for another external id, offboard and apply again"));
        }
        let facts = Facts::read(&request.survey)?;
        let (settings, endpoints) = (&open.settings, &open.endpoints);
        Ok(describe::describe(&self.connector, settings, endpoints, facts.as_ref()))
    }

    async fn survey(&self, _: SurveyRequest, ctx: &Ctx) -> Result<Survey> {
        survey::survey(&self.session(ctx)?).await
    }

    async fn preflight(&self, request: PreflightRequest, ctx: &Ctx) -> Result<PreflightReport> {
        preflight::preflight(&self.session(ctx)?, &request.steps).await
    }

    async fn observe(&self, request: ObserveRequest, ctx: &Ctx) -> Result<Observation> {
        steps::family(&request.step.kind)?.observe(&self.session(ctx)?, &request.step).await
    }

    async fn apply(&self, request: ApplyRequest, ctx: &Ctx) -> Result<Applied> {
        steps::family(&request.step.kind)?.apply(&self.session(ctx)?, &request).await
    }

    async fn ready(&self, request: ReadyRequest, ctx: &Ctx) -> Result<Ready> {
        steps::family(&request.step.kind)?.ready(&self.session(ctx)?, &request).await
    }

    async fn undo(&self, request: UndoRequest, ctx: &Ctx) -> Result<Undone> {
        if request.undo.is_null() {
            let detail = Some("there is nothing of ours to take back".into());
            return Ok(Undone { detail, ..Undone::default() });
        }
        steps::family(&request.kind)?.undo(&self.session(ctx)?, &request.undo).await
    }

    async fn remains(&self, request: UndoRequest, ctx: &Ctx) -> Result<Remains> {
        if request.undo.is_null() {
            return Ok(Remains::default());
        }
        steps::family(&request.kind)?.remains(&self.session(ctx)?, &request.undo).await
    }
}

#[async_trait]
impl Verify for Aws {
    async fn verify(&self, request: VerifyRequest, ctx: &Ctx) -> Result<VerifyReport> {
        checks::report(&self.session(ctx)?, &request.connection).await
    }
}

#[async_trait]
impl Collect for Aws {
    async fn collect(&self, request: CollectRequest, out: BatchSender, ctx: &Ctx) -> Result<()> {
        collect::collect(&self.session(ctx)?, &request, &out).await
    }
}

#[cfg(test)]
impl Aws {
    /// In surroundings with `variables`.
    pub(crate) fn in_surroundings(
        settings: serde_json::Value,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let operator = serde_json::json!({ "auth": "environment" });
        let settings = Some(settings);
        let request = OpenRequest { connector: "acme".into(), settings, operator, simulated: None };
        Self::start(request, Variables::given(variables))
    }
}
