//! What the operator may do in the directory: register and change the application, and consent to
//! permissions of Microsoft Graph, which takes more than most administrators of applications have.

use skybridge_azure_client::Claims;
use skybridge_azure_client::graph::people::{self, DirectoryRole, EligibleDirectoryRole, Person};
use skybridge_azure_client::graph::policies::{self, AuthorizationPolicy};
use skybridge_azure_client::login::admin_consent_address;
use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::survey::PlannedWrite;

use super::Operator;
use super::findings::{Findings, Problem, Weight};
use crate::session::Session;
use crate::settings::Consent;
use crate::steps::{
    admin_consent, api_permissions, application, certificate, client_secret, federated_credential,
    retired_credentials, service_principal,
};
use crate::survey::{self, Read};

mod client;
mod roles;

use client::Client;
use roles::{CONSENTING, REGISTERING, name_of};

/// Kinds of steps that change the application.
const CHANGING: [&str; 7] = [
    application::KIND,
    service_principal::KIND,
    api_permissions::KIND,
    client_secret::KIND,
    certificate::KIND,
    federated_credential::KIND,
    retired_credentials::KIND,
];

/// Graph permissions that let an application change applications, and consent.
const CHANGE: [&str; 3] =
    ["Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.ReadWrite.All"];
const CONSENT: &str = "AppRoleAssignment.ReadWrite.All";
const READ: [&str; 5] = [
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];

const WHO_CONSENTS: &str = "a Privileged Role Administrator or Global Administrator";

/// What of the directory the plan writes.
pub(super) struct Needs {
    change: Vec<String>,
    consent: Vec<String>,
}

