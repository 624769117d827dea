//! Names that are the same whenever and wherever they are computed.
//!
//! Most effects are made repeatable by choosing the name before the effect: a second attempt then
//! finds the first one's work instead of making more. Changing anything here orphans what earlier
//! versions made.

use uuid::Uuid;

/// The root of all deterministic ids of this connector. Never to change.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f3d_1b0e_52c7_4e0a_9b61_7c2f_4d5a_e310);

/// The longest display name Graph keeps for a password.
const SECRET_NAME_CHARS_MAX: usize = 120;

/// The GUID a role assignment gets. It has the principal in it: a recreated principal needs new
/// assignments, and an assignment's name can never be used for another principal.
pub(crate) fn role_assignment(scope: &str, principal: &str, role: &str) -> String {
    let text = format!(
        "{}|{}|{}",
        scope.trim_end_matches('/').to_lowercase(),
        principal.to_lowercase(),
        role.to_lowercase()
    );
    Uuid::new_v5(&NAMESPACE, text.as_bytes()).to_string()
}

/// The custom role's name. Role names are unique in a tenant.
pub(crate) fn custom_role(display_name: &str) -> String {
    format!("Skybridge Connector ({display_name})")
}

/// The GUID of the custom role called `role_name`.
pub(crate) fn custom_role_id(tenant: &str, role_name: &str) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{tenant}|{role_name}").as_bytes()).to_string()
}

/// The application's name for programs, unique in the tenant.
pub(crate) fn application(connector: &str, tenant: &str, display_name: &str) -> String {
    let id = Uuid::new_v5(&NAMESPACE, format!("{tenant}|{display_name}").as_bytes());
    let short: String = id.simple().to_string().chars().take(8).collect();
    format!("skybridge-{connector}-{short}")
}

/// What every secret of `connector` is called by, up to the key.
pub(crate) fn secret_prefix(connector: &str) -> String {
    format!("skybridge {connector} ")
}

/// What the secret made by the step with `key` is called.
pub(crate) fn secret_tag(connector: &str, key: &str) -> String {
    let tag = format!("{}{key}", secret_prefix(connector));
    if tag.chars().count() <= SECRET_NAME_CHARS_MAX {
        return tag;
    }
    format!("{}{}", secret_prefix(connector), Uuid::new_v5(&NAMESPACE, key.as_bytes()))
}

/// Where the vault keeps the text of the secret `key_id`.
pub(crate) fn vault_name(key_id: &str) -> String {
    format!("client-secret/{key_id}")
}

/// Where the vault keeps the certificate with this thumbprint, private key included.
pub(crate) fn certificate_vault_name(thumbprint: &str) -> String {
    format!("certificate/{thumbprint}")
}

/// The id the application's entry for the certificate with this thumbprint gets.
pub(crate) fn certificate_key_id(thumbprint: &str) -> String {
    Uuid::new_v5(&NAMESPACE, format!("certificate|{thumbprint}").as_bytes()).to_string()
}

/// What the federated credential of `connector` is called unless the manifest says.
pub(crate) fn federated(connector: &str) -> String {
    format!("skybridge-{connector}").chars().take(SECRET_NAME_CHARS_MAX).collect()
}
