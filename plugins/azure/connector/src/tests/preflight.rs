//! Operators of every kind, told before the first write what would go wrong.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use skybridge_azure_sim::Simulator;
use skybridge_plugin_sdk::protocol::onboard::{Description, effect, purpose};
use skybridge_plugin_sdk::protocol::survey::{Finding, PlannedWrite, PreflightReport, severity};

use super::support::{NO_LAG, Rehearsal, SUBSCRIPTION, settings, simulator};
use crate::describe::describe;
use crate::operator::delegated::{ALL, CHANGE, CONSENT, Delegated, ONESELF, POLICIES};
use crate::preflight::preflight;
use crate::survey::{Facts, survey};

const SCOPE: &str = "/subscriptions/33333333-4444-5555-6666-777777777777";

/// Every step that writes, as the host hands it over when nothing exists yet.
pub(super) fn writes(description: &Description) -> Vec<PlannedWrite> {
    let mut all = Vec::new();
    for step in &description.steps {
        let template = &description.templates[step.template as usize];
        if template.effect == effect::READ {
            continue;
        }
        let name = template.name.as_ref().map(|name| format!(".{name}")).unwrap_or_default();
        let at = step.scope.as_ref().map(|scope| format!("@{scope}")).unwrap_or_default();
        all.push(PlannedWrite {
            address: format!("contoso.{}{name}{at}", template.kind),
            kind: template.kind.clone(),
            name: template.name.clone(),
            scope: step.scope.clone(),
            permissions: template.calls.iter().filter_map(|call| call.permission.clone()).collect(),
        });
    }
    all
}

/// As the program does: a survey, the steps of what it found, and what would keep these from
/// working; everything said on the way.
async fn look(rehearsal: &mut Rehearsal) -> PreflightReport {
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let found = survey(&session, purpose::CONNECT).await.unwrap();
    let facts = Facts::read(&found.facts).unwrap();
    rehearsal.description = describe("contoso", &rehearsal.settings, facts.as_ref());
    let told = preflight(&session, &writes(&rehearsal.description)).await.unwrap();
    let findings = found.findings.into_iter().chain(told.findings).collect();
    PreflightReport { findings, ..told }
}

async fn report_with(scenario: &str, settings: Value) -> PreflightReport {
    let scenario = format!("{scenario}\n{NO_LAG}");
    look(&mut Rehearsal::with(Some(&scenario), settings).await).await
}

async fn report(scenario: &str) -> PreflightReport {
    report_with(scenario, settings()).await
}

/// Asks as the person of the scenario, called `ada`.
async fn report_of_person(line: &str, more: &str, settings: Value) -> PreflightReport {
    let scenario = format!(
        "[[users]]\nid = \"aaaaaaaa-0000-4000-8000-000000000001\"\nname = \"Ada\"\n\
         principal-name = \"ada@contoso.example\"\npassword = \"rehearsal only\"\n\
         assignments = [{{ role = \"Owner\" }}]\n{line}\n{more}\n{NO_LAG}"
    );
    let mut rehearsal = Rehearsal::with(Some(&scenario), settings).await;
    rehearsal.azure.operate_as("ada@contoso.example", "rehearsal only");
    look(&mut rehearsal).await
}

/// A tenant with that person, and a client for each list of permissions of Microsoft Graph.
async fn with_clients(lists: &[&[&str]], line: &str) -> Arc<Simulator> {
    let client = |(index, scopes): (usize, &&[&str])| {
        format!(
            "[[clients]]\nclient-id = \"{}\"\nname = \"{index}\"\nresource-manager = true\n\
             graph-scopes = {scopes:?}\n",
            client_id(index)
        )
    };
    let clients: String = lists.iter().enumerate().map(client).collect();
    let scenario = format!(
        "{clients}[[users]]\nid = \"aaaaaaaa-0000-4000-8000-000000000001\"\nname = \"Ada\"\n\
         principal-name = \"ada@contoso.example\"\npassword = \"rehearsal only\"\n\
         assignments = [{{ role = \"Owner\" }}]\n{line}\n{NO_LAG}"
    );
    simulator(Some(&scenario)).await
}

fn client_id(index: usize) -> String {
    format!("0f0f0f0f-0000-4000-8000-0000000000{index:02}")
}

