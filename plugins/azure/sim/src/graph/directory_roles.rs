//! Directory roles of people: their template ids, and what they allow here.

/// Template id of the role that may do everything, elevation included.
pub(crate) const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
const PRIVILEGED_ROLE_ADMINISTRATOR: &str = "e8611ab8-c189-46e8-94e1-60213ab1f814";
const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
const CLOUD_APPLICATION_ADMINISTRATOR: &str = "158c047a-c907-4556-b7ef-446551a6b5f7";

/// Name and template id of the roles a scenario may give.
pub(super) const ROLES: [(&str, &str); 4] = [
    ("Global Administrator", GLOBAL_ADMINISTRATOR),
    ("Privileged Role Administrator", PRIVILEGED_ROLE_ADMINISTRATOR),
    ("Application Administrator", APPLICATION_ADMINISTRATOR),
    ("Cloud Application Administrator", CLOUD_APPLICATION_ADMINISTRATOR),
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

/// Whether these roles give a person what a permission gives an application.
///
/// Administrators of applications may consent to any application permission but Microsoft Graph's,
/// and Microsoft Graph's are the only ones there are here.
pub(super) fn allow(templates: &[String], permission: &str) -> bool {
    let has = |wanted: &str| templates.iter().any(|id| id == wanted);
    if has(GLOBAL_ADMINISTRATOR) {
        return true;
    }
    match permission {
        // Every member of the directory reads it.
        "Directory.Read.All" => true,
        "Application.ReadWrite.All" => {
            has(APPLICATION_ADMINISTRATOR) || has(CLOUD_APPLICATION_ADMINISTRATOR)
        }
        "AppRoleAssignment.ReadWrite.All" => has(PRIVILEGED_ROLE_ADMINISTRATOR),
        _ => false,
    }
}
