//! Conditions as people write them, and as nobody should.

use proptest::prelude::*;
use uuid::uuid;

use super::*;

const OWNER: Uuid = uuid!("8e3af657-a8ff-443c-a75c-2fe8c4bcb635");
const READER: Uuid = uuid!("acdd72a7-3385-48ef-bd42-f606fba81ae7");
const WRITE: &str = "Microsoft.Authorization/roleAssignments/write";
const DELETE: &str = "Microsoft.Authorization/roleAssignments/delete";

fn triple(role: Uuid) -> Triple {
    Triple { role, principal: Uuid::from_u128(7), principal_type: "ServicePrincipal".to_owned() }
}

fn writes(condition: &str, role: Uuid) -> bool {
    let deed = Deed { action: WRITE, request: Some(&triple(role)), resource: None };
    Condition::parse(condition).unwrap().is_met(&deed)
}

/// Everything but these roles, for making and for taking away.
fn all_but(roles: &str) -> String {
    let part = |action: &str, source: &str| {
        format!(
            "((!(ActionMatches{{'{action}'}})) OR (@{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals {{{roles}}}))"
        )
    };
    format!("{}\nAND\n{}", part(WRITE, "Request"), part(DELETE, "Resource"))
}

#[test]
fn a_forbidden_role_is_neither_given_nor_taken() {
    let condition = all_but(&format!("{OWNER}, 18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"));
    assert!(writes(&condition, READER) && !writes(&condition, OWNER));
    let condition = Condition::parse(&condition).unwrap();
    for (role, may) in [(READER, true), (OWNER, false)] {
        let deed = Deed { action: DELETE, request: None, resource: Some(&triple(role)) };
        assert_eq!(condition.is_met(&deed), may, "{role}");
    }
    let other = Deed { action: "Microsoft.Web/sites/read", request: None, resource: None };
    assert!(condition.is_met(&other), "what the condition is not about");
    let unknown = Deed { action: WRITE, request: None, resource: None };
    assert!(!condition.is_met(&unknown), "an attribute that is not there compares with nothing");
}

#[test]
fn every_form_of_a_comparison_has_its_meaning() {
    let role = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]";
    let kind = "@request[microsoft.authorization/roleassignments:principaltype]";
    let principal = "@Request[Microsoft.Authorization/roleAssignments:PrincipalId]";
    for (condition, met) in [
        (format!("{role} ForAnyOfAnyValues:GuidEquals {{{OWNER}, {READER}}}"), true),
        (format!("{role} ForAnyOfAnyValues:GuidEquals {{{OWNER}}}"), false),
        (format!("{role} ForAnyOfAllValues:GuidEquals {{{OWNER}, {READER}}}"), false),
        (format!("{role} ForAllOfAnyValues:GuidEquals {{{OWNER}, {READER}}}"), true),
        (format!("{role} ForAllOfAllValues:GuidNotEquals {{{OWNER}, {READER}}}"), false),
        (format!("{role} GuidEquals '{}'", READER.to_string().to_uppercase()), true),
        (format!("{role} GuidNotEquals {OWNER}"), true),
        (
            format!(
                "{kind} ForAnyOfAnyValues:StringEqualsIgnoreCase {{'user', 'SERVICEprincipal'}}"
            ),
            true,
        ),
        (format!("{kind} ForAnyOfAnyValues:StringEquals {{'user', 'SERVICEprincipal'}}"), false),
        (format!("{kind} StringEquals 'ServicePrincipal'"), true),
        (format!("{kind} StringNotEqualsIgnoreCase 'serviceprincipal'"), false),
        (format!("{kind} StringLike 'Serv*Prin?ipal'"), true),
        (format!("{kind} StringNotLike '*Group'"), true),
        (format!("{kind} StringStartsWithIgnoreCase 'service'"), true),
        (format!("'a' StringEquals {kind}"), false),
        (format!("Exists {principal}"), true),
        (
            "NOT Exists @Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a_b]".to_owned(),
            true,
        ),
        (
            format!(
                "!({principal} GuidEquals {}) || {role} GuidEquals {READER}",
                Uuid::from_u128(7)
            ),
            true,
        ),
        (
            format!(
                "{role} GuidEquals {OWNER} && {role} GuidEquals {READER} OR {role} GuidEquals {READER}"
            ),
            true,
        ),
        (
            format!(
                "{role} GuidEquals {OWNER} and ({role} GuidEquals {READER} or {role} GuidEquals {READER})"
            ),
            false,
        ),
        ("SubOperationMatches{'Blob.List'}".to_owned(), false),
        ("ActionMatches{'Microsoft.Authorization/roleAssignments/*'}".to_owned(), true),
    ] {
        assert_eq!(writes(&condition, READER), met, "{condition}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    for (condition, part) in [
        ("", "ends where an expression"),
        ("(", "ends where an expression"),
        ("ActionMatches{'a'", "ends where '}'"),
        ("ActionMatches{}", "is no value"),
        ("ActionMatches{'a'} ActionMatches{'b'}", "was not expected"),
        ("@Request[a:b] GuidEquals 'x'", "not a GUID"),
        ("@Request[a:b] StringEquals {'x', 'y'}", "takes one value"),
        ("@Request[a:b] NumericEquals 1", "not a known operator"),
        ("@Request[a:b] ForSome:StringEquals 'x'", "not a known operator"),
        ("@Nowhere[a:b] StringEquals 'x'", "not a source"),
        ("@Request[a:b StringEquals 'x'", "not closed"),
        ("@Request StringEquals 'x]'", "has no '['"),
        ("'a' 'b' 'c'", "is no operator"),
        ("'a", "not closed"),
        ("\u{1f600}", "was not expected"),
        ("&", "was not expected"),
    ] {
        let error = Condition::parse(condition).unwrap_err();
        assert!(error.contains(part), "{condition}: {error}");
    }
}

#[test]
fn depth_and_length_are_limited() {
    for unit in ["(", "!", "NOT ", "(!"] {
        let error = Condition::parse(&unit.repeat(2_000)).unwrap_err();
        assert!(error.contains("too deeply"), "{error}");
    }
    assert!(Condition::parse(&"a".repeat(100_000)).unwrap_err().contains("longer"));
    let wide = ["Exists @Request[a:b]"; 300].join(" AND ");
    Condition::parse(&wide).unwrap();
}

proptest! {
    #[test]
    fn no_text_is_too_much(words in prop::collection::vec(prop::sample::select(vec![
        "(", ")", "{", "}", ",", "!", "AND", "OR", "NOT", "&&", "||", "'", "'a'", "@Request[a:b]",
        "@Resource[Microsoft.Authorization/roleAssignments:PrincipalId]", "@", "[", "]", "GuidEquals",
        "ForAnyOfAllValues:GuidNotEquals", "StringLike", "ActionMatches", "Exists", "\u{e9}", "*",
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    ]), 0..200)) {
        let triple = triple(READER);
        let deed = Deed { action: WRITE, request: Some(&triple), resource: Some(&triple) };
        if let Ok(condition) = Condition::parse(&words.join(" ")) {
            let _either = condition.is_met(&deed);
        }
    }

    #[test]
    fn a_star_covers_what_it_replaced(before in "[ab]{0,6}", gone in "[ab]{0,6}", after in "[ab]{0,6}") {
        let (text, pattern) = (format!("{before}{gone}{after}"), format!("{before}*{after}"));
        prop_assert!(is_like(text.as_bytes(), pattern.as_bytes()));
    }
}
