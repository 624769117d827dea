//! The parts that need no cloud.

use proptest::prelude::*;
use serde_json::{Value, json};
use skybridge_azure_client::arm::deny_assignments::DenyAssignment;
use skybridge_azure_client::arm::permissions::{self, Permission};

use super::deny::{Verdict, covers};
use super::findings::{Findings, Problem, Weight};
use crate::template::ASSIGN;

const SCOPE: &str = "/subscriptions/s";
const OPERATOR: &str = "0f0f0f0f-0000-4000-8000-000000000001";
const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

fn deny(change: impl FnOnce(&mut Value)) -> DenyAssignment {
    let mut properties = json!({
        "denyAssignmentName": "lock",
        "permissions": [{ "actions": ["*"], "notActions": ["*/read"] }],
        "scope": SCOPE,
        "principals": [{ "id": EVERYONE, "type": "SystemDefined" }],
        "excludePrincipals": [],
    });
    change(&mut properties);
    serde_json::from_value(json!({ "properties": properties })).unwrap()
}

fn verdict(change: impl FnOnce(&mut Value)) -> &'static str {
    match covers(&deny(change), SCOPE, OPERATOR, ASSIGN) {
        Verdict::Yes => "yes",
        Verdict::No => "no",
        Verdict::Perhaps(_) => "perhaps",
    }
}

#[test]
fn whom_and_what_a_deny_assignment_means() {
    let group = json!([{ "id": "g", "type": "Group" }]);
    let me = json!([{ "id": OPERATOR.to_uppercase(), "type": "ServicePrincipal" }]);
    let other = json!([{ "id": "x", "type": "User" }]);
    assert_eq!(verdict(|_| {}), "yes");
    assert_eq!(verdict(|it| it["principals"] = me.clone()), "yes");
    assert_eq!(verdict(|it| it["principals"] = other.clone()), "no");
    assert_eq!(verdict(|it| it["principals"] = group.clone()), "perhaps");
    assert_eq!(verdict(|it| it["excludePrincipals"] = me.clone()), "no");
    assert_eq!(verdict(|it| it["excludePrincipals"] = other.clone()), "yes");
    assert_eq!(verdict(|it| it["excludePrincipals"] = group.clone()), "perhaps");
    assert_eq!(verdict(|it| it["condition"] = json!("x")), "perhaps");
    assert_eq!(verdict(|it| it["permissions"][0]["notActions"] = json!([ASSIGN])), "no");
    assert_eq!(verdict(|it| it["permissions"] = json!([])), "no");
    let above = |it: &mut Value| it["scope"] = json!("/");
    assert_eq!(verdict(above), "yes");
    assert_eq!(
        verdict(|it| {
            above(it);
            it["doNotApplyToChildScopes"] = json!(true);
        }),
        "no"
    );
    assert_eq!(verdict(|it| it["doNotApplyToChildScopes"] = json!(true)), "yes");
}

/// Goal: a thousand scopes with one problem are one finding.
#[test]
fn one_finding_for_one_problem() {
    let mut findings = Findings::default();
    let problem = |code, weight| Problem {
        weight,
        code,
        summary: "the operator lacks it".into(),
        help: "give it".into(),
    };
    for n in 0..1_000 {
        let scope = format!("/subscriptions/{n:04}");
        let block = format!("c.role-assignment.reader@{n:04}");
        findings.add(problem("AZ-PREFLIGHT-001", Weight::Error), Some(&scope), &[block]);
    }
    findings.add(problem("AZ-PREFLIGHT-006", Weight::Warning), Some("/subscriptions/x"), &[]);
    let report = findings.report();
    let [missing, other] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!(missing.blocks.len(), 1_000);
    let detail = missing.detail.as_deref().unwrap();
    assert!(detail.starts_with("in 1000 scopes: /subscriptions/0000, "), "{detail}");
    assert!(detail.ends_with("/subscriptions/0004 and 995 more"), "{detail}");
    assert_eq!((missing.scope.as_deref(), other.severity.as_str()), (None, "warning"));
    assert_eq!(other.scope.as_deref(), Some("/subscriptions/x"));
}

/// Whether `pattern` fits `text`, told in the plainest way there is.
fn plainly(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) if plainly(rest, text) => true,
        (Some((b'*', _)), Some((_, rest))) => plainly(pattern, rest),
        (Some((a, pattern)), Some((b, text))) => {
            a.eq_ignore_ascii_case(b) && plainly(pattern, text)
        }
        _ => false,
    }
}

proptest! {
    /// Goal: matching actions is what it says, whatever stars and capitals.
    #[test]
    fn actions_are_matched_as_told(pattern in "[aB/*]{0,7}", action in "[Ab/]{0,9}") {
        prop_assert_eq!(
            permissions::covers(&pattern, &action),
            plainly(pattern.as_bytes(), action.as_bytes())
        );
    }

    /// Goal: what one role takes out another may still give, and only then.
    #[test]
    fn not_actions_count_within_their_own_role(
        roles in prop::collection::vec(
            (prop::collection::vec("[ab*]{1,3}", 0..3), prop::collection::vec("[ab*]{1,3}", 0..3)),
            0..4,
        ),
        action in "[ab]{1,4}",
    ) {
        let fits = |all: &[String]| all.iter().any(|it| plainly(it.as_bytes(), action.as_bytes()));
        let expected = roles.iter().any(|(gives, takes)| fits(gives) && !fits(takes));
        let grants: Vec<Permission> = roles
            .iter()
            .map(|(actions, not_actions)| Permission {
                actions: actions.clone(),
                not_actions: not_actions.clone(),
                ..Permission::default()
            })
            .collect();
        prop_assert_eq!(permissions::any_allows(&grants, &action), expected);
    }
}