/// Asks as that person, signed in to one of the clients.
async fn report_through(
    simulator: &Arc<Simulator>,
    index: usize,
    settings: Value,
) -> PreflightReport {
    let mut rehearsal = Rehearsal::on(Arc::clone(simulator), settings);
    rehearsal.azure.operate_through(&client_id(index), "ada@contoso.example", "rehearsal only");
    look(&mut rehearsal).await
}

fn codes(report: &PreflightReport) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn errors(report: &PreflightReport) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.severity == severity::ERROR).collect()
}

fn finding<'a>(report: &'a PreflightReport, code: &str, part: &str) -> &'a Finding {
    let fits = |it: &&Finding| it.code == code && it.summary.contains(part);
    report.findings.iter().find(fits).unwrap_or_else(|| panic!("{code} {part}: {report:#?}"))
}

/// Goal: an operator with every right is told nothing, and the run then works.
#[tokio::test]
async fn an_owner_is_told_nothing() {
    let report = report("").await;
    assert_eq!(report.findings, [], "{report:#?}");
    assert!(report.checked >= 5);
}

/// Goal: Contributor is told once at each scope what is lacking there, with every step it stops.
#[tokio::test]
async fn a_contributor() {
    let report = report("[operator]\nassignments = [{ role = \"Contributor\" }]\n").await;
    assert_eq!(codes(&report), ["AZ-PREFLIGHT-001", "AZ-PREFLIGHT-001"], "{report:#?}");
    let there = finding(&report, "AZ-PREFLIGHT-001", "roleDefinitions/write");
    assert_eq!(there.scope.as_deref(), Some(SCOPE));
    assert!(there.summary.contains("roleAssignments/write and "), "{there:?}");
    assert_eq!(there.blocks.len(), 7, "the custom role, and six roles in the subscription");
    assert!(there.help.as_deref().unwrap().contains("Role Based Access Control Administrator"));
    let root = report.findings.iter().find(|it| it.scope.as_deref() != Some(SCOPE)).unwrap();
    assert_eq!(root.blocks.len(), 1, "{root:?}");
    assert!(root.help.as_deref().unwrap().contains("root-management-group"), "{root:?}");
}

/// Goal: owning the subscription is not owning the root, and there are three ways out.
#[tokio::test]
async fn an_owner_of_the_subscription_only() {
    let scenario =
        format!("[operator]\nassignments = [{{ role = \"Owner\", scope = \"{SCOPE}\" }}]\n");
    let report = report(&scenario).await;
    assert_eq!(codes(&report), ["AZ-PREFLIGHT-001"], "{report:#?}");
    let root = finding(&report, "AZ-PREFLIGHT-001", "roleAssignments/write");
    assert_eq!(root.blocks.len(), 1, "{root:?}");
    let help = root.help.as_deref().unwrap();
    assert!(help.contains("elevate") && help.contains("skip"), "{help}");
    for way in ["elevate", "skip"] {
        let mut settings = settings();
        settings["root-management-group"] = json!(way);
        let report = report_with(&scenario, settings).await;
        assert_eq!(report.findings, [], "{way}: {report:#?}");
    }
}

/// Goal: an eligible role is told apart from none, and activating it is the fix.
#[tokio::test]
async fn an_eligible_owner() {
    let scenario = include_str!("../../../sim/scenarios/operator-eligible.toml");
    let report = report(scenario).await;
    let assign = finding(&report, "AZ-PREFLIGHT-002", "roleAssignments/write");
    assert!(assign.summary.contains("could activate Owner"), "{assign:?}");
    assert!(assign.help.as_deref().unwrap().contains("activate the role first"));
    assert!(codes(&report).iter().all(|code| *code == "AZ-PREFLIGHT-002"), "{report:#?}");
}

/// Goal: the permissions of a role with a condition look complete; the condition is read instead.
#[tokio::test]
async fn an_operator_under_a_condition() {
    let scenario = include_str!("../../../sim/scenarios/operator-condition.toml");
    let report = report(scenario).await;
    let forbidden = finding(&report, "AZ-PREFLIGHT-005", "Storage File Data Privileged Reader");
    let address =
        format!("contoso.role-assignment.storage-file-data-privileged-reader@{SUBSCRIPTION}");
    assert_eq!(forbidden.blocks, [address]);
    assert!(forbidden.summary.contains("Role Based Access Control Administrator"));
    finding(&report, "AZ-PREFLIGHT-001", "roleDefinitions/write");
    assert_eq!(errors(&report).len(), 2, "{report:#?}");
}

