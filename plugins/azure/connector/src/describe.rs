//! The steps of an onboarding, told offline from the settings alone.
//!
//! The same settings give the same bytes. Ten thousand subscriptions are a hundred thousand small
//! steps over some twenty templates.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::onboard::{Description, HandoverField, Step, StepTemplate};

use crate::grants::{self, Grants};
use crate::roles::Role;
use crate::settings::{
    Aks, CredentialKind, RootManagementGroup, Settings, subscription_of_cluster,
};
use crate::steps::role_assignment::{self, At};
use crate::steps::{
    admin_consent, api_permissions, application, certificate, client_secret, elevation,
    federated_credential, role_actions, role_definition, service_principal, subscription,
    unplanned_grants, verification,
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

    /// A template with its only step.
    fn single(&mut self, template: StepTemplate, scope: Option<&str>, needs: Vec<u32>) -> u32 {
        let template = self.template(template);
        self.step(template, scope, needs)
    }
}

/// The position of the last of `count` things. A plan has far fewer than four billion steps.
pub(crate) fn position(count: usize) -> u32 {
    u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX)
}

/// Steps of the tenant that others need.
struct Common {
    service_principal: u32,
    role_definition: Option<u32>,
    credential: u32,
    grants: Grants,
}

/// Every step of onboarding with `settings`.
///
/// Without the facts of a survey, subscriptions listed one by one are taken as they are listed, and
/// for all others a single sub-graph stands whose scope is [`EACH`].
pub(crate) fn describe(connector: &str, settings: &Settings, facts: Option<&Facts>) -> Description {
    let grants = settings.grants();
    let mut builder = Builder::default();
    let addresses = settings.addresses();
    let (login, graph, arm) = (addresses.login, addresses.graph, addresses.resource_manager);

    let custom = !grants.actions.is_empty();
    let role_actions =
        custom.then(|| builder.single(role_actions::template(settings, arm), None, vec![]));
    let preflight = builder.template(subscription::template(settings, arm));
    let ids = subscription_ids(settings, facts);
    let checked: Vec<u32> =
        ids.iter().map(|id| builder.step(preflight, Some(id), vec![])).collect();

    let application =
        builder.single(application::template(connector, settings, graph), None, vec![]);
    let service_principal =
        builder.single(service_principal::template(graph), None, vec![application]);
    // Its scopes are the subscriptions that passed: one that is not there would make Azure refuse
    // the role.
    let role_definition = role_actions.map(|role_actions| {
        let mut needs = vec![role_actions];
        needs.extend(&checked);
        let scopes = role_definition::assignable_scopes(settings, &ids);
        builder.single(role_definition::template(connector, settings, scopes, arm), None, needs)
    });
    let permissions = (!grants.graph.is_empty()).then(|| {
        builder.single(api_permissions::template(settings, graph), None, vec![application])
    });
    let mut consents: Vec<u32> = Vec::new();
    for permission in &grants.graph {
        let mut needs = vec![application, service_principal];
        needs.extend(permissions);
        let template = admin_consent::template(*permission, settings, graph);
        consents.push(builder.single(template, None, needs));
    }
    consents.extend(root_group(&mut builder, settings, &ids, service_principal));
    let credential =
        builder.single(credential(connector, settings, graph), None, vec![application]);
    let common = Common { service_principal, role_definition, credential, grants };

    let mut needs = vec![credential];
    needs.extend(&consents);
    let clusters = clusters(settings, facts);
    let proofs = subscriptions(&mut builder, settings, &common, &clusters, ids.iter().zip(checked));
    let directory = verification::directory_template(settings, login, graph, arm);
    builder.single(directory, None, needs);
    let mut granted = vec![application, service_principal];
    granted.extend(permissions);
    granted.extend(role_definition);
    granted.extend(consents);
    // The roles of a subscription are its own affair: it is done without one that cannot be had.
    granted.extend(proofs);
    unplanned(&mut builder, granted, facts, graph, arm);

    let mut out = builder.out;
    out.notes = notes::notes(settings, &common.grants, facts);
    out.handover = handover(settings, &ids);
    out.platforms = platforms(settings.credential.kind);
    out.permissions = grants::explained(settings);
    out.left_out = facts.map(|facts| facts.left_out.clone()).unwrap_or_default();
    out
}

