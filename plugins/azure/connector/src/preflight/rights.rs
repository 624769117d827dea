//! What the operator may do in Resource Manager, at every scope of the plan: roles, then what
//! stands against them. At most three reads a scope.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use skybridge_azure_client::arm::permissions;
use skybridge_plugin_sdk::Result;

use super::Operator;
use super::condition::{self, Known};
use super::deny;
use super::findings::{ACTIONS, Findings, Problem, Weight, listed};
use super::writes::At;
use crate::roles::title_of;
use crate::session::Session;
use crate::survey::{IN_FLIGHT, Read, covers, eligible_roles};
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
            let met = look(session, operator, &at, known).await?;
            Ok::<_, skybridge_plugin_sdk::Error>((at, met))
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
pub(crate) enum Met {
    /// A problem, and the steps it stops.
    Problem(Problem, Vec<String>),
    /// A problem that takes these actions, and the steps it stops.
    Takes(Problem, BTreeSet<String>, Vec<String>),
    /// Something could not be looked at.
    Closed(&'static str, Box<skybridge_azure_client::ServiceError>),
}

impl Met {
    /// Why nothing can be done at the scope, if this is a reason.
    pub(crate) fn stops(self) -> Option<Problem> {
        let problem = match self {
            Self::Problem(problem, _) => problem,
            Self::Takes(problem, actions, _) => {
                let summary = problem.summary.replace(ACTIONS, &listed(&actions));
                Problem { summary, ..problem }
            }
            Self::Closed(..) => return None,
        };
        (problem.weight == Weight::Error).then_some(problem)
    }