impl Needs {
    pub(super) fn of(steps: &[PlannedWrite]) -> Self {
        let of = |kinds: &[&str]| -> Vec<String> {
            let kept = steps.iter().filter(|step| kinds.contains(&step.kind.as_str()));
            kept.map(|step| step.address.clone()).collect()
        };
        Self { change: of(&CHANGING), consent: of(&[admin_consent::KIND]) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.change.is_empty() && self.consent.is_empty()
    }
}

/// Looks at whoever `claims`, of a token for Graph, are about.
pub(super) async fn check(
    session: &Session<'_>,
    claims: &Claims,
    needs: &Needs,
    findings: &mut Findings,
) -> Result<()> {
    let operator = Operator::of(claims);
    findings.looked();
    if operator.person {
        person(session, &operator, claims, needs, findings).await
    } else {
        application(session, claims, needs, findings);
        Ok(())
    }
}

fn application(session: &Session<'_>, claims: &Claims, needs: &Needs, findings: &mut Findings) {
    let has = |any: &[&str]| claims.roles.iter().any(|role| any.contains(&role.as_str()));
    let holds = |any: &[&str]| claims.wids.iter().any(|id| any.contains(&id.as_str()));
    if !needs.change.is_empty() && !has(&CHANGE) && !holds(&REGISTERING) {
        let problem = Problem {
            weight: Weight::Error,
            code: "AZ-PREFLIGHT-010",
            summary: "the operator, an application, may not register and change applications"
                .into(),
            help: "have it granted Application.ReadWrite.OwnedBy (application permission of \
                   Microsoft Graph), with admin consent"
                .into(),
        };
        findings.add(problem, None, &needs.change);
    }
    if needs.consent.is_empty() || holds(&CONSENTING) {
        return;
    }
    let missing = match (has(&[CONSENT]), has(&READ)) {
        (true, true) => return,
        (true, false) => "Application.Read.All".to_owned(),
        (false, true) => CONSENT.to_owned(),
        (false, false) => format!("{CONSENT} and Application.Read.All"),
    };
    let summary = format!(
        "the operator, an application, may not consent to permissions of Microsoft Graph: it lacks \
         {missing}"
    );
    no_consent(session, "AZ-PREFLIGHT-011", summary, others_consent(), needs, findings);
}

async fn person(
    session: &Session<'_>,
    operator: &Operator,
    claims: &Claims,
    needs: &Needs,
    findings: &mut Findings,
) -> Result<()> {
    let held = active(session, claims, findings).await?;
    let holds = |any: &[&str]| held.iter().any(|id| any.contains(&id.as_str()));
    let client = Client::of(claims);
    if !needs.change.is_empty() && !holds(&REGISTERING) {
        registering(session, operator, &client, needs, findings).await?;
    }
    let consents = holds(&CONSENTING);
    if !needs.consent.is_empty() && !consents {
        let could = eligible(session, operator, &client, &CONSENTING, findings).await?;
        not_consenting(session, &held, &could, needs, findings);
    }
    client.check(session, consents, needs, findings);
    Ok(())
}

/// The template ids of the roles the person holds now.
async fn active(
    session: &Session<'_>,
    claims: &Claims,
    findings: &mut Findings,
) -> Result<Vec<String>> {
    let mut held: Vec<String> = claims.wids.iter().map(|id| id.to_lowercase()).collect();
    match survey::list::<DirectoryRole>(session, people::my_directory_roles_request).await? {
        Read::There(roles) => {
            held.extend(roles.into_iter().map(|role| role.role_template_id.to_lowercase()));
        }
        Read::Refused(error) => findings.closed("the operator's directory roles", &error, None),
    }
    Ok(held)
}

/// What the person could activate of `roles`, by name.
async fn eligible(
    session: &Session<'_>,
    operator: &Operator,
    client: &Client<'_>,
    roles: &[&str],
    findings: &mut Findings,
) -> Result<Vec<String>> {
    let request = || people::eligible_roles_request(&operator.id);
    match survey::list::<EligibleDirectoryRole>(session, request).await? {
        Read::There(all) => {
            let mut names: Vec<String> = all
                .iter()
                .filter(|role| roles.contains(&role.role_definition_id.to_lowercase().as_str()))
                .map(|role| name_of(&role.role_definition_id))
                .collect();
            names.sort();
            names.dedup();
            Ok(names)
        }
        Read::Refused(error) => {
            client.eligible_unknown(&error, findings);
            Ok(Vec::new())
        }
    }
}

/// Without a role it depends on the tenant, and on not being a guest.
async fn registering(
    session: &Session<'_>,
    operator: &Operator,
    client: &Client<'_>,
    needs: &Needs,
    findings: &mut Findings,
) -> Result<()> {
    let problem = |code, summary: String, help: &str| Problem {
        weight: Weight::Error,
        code,
        summary,
        help: help.to_owned(),
    };
    let guest = match survey::read::<Person>(session, &people::me_request()).await? {
        Read::There(me) => me.user_type.as_deref() == Some("Guest"),
        Read::Refused(error) => {
            findings.closed("the operator's account", &error, None);
            false
        }
    };
    let allowed = {
        let request = policies::get_authorization_request();
        match survey::read::<AuthorizationPolicy>(session, &request).await? {
            Read::There(policy) => policy
                .default_user_role_permissions
                .and_then(|users| users.allowed_to_create_apps)
                .unwrap_or(true),
            Read::Refused(error) if guest => {
                // A guest may not read it, and it is not about guests.
                drop(error);
                true
            }
            Read::Refused(error) => {
                findings.closed("the tenant's authorization policy", &error, None);
                true
            }
        }
    };
    if allowed && !guest {
        return Ok(());
    }
    let could = eligible(session, operator, client, &REGISTERING, findings).await?;
    let found = if !could.is_empty() {
        problem(
            "AZ-PREFLIGHT-013",
            format!(
                "the operator may not register applications, and could activate {}",
                could.join(" or ")
            ),
            ACTIVATE,
        )
    } else if guest {
        problem(
            "AZ-PREFLIGHT-015",
            "the operator is a guest of the tenant and may not register applications".into(),
            "sign in with an account of the tenant, or have the guest made Application Developer",
        )
    } else {
        problem(
            "AZ-PREFLIGHT-014",
            "the tenant does not let its users register applications, and the operator has no role \
             that may"
                .into(),
            "have the operator made Application Developer or Application Administrator",
        )
    };
    findings.add(found, None, &needs.change);
    Ok(())
}

const ACTIVATE: &str = "activate the role first (Entra > Privileged Identity Management > My \
                        roles), sign in again, and run again";

/// `held` are the ids of active roles, `could` the names of those that could be activated.
fn not_consenting(
    session: &Session<'_>,
    held: &[String],
    could: &[String],
    needs: &Needs,
    findings: &mut Findings,
) {
    let has = held.iter().find(|id| REGISTERING.contains(&id.as_str()));
    let so = has.map_or_else(String::new, |id| format!(": {} is not enough", name_of(id)));
    if could.is_empty() {
        let summary = format!("the operator may not consent to permissions of Microsoft Graph{so}");
        no_consent(session, "AZ-PREFLIGHT-011", summary, others_consent(), needs, findings);
    } else {
        let summary = format!(
            "the operator may not consent to permissions of Microsoft Graph{so}, and could activate \
             {}",
            could.join(" or ")
        );
        let help = format!("{ACTIVATE}; or {}", others_consent());
        no_consent(session, "AZ-PREFLIGHT-013", summary, help, needs, findings);
    }
}

/// What helps whoever cannot come by the right to consent.
fn others_consent() -> String {
    format!(
        "have {WHO_CONSENTS} run this, or set `consent = \"hand-off\"`, which asks such a person \
         and waits"
    )
}

/// Nobody consents, unless `help` does, or somebody else will.
fn no_consent(
    session: &Session<'_>,
    code: &'static str,
    summary: String,
    help: String,
    needs: &Needs,
    findings: &mut Findings,
) {
    let handed_off = session.settings.consent == Consent::HandOff;
    let problem = if handed_off {
        Problem {
            weight: Weight::Note,
            code: "AZ-PREFLIGHT-012",
            summary: format!("{summary}; the run will ask a person and wait"),
            help: format!(
                "have {WHO_CONSENTS} at hand: once there is an application the run shows the \
                 address to open, {}<its client id>",
                admin_consent_address(
                    session.client.endpoints(),
                    &session.settings.tenant_id(),
                    ""
                )
            ),
        }
    } else {
        Problem { weight: Weight::Error, code, summary, help }
    };
    let blocks: &[String] = if handed_off { &[] } else { &needs.consent };
    findings.add(problem, None, blocks);
}
