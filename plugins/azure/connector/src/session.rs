//! One call of the host, with everything a step works with.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use skybridge_azure_client::arm::subscriptions::{self, Subscription};
use skybridge_azure_client::throttle::{Counted, Notebook};
use skybridge_azure_client::{Claims, Client, ClientError, Effect, Request, Response, Service};
use skybridge_plugin_sdk::protocol::audit::{Notice, Write};

use crate::preflight::RightsSeen;
use crate::proof::Proof;
use crate::settings::Settings;
use crate::surroundings::Surroundings;

/// What a step works with.
pub(crate) struct Session<'a> {
    /// The connector's name.
    pub(crate) connector: &'a str,
    /// The connector's settings.
    pub(crate) settings: &'a Settings,
    /// The cloud, asked as the operator.
    pub(crate) client: Client,
    /// What the cloud said to the operator about further calls.
    pub(crate) notebook: Arc<Notebook>,
    /// The cloud, asked as the connector that is being made.
    pub(crate) connectors: &'a dyn AsConnector,
    /// Held while the application's credentials are read and written: lists of them are replaced
    /// whole, and Graph refuses two changes of one application at a time.
    pub(crate) credentials: &'a tokio::sync::Mutex<()>,
    /// The host.
    pub(crate) host: &'a dyn Surroundings,
    /// What people were told already.
    pub(crate) told: &'a Told,
    /// What was read of the operator's rights already.
    pub(crate) rights: &'a RightsSeen,
    /// Undoing leaves nothing that could be restored either.
    pub(crate) purge: bool,
}

/// What people were told already: two steps that wait for one deed of a person ask for it once.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<BTreeSet<String>>);

impl Told {
    /// Whether this is the first time `what` is told.
    fn first(&self, what: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(what.to_owned())
    }
}

/// Makes clients that sign in as the connector itself.
pub(crate) trait AsConnector: Send + Sync {
    /// A client with no tokens yet: the first it gets is newer than any grant made before.
    fn connector(&self, client_id: &str, proof: Proof) -> Client;
}

impl Session<'_> {
    /// Asks a person for something, once in the life of this instance.
    pub(crate) fn ask(&self, notice: &Notice) {
        let what = notice.url.as_deref().unwrap_or(&notice.text);
        if self.told.first(what) {
            self.host.notice(notice);
        }
    }

    /// Passes on what the cloud said about further calls of the operator: in the words of
    /// [`StepTemplate::throttle`](skybridge_plugin_sdk::protocol::onboard::StepTemplate::throttle).
    pub(crate) fn tell_limits(&self) {
        for ((counted, counter), noted) in self.notebook.take() {
            let domain = match counted {
                Counted::Subscription(id) => format!("arm/{id}"),
                Counted::Tenant => "arm/tenant".to_owned(),
                Counted::Graph => "graph".to_owned(),
            };
            self.host.rate_limit(noted.rate_limit(domain, counter));
        }
    }

    /// Who the operator is, by the token itself.
    pub(crate) async fn operator(&self) -> Result<Claims, ClientError> {
        let token = self.client.token(Service::ResourceManager).await?;
        Ok(Claims::of(&token.secret).unwrap_or_default())
    }

    /// A subscription from which what is assigned above it can be seen, by its scope: the first of
    /// those listed, or the first there is.
    pub(crate) async fn vantage(&self) -> Result<Option<String>, ClientError> {
        if let Some(listed) = self.settings.subscription_scopes().into_iter().next() {
            return Ok(Some(listed));
        }
        let visible: Vec<Subscription> = self.list(subscriptions::list_request()).await?;
        let usable = |one: &&Subscription| one.state.as_deref() == Some("Enabled");
        let first = visible.iter().filter(usable).map(|one| &one.subscription_id).min();
        Ok(first.map(|id| format!("/subscriptions/{id}")))
    }

    /// Sends a request, and puts it on record when it is a write: refused ones too, because a
    /// refusal may have come after the effect.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, ClientError> {
        let outcome = self.client.send(request).await;
        if request.effect == Effect::Write {
            self.host.audit(&record(request, &self.client, &outcome));
        }
        outcome
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        skybridge_azure_client::client::decode(request, &response)
    }

    /// Like [`Session::json`], with 404 as nothing.
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<Option<T>, ClientError> {
        match self.json(request).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_status(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a whole list.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        first: Request,
    ) -> Result<Vec<T>, ClientError> {
        self.client.list(first).await
    }
}

fn record(request: &Request, client: &Client, outcome: &Result<Response, ClientError>) -> Write {
    let (status, request_id) = match outcome {
        Ok(response) => (response.status(), response.request_id().map(str::to_owned)),
        Err(ClientError::Service(error)) => (error.status, error.request_id.clone()),
        Err(ClientError::Decode { status, request_id, .. }) => (*status, request_id.clone()),
        Err(_) => (0, None),
    };
    Write {
        operation: request.operation.to_owned(),
        method: request.method.to_string(),
        target: format!("{}{}", client.endpoints().base(request.service), request.path),
        status,
        request_id,
    }
}
