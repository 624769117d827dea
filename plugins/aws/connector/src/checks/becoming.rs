//! Becoming the role as the vendor will, and trying what must not work.

use std::sync::Arc;

use skybridge_aws_client::credentials::Kept;
use skybridge_aws_client::ec2::{self, Regions};
use skybridge_aws_client::iam::{self, role};
use skybridge_aws_client::s3;
use skybridge_aws_client::sts::{self, Assumed, Caller};
use skybridge_aws_client::{Client, ClientError, Credentials, Page};
use skybridge_plugin_sdk::{Error, Result, kind};

use super::{Probe, Wanted, principal};
use crate::errors::{Lag, plain};
use crate::operator::profile_source;
use crate::policies::{self, Read};
use crate::session::{SESSION_NAME, Session};
use crate::settings::{Proof, account_of};
use crate::trust_policy;

/// An external id that nobody gave: what somebody else's would look like.
const SOMEBODY_ELSES: &str = "skybridge-is-not-given-this-one";

const BECOME: &str = "become the role with the external id";
const WITHOUT: &str = "be refused without the external id";
const WITH_ANOTHER: &str = "be refused with another external id";

/// A client with the credentials of the trusted principal.
async fn as_principal(session: &Session<'_>, proof: &Proof) -> Result<Client> {
    let credentials = match proof {
        Proof::Profile(form) => {
            profile_source(session.variables, Some(&form.profile)).map_err(plain)?
        }
        Proof::Keys(form) => {
            let read = |key: &str, reference: &crate::settings::Reference| {
                reference.read(session.variables, &format!("/trust/proof/{key}"))
            };
            Credentials {
                access_key_id: read("access-key-id", &form.access_key_id)?.expose().to_owned(),
                secret_access_key: read("secret-access-key", &form.secret_access_key)?,
                session_token: match &form.session_token {
                    Some(token) => Some(read("session-token", token)?),
                    None => None,
                },
                expires: None,
            }
        }
    };
    let kept = Arc::new(Kept::new(credentials));
    let client = session.accounts.operator().with_credentials(kept);
    let caller: Caller = client.read(&sts::caller_request()).await.map_err(plain)?;
    let trusted = session.settings.trusted_principal();
    if principal::is(&caller.identity.arn, &trusted) {
        return Ok(client);
    }
    let message = format!(
        "the credentials of `trust.proof` are {}'s, and the role trusts {trusted}",
        caller.identity.arn
    );
    Err(Error::new(kind::UNAUTHENTICATED, message)
        .code("AWS-VERIFY-003")
        .operation("signing in as the trusted principal")
        .help("name credentials of the trusted principal, or leave `trust.proof` out"))
}

/// A client that is the role in `account`, as the vendor is.
pub(crate) async fn as_role(
    session: &Session<'_>,
    proof: &Proof,
    wanted: Wanted<'_>,
) -> Result<Client> {
    let vendor = as_principal(session, proof).await?;
    assume(session, &vendor, wanted, Some(wanted.external_id.expose())).await.map_err(plain)
}

async fn assume(
    session: &Session<'_>,
    vendor: &Client,
    wanted: Wanted<'_>,
    external_id: Option<&str>,
) -> std::result::Result<Client, ClientError> {
    let role = session.settings.role_arn(wanted.account);
    let request = sts::assume_request(&role, SESSION_NAME, external_id);
    let answer: Assumed = vendor.read(&request).await?;
    Ok(vendor.with_credentials(Arc::new(Kept::new(Credentials::from(answer)))))
}

pub(super) async fn prove(session: &Session<'_>, wanted: Wanted<'_>, proof: &Proof) -> Vec<Probe> {
    let scope = wanted.account;
    let vendor = match as_principal(session, proof).await {
        Ok(vendor) => vendor,
        Err(error) => {
            return vec![Probe::of_error(scope, "sign in as the trusted principal", error)];
        }
    };
    let id = wanted.external_id.expose();
    let client = match assume(session, &vendor, wanted, Some(id)).await {
        Ok(client) => client,
        Err(error) => return vec![refused_entry(session, wanted, error).await],
    };
    let mut probes = vec![Probe::works(scope, BECOME, "STS let the vendor in")];
    for (what, other) in [(WITHOUT, None), (WITH_ANOTHER, Some(SOMEBODY_ELSES))] {
        let tried = assume(session, &vendor, wanted, other).await;
        probes.push(must_be_refused(wanted, what, tried.map(drop)));
    }
    probes.push(is_the_role(session, wanted, &client).await);
    for read in policies::reads(&session.settings.policies) {
        probes.push(can_read(wanted, &client, read).await);
    }
    probes
}

