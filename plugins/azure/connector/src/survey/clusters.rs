//! Kubernetes clusters: which are there, and in which the roles would mean nothing.

use skybridge_azure_client::arm::managed_clusters::ManagedCluster;
use skybridge_plugin_sdk::protocol::onboard::LeftOut;
use skybridge_plugin_sdk::protocol::survey::{Finding, severity};

use super::{Eligible, Read, named, words_of};
use crate::errors::facts_of;
use crate::session::Session;
use crate::settings::{Aks, subscription_of_cluster};

/// The clusters listed one by one that cannot be given roles.
pub(super) fn left_out(session: &Session<'_>, eligible: &[Eligible]) -> Vec<LeftOut> {
    if session.settings.grants().for_kubernetes.is_empty() {
        return Vec::new();
    }
    let missing = |id: &String| {
        let of = subscription_of_cluster(id).map(|of| of.to_string()).unwrap_or_default();
        let Some(subscription) = eligible.iter().find(|one| one.found.id == of) else {
            return Some((format!("its subscription {of} is not onboarded"), "AZ-SCOPE-009"));
        };
        let Some(Read::There(clusters)) = &subscription.clusters else { return None };
        let exists = clusters.iter().any(|one| one.id.eq_ignore_ascii_case(id));
        (!exists).then(|| ("there is no such cluster".to_owned(), "AZ-SCOPE-009"))
    };
    let all = session.settings.clusters().iter();
    all.filter_map(|id| missing(id).map(|(reason, code)| (id, reason, code)))
        .map(|(id, reason, code)| LeftOut {
            scope: id.clone(),
            name: id.rsplit('/').next().map(str::to_owned),
            reason,
            code: Some(code.into()),
            help: Some("check the cluster's resource id, or take it out of `aks.clusters`".into()),
        })
        .collect()
}

fn warning(code: &str, all: &[String], summary: String, help: &str) -> Option<Finding> {
    (!all.is_empty()).then(|| Finding {
        severity: severity::WARNING.into(),
        code: code.into(),
        summary,
        detail: Some(named(all)),
        help: Some(help.into()),
        ..Finding::default()
    })
}

fn count(all: &[String], what: &str) -> String {
    let plural = if all.len() == 1 { "" } else { "s" };
    format!("{} {what}{plural}", all.len())
}

/// What people should know of the clusters that get roles.
pub(super) fn findings(session: &Session<'_>, eligible: &[Eligible]) -> Vec<Finding> {
    let listed = session.settings.clusters();
    let meant = |cluster: &&ManagedCluster| {
        session.settings.aks == Aks::Subscription
            || listed.iter().any(|id| id.eq_ignore_ascii_case(&cluster.id))
    };
    let (mut deaf, mut local, mut closed) = (vec![], vec![], vec![]);
    let (mut words, mut facts) = (String::new(), Vec::new());
    for one in eligible {
        match &one.clusters {
            Some(Read::There(clusters)) => {
                for cluster in clusters.iter().filter(meant) {
                    if !cluster.honours_azure_roles() {
                        deaf.push(cluster.id.clone());
                    }
                    if cluster.has_local_administrator() {
                        local.push(cluster.id.clone());
                    }
                }
            }
            Some(Read::Refused(error)) => {
                closed.push(one.found.id.clone());
                words = words_of(error);
                facts = facts_of(error);
            }
            None => {}
        }
    }
    [
        warning(
            "AZ-SCOPE-010",
            &deaf,
            format!("the AKS roles have no effect in {}", count(&deaf, "cluster")),
            "switch on Entra sign-in with Azure RBAC in the cluster, or bind the connector there by \
             Kubernetes' own means",
        ),
        warning(
            "AZ-SCOPE-011",
            &local,
            format!(
                "in {} the sign-in file the connector may fetch is an administrator's credential",
                count(&local, "cluster")
            ),
            "switch on Entra sign-in and switch off local accounts in the cluster, or leave it out \
             with `aks = { clusters = […] }`",
        ),
        warning(
            "AZ-SCOPE-012",
            &closed,
            format!(
                "the clusters of {} could not be looked at: {words}",
                count(&closed, "subscription")
            ),
            "give the operator Reader there to have its clusters checked",
        )
        .map(|finding| Finding { context: facts, ..finding }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