/// Goal: a condition that depends on the unknown is quoted, and stops nothing.
#[tokio::test]
async fn a_condition_nobody_can_decide_yet() {
    let report = report(
        "[operator]\nassignments = [{ role = \"Owner\", condition = \"\"\"\
         !(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}) OR \
         @Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals \
         {0f0f0f0f-0000-4000-8000-000000000001}\"\"\" }]\n",
    )
    .await;
    assert_eq!(codes(&report), ["AZ-PREFLIGHT-006"], "{report:#?}");
    let undecided = finding(&report, "AZ-PREFLIGHT-006", "PrincipalId");
    assert_eq!((undecided.severity.as_str(), undecided.blocks.len()), (severity::WARNING, 7));
}

/// Goal: a deny assignment stops whom it means, and nobody it spares.
#[tokio::test]
async fn a_deny_assignment() {
    let deny = |principals: &str, spared: &str| {
        format!(
            "[[deny-assignments]]\nname = \"Locked\"\nscope = \"{SCOPE}\"\n\
             actions = [\"Microsoft.Authorization/*\"]\nnot-actions = [\"*/read\"]\n\
             principals = [\"{principals}\"]\nexclude-principals = [{spared}]\n"
        )
    };
    let locked = report(&deny("everyone", "")).await;
    assert_eq!(codes(&locked), ["AZ-PREFLIGHT-003"], "{locked:#?}");
    let forbids = &locked.findings[0];
    for part in ["`Locked`", "roleAssignments/write", "roleDefinitions/write"] {
        assert!(forbids.summary.contains(part), "{forbids:?}");
    }
    assert_eq!((forbids.scope.as_deref(), forbids.blocks.len()), (Some(SCOPE), 7));
    // Above the subscription it forbids the same and more things: that is one finding all the same.
    let above = deny("everyone", "").replace(&format!("scope = \"{SCOPE}\"\n"), "");
    let locked = report(&above).await;
    assert_eq!(codes(&locked), ["AZ-PREFLIGHT-003"], "{locked:#?}");
    assert_eq!(locked.findings[0].blocks.len(), 8, "and the role at the root");
    assert_eq!(report(&deny("everyone", "\"operator\"")).await.findings, []);
    let other = "0f0f0f0f-0000-4000-8000-00000000000f";
    assert_eq!(report(&deny(other, "")).await.findings, []);
}

/// Goal: an application that may not consent is told so, unless a person will be asked.
#[tokio::test]
async fn an_application_without_the_right_to_consent() {
    let scenario = include_str!("../../../sim/scenarios/operator-too-few-app-roles.toml");
    let report = report(scenario).await;
    let consent = finding(&report, "AZ-PREFLIGHT-011", "AppRoleAssignment.ReadWrite.All");
    assert_eq!(consent.blocks.len(), 2);
    assert!(consent.help.as_deref().unwrap().contains("hand-off"));
    // Without Policy.Read.All the policy on credentials stays unread, which stops nothing.
    let closed = finding(&report, "AZ-PREFLIGHT-007", "application credentials");
    assert_eq!(closed.severity, severity::WARNING);
    assert_eq!(errors(&report).len(), 1, "{report:#?}");
    let mut handed_off = settings();
    handed_off["consent"] = json!("hand-off");
    let report = report_with(scenario, handed_off).await;
    let note = finding(&report, "AZ-PREFLIGHT-012", "ask a person and wait");
    assert_eq!(note.severity, severity::NOTE);
    assert!(errors(&report).is_empty(), "{report:#?}");
}

#[tokio::test]
async fn an_application_that_may_not_register_applications() {
    let report = report("[operator]\ngraph-roles = [\"Directory.Read.All\"]\n").await;
    let register = finding(&report, "AZ-PREFLIGHT-010", "may not register");
    assert!(register.blocks.iter().any(|step| step == "contoso.application"), "{register:?}");
    finding(&report, "AZ-PREFLIGHT-011", "it lacks AppRoleAssignment.ReadWrite.All");
}

