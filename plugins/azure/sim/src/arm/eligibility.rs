//! Roles that may be taken and are not held: listed, and good for nothing until then.

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Access;
use super::builtin_roles::{self, BuiltInRole};
use super::error::wrong_method;
use super::role_definitions::path_at;
use super::{Answer, Scope, api_version, filter, reply};
use crate::chance::seeded_id;
use crate::founding::operator_principal;
use crate::http::Call;
use crate::scenario::Assignment;
use crate::world::World;

const TYPE: &str = "Microsoft.Authorization/roleEligibilityScheduleInstances";
const READ: &str = "Microsoft.Authorization/roleEligibilityScheduleInstances/read";

/// A role somebody may take.
struct Eligible<'a> {
    name: Uuid,
    schedule: Uuid,
    scope: Scope,
    role: &'static BuiltInRole,
    principal: Uuid,
    principal_type: &'static str,
    principal_name: &'a str,
    principal_email: Option<&'a str>,
    condition: Option<&'a str>,
}

/// `GET {scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances`.
pub(super) fn answer(world: &World, call: &Call, access: &Access, scope: &Scope) -> Answer {
    if call.method != "GET" {
        return Err(wrong_method(&call.method, &call.path()));
    }
    api_version::require(call, "roleEligibilityScheduleInstances", api_version::ELIGIBILITY)?;
    let filter = filter::eligibility(call)?;
    // What is one's own everybody may ask: who has no role yet could not see the way to one.
    if !filter.own {
        let shown = scope.child("providers/Microsoft.Authorization");
        access.require(world, READ, scope, &shown)?;
    }
    scope.require(&world.estate)?;
    let (chain, key) = (scope.chain(&world.estate), scope.key());
    let principal = if filter.own { Some(access.caller.object_id) } else { filter.principal };
    let mut shown: Vec<(String, Value)> = all(world)
        .filter(|it| principal.is_none_or(|principal| it.principal == principal))
        .filter(|it| {
            let below = || it.scope.chain(&world.estate).contains(&key);
            chain.contains(&it.scope.key()) || (!filter.at_scope && below())
        })
        .map(|it| (it.name.to_string(), to_json(world, &it)))
        .collect();
    shown.sort_by(|(left, _), (right, _)| left.cmp(right));
    reply::list(world, call, shown)
}

fn all(world: &World) -> impl Iterator<Item = Eligible<'_>> {
    let scenario = &world.scenario;
    let operator = operator_principal(scenario);
    let own = scenario.operator.assignments.iter().enumerate().filter_map(move |(count, it)| {
        let mut made = eligible(world, "operator-eligibility", count, it)?;
        made.principal = operator;
        made.principal_name = &scenario.operator.display_name;
        Some(made)
    });
    let people = scenario.users.iter().flat_map(move |user| {
        let label = format!("user-eligibility/{}", user.id);
        user.assignments.iter().enumerate().filter_map(move |(count, it)| {
            let mut made = eligible(world, &label, count, it)?;
            made.principal = user.id;
            made.principal_type = "User";
            made.principal_name = &user.name;
            made.principal_email = Some(&user.principal_name);
            Some(made)
        })
    });
    own.chain(people)
}

fn eligible<'a>(
    world: &World,
    label: &str,
    count: usize,
    it: &'a Assignment,
) -> Option<Eligible<'a>> {
    let seed = world.scenario.seed;
    it.eligible.then_some(())?;
    Some(Eligible {
        name: seeded_id(seed, label, count as u64),
        schedule: seeded_id(seed, &format!("{label}/schedule"), count as u64),
        scope: Scope::of_text(&world.scenario.scope_or_root(&it.scope))?,
        role: builtin_roles::named(&it.role)?,
        principal: Uuid::nil(),
        principal_type: "ServicePrincipal",
        principal_name: "",
        principal_email: None,
        condition: it.condition.as_deref(),
    })
}

fn to_json(world: &World, it: &Eligible<'_>) -> Value {
    let role = path_at(Some(&it.scope), it.role.id);
    let schedules = "providers/Microsoft.Authorization/roleEligibilitySchedules";
    let mut principal =
        json!({"id": it.principal, "displayName": it.principal_name, "type": it.principal_type});
    if let Some(email) = it.principal_email {
        principal["email"] = json!(email);
    }
    let mut body = json!({
        "properties": {
            "roleEligibilityScheduleId": it.scope.child(&format!("{schedules}/{}", it.schedule)),
            "scope": it.scope.text,
            "roleDefinitionId": role,
            "principalId": it.principal,
            "principalType": it.principal_type,
            "status": "Provisioned",
            "startDateTime": "2024-01-01T00:00:00Z",
            "memberType": "Direct",
            "createdOn": "2024-01-01T00:00:00Z",
            "expandedProperties": {
                "scope": it.scope.described(&world.estate),
                "roleDefinition": {
                    "id": role, "displayName": it.role.name, "type": "BuiltInRole",
                },
                "principal": principal,
            },
        },
        "name": it.name,
        "id": it.scope.child(&format!("providers/{TYPE}/{}", it.name)),
        "type": TYPE,
    });
    if let Some(condition) = it.condition {
        body["properties"]["condition"] = json!(condition);
        body["properties"]["conditionVersion"] = json!("2.0");
    }
    body
}
