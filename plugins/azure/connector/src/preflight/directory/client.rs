//! The client a person signed in to: what it may not do, the person may not do through it.

use skybridge_azure_client::{Claims, ServiceError};

use super::{Needs, no_consent};
use crate::operator::delegated::{self, Delegated};
use crate::preflight::findings::{Findings, Problem, Weight};
use crate::session::Session;
use crate::settings::Consent;

/// What a token says of the client it was issued to.
pub(super) struct Client<'a> {
    scopes: Vec<&'a str>,
}

impl<'a> Client<'a> {
    pub(super) fn of(claims: &'a Claims) -> Self {
        Self { scopes: claims.scp.as_deref().unwrap_or_default().split(' ').collect() }
    }

    fn may(&self, permission: &Delegated) -> bool {
        permission.is_in(&self.scopes)
    }

    /// Tells what the client may not do of what the plan does. `consents`: the person may.
    pub(super) fn check(
        &self,
        session: &Session<'_>,
        consents: bool,
        needs: &Needs,
        findings: &mut Findings,
    ) {
        if !needs.change.is_empty() && !self.may(&delegated::CHANGE) {
            let problem = Problem {
                weight: Weight::Error,
                code: "AZ-PREFLIGHT-010",
                summary: "the operator signed in with a client that may not change applications"
                    .into(),
                help: have_it(&delegated::CHANGE),
            };
            findings.add(problem, None, &needs.change);
        }
        // Whoever consents in place of the operator comes with a client of their own.
        let asked = consents || session.settings.consent != Consent::HandOff;
        if asked && !needs.consent.is_empty() && !self.may(&delegated::CONSENT) {
            let summary = "the operator signed in with a client that may not consent".to_owned();
            let help = format!(
                "{}; or set `consent = \"hand-off\"`, which asks another person and waits",
                have_it(&delegated::CONSENT)
            );
            no_consent(session, "AZ-PREFLIGHT-011", summary, help, needs, findings);
        }
    }

    /// Tells that nobody may say to this client what the operator could activate.
    pub(super) fn eligible_unknown(&self, error: &ServiceError, findings: &mut Findings) {
        let what = "the directory roles the operator could activate";
        if self.may(&delegated::ELIGIBLE) {
            findings.closed(what, error, None);
            return;
        }
        let help = format!(
            "if the operator could activate a role, do so first (Entra > Privileged Identity \
             Management > My roles) and sign in again; to be told which, sign in with \
             `auth = \"device-code\"` to a client of your own that has {} (delegated permission of \
             {}) consented to: the Azure CLI's cannot",
            delegated::ELIGIBLE.value,
            delegated::ELIGIBLE.service
        );
        findings.closed_with(what, error, None, help);
    }
}

fn have_it(permission: &Delegated) -> String {
    format!(
        "sign in with `az login`, or have the client granted {} (delegated permission of {})",
        permission.value, permission.service
    )
}
