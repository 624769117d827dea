//! For tests: other operators, and a process that dies between two calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use skybridge_azure_client::login::ask_for_token;
use skybridge_azure_client::request::{Body, Method, Path};
use skybridge_azure_client::transport::WireRequest;
use skybridge_azure_client::{
    AccessToken, Client, ClientError, Request, Response, Secret, Service, TokenSource, Transport,
    TransportKind, Trust,
};
use skybridge_plugin_sdk::protocol::open::OpenRequest;
use skybridge_plugin_sdk::{Result, async_trait};

use super::Azure;
use crate::operator::{Operator, OperatorTokens, Reaching};

/// Somebody who signs in with a password: only a simulated cloud takes one.
pub(crate) struct Person {
    reaching: Reaching,
    name: String,
    password: String,
    client: String,
}

#[async_trait]
impl TokenSource for Person {
    async fn token(&self, scope: &str) -> std::result::Result<AccessToken, ClientError> {
        let path = Path::new().segment(&self.reaching.tenant).then("/oauth2/v2.0/token");
        let mut request = Request::new(Service::Login, Method::Post, path, "signing in").reading();
        request.body = Body::Form(vec![
            ("client_id", Secret::new(self.client.clone())),
            ("grant_type", Secret::new("password")),
            ("username", Secret::new(self.name.clone())),
            ("password", Secret::new(self.password.clone())),
            ("scope", Secret::new(scope)),
        ]);
        let Reaching { endpoints, transport, .. } = &self.reaching;
        let answer = ask_for_token(endpoints, transport.as_ref(), &request).await?;
        Ok(answer.into_token(transport.now()))
    }
}

/// Burns down with every call to the cloud and the vault; then nothing goes through any more, as
/// after kill -9.
#[derive(Debug)]
pub(crate) struct Fuse {
    left: AtomicI64,
    /// Whether the call it ends with still has its effect.
    after: AtomicBool,
}

impl Fuse {
    pub(crate) fn endless() -> Arc<Self> {
        Arc::new(Self { left: AtomicI64::new(i64::MAX), after: AtomicBool::new(false) })
    }

    pub(crate) fn set(&self, calls: i64, after: bool) {
        self.left.store(calls, Ordering::SeqCst);
        self.after.store(after, Ordering::SeqCst);
    }

    /// Whether a call has its effect, and whether its answer arrives.
    pub(crate) fn burn(&self) -> (bool, bool) {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        (left > 0 || (left == 0 && self.after.load(Ordering::SeqCst)), left > 0)
    }

    pub(crate) fn is_burnt(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }
}

/// Says in a service's place what no simulated cloud would, or lets the request through.
pub(crate) type Answer =
    dyn Fn(&WireRequest) -> Option<std::result::Result<Response, ClientError>> + Send + Sync;

struct Intercepted {
    answer: Arc<Answer>,
    inner: Arc<dyn Transport>,
}

#[async_trait]
impl Transport for Intercepted {
    async fn exchange(&self, request: WireRequest) -> std::result::Result<Response, ClientError> {
        match (self.answer)(&request) {
            Some(outcome) => outcome,
            None => self.inner.exchange(request).await,
        }
    }
}

/// Gives up early, where a service is made to say nothing hundreds of times.
struct Impatient {
    limit: Duration,
    inner: Arc<dyn Transport>,
}

#[async_trait]
impl Transport for Impatient {
    async fn exchange(&self, request: WireRequest) -> std::result::Result<Response, ClientError> {
        let (service, operation) = (request.origin.service, request.origin.operation);
        let exchange = tokio::time::timeout(self.limit, self.inner.exchange(request));
        exchange.await.unwrap_or_else(|_| {
            Err(ClientError::Transport {
                service,
                operation,
                kind: TransportKind::Timeout,
                message: "no answer in time".into(),
            })
        })
    }
}

struct Fused {
    fuse: Arc<Fuse>,
    inner: Arc<dyn Transport>,
}

