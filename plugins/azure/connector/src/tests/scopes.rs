//! Scopes that a look at the tenant fills, and what is left out of them.

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::onboard::LeftOut;
use skybridge_plugin_sdk::protocol::survey::Survey;

use super::support::{NO_LAG, Rehearsal, SUBSCRIPTION, settings};
use crate::describe::describe;
use crate::survey::{Facts, survey};

const LARGE: &str = include_str!("../../../sim/scenarios/tenant-large.toml");

async fn rehearsal(scenario: &str, change: impl FnOnce(&mut Value)) -> Rehearsal {
    let mut settings = settings();
    change(&mut settings);
    Rehearsal::with(Some(&format!("{scenario}\n{NO_LAG}")), settings).await
}

async fn look(rehearsal: &Rehearsal) -> (Survey, Facts) {
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let survey = survey(&session, "connect").await.unwrap();
    let facts = Facts::read(&survey.facts).unwrap().unwrap();
    (survey, facts)
}

fn names(facts: &Facts) -> Vec<&str> {
    facts.subscriptions.iter().map(|one| one.name.as_str()).collect()
}

/// Name and code of everything left out.
fn left_out(facts: &Facts) -> Vec<(&str, &str)> {
    facts
        .left_out
        .iter()
        .map(|left| {
            (left.name.as_deref().unwrap_or(&left.scope), left.code.as_deref().unwrap_or_default())
        })
        .collect()
}

/// Goal: the whole tenant, without what cannot be onboarded, each with its reason, and without what
/// the manifest excludes.
#[tokio::test]
async fn the_whole_tenant() {
    let rehearsal = rehearsal(LARGE, |settings| {
        settings["scope"] = json!({ "tenant": true, "exclude": ["sandbox*"] });
    })
    .await;
    let (survey, facts) = look(&rehearsal).await;
    assert_eq!(
        names(&facts),
        [
            "Platform Management",
            "Platform Connectivity",
            "Shop Production",
            "Shop Staging",
            "Payments Production",
        ]
    );
    assert_eq!(
        left_out(&facts),
        [
            ("Platform Identity", "AZ-SCOPE-014"),
            ("Payments Retired", "AZ-SCOPE-003"),
            ("Archive 2019", "AZ-SCOPE-003"),
            ("Data Platform", "AZ-SCOPE-003"),
            ("Sandbox Blue", "AZ-SCOPE-004"),
            ("Sandbox Green", "AZ-SCOPE-004"),
            ("Partner Shared", "AZ-SCOPE-002"),
            ("Platform Trial", "AZ-SCOPE-003"),
        ]
    );
    let locked = &facts.left_out[0];
    assert!(locked.reason.contains("`Locked by the identity blueprint`"), "{locked:?}");
    assert!(locked.help.as_deref().unwrap().contains("spare the operator"), "{locked:?}");
    assert_eq!(survey.findings, [], "{:#?}", survey.findings);
    let description = describe("contoso", &rehearsal.settings, Some(&facts));
    let template = description.templates.iter().position(|it| it.kind == "subscription").unwrap();
    let planned: Vec<&str> = description
        .steps
        .iter()
        .filter(|step| step.template as usize == template)
        .map(|step| step.scope.as_deref().unwrap())
        .collect();
    let found: Vec<&str> = facts.subscriptions.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(planned, found);
    assert_eq!(description.left_out, facts.left_out);
    let handed_over = description.handover.iter().find(|it| it.name == "subscriptions").unwrap();
    assert_eq!(handed_over.value, found.join(","));
}

/// Goal: a group means what every level below it holds; one that does not exist stops nothing.
#[tokio::test]
async fn management_groups() {
    let rehearsal = rehearsal(LARGE, |settings| {
        settings["scope"] =
            json!({ "management-groups": ["contoso-landing", "contoso-nowhere"], "include": ["shop*"] });
    })
    .await;
    let (_, facts) = look(&rehearsal).await;
    assert_eq!(names(&facts), ["Shop Production", "Shop Staging"]);
    let out = left_out(&facts);
    assert!(out.contains(&("contoso-nowhere", "AZ-SCOPE-007")), "{out:?}");
    assert!(out.contains(&("Payments Production", "AZ-SCOPE-004")), "{out:?}");
}

/// Goal: of listed subscriptions, those that cannot be onboarded are left out with what to do.
#[tokio::test]
async fn listed_subscriptions() {
    let id = |n: u32| format!("44444444-0000-4000-8000-{n:012}");
    let rehearsal = rehearsal(LARGE, |settings| {
        settings["scope"] = json!({ "subscriptions": [id(1), id(7), id(8), id(999)] });
    })
    .await;
    let (_, facts) = look(&rehearsal).await;
    assert_eq!(names(&facts), ["Platform Management"]);
    let codes: Vec<&str> = left_out(&facts).into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["AZ-SCOPE-003", "AZ-SCOPE-001", "AZ-SCOPE-001"]);
    assert!(facts.left_out.iter().all(|left| left.help.is_some()));
}

