//! Conditions as the portal writes them, and hostile ones.

use proptest::prelude::*;

use super::*;

const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const ROLE_ID: &str = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]";
const TYPE: &str = "@Request[Microsoft.Authorization/roleAssignments:PrincipalType]";
const PRINCIPAL: &str = "@Request[Microsoft.Authorization/roleAssignments:PrincipalId]";

fn on_write(test: &str) -> String {
    format!(
        "((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'}})) OR ({test})) AND \
         ((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/delete'}})) OR \
         (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] \
         ForAnyOfAnyValues:GuidEquals {{{OWNER}}}))"
    )
}

fn truth(text: &str, role: &str) -> Truth {
    evaluate(&parse(text).unwrap(), role)
}

#[test]
fn what_the_portal_writes() {
    use Truth::{No, Unknown, Yes};
    let only = |ids: &str| on_write(&format!("{ROLE_ID} ForAnyOfAnyValues:GuidEquals {{{ids}}}"));
    let all_but =
        |ids: &str| on_write(&format!("{ROLE_ID} ForAnyOfAllValues:GuidNotEquals {{{ids}}}"));
    let kind = |kinds: &str| {
        on_write(&format!("{TYPE} ForAnyOfAnyValues:StringEqualsIgnoreCase {{{kinds}}}"))
    };
    let two = format!("{OWNER}, {}", READER.to_uppercase());
    let cases = [
        (only(READER), Yes),
        (only(OWNER), No),
        (only(&two), Yes),
        (all_but(OWNER), Yes),
        (all_but(&two), No),
        (kind("'ServicePrincipal'"), Yes),
        (kind("'User', 'group'"), No),
        (on_write(&format!("{ROLE_ID} GuidEquals '{READER}' AND {TYPE} StringEquals 'User'")), No),
        (
            on_write(&format!(
                "{ROLE_ID} GuidEquals '{OWNER}' || NOT ({TYPE} StringEquals 'User')"
            )),
            Yes,
        ),
        (on_write(&format!("{PRINCIPAL} ForAnyOfAnyValues:GuidEquals {{{OWNER}}}")), Unknown),
        // One side decides, whatever the other.
        (
            on_write(&format!(
                "{PRINCIPAL} GuidEquals '{OWNER}' OR {ROLE_ID} GuidEquals '{READER}'"
            )),
            Yes,
        ),
        (
            on_write(&format!(
                "{PRINCIPAL} GuidEquals '{OWNER}' AND {ROLE_ID} GuidEquals '{OWNER}'"
            )),
            No,
        ),
        (on_write("@Environment[UtcNow] DateTimeLessThan '2027-01-01T00:00:00.0Z'"), Unknown),
        (
            on_write("Exists @Principal[Microsoft.Directory/CustomSecurityAttributes/Id:x_y]"),
            Unknown,
        ),
        ("!(ActionMatches{'Microsoft.Authorization/roleAssignments/*'})".into(), No),
        ("SubOperationMatches{'Blob.List'}".into(), Unknown),
    ];
    for (text, expected) in cases {
        assert_eq!(truth(&text, READER), expected, "{text}");
    }
}

fn assigned() -> Assigned {
    Assigned { title: "Reader", id: READER.into(), address: "c.role-assignment.reader@s".into() }
}

#[test]
fn several_roles_of_the_operator() {
    let no = format!("{ROLE_ID} GuidEquals '{OWNER}'");
    let yes = format!("{ROLE_ID} GuidEquals '{READER}'");
    let open = format!("{PRINCIPAL} GuidEquals '{OWNER}'");
    let judged = |texts: &[&str]| {
        let all: Vec<(String, &str)> =
            texts.iter().map(|text| ("Owner".to_owned(), *text)).collect();
        judge(&all, &assigned()).map(|problem| problem.code)
    };
    assert_eq!(judged(&[&no, &yes]), None);
    assert_eq!(judged(&[&no, &open]), Some("AZ-PREFLIGHT-006"));
    assert_eq!(judged(&[&no, &no]), Some("AZ-PREFLIGHT-005"));
    assert_eq!(judged(&["((", &yes]), None);
    assert_eq!(judged(&["((", &no]), Some("AZ-PREFLIGHT-006"));
}

#[test]
fn what_is_wrong_is_refused() {
    let deep = "!(".repeat(5_000);
    let long = "a".repeat(20_000);
    let many = format!("{}'a' StringEquals 'a'{}", "(".repeat(70), ")".repeat(70));
    for text in [
        "",
        "(",
        "()",
        "AND",
        "'a'",
        "@Request",
        "@Request[x",
        "'a' StringEquals",
        "a b c d",
        "ActionMatches{'a','b'}",
        "ActionMatches",
        "{'a'",
        "§",
        &deep,
        &long,
        &many,
    ] {
        assert!(parse(text).is_err(), "{text:.60}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "\\PC{0,200}") {
        if let Ok(condition) = parse(&text) {
            evaluate(&condition, READER);
        }
    }

    #[test]
    fn words_of_the_grammar_in_any_order(
        parts in prop::collection::vec(prop::sample::select(vec![
            "(", ")", "{", "}", "!", "AND", "OR", "NOT", ",", "'x'", "ActionMatches",
            "@Request[a:b]", "GuidEquals", "ForAnyOfAnyValues:StringEquals", "Exists",
        ]), 0..40),
    ) {
        if let Ok(condition) = parse(&parts.join(" ")) {
            evaluate(&condition, READER);
        }
    }

    /// Denying twice changes nothing, whatever is denied.
    #[test]
    fn not_not(id in prop::sample::select(vec![READER, OWNER])) {
        let text = format!("{ROLE_ID} GuidEquals '{id}'");
        prop_assert_eq!(truth(&format!("!(!({text}))"), READER), truth(&text, READER));
    }
}
