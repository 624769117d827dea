//! The host audits the plugin: what it describes besides templates and steps.

use std::collections::BTreeSet;

use skybridge_model::address::is_word;
use skybridge_model::limits::PLAN_STEPS_MAX;
use skybridge_plugin_protocol::onboard::{Description, Permission};

use super::report::Complaints;
use crate::codes;

fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Complains about what is left out, about permissions and about words for platforms.
pub(crate) fn audit(description: &Description, complaints: &mut Complaints<'_>) {
    audit_left_out(description, complaints);
    for (i, permission) in description.permissions.iter().enumerate() {
        audit_permission(i, permission, complaints);
    }
    for (platform, words) in &description.platforms {
        if !is_word(platform) || !words.is_object() {
            let problem = format!("what it says for the platform `{platform}` is malformed");
            let help = "name the platform with a word and give an object";
            complaints.push(codes::PLATFORM, &problem, help);
        }
    }
}

fn audit_left_out(description: &Description, complaints: &mut Complaints<'_>) {
    let left_out = &description.left_out;
    if left_out.len() > PLAN_STEPS_MAX {
        let problem = format!("it leaves out {} things", left_out.len());
        let help = format!("at most {PLAN_STEPS_MAX} are taken");
        return complaints.push(codes::LEFT_OUT, &problem, &help);
    }
    let mut seen = BTreeSet::new();
    for (i, left) in left_out.iter().enumerate() {
        let optional = [&left.name, &left.code, &left.help].into_iter().flatten();
        if blank(&left.scope) || blank(&left.reason) || optional.into_iter().any(|t| blank(t)) {
            let problem = format!("entry {i} of what is left out (`{}`) has blanks", left.scope);
            let help = "give a scope and a reason; leave out what has no text";
            complaints.push(codes::LEFT_OUT, &problem, help);
        } else if !seen.insert((&left.scope, &left.reason)) {
            let problem = format!("`{}` is left out twice for one reason", left.scope);
            complaints.push(codes::LEFT_OUT, &problem, "say it once");
        }
    }
}

fn audit_permission(i: usize, permission: &Permission, complaints: &mut Complaints<'_>) {
    let fields = [
        ("permission", &permission.permission),
        ("sort", &permission.sort),
        ("scope", &permission.scope),
        ("why", &permission.why),
        ("without", &permission.without),
    ];
    for (field, _) in fields.into_iter().filter(|(_, text)| blank(text)) {
        let name = &permission.permission;
        let problem = format!("permission {i} (`{name}`) has an empty {field}");
        complaints.push(codes::PERMISSION, &problem, "fill it in");
    }
    if let Some(odd) = permission.capabilities.iter().find(|word| !is_word(word)) {
        let name = &permission.permission;
        let problem = format!("the capability `{odd}` of permission `{name}` is not a word");
        complaints.push(codes::PERMISSION, &problem, "use lower-case letters, digits and dashes");
    }
}
