//! How the elevation looks in a plan.

use serde_json::json;
use skybridge_azure_client::arm::elevation::ROLE;
use skybridge_plugin_sdk::protocol::onboard::{StepTemplate, effect};

use super::{KIND, REMOVAL_KIND};
use crate::template::{MINUTE_MS, UNASSIGN, call, undo, wait, words};

const GLOBAL_ADMINISTRATOR: &str = "Global Administrator";

/// Takes the right. `seen_from` is a subscription from which the root group's roles can be seen.
pub(crate) fn template(arm: &str, seen_from: &str) -> StepTemplate {
    let authorization = "providers/Microsoft.Authorization";
    let mine = format!("{arm}/{authorization}/roleAssignments?api-version=2022-04-01");
    let elevate = format!("{arm}/{authorization}/elevateAccess?api-version=2016-07-01");
    StepTemplate {
        kind: KIND.into(),
        title: "elevate the operator, if there is need to, for the time of the next step".into(),
        group: "Tenant".into(),
        reference: Some("1.19-1.22".into()),
        effect: effect::ENSURE.into(),
        desired: json!({
            "role": "User Access Administrator",
            "scope": "/",
            "seen-from": seen_from,
        }),
        inputs: words(["service-principal.object-id"]),
        outputs: words(["elevated"]),
        calls: vec![
            call("GET", mine, "Microsoft.Authorization/roleAssignments/read"),
            call("POST", elevate, GLOBAL_ADMINISTRATOR),
        ],
        undo: undo("remove the elevation", vec![remove_call(arm)]),
        readiness: wait("the operator may assign at the root management group", 3, 10 * MINUTE_MS),
        throttle: "arm/tenant".into(),
        notes: vec![
            "only a Global Administrator can be elevated; what the operator holds already is used \
             and left in place"
                .into(),
        ],
        ..StepTemplate::default()
    }
}

/// Gives the right back, whatever became of the steps in between.
pub(crate) fn removal_template(arm: &str) -> StepTemplate {
    let mine =
        format!("{arm}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01");
    StepTemplate {
        kind: REMOVAL_KIND.into(),
        title: "remove the operator's elevation".into(),
        group: "Tenant".into(),
        reference: Some("1.19-1.22".into()),
        effect: effect::ENSURE.into(),
        desired: json!({ "role": ROLE, "scope": "/", "elevated": false }),
        inputs: words(["elevation.elevated"]),
        outputs: words(["removed"]),
        calls: vec![
            call("GET", mine, "Microsoft.Authorization/roleAssignments/read"),
            remove_call(arm),
        ],
        readiness: wait("the elevation is not listed any more", 3, 5 * MINUTE_MS),
        throttle: "arm/tenant".into(),
        always: true,
        notes: vec!["it runs whatever became of the steps before, also in the next run".into()],
        ..StepTemplate::default()
    }
}

fn remove_call(arm: &str) -> skybridge_plugin_sdk::protocol::onboard::Call {
    let url = format!(
        "{arm}/providers/Microsoft.Authorization/roleAssignments/<<elevation>\
         ?api-version=2022-04-01"
    );
    call("DELETE", url, UNASSIGN)
}
