//! One call of the host, with everything a step works with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use skybridge_aws_client::credentials::Kept;
use skybridge_aws_client::iam::{Role, role};
use skybridge_aws_client::sts::{self, Assumed, Caller, Identity};
use skybridge_aws_client::{
    Client, ClientError, CredentialSource, Credentials, Effect, Page, Request, Response, Secret,
};
use skybridge_plugin_sdk::protocol::audit::Write;
use skybridge_plugin_sdk::{Result, async_trait};

use crate::external_id;
use crate::operator::Variables;
use crate::settings::Settings;
use crate::surroundings::Surroundings;

/// What is being done when an account is entered by its member role.
pub(crate) const ENTERING: &str = "entering the account";

/// What our sessions are called in CloudTrail.
pub(crate) const SESSION_NAME: &str = "skybridge";

/// The operator in every account: at home as itself, elsewhere as the member role.
pub(crate) struct Accounts {
    own: String,
    operator: Client,
    members: Mutex<BTreeMap<String, Arc<Kept>>>,
}

impl Accounts {
    pub(crate) fn new(own: String, operator: Client) -> Self {
        Self { own, operator, members: Mutex::default() }
    }

    /// The operator's own client.
    pub(crate) const fn operator(&self) -> &Client {
        &self.operator
    }

    /// A client that works in `account`; credentials are had when they are needed.
    fn client(&self, account: &str, role: String) -> Client {
        if account == self.own {
            return self.operator.clone();
        }
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = members.entry(account.to_owned()).or_insert_with(|| {
            let operator = self.operator.clone();
            Arc::new(Kept::new(Assuming { by: operator, role, external_id: None, what: ENTERING }))
        });
        self.operator.with_credentials(Arc::clone(kept))
    }
}

/// Becomes a role.
pub(crate) struct Assuming {
    pub(crate) by: Client,
    pub(crate) role: String,
    pub(crate) external_id: Option<Secret>,
    /// For people: what is being done.
    pub(crate) what: &'static str,
}

#[async_trait]
impl CredentialSource for Assuming {
    async fn fetch(&self) -> std::result::Result<Credentials, ClientError> {
        let id = self.external_id.as_ref().map(Secret::expose);
        let mut request = sts::assume_request(&self.role, SESSION_NAME, id);
        request.operation = self.what;
        let answer: Assumed = self.by.read(&request).await?;
        Ok(answer.into())
    }
}

/// What a step works with.
pub(crate) struct Session<'a> {
    /// The connector's settings.
    pub(crate) settings: &'a Settings,
    /// The operator in every account.
    pub(crate) accounts: &'a Accounts,
    /// Variables of the process.
    pub(crate) variables: &'a Variables,
    /// The host.
    pub(crate) host: &'a dyn Surroundings,
}

impl Session<'_> {
    /// A client that works in `account`.
    pub(crate) fn client(&self, account: &str) -> Client {
        self.accounts.client(account, self.settings.member_role_arn(account))
    }

    /// Who works in `account`.
    pub(crate) async fn identity(
        &self,
        account: &str,
    ) -> std::result::Result<Identity, ClientError> {
        let caller: Caller = self.client(account).read(&sts::caller_request()).await?;
        Ok(caller.identity)
    }

    /// The external id: the one the manifest refers to, or the one in the vault.
    pub(crate) async fn external_id(&self) -> Result<Option<Secret>> {
        match external_id::given(self.settings, self.variables)? {
            Some(given) => Ok(Some(given)),
            None => external_id::kept(self.host).await,
        }
    }

    /// Sends a request, and puts it on record when it is a write: refused ones too, because a
    /// refusal may have come after the effect.
    pub(crate) async fn send(
        &self,
        account: &str,
        request: &Request,
    ) -> std::result::Result<Response, ClientError> {
        let outcome = self.client(account).send(request).await;
        if request.effect == Effect::Write {
            self.host.audit(&record(request, &outcome));
        }
        outcome
    }

    /// Sends a reading request and reads the answer.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        account: &str,
        request: &Request,
    ) -> std::result::Result<T, ClientError> {
        let response = self.send(account, request).await?;
        skybridge_aws_client::client::decode(request, &response)
    }

    /// Reads a whole list.
    pub(crate) async fn list<P: Page>(
        &self,
        account: &str,
        first: &Request,
    ) -> std::result::Result<Vec<P::Item>, ClientError> {
        self.client(account).list::<P>(first).await
    }

    /// The role `name` in `account`, if there is one.
    pub(crate) async fn role(
        &self,
        account: &str,
        name: &str,
    ) -> std::result::Result<Option<Role>, ClientError> {
        match self.read::<role::Got>(account, &role::get_request(name)).await {
            Ok(got) => Ok(Some(got.into())),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn record(request: &Request, outcome: &std::result::Result<Response, ClientError>) -> Write {
    let (status, request_id) = match outcome {
        Ok(response) => (response.status(), response.request_id()),
        Err(ClientError::Service(error)) => (error.status, error.request_id.clone()),
        Err(_) => (0, None),
    };
    Write {
        operation: request.operation.to_owned(),
        method: request.action.to_owned(),
        target: request.target.clone(),
        status,
        request_id,
    }
}
