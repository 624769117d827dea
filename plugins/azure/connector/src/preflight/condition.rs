//! Conditions on the operator's own roles: which roles of the plan they let through.
//!
//! Azure's grammar is read as far as it is used to delegate the assigning of roles. What depends on
//! something unknown here stays undecided, and is told as such rather than guessed.

use std::collections::BTreeMap;

use skybridge_azure_client::arm::last_segment;
use skybridge_azure_client::arm::permissions::any_allows;
use skybridge_azure_client::arm::role_definitions::{self, RoleDefinition};
use skybridge_plugin_sdk::Result;
use tokio::sync::Mutex;

use super::findings::{Problem, Weight};
use super::writes::Assigned;
use crate::session::Session;
use crate::survey::{self, Read};
use crate::template::ASSIGN;

mod evaluate;
mod parse;

use evaluate::{Truth, evaluate};
use parse::parse;

/// The longest condition that is quoted.
const QUOTED_CHARS_MAX: usize = 300;

/// Which roles may assign roles, as far as it is known already.
#[derive(Default)]
pub(crate) struct Known(Mutex<BTreeMap<String, bool>>);

/// Owner, User Access Administrator, Role Based Access Control Administrator.
const ASSIGNING: [&str; 3] = [
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
];

/// Reader and Contributor.
const NOT_ASSIGNING: [&str; 2] =
    ["acdd72a7-3385-48ef-bd42-f606fba81ae7", "b24988ac-6180-42a0-ab88-20f7382dd24c"];

impl Known {
    /// Whether whoever has `role` may assign roles, leaving conditions aside. A role that cannot be
    /// read is taken for one that may not.
    pub(super) async fn assigns(
        &self,
        session: &Session<'_>,
        scope: &str,
        role: &str,
    ) -> Result<bool> {
        let id = last_segment(role).to_lowercase();
        if ASSIGNING.contains(&id.as_str()) {
            return Ok(true);
        }
        if NOT_ASSIGNING.contains(&id.as_str()) {
            return Ok(false);
        }
        // Held across the read: a role that a thousand scopes have is read once.
        let mut known = self.0.lock().await;
        if let Some(assigns) = known.get(&id) {
            return Ok(*assigns);
        }
        let request = role_definitions::get_request(scope, &id);
        let assigns = match survey::read::<RoleDefinition>(session, &request).await? {
            Read::There(found) => any_allows(&found.properties.permissions, ASSIGN),
            Read::Refused(_) => false,
        };
        known.insert(id, assigns);
        Ok(assigns)
    }
}

/// What the conditions of all assignments that could let `role` through say, each with the name of
/// the operator's role it stands on; nothing when one lets it through.
pub(super) fn judge(narrowed: &[(String, &str)], role: &Assigned) -> Option<Problem> {
    let mut undecided = None;
    for (own, text) in narrowed {
        match parse(text).map(|condition| evaluate(&condition, &role.id)) {
            Ok(Truth::Yes) => return None,
            Ok(Truth::No) => {}
            Ok(Truth::Unknown) | Err(_) => undecided = undecided.or(Some((own, *text))),
        }
    }
    Some(match undecided {
        Some((own, text)) => Problem {
            weight: Weight::Warning,
            code: "AZ-PREFLIGHT-006",
            summary: format!(
                "a condition stands on the operator's role {own} and could not be evaluated: {}",
                quoted(text)
            ),
            help: "if it lets service principals be given the roles of this plan, all is well; \
                   else ask whoever set it"
                .into(),
        },
        None => Problem {
            weight: Weight::Error,
            code: "AZ-PREFLIGHT-005",
            summary: format!(
                "the condition on the operator's role {} forbids assigning {} to service principals",
                names(narrowed),
                role.title
            ),
            help: format!(
                "have the condition let `{}` ({}) be assigned to service principals, or have \
                 somebody else assign it",
                role.title, role.id
            ),
        },
    })
}

fn names(narrowed: &[(String, &str)]) -> String {
    let mut names: Vec<&str> = narrowed.iter().map(|(own, _)| own.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" and ")
}

/// One line of bounded length.
fn quoted(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests;
