//! Which connectors use the custom role, as its description says: each adds itself, and the last one
//! to go takes the role with it.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Value, json};
use skybridge_azure_client::arm::role_definitions::RoleDefinition;

/// How the description of a role of ours begins.
const BEGINNING: &str =
    "Two actions a security platform needs beyond Reader. Managed by Skybridge.";

/// What comes before the connectors.
const USED_BY: &str = " Used by ";

/// Azure's limit of a description. Beyond it connectors are no longer noted, and the assignments
/// alone tell who uses the role.
const DESCRIPTION_CHARS_MAX: usize = 1_024;

/// The names of connectors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct UsedBy(BTreeSet<String>);

impl UsedBy {
    pub(super) fn of(role: &RoleDefinition) -> Self {
        let says = role.properties.description.as_deref().unwrap_or_default();
        let names = says.strip_prefix(BEGINNING).and_then(|rest| rest.strip_prefix(USED_BY));
        let names = names.unwrap_or_default().trim_end_matches('.').split(", ");
        Self(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    pub(super) fn with(&self, connector: &str) -> Self {
        let mut all = self.clone();
        all.0.insert(connector.to_owned());
        if all.description().chars().count() > DESCRIPTION_CHARS_MAX { self.clone() } else { all }
    }

    pub(super) fn without(&self, connector: &str) -> Self {
        Self(self.0.iter().filter(|name| *name != connector).cloned().collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn to_json(&self) -> Value {
        json!(self.0)
    }

    /// The role's description.
    pub(super) fn description(&self) -> String {
        if self.is_empty() { BEGINNING.to_owned() } else { format!("{BEGINNING}{USED_BY}{self}.") }
    }
}

impl fmt::Display for UsedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(String::as_str).collect();
        f.write_str(&names.join(", "))
    }
}

/// Whether a role was made by Skybridge, for whichever connector.
pub(super) fn is_marked(role: &RoleDefinition) -> bool {
    role.properties.description.as_deref().is_some_and(|text| text.starts_with(BEGINNING))
}

#[cfg(test)]
mod tests {
    use skybridge_azure_client::arm::role_definitions::Properties;

    use super::*;

    fn role(description: &str) -> RoleDefinition {
        let properties = Properties { description: Some(description.into()), ..Default::default() };
        RoleDefinition { id: String::new(), name: String::new(), properties }
    }

    #[test]
    fn connectors_come_and_go() {
        let none = UsedBy::of(&role(BEGINNING));
        assert!(none.is_empty() && is_marked(&role(BEGINNING)));
        let both = none.with("other").with("contoso");
        assert!(both.description().ends_with("Managed by Skybridge. Used by contoso, other."));
        let read = UsedBy::of(&role(&both.description()));
        assert_eq!(read, both);
        assert_eq!(read.without("contoso").to_string(), "other");
        assert!(read.without("contoso").without("other").is_empty());
        let edited = role("mine. Used by contoso.");
        assert!(UsedBy::of(&edited).is_empty() && !is_marked(&edited));
    }

    #[test]
    fn a_description_has_an_end() {
        let many = (0..200).fold(UsedBy::default(), |all, n| all.with(&format!("connector-{n}")));
        assert!(many.description().chars().count() <= DESCRIPTION_CHARS_MAX);
        assert_eq!(many.with("one-more"), many);
    }
}
