//! Who holds directory roles, and who could activate one.

use serde_json::{Value, json};
use uuid::Uuid;

use super::error::{no_such_path, wrong_method};
use super::permissions::{READ_ROLES, require, require_eligibility};
use super::{Address, Answer, directory_roles, odata};
use crate::caller::Caller;
use crate::chance::seeded_id;
use crate::http::Call;
use crate::scenario::User;
use crate::world::World;

const FILTERS: [&str; 3] = ["principalId", "roleDefinitionId", "directoryScopeId"];

/// `/roleManagement/directory/…`.
pub(super) fn answer(world: &World, call: &Call, caller: &Caller, address: &Address) -> Answer {
    let rest = address.rest_lower();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let ["directory", list] = rest.as_slice() else { return Err(no_such_path(call)) };
    let held = match *list {
        "roleassignments" => {
            require(call, caller, READ_ROLES)?;
            true
        }
        "roleeligibilityscheduleinstances" => {
            require_eligibility(call, caller)?;
            false
        }
        _ => return Err(no_such_path(call)),
    };
    if call.method != "GET" {
        return Err(wrong_method(call));
    }
    let filter = odata::Filter::read(call, &FILTERS)?;
    let expand = call.parameter("$expand").unwrap_or_default().contains("roleDefinition");
    let mut items: Vec<(String, Value)> = Vec::new();
    for user in &world.scenario.users {
        let roles = if held { &user.directory_roles } else { &user.eligible_directory_roles };
        for (name, template) in named(roles) {
            let mut item = item(world, user, template, held);
            if expand {
                item["roleDefinition"] = json!({
                    "id": template, "templateId": template, "displayName": name,
                    "isBuiltIn": true, "isEnabled": true,
                });
            }
            let id = item["id"].as_str().unwrap_or_default().to_owned();
            items.push((id, item));
        }
    }
    items.retain(|(_, item)| filter.passes(item));
    items.sort_by(|(left, _), (right, _)| left.cmp(right));
    let name = if held { "roleAssignments" } else { "roleEligibilityScheduleInstances" };
    odata::list(world, call, &format!("roleManagement/directory/{name}"), items)
}

fn named(roles: &[String]) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is = move |name: &str| roles.iter().any(|role| role.eq_ignore_ascii_case(name));
    directory_roles::ROLES.into_iter().filter(move |(name, _)| is(name))
}

fn item(world: &World, user: &User, template: &str, held: bool) -> Value {
    let label = format!("{}/{template}/{held}", user.id);
    let id: Uuid = seeded_id(world.scenario.seed, &label, 0);
    if held {
        return json!({
            "id": id, "principalId": user.id, "roleDefinitionId": template,
            "directoryScopeId": "/",
        });
    }
    json!({
        "id": id, "principalId": user.id, "roleDefinitionId": template,
        "directoryScopeId": "/", "appScopeId": null, "memberType": "Direct",
        "startDateTime": "2024-01-01T00:00:00Z", "endDateTime": null,
        "roleEligibilityScheduleId": id,
    })
}
