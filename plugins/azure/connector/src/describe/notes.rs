//! What a plan tells its reader once.

use crate::grants::Grants;
use crate::settings::{Aks, Consent, Permissions, RootManagementGroup, Settings};
use crate::survey::Facts;

pub(super) fn notes(settings: &Settings, grants: &Grants, facts: Option<&Facts>) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |when: bool, text: &str| {
        if when {
            notes.push(text.to_owned());
        }
    };
    let custom = !grants.actions.is_empty();
    note(
        custom,
        "the page prints Micandrosoft.Web/sites/config/list/action; the plan uses \
         Microsoft.Web/sites/config/list/Action",
    );
    note(custom, "the page creates the custom role and does not assign it; the plan assigns it");
    note(
        !grants.graph.is_empty(),
        "consenting takes Privileged Role Administrator or Global Administrator; Application \
         Administrator, which the page names, is not enough",
    );
    note(
        custom,
        "both actions of the custom role reveal live secrets or working links to whoever holds the \
         connector's secret",
    );
    note(
        settings.root_management_group == RootManagementGroup::Skip,
        "Management Group Reader at the root group is left out: the hierarchy of management groups \
         and what is granted in it cannot be read",
    );
    note(
        grants.root_group,
        "Management Group Reader at the root group applies to the whole tenant",
    );
    note(
        settings.consent == Consent::HandOff && !grants.graph.is_empty(),
        "if the operator may not consent, a person is given an address to open, and the run waits \
         for the consent",
    );
    note(settings.aks == Aks::Off, "the AKS roles are left out: `aks` is false");
    note(
        settings.permissions == Permissions::Least,
        "only what the enabled capabilities need is granted; `skybridge permissions` tells what \
         was left out and why",
    );
    let offline = facts.is_none();
    note(
        offline && settings.scope.is_dynamic(),
        "which subscriptions are meant is found when planning online; until then one stands for \
         all of them",
    );
    note(
        offline && !settings.scope.is_dynamic() && settings.scope.has_patterns(),
        "`include` and `exclude` go by names, which are found when planning online; until then \
         every listed subscription is planned",
    );
    notes
}
