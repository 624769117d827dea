//! Streaming what is in the accounts: machines, clusters, buckets, roles and users, in the
//! normalised form, read as the vendor reads: as the role.
//!
//! A service or region that refuses is logged and passed over, so that one region an organization
//! closed does not end the rest.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use skybridge_aws_client::{Client, ClientError, Page, Request};
use skybridge_plugin_http::patience::{Patience, Verdict};
use skybridge_plugin_sdk::protocol::collect::{Asset, Batch, CollectRequest, Relation};
use skybridge_plugin_sdk::{BatchSender, Error, Result, Retry, async_trait, kind};

use crate::checks::{self, Wanted};
use crate::errors::plain;
use crate::external_id;
use crate::session::Session;

mod batches;
mod global;
mod regional;

use batches::Batches;

/// The normalised kinds.
mod kinds {
    pub(super) const ACCOUNT: &str = "account";
    pub(super) const MACHINE: &str = "virtual-machine";
    pub(super) const CLUSTER: &str = "kubernetes-cluster";
    pub(super) const BUCKET: &str = "storage-bucket";
    pub(super) const ROLE: &str = "role";
    pub(super) const USER: &str = "user";
}

/// Where batches go.
#[async_trait]
pub(crate) trait Sink: Send + Sync {
    /// Sends one; waits while the host is busy.
    async fn send(&self, batch: Batch) -> Result<()>;
}

#[async_trait]
impl Sink for BatchSender {
    async fn send(&self, batch: Batch) -> Result<()> {
        Self::send(self, &batch).await
    }
}

/// Sends everything there is in every account that was handed over.
pub(crate) async fn collect(
    session: &Session<'_>,
    request: &CollectRequest,
    sink: &dyn Sink,
) -> Result<()> {
    let Some(proof) = &session.settings.trust.proof else {
        let message = "nobody here can sign in as the trusted principal, and only it can collect";
        return Err(Error::new(kind::UNAUTHENTICATED, message)
            .code("AWS-COLLECT-001")
            .help("name its credentials in `trust.proof`"));
    };
    let Some(external_id) = external_id::kept(session.host).await? else {
        return Err(Error::new(kind::PRECONDITION, "the vault has no external id")
            .code("AWS-TRUST-006")
            .help("apply again: another is made, and the vendor has to be told"));
    };
    let mut batches = Batches::new(sink, request.batch_rows);
    let accounts = checks::connected(session, &request.connection);
    let total = accounts.len() as u64;
    for (done, account) in (1..).zip(&accounts) {
        let wanted = Wanted { account, external_id: &external_id, trusts_anew: false };
        let client = checks::as_role(session, proof, wanted).await?;
        let mut reader = Reader { account, client, kinds: &request.kinds, batches: &mut batches };
        reader.account(session).await?;
        global::read(&mut reader).await?;
        regional::read(&mut reader).await?;
        session.host.progress(done, total, "accounts");
    }
    batches.end().await
}

/// A list, or why there is none.
type Listed<T> = std::result::Result<Vec<T>, ClientError>;

fn verdict<T>(outcome: &std::result::Result<T, ClientError>) -> Verdict {
    outcome.as_ref().map_or_else(|error| Verdict::of(&plain(error.clone())), |_| Verdict::Stands)
}

/// Reads one account.
struct Reader<'a, 's> {
    account: &'a str,
    client: Client,
    /// The kinds that are asked for; none means all.
    kinds: &'a [String],
    batches: &'a mut Batches<'s>,
}

impl Reader<'_, '_> {
    fn wants(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|it| it == kind)
    }

    fn account_arn(&self) -> String {
        let partition = self.client.endpoints().partition().word();
        format!("arn:{partition}:iam::{}:root", self.account)
    }

    async fn account(&mut self, session: &Session<'_>) -> Result<()> {
        if !self.wants(kinds::ACCOUNT) {
            return Ok(());
        }
        let partition = session.settings.partition().word();
        let properties = json!({ "partition": partition });
        let asset = self.asset(kinds::ACCOUNT, &self.account_arn(), self.account, None, properties);
        self.batches.asset(asset).await
    }

    fn asset(
        &self,
        kind: &str,
        id: &str,
        name: &str,
        region: Option<&str>,
        properties: Value,
    ) -> Asset {
        Asset {
            id: id.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            scope: self.account.to_owned(),
            region: region.map(str::to_owned),
            properties,
        }
    }

    /// Sends an asset, and that the account contains it.
    async fn found(&mut self, asset: Asset) -> Result<()> {
        let relation = Relation {
            from: self.account_arn(),
            to: asset.id.clone(),
            kind: "contains".to_owned(),
        };
        self.batches.asset(asset).await?;
        self.batches.relation(relation).await
    }

    /// Reads a whole list; again while the service has no time, for nobody else asks again.
    async fn list<P: Page>(&self, request: &Request) -> Listed<P::Item> {
        Patience::default().ask(|| self.client.list::<P>(request), verdict).await
    }

    /// Reads one answer, in the same way.
    async fn read<T: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> std::result::Result<T, ClientError> {
        Patience::default().ask(|| self.client.read::<T>(request), verdict).await
    }

    /// What a list came to; nothing when the service says no for good.
    fn seen<T>(&self, what: &str, region: Option<&str>, outcome: Listed<T>) -> Result<Vec<T>> {
        match outcome {
            Ok(all) => Ok(all),
            Err(error) => {
                let refused = error.service().is_some();
                let error = plain(error);
                if !refused || error.retry != Retry::Permanent {
                    return Err(error);
                }
                tracing::warn!(account = self.account, region, what, %error, "passed over");
                Ok(Vec::new())
            }
        }
    }
}