/// The subscriptions, in order.
pub(crate) fn subscription_ids(settings: &Settings, facts: Option<&Facts>) -> Vec<String> {
    let mut ids: Vec<String> = match facts {
        Some(facts) => facts.subscriptions.iter().map(|one| one.id.clone()).collect(),
        None if settings.scope.is_dynamic() => vec![EACH.to_owned()],
        None => settings.scope.listed().iter().map(ToString::to_string).collect(),
    };
    ids.sort();
    ids.dedup();
    ids
}

/// The clusters listed one by one that are there, as far as anybody looked.
fn clusters<'a>(settings: &'a Settings, facts: Option<&Facts>) -> Vec<&'a String> {
    let is_out = |id: &str| {
        facts.is_some_and(|facts| {
            facts.left_out.iter().any(|left| left.scope.eq_ignore_ascii_case(id))
        })
    };
    settings.clusters().iter().filter(|id| !is_out(id)).collect()
}

/// The step that makes what the connector signs in with.
fn credential(connector: &str, settings: &Settings, graph: &str) -> StepTemplate {
    match settings.credential.kind {
        CredentialKind::ClientSecret => client_secret::template(connector, settings, graph),
        CredentialKind::Certificate => certificate::template(connector, settings, graph),
        CredentialKind::Federated => federated_credential::template(connector, settings, graph),
    }
}

/// The role at the root management group, between taking the right and giving it back.
fn root_group(
    builder: &mut Builder,
    settings: &Settings,
    subscriptions: &[String],
    service_principal: u32,
) -> Option<u32> {
    let arm = settings.addresses().resource_manager;
    let tenant = settings.tenant_id();
    let seen_from =
        subscriptions.first().filter(|id| *id != EACH).map(|id| format!("/subscriptions/{id}"));
    let mut needs = vec![service_principal];
    let elevated = match settings.root_management_group {
        _ if !settings.grants().root_group => return None,
        RootManagementGroup::Skip => return None,
        RootManagementGroup::Assign => false,
        RootManagementGroup::Elevate => {
            let template = elevation::template(arm, seen_from.as_deref().unwrap_or_default());
            needs.push(builder.single(template, None, vec![service_principal]));
            true
        }
    };
    let template = role_assignment::root_template(arm, elevated, seen_from.as_deref());
    let root = builder.single(template, Some(&tenant), needs.clone());
    if let (true, Some(elevation)) = (elevated, needs.last()) {
        builder.single(elevation::removal_template(arm), None, vec![*elevation, root]);
    }
    Some(root)
}

/// Looks, after all grants, for grants that no step made.
fn unplanned(
    builder: &mut Builder,
    needs: Vec<u32>,
    facts: Option<&Facts>,
    graph: &str,
    arm: &str,
) {
    let left_alone = facts.map(Facts::left_alone).unwrap_or_default();
    let mut planned = unplanned_grants::Planned::leaving(left_alone);
    for step in &builder.out.steps {
        let template = builder.out.templates.get(step.template as usize);
        let grants = |it: &&StepTemplate| {
            matches!(it.kind.as_str(), role_assignment::KIND | admin_consent::KIND)
        };
        if let Some(template) = template.filter(grants) {
            planned.add(template, step);
        }
    }
    builder.single(unplanned_grants::template(planned, graph, arm), None, needs);
}

