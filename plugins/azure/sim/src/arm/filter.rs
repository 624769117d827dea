//! The few `$filter` forms each list understands; every other form is refused, not ignored.

use uuid::Uuid;

use super::error::refuse;
use crate::http::filter::{argument, equals, is_call, split_and};
use crate::http::{Call, Reply};

/// Longest filter that is looked at.
const FILTER_CHARS_MAX: usize = 2_048;

/// What a list of role assignments is narrowed to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AssignmentFilter {
    /// Leaves out what lies below the scope.
    pub(super) at_scope: bool,
    pub(super) principal: Option<Uuid>,
}

/// What a list of role definitions is narrowed to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DefinitionFilter {
    pub(super) and_below: bool,
    pub(super) role_name: Option<String>,
    pub(super) role_type: Option<String>,
}

/// What a list of deny assignments is narrowed to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DenialFilter {
    pub(super) at_scope: bool,
    pub(super) name: Option<String>,
    pub(super) principal: Option<Uuid>,
}

/// What a list of eligible roles is narrowed to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct EligibilityFilter {
    pub(super) at_scope: bool,
    /// The caller's own.
    pub(super) own: bool,
    pub(super) principal: Option<Uuid>,
}

/// Reads the filter of a deny assignment list.
pub(super) fn denials(call: &Call) -> Result<DenialFilter, Reply> {
    let supported = "'atScope()', 'denyAssignmentName eq '{name}'' or 'principalId eq '{value}''";
    let mut filter = DenialFilter::default();
    for term in terms(call)? {
        if is_call(&term, "atScope") {
            filter.at_scope = true;
        } else if let Some(name) = equals(&term, "denyAssignmentName") {
            filter.name = Some(name);
        } else if let Some(text) = equals(&term, "principalId") {
            let id = Uuid::parse_str(&text).map_err(|_| unsupported(call, supported))?;
            filter.principal = Some(id);
        } else {
            return Err(unsupported(call, supported));
        }
    }
    Ok(filter)
}

/// Reads the filter of a list of eligible roles.
pub(super) fn eligibility(call: &Call) -> Result<EligibilityFilter, Reply> {
    let supported =
        "'atScope()', 'asTarget()', 'principalId eq '{value}'' or 'assignedTo('{value}')'";
    let mut filter = EligibilityFilter::default();
    for term in terms(call)? {
        let named = || equals(&term, "principalId").or_else(|| argument(&term, "assignedTo"));
        if is_call(&term, "atScope") {
            filter.at_scope = true;
        } else if is_call(&term, "asTarget") {
            filter.own = true;
        } else if let Some(id) = named().and_then(|text| Uuid::parse_str(&text).ok()) {
            filter.principal = Some(id);
        } else {
            return Err(unsupported(call, supported));
        }
    }
    Ok(filter)
}

/// Reads the filter of a role assignment list.
pub(super) fn assignments(call: &Call) -> Result<AssignmentFilter, Reply> {
    let mut filter = AssignmentFilter::default();
    let terms = terms(call)?;
    for term in &terms {
        if is_call(term, "atScope") {
            filter.at_scope = true;
        } else if let Some(text) =
            equals(term, "principalId").or_else(|| argument(term, "assignedTo"))
        {
            let id = Uuid::parse_str(&text).map_err(|_| unsupported_assignments(call))?;
            filter.principal = Some(id);
        } else {
            return Err(unsupported_assignments(call));
        }
    }
    // Only "assigned to" may be combined with "at scope".
    let mixed = terms.len() > 1 && terms.iter().any(|term| equals(term, "principalId").is_some());
    if mixed { Err(unsupported_assignments(call)) } else { Ok(filter) }
}

/// Reads the filter of a role definition list.
pub(super) fn definitions(call: &Call) -> Result<DefinitionFilter, Reply> {
    let mut filter = DefinitionFilter::default();
    for term in terms(call)? {
        if is_call(&term, "atScopeAndBelow") {
            filter.and_below = true;
        } else if is_call(&term, "atScope") {
            // The default.
        } else if let Some(text) = equals(&term, "roleName") {
            filter.role_name = Some(text);
        } else if let Some(text) = equals(&term, "type") {
            filter.role_type = Some(text);
        } else {
            let supported = "'atScopeAndBelow()', 'roleName eq '{value}'' or 'type eq '{value}''";
            return Err(unsupported(call, supported));
        }
    }
    Ok(filter)
}

fn unsupported_assignments(call: &Call) -> Reply {
    unsupported(call, "either 'atScope()' or 'principalId eq '{value}'' or 'assignedTo('{value}')'")
}

fn unsupported(call: &Call, supported: &str) -> Reply {
    let shown: String = call.parameter("$filter").unwrap_or_default().chars().take(200).collect();
    let text = format!("The filter '{shown}' is not supported. Supported filters are {supported}.");
    refuse(400, "UnsupportedQuery", text)
}

fn terms(call: &Call) -> Result<Vec<String>, Reply> {
    let text = call.parameter("$filter").unwrap_or_default().trim();
    if text.chars().count() > FILTER_CHARS_MAX {
        return Err(unsupported(call, "shorter"));
    }
    Ok(split_and(text))
}
