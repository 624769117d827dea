//! Properties of directory objects: which there are, of which type, and which may be written.

use serde_json::{Map, Value};

use super::error::bad_request;
use crate::http::{Call, Reply};
use crate::limits::{DISPLAY_NAME_CHARS_MAX, LIST_PROPERTY_MAX};

/// The type of a writable property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text that must be there once it was given.
    Name,
    Text,
    Flag,
    Texts,
    Object,
    Objects,
    SignInAudience,
    ResourceAccess,
}

/// A table of writable properties.
pub(super) type Table = &'static [(&'static str, Kind)];

pub(super) const APPLICATION: Table = &[
    ("displayName", Kind::Name),
    ("uniqueName", Kind::Text),
    ("description", Kind::Text),
    ("notes", Kind::Text),
    ("groupMembershipClaims", Kind::Text),
    ("serviceManagementReference", Kind::Text),
    ("samlMetadataUrl", Kind::Text),
    ("defaultRedirectUri", Kind::Text),
    ("tokenEncryptionKeyId", Kind::Text),
    ("signInAudience", Kind::SignInAudience),
    ("isFallbackPublicClient", Kind::Flag),
    ("isDeviceOnlyAuthSupported", Kind::Flag),
    ("tags", Kind::Texts),
    ("identifierUris", Kind::Texts),
    ("requiredResourceAccess", Kind::ResourceAccess),
    ("appRoles", Kind::Objects),
    ("addIns", Kind::Objects),
    ("keyCredentials", Kind::Objects),
    ("api", Kind::Object),
    ("web", Kind::Object),
    ("spa", Kind::Object),
    ("publicClient", Kind::Object),
    ("info", Kind::Object),
    ("optionalClaims", Kind::Object),
    ("parentalControlSettings", Kind::Object),
    ("requestSignatureVerification", Kind::Object),
    ("servicePrincipalLockConfiguration", Kind::Object),
];

pub(super) const SERVICE_PRINCIPAL: Table = &[
    ("displayName", Kind::Name),
    ("accountEnabled", Kind::Flag),
    ("appRoleAssignmentRequired", Kind::Flag),
    ("description", Kind::Text),
    ("notes", Kind::Text),
    ("homepage", Kind::Text),
    ("loginUrl", Kind::Text),
    ("logoutUrl", Kind::Text),
    ("preferredSingleSignOnMode", Kind::Text),
    ("servicePrincipalType", Kind::Text),
    ("tags", Kind::Texts),
    ("alternativeNames", Kind::Texts),
    ("notificationEmailAddresses", Kind::Texts),
    ("replyUrls", Kind::Texts),
    ("servicePrincipalNames", Kind::Texts),
    ("appRoles", Kind::Objects),
    ("addIns", Kind::Objects),
    ("keyCredentials", Kind::Objects),
    ("info", Kind::Object),
    ("samlSingleSignOnSettings", Kind::Object),
];

/// Properties that exist and are the directory's own to write.
const READ_ONLY: [&str; 12] = [
    "id",
    "appId",
    "createdDateTime",
    "deletedDateTime",
    "publisherDomain",
    "applicationTemplateId",
    "certification",
    "verifiedPublisher",
    "disabledByMicrosoftStatus",
    "appOwnerOrganizationId",
    "oauth2PermissionScopes",
    "createdByAppId",
];

/// Checks every property of a request and gives them their own spelling.
pub(super) fn read(
    call: &Call,
    table: Table,
    body: Map<String, Value>,
) -> Result<Map<String, Value>, Reply> {
    let mut checked = Map::new();
    for (name, value) in body {
        // Annotations such as @odata.type say nothing we would have to keep.
        if name.starts_with('@') {
            continue;
        }
        let known = table.iter().find(|(known, _)| *known == name);
        let Some((known, kind)) = known else { return Err(odd_property(call, &name)) };
        if !fits(*kind, &value) {
            let text = format!("Invalid value specified for property '{known}' of resource.");
            return Err(bad_request(call, text));
        }
        checked.insert((*known).to_owned(), value);
    }
    Ok(checked)
}

fn odd_property(call: &Call, name: &str) -> Reply {
    let shown: String = name.chars().take(100).collect();
    if name == "passwordCredentials" {
        let text = "New password credentials must be generated with service actions.";
        return bad_request(call, text);
    }
    if READ_ONLY.contains(&name) {
        return bad_request(call, format!("Property '{shown}' is read-only and cannot be set."));
    }
    bad_request(call, format!("Invalid property '{shown}'."))
}

fn fits(kind: Kind, value: &Value) -> bool {
    let items = |each: fn(&Value) -> bool| match value {
        Value::Array(items) => items.len() <= LIST_PROPERTY_MAX && items.iter().all(each),
        _ => false,
    };
    match kind {
        Kind::Name => value.as_str().is_some_and(|text| {
            !text.trim().is_empty() && text.chars().count() <= DISPLAY_NAME_CHARS_MAX
        }),
        Kind::Text => value.is_null() || value.as_str().is_some_and(|text| text.len() <= 4096),
        Kind::Flag => value.is_null() || value.is_boolean(),
        Kind::Texts => items(Value::is_string),
        Kind::Object => value.is_null() || value.is_object(),
        Kind::Objects => items(Value::is_object),
        Kind::SignInAudience => value.as_str().is_some_and(|text| {
            matches!(
                text,
                "AzureADMyOrg"
                    | "AzureADMultipleOrgs"
                    | "AzureADandPersonalMicrosoftAccount"
                    | "PersonalMicrosoftAccount"
            )
        }),
        Kind::ResourceAccess => items(is_resource_access),
    }
}

/// `{"resourceAppId": guid, "resourceAccess": [{"id": guid, "type": "Role" | "Scope"}]}`.
fn is_resource_access(value: &Value) -> bool {
    let guid = |value: Option<&Value>| {
        value.and_then(Value::as_str).is_some_and(|text| uuid::Uuid::parse_str(text).is_ok())
    };
    let only = |value: &Value, names: &[&str]| {
        value.as_object().is_some_and(|members| {
            members.keys().all(|name| name.starts_with('@') || names.contains(&name.as_str()))
        })
    };
    let access = |value: &Value| {
        let kind = value.get("type").and_then(Value::as_str);
        only(value, &["id", "type"])
            && guid(value.get("id"))
            && matches!(kind, Some("Role" | "Scope"))
    };
    let list = value.get("resourceAccess").and_then(Value::as_array);
    only(value, &["resourceAppId", "resourceAccess"])
        && guid(value.get("resourceAppId"))
        && list.is_some_and(|list| list.len() <= LIST_PROPERTY_MAX && list.iter().all(access))
}

/// Writes properties over others; `null` takes one away, a list is replaced whole.
pub(super) fn merge(into: &mut Map<String, Value>, changes: Map<String, Value>) {
    for (name, value) in changes {
        if value.is_null() {
            into.remove(&name);
        } else {
            into.insert(name, value);
        }
    }
}