/// Goal: rights in one subscription onboard that one; the other says what is lacking.
#[tokio::test]
async fn rights_in_one_subscription_only() {
    let scenario = "[[subscriptions]]\nid = \"33333333-4444-5555-6666-777777777777\"\nname = \"Mine\"\n\
        [[subscriptions]]\nid = \"33333333-4444-5555-6666-777777777778\"\nname = \"Theirs\"\n\
        [operator]\nassignments = [{ role = \"Reader\" }, { role = \"Owner\", scope = \
        \"/subscriptions/33333333-4444-5555-6666-777777777777\" }, { role = \"User Access \
        Administrator\", eligible = true, scope = \
        \"/subscriptions/33333333-4444-5555-6666-777777777778\" }]\n";
    let rehearsal =
        rehearsal(scenario, |settings| settings["scope"] = json!({ "tenant": true })).await;
    let (_, facts) = look(&rehearsal).await;
    assert_eq!(names(&facts), ["Mine"]);
    assert_eq!(left_out(&facts), [("Theirs", "AZ-SCOPE-005")]);
    let reason = &facts.left_out[0].reason;
    assert!(
        reason.contains("roleAssignments/write")
            && reason.contains("could activate User Access Administrator"),
        "{reason}"
    );
}

/// Goal: an operator whose role has a condition that forbids one of the roles is told so of each
/// subscription, found or listed; of a single one it is for the preflight to say.
#[tokio::test]
async fn conditions_in_the_way() {
    let scenario = "[[subscriptions]]\nid = \"33333333-4444-5555-6666-777777777777\"\nname = \"Mine\"\n\
        [[subscriptions]]\nid = \"33333333-4444-5555-6666-777777777778\"\nname = \"Theirs\"\n\
        [operator]\nassignments = [{ role = \"Owner\", scope = \
        \"/subscriptions/33333333-4444-5555-6666-777777777777\" }, { role = \"Owner\", scope = \
        \"/subscriptions/33333333-4444-5555-6666-777777777778\", condition = \"\"\"\
        !(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}) OR \
        @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAllValues:\
        GuidNotEquals {b8eda974-7b85-4f76-af95-65846b26df6d}\"\"\" }]\n";
    let all = rehearsal(scenario, |settings| settings["scope"] = json!({ "tenant": true })).await;
    let (_, facts) = look(&all).await;
    assert_eq!(names(&facts), ["Mine"]);
    assert_eq!(left_out(&facts), [("Theirs", "AZ-SCOPE-015")]);
    let reason = &facts.left_out[0].reason;
    assert!(reason.contains("forbids assigning Storage File Data Privileged Reader"), "{reason}");
    let mine = "33333333-4444-5555-6666-777777777777";
    let theirs = "33333333-4444-5555-6666-777777777778";
    let listed = async |ids: &[&str]| {
        let scope = json!({ "subscriptions": ids });
        let of = rehearsal(scenario, |settings| settings["scope"] = scope).await;
        look(&of).await.1
    };
    let both = listed(&[mine, theirs]).await;
    assert_eq!(names(&both), ["Mine"]);
    assert_eq!(left_out(&both), [("Theirs", "AZ-SCOPE-015")]);
    assert_eq!(names(&listed(&[theirs]).await), ["Theirs"]);
}

/// Goal: with everything left out there is an error, and it says why.
#[tokio::test]
async fn nothing_left() {
    let contributor = include_str!("../../../sim/scenarios/operator-contributor.toml");
    let rehearsal =
        rehearsal(contributor, |settings| settings["scope"] = json!({ "tenant": true })).await;
    let (survey, facts) = look(&rehearsal).await;
    assert!(facts.subscriptions.is_empty());
    let error = survey.findings.iter().find(|it| it.code == "AZ-SCOPE-006").unwrap();
    assert_eq!(error.severity, "error");
    assert!(error.summary.contains("roleAssignments/write"), "{error:?}");
}

/// Goal: clusters in which the roles mean nothing, or too much, are told; ones that do not exist
/// are left out.
#[tokio::test]
async fn clusters() {
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-production");
    let id =
        |name: &str| format!("{group}/providers/Microsoft.ContainerService/managedClusters/{name}");
    let scenario = format!(
        "[[subscriptions]]\nid = \"{SUBSCRIPTION}\"\nname = \"Mine\"\nresource-groups = [\"rg-production\"]\n{}",
        [("good", true, true), ("kubernetes", true, false), ("local", false, false)]
            .map(|(name, managed, rbac)| format!(
                "[[clusters]]\nname = \"{name}\"\nsubscription = \"{SUBSCRIPTION}\"\n\
                 resource-group = \"rg-production\"\nmanaged = {managed}\nazure-rbac = {rbac}\n"
            ))
            .concat()
    );
    let all = rehearsal(&scenario, |_| {}).await;
    let (survey, _) = look(&all).await;
    let codes: Vec<&str> = survey.findings.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["AZ-SCOPE-010", "AZ-SCOPE-011"], "{:#?}", survey.findings);
    assert!(survey.findings[0].summary.contains("2 clusters"));
    let listed = rehearsal(&scenario, |settings| {
        settings["aks"] = json!({ "clusters": [id("good"), id("gone")] });
    })
    .await;
    let (survey, facts) = look(&listed).await;
    assert_eq!(survey.findings, []);
    assert_eq!(left_out(&facts), [("gone", "AZ-SCOPE-009")]);
    let description = describe("contoso", &listed.settings, Some(&facts));
    let scopes: Vec<&String> =
        description.steps.iter().filter_map(|step| step.scope.as_ref()).collect();
    assert!(scopes.contains(&&id("good")) && !scopes.contains(&&id("gone")));
}

