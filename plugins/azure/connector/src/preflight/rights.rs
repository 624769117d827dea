//! What the operator may do in Resource Manager, at every scope of the plan: roles, then what
//! stands against them. At most three reads a scope.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use skybridge_azure_client::arm::deny_assignments::{self, DenyAssignment};
use skybridge_azure_client::arm::permissions::{self, Permission};
use skybridge_azure_client::arm::role_assignments::{self, RoleAssignment};
use skybridge_plugin_sdk::Result;

use super::Operator;
use super::condition::{self, Known};
use super::deny;
use super::findings::{Findings, Problem, Weight};
use super::writes::At;
use crate::roles::title_of;
use crate::session::Session;
use crate::survey::{self, IN_FLIGHT, Read, covers};
use crate::template::{ASSIGN, DEFINE};

/// Looks at every scope.
pub(super) async fn check(
    session: &Session<'_>,
    operator: &Operator,
    scopes: Vec<At>,
    findings: &mut Findings,
) -> Result<()> {
    let known = Known::default();
    let known = &known;
    let total = scopes.len() as u64;
    let mut looks = stream::iter(scopes)
        .map(|at| async move {
            let mut mine = Vec::new();
            look(session, operator, &at, known, &mut mine).await?;
            Ok::<_, skybridge_plugin_sdk::Error>((at, mine))
        })
        .buffered(IN_FLIGHT);
    let mut done = 0;
    while let Some((at, met)) = looks.try_next().await? {
        done += 1;
        session.host.progress(done, total, "the operator's rights");
        findings.looked();
        for met in met {
            met.tell(&at.scope, findings);
        }
    }
    Ok(())
}