/// Goal: the page's own advice, Application Administrator, is told to be too little; a role that
/// could be activated is told apart.
#[tokio::test]
async fn people_who_may_not_consent() {
    let line = "directory-roles = [\"Application Administrator\"]";
    let report = report_of_person(line, "", settings()).await;
    let consent = finding(&report, "AZ-PREFLIGHT-011", "Application Administrator is not enough");
    assert_eq!(consent.blocks.len(), 2);
    assert_eq!(errors(&report).len(), 1, "{report:#?}");
    // The Azure CLI's tokens may not ask what could be activated.
    let unknown = finding(&report, "AZ-PREFLIGHT-007", "could activate");
    let help = unknown.help.as_deref().unwrap();
    for part in ["My roles", "`auth = \"device-code\"`", "RoleEligibilitySchedule.Read.Directory"] {
        assert!(help.contains(part), "{part} is not in: {help}");
    }

    let line = "directory-roles = [\"Global Administrator\"]";
    let report = report_of_person(line, "", settings()).await;
    assert_eq!(report.findings, [], "{report:#?}");
    let line = "directory-roles = [\"Privileged Role Administrator\"]";
    let open = "[policy]\nusers-may-register-applications = true\n";
    let report = report_of_person(line, open, settings()).await;
    assert!(errors(&report).is_empty(), "members may register here: {report:#?}");
}

/// Goal: a directory role that could be activated is told apart from none, where the client may ask;
/// a client that may do too little is told whatever the person may.
#[tokio::test]
async fn people_who_could_activate_a_role_and_clients_of_their_own() {
    let line = "directory-roles = [\"Application Developer\"]\n\
                eligible-directory-roles = [\"Global Administrator\"]";
    let scopes = ["RoleEligibilitySchedule.Read.Directory", "Application.Read.All"];
    let report = report_through(&with_clients(&[&scopes], line).await, 0, settings()).await;
    let consent = finding(&report, "AZ-PREFLIGHT-013", "could activate Global Administrator");
    assert!(consent.help.as_deref().unwrap().starts_with("activate the role first"));
    let register = finding(&report, "AZ-PREFLIGHT-010", "client that may not change applications");
    assert!(register.help.as_deref().unwrap().contains("az login"));
}

/// Goal: the client of one's own that the documents describe lacks nothing, and each permission less
/// is told; consent that is handed off takes none of the client's.
#[tokio::test]
async fn clients_that_may_do_as_much_as_is_asked_for_and_less() {
    let of_graph = |it: &&Delegated| it.service == "Microsoft Graph";
    let all: Vec<&str> = ALL.into_iter().filter(of_graph).map(|it| it.value).collect();
    let without = |lacking: &Delegated| -> Vec<&str> {
        all.iter().copied().filter(|known| *known != lacking.value).collect()
    };
    let lacking = [&CONSENT, &CHANGE, &POLICIES, &ONESELF].map(without);
    let [consent, change, policies, oneself] = lacking.each_ref().map(Vec::as_slice);
    let lists = [all.as_slice(), consent, change, policies, oneself];
    let tenant = with_clients(&lists, "directory-roles = [\"Global Administrator\"]").await;
    let expected: [&[&str]; 5] = [
        &[],
        &["AZ-PREFLIGHT-011"],
        &["AZ-PREFLIGHT-010"],
        &["AZ-PREFLIGHT-007"],
        &["AZ-PREFLIGHT-007"],
    ];
    for (index, expected) in expected.into_iter().enumerate() {
        let report = report_through(&tenant, index, settings()).await;
        assert_eq!(codes(&report), expected, "{:?}: {report:#?}", lists[index]);
    }
    let report = report_through(&tenant, 1, settings()).await;
    let told = finding(&report, "AZ-PREFLIGHT-011", "client that may not consent");
    let help = told.help.as_deref().unwrap();
    assert!(help.contains(CONSENT.value) && help.contains("hand-off"), "{help}");

    let mut handed_off = settings();
    handed_off["consent"] = json!("hand-off");
    let report = report_through(&tenant, 1, handed_off.clone()).await;
    assert_eq!(codes(&report), ["AZ-PREFLIGHT-012"], "{report:#?}");
    // Somebody else consents, through another client: that is one thing to be told.
    let developer = with_clients(&[consent], "directory-roles = [\"Application Developer\"]").await;
    let report = report_through(&developer, 0, handed_off).await;
    let notes = codes(&report).iter().filter(|code| **code == "AZ-PREFLIGHT-012").count();
    assert_eq!((notes, errors(&report).len()), (1, 0), "{report:#?}");
}

