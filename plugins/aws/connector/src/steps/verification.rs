//! `verification@ACCOUNT`: the vendor can become the role with the external id, cannot without it,
//! and sees what the policies let it see.

use serde_json::{Value, json};
use skybridge_aws_client::{Endpoints, Service};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use super::{Family, nothing_to_undo};
use crate::checks::{self, Wanted};
use crate::outcome::{absent, checked, is_fresh, known, matches, nothing_left, ready, scope_of};
use crate::session::Session;
use crate::settings::Settings;
use crate::template::{MINUTE_MS, call, free_call, wait, words};

pub(crate) const KIND: &str = "verification";

pub(crate) struct Verification;

pub(crate) fn template(settings: &Settings, endpoints: &Endpoints) -> StepTemplate {
    let (iam, sts) = (endpoints.base(Service::Iam, None), endpoints.base(Service::Sts, None));
    let proved = settings.trust.proof.is_some();
    let (title, calls, note) = if proved {
        (
            "prove that the vendor can become the role in account {scope}, and only with the external id",
            vec![free_call(&sts, "AssumeRole"), free_call(&sts, "GetCallerIdentity")],
            "done as the trusted principal: with the external id, without it, and with another",
        )
    } else {
        (
            "look at the role in account {scope} from outside",
            vec![
                call(&iam, "iam", "GetRole"),
                call(&iam, "iam", "ListAttachedRolePolicies"),
                call(&iam, "iam", "SimulatePrincipalPolicy"),
            ],
            "nobody here can sign in as the trusted principal; the vendor proves the rest",
        )
    };
    StepTemplate {
        kind: KIND.into(),
        title: title.into(),
        group: "Verification".into(),
        effect: effect::READ.into(),
        desired: json!({ "role": settings.role_arn("{scope}"), "as": settings.trusted_principal() }),
        inputs: words(["external-id.vault-name", "role.arn", "role.trusts-anew"]),
        calls,
        // A role that is new is trusted, refused and trusted again, by which replica is asked.
        readiness: wait("STS and IAM answer alike", 3, 5 * MINUTE_MS),
        throttle: "sts/{scope}".into(),
        part: true,
        notes: vec![note.into()],
        ..StepTemplate::default()
    }
}

async fn prove(session: &Session<'_>, step: &StepCall) -> Result<String> {
    let Some(external_id) = session.external_id().await? else {
        return Err(Error::new(kind::PRECONDITION, "the vault has no external id")
            .code("AWS-TRUST-006")
            .help("plan again: another is made, and the vendor has to be told"));
    };
    let wanted = Wanted {
        account: scope_of(step)?,
        external_id: &external_id,
        trusts_anew: is_fresh(step, "role.trusts-anew"),
    };
    checks::settle(checks::prove(session, wanted).await)
}

#[async_trait]
impl Family for Verification {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        if known(step, "role.arn").is_none() {
            return Ok(absent("there is no role to prove yet"));
        }
        // A plan reports; it does not fail because the world is not as it should be.
        Ok(match prove(session, step).await {
            Ok(_) => matches(Map::new()),
            Err(error) => absent(error.detail.message.clone()),
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let told = prove(session, &request.step).await?;
        Ok(checked(Map::new(), told))
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        prove(session, &request.step).await.map(|_| ready())
    }

    async fn undo(&self, _: &Session<'_>, _: &Value) -> Result<Undone> {
        Ok(nothing_to_undo())
    }

    async fn remains(&self, _: &Session<'_>, _: &Value) -> Result<Remains> {
        Ok(nothing_left())
    }
}
