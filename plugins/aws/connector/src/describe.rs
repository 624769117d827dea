//! The steps of an onboarding, told offline from the settings alone.
//!
//! The same settings give the same bytes. Ten thousand accounts are sixty thousand small steps over
//! some ten templates.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use skybridge_aws_client::Endpoints;
use skybridge_plugin_sdk::protocol::onboard::{Description, HandoverField, Step, StepTemplate};

use crate::policies;
use crate::settings::Settings;
use crate::steps::{
    account, external_id, policy_attachment, role, unplanned_policies, verification,
};
use crate::survey::{EACH, Facts};

mod notes;

/// Puts templates and steps together; steps are added after what they need.
#[derive(Default)]
struct Builder {
    out: Description,
}

impl Builder {
    fn template(&mut self, template: StepTemplate) -> u32 {
        self.out.templates.push(template);
        position(self.out.templates.len())
    }

    fn step(&mut self, template: u32, scope: Option<&str>, needs: Vec<u32>) -> u32 {
        self.out.steps.push(Step {
            template,
            scope: scope.map(str::to_owned),
            needs,
            vars: BTreeMap::new(),
        });
        position(self.out.steps.len())
    }
}

/// The position of the last of `count` things. A plan has far fewer than four billion steps.
fn position(count: usize) -> u32 {
    u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX)
}

/// The kinds of steps every account has.
struct Templates {
    own: Option<u32>,
    member: Option<u32>,
    role: u32,
    attachments: Vec<u32>,
    unplanned: u32,
    verification: u32,
}

/// Every step of onboarding with `settings`.
///
/// Without the facts of a survey, accounts listed one by one are taken as they are listed, and for
/// an organization a single sub-graph stands whose scope is [`EACH`].
pub(crate) fn describe(
    connector: &str,
    settings: &Settings,
    endpoints: &Endpoints,
    facts: Option<&Facts>,
) -> Description {
    let mut builder = Builder::default();
    let accounts = accounts(settings, facts);
    let template = builder.template(external_id::template(settings));
    let external_id = builder.step(template, None, vec![]);
    let templates = templates(&mut builder, connector, settings, endpoints, &accounts);
    for id in &accounts {
        sub_graph(&mut builder, settings, &templates, external_id, id);
    }
    let mut out = builder.out;
    out.notes = notes::notes(settings, endpoints, facts);
    out.handover = handover(settings, &accounts);
    out.platforms = platforms();
    out.permissions = policies::explained(settings);
    out.left_out = facts.map(|facts| facts.left_out.clone()).unwrap_or_default();
    out
}

fn templates(
    builder: &mut Builder,
    connector: &str,
    settings: &Settings,
    endpoints: &Endpoints,
    accounts: &[String],
) -> Templates {
    let own = accounts.contains(&settings.account);
    let member = accounts.len() > usize::from(own);
    let mut check = |wanted: bool, own: bool| {
        wanted.then(|| builder.template(account::template(settings, endpoints, own)))
    };
    let (own, member) = (check(own, true), check(member, false));
    let role = builder.template(role::template(connector, settings, endpoints));
    let attach = |name: &String| policy_attachment::template(settings, endpoints, name);
    let attachments: Vec<StepTemplate> = settings.policies.iter().map(attach).collect();
    Templates {
        own,
        member,
        role,
        attachments: attachments.into_iter().map(|it| builder.template(it)).collect(),
        unplanned: builder.template(unplanned_policies::template(settings, endpoints)),
        verification: builder.template(verification::template(settings, endpoints)),
    }
}

/// What is made in one account.
fn sub_graph(
    builder: &mut Builder,
    settings: &Settings,
    templates: &Templates,
    external_id: u32,
    id: &str,
) {
    let scope = Some(id);
    let check = if id == settings.account { templates.own } else { templates.member };
    let mut needs = vec![external_id];
    needs.extend(check.map(|template| builder.step(template, scope, vec![])));
    let role = builder.step(templates.role, scope, needs);
    let mut given = vec![role];
    for template in &templates.attachments {
        given.push(builder.step(*template, scope, vec![role]));
    }
    let clean = builder.step(templates.unplanned, scope, given);
    builder.step(templates.verification, scope, vec![external_id, role, clean]);
}

/// The accounts, in order.
fn accounts(settings: &Settings, facts: Option<&Facts>) -> Vec<String> {
    let mut ids: Vec<String> = match (facts, settings.scope.listed(&settings.account)) {
        (Some(facts), _) => facts.accounts.iter().map(|one| one.id.clone()).collect(),
        (None, Some(listed)) => listed.into_iter().map(str::to_owned).collect(),
        (None, None) => vec![EACH.to_owned()],
    };
    ids.sort();
    ids.dedup();
    ids
}

/// What is handed over. The roles' ARNs follow from their names, and are checked by verification.
fn handover(settings: &Settings, accounts: &[String]) -> Vec<HandoverField> {
    let field = |name: &str, label: &str, value: String, secret| HandoverField {
        name: name.into(),
        label: label.into(),
        value,
        secret,
        ..HandoverField::default()
    };
    let known: Vec<&String> = accounts.iter().filter(|id| *id != EACH).collect();
    let mut fields = match known.as_slice() {
        [one] => vec![field("role-arn", "Role ARN", settings.role_arn(one), false)],
        // Those of several follow from `accounts`, which knows which of them work.
        _ => vec![],
    };
    let ids: Vec<&str> = known.iter().map(|id| id.as_str()).collect();
    fields.extend([
        field("external-id", "External ID", "<external-id.vault-name>".into(), true),
        HandoverField { scopes: true, ..field("accounts", "Accounts", ids.join(","), false) },
        field("role-name", "Role name", settings.role_name.clone(), false),
        field("partition", "Partition", settings.partition().word().into(), false),
        field("trusted-principal", "Trusted principal", settings.trusted_principal(), false),
    ]);
    fields
}

/// What platforms call a connection of this kind.
fn platforms() -> BTreeMap<String, Value> {
    let ox = json!({
        "unsupported": "what the platform's AWS dialog calls its fields is not known to this \
                        plugin; hand over with kind = \"manual\" and paste, or with \"local\"",
    });
    BTreeMap::from([("ox".to_owned(), ox), ("webhook".to_owned(), json!({}))])
}

#[cfg(test)]
mod tests;
