//! What a condition says to assigning one role to a service principal that may not exist yet.

use skybridge_azure_client::arm::last_segment;
use skybridge_azure_client::arm::permissions::covers;

use super::parse::{Condition, Operand};
use crate::template::ASSIGN;

/// Three values: what depends on something unknown is neither true nor false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    Unknown,
}

impl Truth {
    const fn of(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }

    const fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// Evaluates `condition` for the write of an assignment of `role`.
pub(super) fn evaluate(condition: &Condition, role: &str) -> Truth {
    match condition {
        Condition::Any(parts) => first(parts, role, Truth::Yes),
        Condition::All(parts) => first(parts, role, Truth::No),
        Condition::Not(inner) => evaluate(inner, role).not(),
        Condition::ActionMatches(pattern) => Truth::of(covers(pattern, ASSIGN)),
        Condition::Compare(left, operator, right) => compare(left, operator, right, role),
        Condition::Undecided => Truth::Unknown,
    }
}

/// `decides` if one part is that; unknown if one is; the opposite otherwise.
fn first(parts: &[Condition], role: &str, decides: Truth) -> Truth {
    let mut truth = decides.not();
    for part in parts {
        match evaluate(part, role) {
            found if found == decides => return decides,
            Truth::Unknown => truth = Truth::Unknown,
            _ => {}
        }
    }
    truth
}

/// The values of an operand, when they are known.
fn values(operand: &Operand, role: &str) -> Option<Vec<String>> {
    match operand {
        Operand::Values(values) => Some(values.clone()),
        Operand::Attribute { source, name } if source.eq_ignore_ascii_case("@Request") => {
            let attribute = name.rsplit(':').next().unwrap_or_default();
            let of_assignment =
                name.to_ascii_lowercase().starts_with("microsoft.authorization/roleassignments:");
            match attribute.to_ascii_lowercase().as_str() {
                "roledefinitionid" if of_assignment => Some(vec![role.to_owned()]),
                "principaltype" if of_assignment => Some(vec!["ServicePrincipal".to_owned()]),
                // The service principal is made later, so which it is cannot be known.
                _ => None,
            }
        }
        Operand::Attribute { .. } => None,
    }
}

fn compare(left: &Operand, operator: &str, right: &Operand, role: &str) -> Truth {
    let (Some(left), Some(right)) = (values(left, role), values(right, role)) else {
        return Truth::Unknown;
    };
    let (quantifier, base) = operator.rsplit_once(':').unwrap_or(("", operator));
    let base = base.to_ascii_lowercase();
    let equal: fn(&str, &str) -> bool = match base.as_str() {
        "guidequals" | "guidnotequals" => same_id,
        "stringequals" | "stringnotequals" => |a, b| a == b,
        "stringequalsignorecase" | "stringnotequalsignorecase" => |a, b| a.eq_ignore_ascii_case(b),
        _ => return Truth::Unknown,
    };
    let negated = base.contains("not");
    let holds = |a: &String, b: &String| equal(a, b) != negated;
    let of_right = |a: &String, all: bool| {
        if all { right.iter().all(|b| holds(a, b)) } else { right.iter().any(|b| holds(a, b)) }
    };
    Truth::of(match quantifier.to_ascii_lowercase().as_str() {
        "foranyofanyvalues" => left.iter().any(|a| of_right(a, false)),
        "forallofanyvalues" => left.iter().all(|a| of_right(a, false)),
        "foranyofallvalues" => left.iter().any(|a| of_right(a, true)),
        "forallofallvalues" => left.iter().all(|a| of_right(a, true)),
        "" => left.iter().all(|a| of_right(a, negated)),
        _ => return Truth::Unknown,
    })
}

/// Ids of roles are written bare or with their whole path.
fn same_id(a: &str, b: &str) -> bool {
    last_segment(a).eq_ignore_ascii_case(last_segment(b))
}
