//! What the tenant's administrators allow: registering applications, and credentials on them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::error::refuse;
use crate::chance::seeded_id;
use crate::clock::{DAY, Millis};
use crate::http::{Call, Reply};
use crate::world::World;

/// `/policies/authorizationPolicy`.
pub(super) fn authorization(world: &World) -> Value {
    json!({
        "id": "authorizationPolicy",
        "allowInvitesFrom": "adminsAndGuestInviters",
        "allowedToSignUpEmailBasedSubscriptions": true,
        "allowedToUseSSPR": true,
        "allowEmailVerifiedUsersToJoinOrganization": false,
        "allowUserConsentForRiskyApps": null,
        "blockMsolPowerShell": false,
        "description": "Used to manage authorization related settings across the company.",
        "displayName": "Authorization Policy",
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "deletedDateTime": null,
        "defaultUserRolePermissions": {
            "allowedToCreateApps": world.scenario.policy.users_may_register_applications,
            "allowedToCreateSecurityGroups": true,
            "allowedToCreateTenants": false,
            "allowedToReadBitlockerKeysForOwnedDevice": true,
            "allowedToReadOtherUsers": true,
            "permissionGrantPoliciesAssigned": [],
        },
    })
}

/// Id of the policy that limits credentials.
fn id(world: &World) -> Uuid {
    seeded_id(world.scenario.seed, "app-management-policy", 0)
}

/// `/policies/defaultAppManagementPolicy`.
pub(super) fn app_management(world: &World) -> Value {
    let policy = &world.scenario.policy;
    let restriction = |kind: &str, days: Option<u32>| {
        json!({
            "restrictionType": kind,
            "maxLifetime": days.map(|days| format!("P{days}D")),
            "restrictForAppsCreatedAfterDateTime": "2014-10-19T10:37:00Z",
            "state": "enabled",
        })
    };
    let mut passwords = Vec::new();
    if policy.forbid_secrets {
        passwords.push(restriction("passwordAddition", None));
    }
    if let Some(days) = policy.max_secret_lifetime_days {
        passwords.push(restriction("passwordLifetime", Some(days)));
    }
    let keys: Vec<Value> = policy
        .max_certificate_lifetime_days
        .map(|days| restriction("asymmetricKeyLifetime", Some(days)))
        .into_iter()
        .collect();
    json!({
        "id": id(world),
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions.",
        "deletedDateTime": null,
        "isEnabled": !passwords.is_empty() || !keys.is_empty(),
        "applicationRestrictions": {"passwordCredentials": passwords, "keyCredentials": keys},
        "servicePrincipalRestrictions": {"passwordCredentials": [], "keyCredentials": []},
    })
}

/// Whether a password of this life may be added.
pub(super) fn allow_password(world: &World, call: &Call, life: Millis) -> Result<(), Reply> {
    let policy = &world.scenario.policy;
    if policy.forbid_secrets {
        let text = format!("Credential type not allowed as per assigned policy '{}'.", id(world));
        return Err(refuse(call, 400, "CredentialTypeNotAllowedAsPerAppPolicy", text));
    }
    allow_life(world, call, policy.max_secret_lifetime_days, life)
}

/// Whether a certificate of this life may be added.
pub(super) fn allow_certificate(world: &World, call: &Call, life: Millis) -> Result<(), Reply> {
    allow_life(world, call, world.scenario.policy.max_certificate_lifetime_days, life)
}

fn allow_life(world: &World, call: &Call, days: Option<u32>, life: Millis) -> Result<(), Reply> {
    if days.is_none_or(|days| life <= Millis::from(days) * DAY) {
        return Ok(());
    }
    let text = format!(
        "Credential lifetime exceeds the max value allowed as per assigned policy '{}'.",
        id(world)
    );
    Err(refuse(call, 400, "CredentialInvalidLifetimeAsPerAppPolicy", text))
}