/// Goal: whoever may neither consent nor has a client that may is told both at once.
#[tokio::test]
async fn a_role_and_a_client_that_are_both_too_little() {
    let line = "directory-roles = [\"Application Administrator\"]\n\
                eligible-directory-roles = [\"Privileged Role Administrator\"]";
    let scopes = ["User.Read", "Policy.Read.All", "RoleEligibilitySchedule.Read.Directory"];
    let report = report_through(&with_clients(&[&scopes], line).await, 0, settings()).await;
    finding(&report, "AZ-PREFLIGHT-013", "could activate Privileged Role Administrator");
    finding(&report, "AZ-PREFLIGHT-011", "client that may not consent");
    finding(&report, "AZ-PREFLIGHT-010", "client that may not change applications");
    assert_eq!(errors(&report).len(), 3, "{report:#?}");
}

/// Goal: who may register applications depends on the tenant, the role and being a guest.
#[tokio::test]
async fn people_who_may_not_register_applications() {
    let closed = "[policy]\nusers-may-register-applications = false\n";
    let line = "directory-roles = [\"Privileged Role Administrator\"]";
    let report = report_of_person(line, closed, settings()).await;
    let register = finding(&report, "AZ-PREFLIGHT-014", "does not let its users");
    assert!(register.blocks.iter().any(|step| step == "contoso.application"));
    let line = "directory-roles = [\"Application Developer\"]";
    let report = report_of_person(line, closed, settings()).await;
    assert!(!codes(&report).contains(&"AZ-PREFLIGHT-014"), "{report:#?}");
    let report = report_of_person("guest = true", "", settings()).await;
    finding(&report, "AZ-PREFLIGHT-015", "guest");
}

/// Goal: what the tenant allows a credential is told in the manifest's own words.
#[tokio::test]
async fn credentials_the_tenant_does_not_allow() {
    let report = report("[policy]\nmax-secret-lifetime-days = 90\n").await;
    let long = finding(&report, "AZ-PREFLIGHT-031", "90 days");
    assert_eq!(long.blocks, ["contoso.client-secret"]);
    assert!(long.help.as_deref().unwrap().contains("lifetime = \"90d\""), "{long:?}");
    let report = self::report("[policy]\nforbid-secrets = true\n").await;
    finding(&report, "AZ-PREFLIGHT-030", "client secrets");
    let mut certificate = settings();
    certificate["credential"] = json!({ "kind": "certificate" });
    let scenario = "[policy]\nforbid-secrets = true\nmax-certificate-lifetime-days = 60\n";
    let report = report_with(scenario, certificate).await;
    finding(&report, "AZ-PREFLIGHT-031", "certificates live 60 days");
    assert_eq!(report.findings.len(), 1, "{report:#?}");
}

/// Goal: a cloud that lacks a provider is told so before the custom role is refused.
#[tokio::test]
async fn a_cloud_without_the_provider() {
    let report = report(
        "[[faults]]\nservice = \"resource-manager\"\nmethod = \"GET\"\n\
         path-contains = \"providerOperations/Microsoft.Web\"\nevery = 1\neffect = \"answer\"\n\
         status = 404\ncode = \"ProviderNotFound\"\nmessage = \"no such provider\"\n",
    )
    .await;
    let unknown = finding(&report, "AZ-PREFLIGHT-040", "Microsoft.Web");
    assert_eq!(unknown.blocks, ["contoso.role-definition.custom"]);
    assert!(unknown.context.iter().any(|(key, _)| key == "request-id"), "{unknown:?}");
}

/// Goal: what may not be read is told and stops nothing; a busy service is waited for.
#[tokio::test]
async fn refused_reads_and_busy_services() {
    let report = report(
        "[[faults]]\nservice = \"resource-manager\"\nmethod = \"GET\"\n\
         path-contains = \"denyAssignments\"\nevery = 1\neffect = \"answer\"\n\
         status = 403\ncode = \"AuthorizationFailed\"\nmessage = \"no\"\n\
         [[faults]]\nservice = \"resource-manager\"\nmethod = \"GET\"\n\
         path-contains = \"Authorization/permissions\"\nevery = 2\neffect = \"too-many-requests\"\n\
         retry-after = 1\n",
    )
    .await;
    let closed = finding(&report, "AZ-PREFLIGHT-007", "deny assignments");
    assert_eq!(closed.severity, severity::WARNING);
    let keys: Vec<&str> = closed.context.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["status", "cloud-code", "request-id", "correlation-id"]);
    assert!(closed.context.iter().all(|(_, value)| !value.is_empty()), "{closed:?}");
    assert_eq!(report.findings.len(), 1, "{report:#?}");
}