    fn tell(self, scope: &str, findings: &mut Findings) {
        match self {
            Self::Problem(problem, blocks) => findings.add(problem, Some(scope), &blocks),
            Self::Takes(problem, actions, blocks) => {
                findings.takes(problem, actions, scope, &blocks);
            }
            Self::Closed(what, error) => findings.closed(what, &error, Some(scope)),
        }
    }
}

/// The steps that need an action, by action.
type Needs<'a> = [(&'a String, &'a Vec<String>)];

/// Everything that stands against what is meant to be done at one scope.
pub(crate) async fn look(
    session: &Session<'_>,
    operator: &Operator,
    at: &At,
    known: &Known,
) -> Result<Vec<Met>> {
    let (scope, mut met) = (at.scope.as_str(), Vec::new());
    let seen = session.rights.permissions(session, scope).await?;
    let grants = match &*seen {
        Read::There(grants) => grants.as_slice(),
        // Whoever has a role at the root group can read this there.
        Read::Refused(error) if error.status == 403 && is_group(scope) => &[],
        Read::Refused(error) => {
            met.push(Met::Closed("the operator's permissions", error.clone()));
            return Ok(met);
        }
    };
    let (held, missing): (Vec<_>, Vec<_>) =
        at.actions.iter().partition(|(action, _)| permissions::any_allows(grants, action));
    if !missing.is_empty() {
        let eligible = match eligible_roles(session, scope).await? {
            Read::There(eligible) => eligible,
            Read::Refused(_) => Vec::new(),
        };
        met.push(Met::Problem(lacks(&missing, scope, &eligible), blocked(&missing)));
    }
    // Where the right itself is missing, nothing else can take it away.
    if held.iter().any(|(action, _)| is_write(action)) {
        denied(session, operator, scope, &held, &mut met).await?;
    }
    if held.iter().any(|(action, _)| action.eq_ignore_ascii_case(ASSIGN)) {
        conditions(session, operator, at, known, &mut met).await?;
    }
    Ok(met)
}

fn is_group(scope: &str) -> bool {
    scope.to_ascii_lowercase().starts_with("/providers/microsoft.management/")
}

fn is_write(action: &str) -> bool {
    !action.to_ascii_lowercase().ends_with("/read")
}

fn blocked(needs: &Needs<'_>) -> Vec<String> {
    needs.iter().flat_map(|(_, steps)| (*steps).clone()).collect()
}

fn names(needs: &Needs<'_>) -> BTreeSet<String> {
    needs.iter().map(|(action, _)| (*action).clone()).collect()
}

/// Rights are missing: where from they would come.
fn lacks(missing: &Needs<'_>, scope: &str, eligible: &[String]) -> Problem {
    let what = listed(missing.iter().map(|(action, _)| *action));
    if !eligible.is_empty() {
        return Problem {
            weight: Weight::Error,
            code: "AZ-PREFLIGHT-002",
            summary: format!(
                "the operator lacks {what}, and could activate {}",
                eligible.join(" or ")
            ),
            help: "activate the role first (Entra > Privileged Identity Management > My roles), \
                   then run again"
                .into(),
        };
    }
    let lacks =
        |wanted: &str| missing.iter().any(|(action, _)| action.eq_ignore_ascii_case(wanted));
    let help = if is_group(scope) {
        "the operator needs User Access Administrator at the root management group; a Global \
         Administrator can set `root-management-group = \"elevate\"`, or leave the role out \
         with `root-management-group = \"skip\"`"
    } else if lacks(DEFINE) {
        "have the operator made Owner or User Access Administrator there: writing a custom role \
         takes one of these, Contributor and Role Based Access Control Administrator are not \
         enough. `permissions = \"least\"` without the capabilities that need the custom role \
         leaves it out"
    } else if lacks(ASSIGN) {
        "have the operator made Owner, User Access Administrator or Role Based Access Control \
         Administrator there; Contributor may not assign roles"
    } else {
        "have the operator given a role with that permission there"
    };
    Problem {
        weight: Weight::Error,
        code: "AZ-PREFLIGHT-001",
        summary: format!("the operator lacks {what}"),
        help: help.into(),
    }
}

/// What deny assignments take from the actions the operator holds.
async fn denied(
    session: &Session<'_>,
    operator: &Operator,
    scope: &str,
    held: &Needs<'_>,
    met: &mut Vec<Met>,
) -> Result<()> {
    let seen = session.rights.denials(session, scope).await?;
    let all = match &*seen {
        Read::There(all) => all,
        Read::Refused(error) => {
            met.push(Met::Closed("deny assignments", error.clone()));
            return Ok(());
        }
    };
    for one in all {
        let name = &one.properties.deny_assignment_name;
        let verdict = |action: &str| deny::covers(one, scope, &operator.id, action);
        let forbidden: Vec<_> =
            held.iter().filter(|(it, _)| verdict(it) == deny::Verdict::Yes).copied().collect();
        if !forbidden.is_empty() {
            let problem = Problem {
                weight: Weight::Error,
                code: "AZ-PREFLIGHT-003",
                summary: format!("the deny assignment `{name}` forbids {ACTIONS}"),
                help: "no role helps against a deny assignment: ask whoever made it (a \
                       deployment stack, a managed application, a blueprint) to spare the \
                       operator, or leave the scope out"
                    .into(),
            };
            met.push(Met::Takes(problem, names(&forbidden), blocked(&forbidden)));
        }
        let why = held.iter().find_map(|(action, _)| match verdict(action) {
            deny::Verdict::Perhaps(why) => Some(why),
            _ => None,
        });
        if let Some(why) = why {
            let perhaps = |action: &str| matches!(verdict(action), deny::Verdict::Perhaps(_));
            let doubtful: Vec<_> = held.iter().filter(|(it, _)| perhaps(it)).copied().collect();
            let problem = Problem {
                weight: Weight::Warning,
                code: "AZ-PREFLIGHT-004",
                summary: format!("the deny assignment `{name}` may forbid {ACTIONS}: {why}"),
                help: "ask whoever made it whether the operator is meant".into(),
            };
            met.push(Met::Takes(problem, names(&doubtful), blocked(&doubtful)));
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
    let seen = session.rights.of_operator(session, scope, &operator.id).await?;
    let all = match &*seen {
        Read::There(all) => all,
        Read::Refused(error) => {
            met.push(Met::Closed("the operator's own role assignments", error.clone()));
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
                let id =
                    skybridge_azure_client::arm::last_segment(&one.properties.role_definition_id);
                narrowed.push((title_of(id).to_owned(), text));
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
