//! Directory roles of people: their template ids, and what they allow here.

/// Template id of the role that may do everything, elevation included.
pub(crate) const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
const PRIVILEGED_ROLE_ADMINISTRATOR: &str = "e8611ab8-c189-46e8-94e1-60213ab1f814";
const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
const CLOUD_APPLICATION_ADMINISTRATOR: &str = "158c047a-c907-4556-b7ef-446551a6b5f7";
const APPLICATION_DEVELOPER: &str = "cf1c38e5-3621-4004-a7cb-879624dced7c";

/// Name and template id of the roles a scenario may give.
pub(super) const ROLES: [(&str, &str); 5] = [
    ("Global Administrator", GLOBAL_ADMINISTRATOR),
    ("Privileged Role Administrator", PRIVILEGED_ROLE_ADMINISTRATOR),
    ("Application Administrator", APPLICATION_ADMINISTRATOR),
    ("Cloud Application Administrator", CLOUD_APPLICATION_ADMINISTRATOR),
    ("Application Developer", APPLICATION_DEVELOPER),
];

/// Template ids of these roles.
pub(crate) fn templates(names: &[String]) -> Vec<&'static str> {
    let known = |name: &String| ROLES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    names.iter().filter_map(known).map(|(_, id)| *id).collect()
}

/// Whether a scenario may give this role.
pub(crate) fn exists(name: &str) -> bool {
    ROLES.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
}

fn any(templates: &[String], wanted: &[&str]) -> bool {
    templates.iter().any(|id| wanted.contains(&id.as_str()))
}

/// Whether these roles may consent to app roles of Microsoft Graph. Administrators of applications
/// may consent to any application permission but those.
pub(crate) fn may_consent(templates: &[String]) -> bool {
    any(templates, &[GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR])
}

/// Whether these roles may register applications whatever the tenant allows its members.
pub(super) fn may_register(templates: &[String]) -> bool {
    any(
        templates,
        &[
            GLOBAL_ADMINISTRATOR,
            APPLICATION_ADMINISTRATOR,
            CLOUD_APPLICATION_ADMINISTRATOR,
            APPLICATION_DEVELOPER,
        ],
    )
}

/// Whether these roles give a person what a permission gives an application.
pub(super) fn allow(templates: &[String], guest: bool, permission: &str) -> bool {
    if any(templates, &[GLOBAL_ADMINISTRATOR]) {
        return true;
    }
    match permission {
        // Every member of the directory reads it; a guest reads what it is called and which
        // applications it has.
        "Directory.Read.All" | "User.Read.All" | "Group.Read.All" => !guest,
        "Organization.Read.All" | "Application.Read.All" => true,
        // Members read the settings that are about them.
        "Policy.Read.All" => !guest,
        // An owner changes what it owns; whether it may register is another question.
        "Application.ReadWrite.OwnedBy" => !guest || may_register(templates),
        "Application.ReadWrite.All" => {
            any(templates, &[APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR])
        }
        "AppRoleAssignment.ReadWrite.All" => may_consent(templates),
        "RoleManagement.Read.Directory" | "RoleEligibilitySchedule.Read.Directory" => {
            any(templates, &[PRIVILEGED_ROLE_ADMINISTRATOR])
        }
        "Policy.Read.ApplicationConfiguration" => any(
            templates,
            &[
                PRIVILEGED_ROLE_ADMINISTRATOR,
                APPLICATION_ADMINISTRATOR,
                CLOUD_APPLICATION_ADMINISTRATOR,
            ],
        ),
        _ => false,
    }
}