#[async_trait]
impl Transport for Fused {
    async fn exchange(&self, request: WireRequest) -> std::result::Result<Response, ClientError> {
        let (service, operation) = (request.origin.service, request.origin.operation);
        if service == Service::Login {
            return self.inner.exchange(request).await;
        }
        let (effect, answer) = self.fuse.burn();
        let outcome = if effect { Some(self.inner.exchange(request).await) } else { None };
        match outcome {
            Some(outcome) if answer => outcome,
            _ => Err(ClientError::Transport {
                service,
                operation,
                kind: TransportKind::Refused,
                message: "killed".into(),
            }),
        }
    }
}

impl Azure {
    /// Opens an instance by the system's clock.
    pub(crate) fn start(request: OpenRequest) -> Result<Self> {
        Self::start_at(request, Arc::new(jiff::Timestamp::now))
    }

    /// How this instance reaches its cloud. `trust` is for credentials of Microsoft's library.
    pub(crate) fn reaching(&self, trust: Trust) -> Reaching {
        let reach = &self.open_parts().unwrap().reach;
        Reaching {
            tenant: reach.tenant.clone(),
            endpoints: reach.endpoints.clone(),
            transport: Arc::clone(&reach.transport),
            trust,
        }
    }

    /// Signs in as the person called `name` from now on.
    pub(crate) fn operate_as(&mut self, name: &str, password: &str) {
        self.operate_through("04b07795-8ddb-461a-bbee-02f9e1bf7b46", name, password);
    }

    /// Signs in as the person called `name` to another client of the scenario.
    pub(crate) fn operate_through(&mut self, client: &str, name: &str, password: &str) {
        let person = Person {
            reaching: self.reaching(Trust::Platform),
            name: name.into(),
            password: password.into(),
            client: client.into(),
        };
        self.replace(Arc::new(person));
    }

    /// Signs in as `operator`, in surroundings with `variables`, from now on.
    pub(crate) fn operate_by(
        &mut self,
        operator: Operator,
        tenant: Option<&str>,
        trust: Trust,
        variables: &[(&str, &str)],
    ) {
        let mut reaching = self.reaching(trust);
        reaching.tenant = tenant.map_or(reaching.tenant, str::to_owned);
        let tokens = OperatorTokens::new(operator, reaching).with_variables(variables);
        self.replace(Arc::new(tokens));
    }

    /// Waits no longer than `limit` for an answer to the operator, who is `operator`, or to the
    /// connector.
    pub(crate) fn give_up_after(&mut self, limit: Duration, operator: Operator) {
        let open = self.open.as_mut().unwrap();
        let inner = Arc::clone(&open.reach.transport);
        open.reach.transport = Arc::new(Impatient { limit, inner });
        let tokens = OperatorTokens::new(operator, self.reaching(Trust::Platform));
        self.replace(Arc::new(tokens));
    }

    /// Lets every call of the operator pass `fuse` first.
    pub(crate) fn fused(&mut self, fuse: &Arc<Fuse>) {
        let open = self.open.as_mut().unwrap();
        let inner = Arc::clone(&open.reach.transport);
        open.reach.transport = Arc::new(Fused { fuse: Arc::clone(fuse), inner });
    }

    /// Lets `answer` look at every request first, of the operator, who is `operator`, and of the
    /// connector.
    pub(crate) fn intercept(&mut self, operator: Operator, answer: Arc<Answer>) {
        let open = self.open.as_mut().unwrap();
        let inner = Arc::clone(&open.reach.transport);
        open.reach.transport = Arc::new(Intercepted { answer, inner });
        let tokens = OperatorTokens::new(operator, self.reaching(Trust::Platform));
        self.replace(Arc::new(tokens));
    }

    fn replace(&mut self, tokens: Arc<dyn TokenSource>) {
        let open = self.open.as_mut().unwrap();
        let endpoints = open.reach.endpoints.clone();
        open.operator = Client::new(endpoints, Arc::clone(&open.reach.transport), tokens);
    }
}