/// Something met at a scope.
enum Met {
    Problem(Problem, Vec<String>),
    Closed(&'static str, Box<skybridge_azure_client::ServiceError>),
}

impl Met {
    fn tell(self, scope: &str, findings: &mut Findings) {
        match self {
            Self::Problem(problem, blocks) => findings.add(problem, Some(scope), &blocks),
            Self::Closed(what, error) => findings.closed(what, &error, Some(scope)),
        }
    }
}

async fn look(
    session: &Session<'_>,
    operator: &Operator,
    at: &At,
    known: &Known,
    met: &mut Vec<Met>,
) -> Result<()> {
    let scope = at.scope.as_str();
    let grants: Vec<Permission> =
        match survey::list(session, || permissions::list_request(scope)).await? {
            Read::There(grants) => grants,
            // Whoever has a role at the root group can read this there.
            Read::Refused(error) if error.status == 403 && is_group(scope) => Vec::new(),
            Read::Refused(error) => {
                met.push(Met::Closed("the operator's permissions", error));
                return Ok(());
            }
        };
    let missing: Vec<(&String, &Vec<String>)> =
        at.actions.iter().filter(|(action, _)| !permissions::any_allows(&grants, action)).collect();
    if !missing.is_empty() {
        let eligible = match survey::eligible_roles(session, scope).await? {
            Read::There(eligible) => eligible,
            Read::Refused(_) => Vec::new(),
        };
        for (action, steps) in &missing {
            met.push(Met::Problem(lacks(action, scope, &eligible), (*steps).clone()));
        }
    }
    // Where the right itself is missing, nothing else can take it away.
    let held: Vec<(&String, &Vec<String>)> =
        at.actions.iter().filter(|it| !missing.contains(it)).collect();
    if held.iter().any(|(action, _)| is_write(action)) {
        denied(session, operator, scope, &held, met).await?;
    }
    if held.iter().any(|(action, _)| action.eq_ignore_ascii_case(ASSIGN)) {
        conditions(session, operator, at, known, met).await?;
    }
    Ok(())
}

fn is_group(scope: &str) -> bool {
    scope.to_ascii_lowercase().starts_with("/providers/microsoft.management/")
}

fn is_write(action: &str) -> bool {
    !action.to_ascii_lowercase().ends_with("/read")
}

/// A right is missing: where from it would come.
fn lacks(action: &str, scope: &str, eligible: &[String]) -> Problem {
    let root = is_group(scope);
    if !eligible.is_empty() {
        return Problem {
            weight: Weight::Error,
            code: "AZ-PREFLIGHT-002",
            summary: format!(
                "the operator lacks {action}, and could activate {}",
                eligible.join(" or ")
            ),
            help: "activate the role first (Entra > Privileged Identity Management > My roles), \
                   then run again"
                .into(),
        };
    }
    let help = match (root, action) {
        (true, _) => {
            "the operator needs User Access Administrator at the root management group; a Global \
             Administrator can set `root-management-group = \"elevate\"`, or leave the role out \
             with `root-management-group = \"skip\"`"
        }
        (false, DEFINE) => {
            "writing a custom role takes Owner or User Access Administrator; Role Based Access \
             Control Administrator is not enough. `permissions = \"least\"` without the \
             capabilities that need the custom role leaves it out"
        }
        (false, ASSIGN) => {
            "have the operator made Owner, User Access Administrator or Role Based Access Control \
             Administrator there; Contributor may not assign roles"
        }
        (false, _) => "have the operator given a role with that permission there",
    };
    Problem {
        weight: Weight::Error,
        code: "AZ-PREFLIGHT-001",
        summary: format!("the operator lacks {action}"),
        help: help.into(),
    }
}

/// What deny assignments take from the actions the operator holds.
async fn denied(
    session: &Session<'_>,
    operator: &Operator,
    scope: &str,
    held: &[(&String, &Vec<String>)],
    met: &mut Vec<Met>,
) -> Result<()> {
    let all: Vec<DenyAssignment> =
        match survey::list(session, || deny_assignments::list_at_scope_request(scope)).await? {
            Read::There(all) => all,
            Read::Refused(error) => {
                met.push(Met::Closed("deny assignments", error));
                return Ok(());
            }
        };
    for one in &all {
        let name = &one.properties.deny_assignment_name;
        for (action, steps) in held {
            let problem = match deny::covers(one, scope, &operator.id, action) {
                deny::Verdict::No => continue,
                deny::Verdict::Yes => Problem {
                    weight: Weight::Error,
                    code: "AZ-PREFLIGHT-003",
                    summary: format!("the deny assignment `{name}` forbids {action}"),
                    help: "no role helps against a deny assignment: ask whoever made it (a \
                           deployment stack, a managed application, a blueprint) to spare the \
                           operator, or leave the scope out"
                        .into(),
                },
                deny::Verdict::Perhaps(why) => Problem {
                    weight: Weight::Warning,
                    code: "AZ-PREFLIGHT-004",
                    summary: format!("the deny assignment `{name}` may forbid {action}: {why}"),
                    help: "ask whoever made it whether the operator is meant".into(),
                },
            };
            met.push(Met::Problem(problem, (*steps).clone()));
        }
    }
    Ok(())
}

/// What conditions on the operator's own roles say to the roles of the plan.
async fn conditions(
    session: &Session<'_>,
    operator: &Operator,
    at: &At,
    known: &Known,
    met: &mut Vec<Met>,
) -> Result<()> {
    let scope = at.scope.as_str();
    let request = || role_assignments::list_assigned_to_request(scope, &operator.id);
    let all: Vec<RoleAssignment> = match survey::list(session, request).await? {
        Read::There(all) => all,
        Read::Refused(error) => {
            met.push(Met::Closed("the operator's own role assignments", error));
            return Ok(());
        }
    };
    let mut narrowed = Vec::new();
    for one in all.iter().filter(|it| covers(it.properties.scope.as_deref(), scope)) {
        if !known.assigns(session, scope, &one.properties.role_definition_id).await? {
            continue;
        }
        match one.properties.condition.as_deref() {
            Some(text) if !text.trim().is_empty() => {
                narrowed.push((title_of(last(one)).to_owned(), text));
            }
            // One that is free lets everything through.
            _ => return Ok(()),
        }
    }
    if narrowed.is_empty() {
        return Ok(());
    }
    for role in &at.roles {
        if let Some(problem) = condition::judge(&narrowed, role) {
            met.push(Met::Problem(problem, vec![role.address.clone()]));
        }
    }
    Ok(())
}

fn last(assignment: &RoleAssignment) -> &str {
    skybridge_azure_client::arm::last_segment(&assignment.properties.role_definition_id)
}