/// STS answers the same when there is no such role, when it does not trust the one who asks, and
/// when it is too new. The operator looks which of these it is.
async fn refused_entry(session: &Session<'_>, wanted: Wanted<'_>, error: ClientError) -> Probe {
    let scope = wanted.account;
    if !error.is_denied() {
        return Probe::failed(scope, BECOME, error, Lag::Impossible);
    }
    let refuse = |kind, message: String, help: &str| {
        let error = Error::new(kind, message).code("AWS-VERIFY-002").help(help);
        Probe::refused(scope, BECOME, error.operation("becoming the role"))
    };
    let settings = session.settings;
    let trusted = settings.trusted_principal();
    match session.role(scope, &settings.role_name).await {
        Ok(None) => {
            let message = format!("there is no role {}", settings.role_arn(scope));
            refuse(kind::NOT_FOUND, message, "apply again")
        }
        Ok(Some(role)) => {
            let trust = role.assume_role_policy_document.as_deref();
            match trust_policy::difference(trust, &trusted, wanted.external_id) {
                Some(_) => {
                    let message = "the role trusts somebody else than the manifest says".to_owned();
                    refuse(kind::PRECONDITION, message, "apply again, which repairs it")
                }
                // Trusted and refused: too new, or the vendor's own policies do not let it.
                None => Probe::failed(scope, BECOME, error, Lag::Possible),
            }
        }
        // The operator may not look, or not now; the refusal stands.
        Err(_) => Probe::failed(scope, BECOME, error, Lag::Possible),
    }
}

/// What has to fail. That it does not is the worst there is: the vendor could be made to act for
/// somebody else.
fn must_be_refused(
    wanted: Wanted<'_>,
    what: &str,
    tried: std::result::Result<(), ClientError>,
) -> Probe {
    let scope = wanted.account;
    match tried {
        Err(error) if error.is_denied() => Probe::works(scope, what, "STS refused, as it must"),
        Err(error) => Probe::failed(scope, what, error, Lag::Impossible),
        Ok(()) if wanted.trusts_anew => {
            Probe::not_yet(scope, what, "STS still lets the vendor in", "wait a little")
        }
        Ok(()) => {
            let message = "STS let the vendor become the role without the right external id";
            let error = Error::new(kind::PRECONDITION, message)
                .code("AWS-VERIFY-004")
                .operation("verifying the connection")
                .help(
                    "apply again, which repairs the trust policy; a rehearsal on something that \
                       does not evaluate trust policies cannot have `trust.proof`",
                );
            Probe::refused(scope, what, error)
        }
    }
}

async fn is_the_role(session: &Session<'_>, wanted: Wanted<'_>, client: &Client) -> Probe {
    let (scope, what) = (wanted.account, "be the role in the account");
    match client.read::<Caller>(&sts::caller_request()).await {
        Ok(Caller { identity }) => {
            let role = format!(":assumed-role/{}/", session.settings.role_name);
            if account_of(&identity.arn) == Some(scope) && identity.arn.contains(&role) {
                return Probe::works(scope, what, identity.arn);
            }
            let message = format!("the session is {}'s", identity.arn);
            let error = Error::new(kind::UNEXPECTED, message).code("AWS-VERIFY-005");
            Probe::refused(scope, what, error.help("please report it"))
        }
        Err(error) => Probe::failed(scope, what, error, Lag::Possible),
    }
}

async fn can_read(wanted: Wanted<'_>, client: &Client, read: Read) -> Probe {
    let scope = wanted.account;
    let (what, outcome) = match read {
        Read::Roles => {
            let page = client.read::<iam::role::Roles>(&role::list_request(Some(1))).await;
            ("list roles", page.map(|page| page.split().0.len()))
        }
        Read::Regions => {
            let regions = client.read::<Regions>(&ec2::regions_request()).await;
            ("list regions", regions.map(|regions| regions.names().count()))
        }
        Read::Buckets => {
            let page = client.read::<s3::Buckets>(&s3::buckets_request()).await;
            ("list buckets", page.map(|page| page.split().0.len()))
        }
    };
    match outcome {
        Ok(count) => Probe::works(scope, what, format!("{count} seen")),
        Err(error) => Probe::failed(scope, what, error, Lag::Possible),
    }
}
