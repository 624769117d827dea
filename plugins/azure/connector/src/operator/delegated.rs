//! What a person's client has to be allowed: delegated permissions, each with its reason. The checks
//! before a run look for these, and the README lists them.

/// A delegated permission.
#[derive(Debug)]
pub(crate) struct Delegated {
    /// The service, as Entra lists it.
    pub(crate) service: &'static str,
    /// The least that does.
    pub(crate) value: &'static str,
    /// What does as well.
    also: &'static [&'static str],
    #[cfg_attr(not(test), expect(dead_code, reason = "the README says it"))]
    pub(crate) why: &'static str,
}

impl Delegated {
    /// Whether a token with these permissions carries it.
    pub(crate) fn is_in(&self, scopes: &[&str]) -> bool {
        scopes.iter().any(|scope| *scope == self.value || self.also.contains(scope))
    }
}

const GRAPH: &str = "Microsoft Graph";
/// The client does whatever the person may: what the Azure CLI has.
const AS_PERSON: &str = "Directory.AccessAsUser.All";

pub(crate) const RESOURCES: Delegated = Delegated {
    service: "Azure Service Management",
    value: "user_impersonation",
    also: &[],
    why: "reading subscriptions, assigning and defining roles",
};

pub(crate) const ONESELF: Delegated = Delegated {
    service: GRAPH,
    value: "User.Read",
    also: &["User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All", AS_PERSON],
    why: "whether the operator is a guest, and which directory roles are active",
};

pub(crate) const CHANGE: Delegated = Delegated {
    service: GRAPH,
    value: "Application.ReadWrite.All",
    also: &["Directory.ReadWrite.All", AS_PERSON],
    why: "registering the application, its principal and its credential, and taking them back",
};

pub(crate) const CONSENT: Delegated = Delegated {
    service: GRAPH,
    value: "AppRoleAssignment.ReadWrite.All",
    also: &[AS_PERSON],
    why: "consenting for the application; not needed where `consent = \"hand-off\"` leaves that to \
          somebody else",
};

pub(crate) const ELIGIBLE: Delegated = Delegated {
    service: GRAPH,
    value: "RoleEligibilitySchedule.Read.Directory",
    // Privileged identity management takes no other permission for it, the Azure CLI's least of all.
    also: &[
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "RoleManagement.Read.Directory",
        "RoleManagement.ReadWrite.Directory",
    ],
    why: "which directory roles the operator could activate",
};

pub(crate) const POLICIES: Delegated = Delegated {
    service: GRAPH,
    value: "Policy.Read.All",
    also: &[AS_PERSON],
    why: "whether the tenant lets its users register applications, and what it allows credentials",
};

/// All of them: the least list.
pub(crate) const ALL: [&Delegated; 6] =
    [&RESOURCES, &ONESELF, &CHANGE, &CONSENT, &ELIGIBLE, &POLICIES];

/// The list in half a sentence.
pub(crate) fn listed() -> String {
    let of_graph = ALL.iter().filter(|it| it.service == GRAPH).map(|it| it.value);
    format!(
        "{} of {}, and {} of {GRAPH}",
        RESOURCES.value,
        RESOURCES.service,
        of_graph.collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the page lists what the checks look for, in their words.
    #[test]
    fn the_page_has_the_list() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
        let page = fs_err::read_to_string(page).unwrap();
        let row = |it: &Delegated| format!("| {} | `{}` | {} |\n", it.service, it.value, it.why);
        let rows: String = ALL.into_iter().map(row).collect();
        assert!(page.contains(&rows), "the README lacks\n{rows}");
    }

    #[test]
    fn only_privileged_identity_management_asks_the_azure_cli_for_more() {
        let cli = [AS_PERSON];
        let lacking = ALL.iter().filter(|it| it.service == GRAPH && !it.is_in(&cli));
        assert_eq!(lacking.map(|it| it.value).collect::<Vec<_>>(), [ELIGIBLE.value]);
        assert!(CHANGE.is_in(&["openid", "Application.ReadWrite.All"]));
        assert!(!CHANGE.is_in(&["Application.Read.All"]));
    }
}