/// The sub-graph of each subscription; the steps that prove one each.
fn subscriptions<'a>(
    builder: &mut Builder,
    settings: &Settings,
    common: &Common,
    clusters: &[&String],
    subscriptions: impl Iterator<Item = (&'a String, u32)>,
) -> Vec<u32> {
    let addresses = settings.addresses();
    let arm = addresses.resource_manager;
    let mut make = |role, at| (role, builder.template(role_assignment::template(role, at, arm)));
    let on_subscription: Vec<(Role, u32)> =
        common.grants.on_subscription.iter().map(|role| make(*role, At::Subscription)).collect();
    let at = if settings.aks == Aks::Subscription { At::Subscription } else { At::Cluster };
    let for_kubernetes: Vec<(Role, u32)> =
        common.grants.for_kubernetes.iter().map(|role| make(*role, at)).collect();
    let proof =
        builder.template(verification::subscription_template(settings, addresses.login, arm));
    let mut proofs = Vec::new();
    for (id, checked) in subscriptions {
        let mut done = vec![checked, common.credential];
        for (role, template) in &on_subscription {
            let mut needs = vec![common.service_principal, checked];
            if role.id.is_none() {
                needs.extend(common.role_definition);
            }
            done.push(builder.step(*template, Some(id), needs));
        }
        for (_, template) in &for_kubernetes {
            let needs = vec![common.service_principal, checked];
            if settings.aks == Aks::Subscription {
                done.push(builder.step(*template, Some(id), needs.clone()));
            }
            for cluster in clusters {
                if subscription_of_cluster(cluster).is_some_and(|of| of.to_string() == *id) {
                    let step = builder.step(*template, Some(cluster), needs.clone());
                    if let Some(step) = builder.out.steps.last_mut() {
                        step.vars.insert("subscription".into(), id.clone());
                    }
                    done.push(step);
                }
            }
        }
        proofs.push(builder.step(proof, Some(id), done));
    }
    proofs
}

/// What is handed over, by kind of credential.
pub(crate) fn handover(settings: &Settings, subscriptions: &[String]) -> Vec<HandoverField> {
    let kind = settings.credential.kind;
    let field = |name: &str, label: &str, value: String, secret| HandoverField {
        name: name.into(),
        label: label.into(),
        value,
        secret,
        ..HandoverField::default()
    };
    let made = |name: &str, label: &str, output: &str, secret| {
        field(name, label, format!("<{}.{output}>", kind.step()), secret)
    };
    let mut fields = vec![
        field("tenant-id", "Tenant ID", settings.tenant_id(), false),
        field("client-id", "Client ID", "<application.client-id>".into(), false),
    ];
    match kind {
        CredentialKind::ClientSecret => fields.extend([
            made("client-secret", "Client secret", "vault-name", true),
            made("key-id", "Secret ID", "key-id", false),
            made("expires", "Secret expires", "expires", false),
            made("warn-from", "Warn from", "warn-from", false),
        ]),
        CredentialKind::Certificate => fields.extend([
            made("certificate", "Certificate and key", "vault-name", true),
            made("thumbprint", "Certificate SHA-256", "thumbprint", false),
            made("key-id", "Certificate ID", "key-id", false),
            made("expires", "Certificate expires", "expires", false),
            made("warn-from", "Warn from", "warn-from", false),
        ]),
        CredentialKind::Federated => fields.extend([
            made("issuer", "Issuer", "issuer", false),
            made("subject", "Subject", "subject", false),
            made("audience", "Audience", "audience", false),
        ]),
    }
    let listed: Vec<&str> =
        subscriptions.iter().map(String::as_str).filter(|id| *id != EACH).collect();
    let listed = field("subscriptions", "Subscriptions", listed.join(","), false);
    fields.push(HandoverField { scopes: true, ..listed });
    fields
}

/// What platforms call a connection of this kind.
pub(crate) fn platforms(kind: CredentialKind) -> BTreeMap<String, Value> {
    let ox = match kind {
        CredentialKind::ClientSecret => json!({
            "connector-names": ["Azure", "Azure Cloud"],
            "credentials-type": "AzureCloud",
            "fields": {
                "tenant-id": "tenantId",
                "client-id": "clientId",
                "client-secret": "clientSecret",
            },
        }),
        CredentialKind::Certificate | CredentialKind::Federated => json!({
            "unsupported": "the platform's Azure dialog takes a client secret only; choose \
                            `credential.kind = \"client-secret\"` or another destination",
        }),
    };
    BTreeMap::from([("ox".to_owned(), ox), ("webhook".to_owned(), json!({}))])
}