/// Goal: clusters nobody may look at are told, and do not keep the subscription out.
#[tokio::test]
async fn clusters_that_cannot_be_listed() {
    let refused = "[[faults]]\nservice = \"resource-manager\"\nmethod = \"GET\"\n\
        path-contains = \"managedClusters\"\nevery = 1\neffect = \"answer\"\nstatus = 403\n\
        code = \"AuthorizationFailed\"\nmessage = \"no\"\n";
    let rehearsal = rehearsal(refused, |_| {}).await;
    let (survey, facts) = look(&rehearsal).await;
    assert_eq!(facts.subscriptions.len(), 1);
    let closed = &survey.findings[0];
    assert_eq!(closed.code, "AZ-SCOPE-012", "{closed:#?}");
    assert!(closed.context.iter().any(|(key, _)| key == "request-id"), "{closed:#?}");
}

/// Goal: what was granted in a subscription that cannot be reached now stays; in one that the
/// manifest excludes it goes.
#[tokio::test]
async fn grants_in_what_is_left_out() {
    let two = "[[subscriptions]]\nid = \"33333333-4444-5555-6666-777777777777\"\nname = \"One\"\n\
        [[subscriptions]]\nid = \"33333333-4444-5555-6666-777777777778\"\nname = \"Two\"\n";
    let mut rehearsal =
        rehearsal(two, |settings| settings["scope"] = json!({ "tenant": true })).await;
    let (_, facts) = look(&rehearsal).await;
    rehearsal.description = describe("contoso", &rehearsal.settings, Some(&facts));
    rehearsal.run_all(None).await;
    let mut without = facts.clone();
    let out = without.subscriptions.pop().unwrap();
    for (code, state) in [("AZ-SCOPE-005", "matches"), ("AZ-SCOPE-004", "differs")] {
        without.left_out =
            vec![LeftOut { scope: out.id.clone(), code: Some(code.into()), ..LeftOut::default() }];
        let outputs = rehearsal.outputs_by_word();
        rehearsal.description = describe("contoso", &rehearsal.settings, Some(&without));
        rehearsal.recall(outputs);
        let position = rehearsal.find("unplanned-grants");
        let seen = rehearsal.observe(position).await.unwrap();
        assert_eq!(seen.state, state, "{code}: {seen:?}");
    }
}

/// Goal: without a look at the tenant one sub-graph stands for all, and cannot be applied.
#[tokio::test]
async fn an_offline_plan_of_a_dynamic_scope() {
    let rehearsal =
        rehearsal(LARGE, |settings| settings["scope"] = json!({ "tenant": true })).await;
    let description = &rehearsal.description;
    let scopes: Vec<&str> =
        description.steps.iter().filter_map(|step| step.scope.as_deref()).collect();
    assert!(scopes.contains(&"each-subscription"), "{scopes:?}");
    assert!(description.notes.iter().any(|note| note.contains("planning online")));
    let error = rehearsal.observe(rehearsal.find("subscription")).await.unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AZ-SCOPE-008"));
}

/// Goal: a whole onboarding of a management group with the least permissions works, is proved and
/// found unchanged; a new subscription is in the next plan.
#[tokio::test]
async fn onboarding_a_group_with_least_privilege() {
    let mut rehearsal = rehearsal(LARGE, |settings| {
        settings["scope"] = json!({ "management-groups": ["contoso-online"] });
        settings["permissions"] = json!("least");
        settings["capabilities"] = json!(["internet-exposure"]);
    })
    .await;
    let (_, facts) = look(&rehearsal).await;
    rehearsal.description = describe("contoso", &rehearsal.settings, Some(&facts));
    let done = rehearsal.run_all(None).await;
    assert_eq!(done.len(), rehearsal.description.steps.len());
    let words: Vec<String> = done.iter().map(|(at, _)| rehearsal.word(*at)).collect();
    assert_eq!(words.iter().filter(|word| *word == "role-assignment.reader").count(), 3);
    for absent in ["admin-consent.directory-read-all", "role-assignment.aks-rbac-reader"] {
        assert!(!words.iter().any(|word| word == absent), "{absent}");
    }
    for position in rehearsal.positions() {
        let seen = rehearsal.observe(position).await.unwrap();
        assert_eq!(seen.state, "matches", "{}: {seen:?}", rehearsal.word(position));
    }
}