/// Goal: what somebody gave behind our back can only be taken away by an operator who may.
#[tokio::test]
async fn grants_that_cannot_be_taken_away() {
    let deny = format!(
        "[[deny-assignments]]\nname = \"Keep\"\nscope = \"{SCOPE}\"\n\
         actions = [\"Microsoft.Authorization/roleAssignments/delete\"]\n\
         principals = [\"operator\"]\n{NO_LAG}"
    );
    let rehearsal = Rehearsal::with(Some(&deny), settings()).await;
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let mut steps = writes(&rehearsal.description);
    let new = preflight(&session, &steps).await.unwrap();
    assert_eq!(new.findings, [], "a principal that is being made was given nothing");
    steps.retain(|step| step.kind == "unplanned-grants");
    let report = preflight(&session, &steps).await.unwrap();
    let forbids = finding(&report, "AZ-PREFLIGHT-003", "roleAssignments/delete");
    assert_eq!(forbids.blocks, ["contoso.unplanned-grants"]);
    assert_eq!(report.findings.len(), 1, "{report:#?}");
}

/// Goal: a guest who owns the subscription is told once what is lacking at the root.
#[tokio::test]
async fn a_guest_who_owns_the_subscription() {
    let scenario = include_str!("../../../sim/scenarios/operator-guest.toml");
    let scenario = format!("{scenario}\n{NO_LAG}");
    let mut rehearsal = Rehearsal::with(Some(&scenario), settings()).await;
    let name = "engineer_fabrikam.example#EXT#@contoso.example";
    rehearsal.azure.operate_as(name, "rehearsal only");
    let report = look(&mut rehearsal).await;
    let lacking: Vec<&Finding> =
        report.findings.iter().filter(|it| it.code == "AZ-PREFLIGHT-001").collect();
    assert_eq!(lacking.len(), 1, "{report:#?}");
    for part in ["managementGroups/read", "roleAssignments/read", "roleAssignments/write"] {
        assert!(lacking[0].summary.contains(part), "{lacking:?}");
    }
}

/// Goal: a deleted application that may not be touched is told before the run, not after it began.
#[tokio::test]
async fn a_deleted_application_that_may_not_be_touched() {
    let mut settings = settings();
    settings["deleted-application"] = json!("refuse");
    let mut rehearsal = Rehearsal::with(Some(NO_LAG), settings).await;
    assert_eq!(look(&mut rehearsal).await.findings, []);
    let position = rehearsal.find("application");
    let done = rehearsal.run_step(position).await.unwrap();
    rehearsal.undo(position, &done.undo).await.unwrap();
    rehearsal.outputs.clear();
    let report = look(&mut rehearsal).await;
    let told = finding(&report, "AZ-APP-003", "was deleted");
    assert_eq!(told.blocks, ["contoso.application"]);
    assert!(told.help.as_deref().unwrap().contains("`restore` or `purge`"), "{told:?}");
    assert_eq!(errors(&report).len(), 1, "{report:#?}");
}

/// Goal: a large tenant takes at most four reads a subscription, for survey and preflight together.
#[tokio::test]
async fn many_subscriptions_few_reads() {
    let scenario = format!(
        "[throttle.resource-manager]\nreads = {{ bucket = 100000, per-second = 10000 }}\n\
         [generate]\nsubscriptions = 120\n[page-size]\nresource-manager = 999\n{NO_LAG}"
    );
    let mut settings = settings();
    settings["scope"] = json!({ "tenant": true });
    let mut rehearsal = Rehearsal::with(Some(&scenario), settings).await;
    let report = look(&mut rehearsal).await;
    assert_eq!(report.findings, []);
    let count = rehearsal.description.steps.iter();
    let count = count.filter_map(|step| step.scope.as_ref()).collect::<BTreeSet<_>>().len() as u64;
    // The tenant itself is a scope as well.
    assert_eq!(count, 122);
    // The list of subscriptions, and two providers that tell their operations.
    let all = reads(&rehearsal).await;
    assert!(all <= 4 * count + 3, "{all} reads");
}

/// Reads of Resource Manager so far.
async fn reads(rehearsal: &Rehearsal) -> u64 {
    let calls = rehearsal.control("_simulator/calls", None).await;
    let all = calls["calls"].as_array().unwrap();
    all.iter()
        .filter(|call| call["service"] == "resource-manager" && call["method"] == "GET")
        .map(|call| call["count"].as_u64().unwrap())
        .sum()
}
