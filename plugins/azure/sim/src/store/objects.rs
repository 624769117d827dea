//! The shapes of the objects a tenant holds, as they are kept.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::clock::Millis;

/// Who the tenant is; written once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TenantRecord {
    pub(crate) tenant: Uuid,
    pub(crate) created: Millis,
}

/// An application of the directory. Plain properties are kept under their own names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Application {
    pub(crate) id: Uuid,
    pub(crate) app_id: Uuid,
    pub(crate) created: Millis,
    pub(crate) changed: Millis,
    pub(crate) deleted: Option<Millis>,
    /// The application that created it: what "owned by" means for app-only callers.
    pub(crate) created_by: Option<Uuid>,
    pub(crate) properties: Map<String, Value>,
    pub(crate) passwords: Vec<Password>,
    #[serde(default)]
    pub(crate) keys: Vec<KeyCredential>,
    #[serde(default)]
    pub(crate) federated: Vec<FederatedCredential>,
}

impl Application {
    pub(crate) fn text(&self, property: &str) -> Option<&str> {
        self.properties.get(property).and_then(Value::as_str)
    }
}

/// A client secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Password {
    pub(crate) key_id: Uuid,
    pub(crate) secret: SecretText,
    /// The first characters, by which people tell secrets apart.
    pub(crate) hint: String,
    pub(crate) display_name: Option<String>,
    pub(crate) start: Millis,
    pub(crate) end: Millis,
    pub(crate) created: Millis,
}

/// A certificate an application may sign in with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeyCredential {
    pub(crate) key_id: Uuid,
    /// The certificate, DER in base64.
    pub(crate) key: String,
    /// What it is known by: the caller's, or the certificate's SHA-1 thumbprint.
    pub(crate) custom_id: String,
    pub(crate) display_name: Option<String>,
    pub(crate) start: Millis,
    pub(crate) end: Millis,
    pub(crate) created: Millis,
}

/// Whose assertions an application accepts in place of a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FederatedCredential {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) description: Option<String>,
    pub(crate) created: Millis,
}

/// The text of a client secret: kept in clear by the process that made it, and nowhere else. What
/// is written down is a digest, as a directory would; the text is random enough to need no salt.
#[derive(Clone, PartialEq)]
pub(crate) struct SecretText {
    digest: String,
    clear: Option<String>,
}

impl SecretText {
    /// Whether `text` is the secret. Digests are compared, so the time taken tells nothing of it.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.digest == digest(text)
    }

    /// Whether both are digests of one text.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    /// The text, unless an earlier process made it.
    pub(crate) fn clear(&self) -> Option<&str> {
        self.clear.as_deref()
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self { digest: digest(&text), clear: Some(text) }
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[secret]")
    }
}

impl Serialize for SecretText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.digest.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { digest: String::deserialize(deserializer)?, clear: None })
    }
}

fn digest(text: &str) -> String {
    use std::fmt::Write as _;

    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _unfailing = write!(hex, "{byte:02x}");
        hex
    })
}

/// A service principal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServicePrincipal {
    pub(crate) id: Uuid,
    pub(crate) app_id: Uuid,
    pub(crate) created: Millis,
    pub(crate) deleted: Option<Millis>,
    pub(crate) created_by: Option<Uuid>,
    pub(crate) properties: Map<String, Value>,
}

impl ServicePrincipal {
    pub(crate) fn display_name(&self) -> &str {
        self.properties.get("displayName").and_then(Value::as_str).unwrap_or_default()
    }
}

/// An app role granted to a service principal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AppRoleAssignment {
    pub(crate) id: Uuid,
    pub(crate) principal: Uuid,
    pub(crate) resource: Uuid,
    pub(crate) app_role: Uuid,
    pub(crate) created: Millis,
}

/// A role assignment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RoleAssignment {
    pub(crate) name: Uuid,
    /// As it was written; compared without regard to case.
    pub(crate) scope: String,
    pub(crate) role: Uuid,
    pub(crate) principal: Uuid,
    pub(crate) principal_type: String,
    pub(crate) description: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) condition_version: Option<String>,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    pub(crate) created_by: Uuid,
    pub(crate) updated_by: Uuid,
}

/// A custom role definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RoleDefinition {
    pub(crate) name: Uuid,
    pub(crate) role_name: String,
    pub(crate) description: String,
    pub(crate) permissions: Vec<Permission>,
    pub(crate) assignable_scopes: Vec<String>,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    pub(crate) created_by: Uuid,
    pub(crate) updated_by: Uuid,
}

/// What a role allows: one group of actions and what is taken off them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Permission {
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    pub(crate) not_data_actions: Vec<String>,
}

/// A credential the platform was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlatformCredential {
    pub(crate) id: Uuid,
    pub(crate) connector: String,
    pub(crate) name: Option<String>,
    /// The platform's name of its kind.
    pub(crate) kind: String,
    pub(crate) tenant: String,
    pub(crate) client: String,
    pub(crate) subscription: Option<String>,
    pub(crate) secret: SecretText,
    pub(crate) created: Millis,
}

/// A signed delivery the platform took, without what was secret in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WebhookDelivery {
    pub(crate) id: String,
    pub(crate) received: Millis,
    pub(crate) body: Value,
}

/// An object of any kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "object", rename_all = "kebab-case")]
pub(crate) enum Object {
    Tenant(TenantRecord),
    Application(Application),
    ServicePrincipal(ServicePrincipal),
    AppRoleAssignment(AppRoleAssignment),
    RoleAssignment(RoleAssignment),
    RoleDefinition(RoleDefinition),
    PlatformCredential(PlatformCredential),
    WebhookDelivery(WebhookDelivery),
}

/// The kinds that can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Application,
    ServicePrincipal,
    AppRoleAssignment,
    RoleAssignment,
    RoleDefinition,
    PlatformCredential,
}
