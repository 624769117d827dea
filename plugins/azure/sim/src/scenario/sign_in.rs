//! What a scenario says of signing in, of consent, and of the platform at the other end.

use serde::Deserialize;

use super::{Operator, Scenario};
use crate::clock::{DAY, Millis};
use crate::graph::directory_roles;
use crate::limits::SCENARIO_ENTRIES_MAX;

/// The audience every exchange of tokens is for, unless somebody says otherwise.
pub(crate) const EXCHANGE_AUDIENCE: &str = "api://AzureADTokenExchange";

/// Signing in on another device.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct DeviceCode {
    /// Who approves every code by himself.
    pub(crate) approve_as: Option<String>,
    /// How long after the code was given out.
    pub(crate) after_ms: Millis,
    /// Seconds between two polls.
    pub(crate) interval_seconds: u32,
    /// How long a code is good for.
    pub(crate) lifetime_seconds: u32,
}

impl Default for DeviceCode {
    fn default() -> Self {
        Self { approve_as: None, after_ms: 0, interval_seconds: 5, lifetime_seconds: 900 }
    }
}

/// Admin consent by a person who is not the operator.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Consent {
    /// Who consents by himself once a grant was refused.
    pub(crate) approve_as: Option<String>,
    /// How long after the refusal.
    pub(crate) after_ms: Millis,
}

/// An issuer of assertions outside of the tenant.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Issuer {
    pub(crate) url: String,
}

/// Whose assertions an application trusts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FederatedTrust {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    #[serde(default = "exchange_audience")]
    pub(crate) audience: String,
}

fn exchange_audience() -> String {
    EXCHANGE_AUDIENCE.to_owned()
}

/// The platform connections are handed to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Platform {
    pub(crate) requests_per_hour: u32,
    pub(crate) requests_per_day: u32,
}

impl Default for Platform {
    fn default() -> Self {
        Self { requests_per_hour: 1_000, requests_per_day: 15_000 }
    }
}

/// The first thing that is wrong, in words.
pub(super) fn check(scenario: &Scenario) -> Result<(), String> {
    for (key, named) in [
        ("device-code.approve-as", &scenario.device_code.approve_as),
        ("consent.approve-as", &scenario.consent.approve_as),
        ("operator.person", &scenario.operator.person),
    ] {
        if let Some(name) = named
            && scenario.user_named(name).is_none()
        {
            return Err(format!("{key}: there is no user {name:?}"));
        }
    }
    for (key, wait) in [
        ("device-code.after-ms", scenario.device_code.after_ms),
        ("consent.after-ms", scenario.consent.after_ms),
    ] {
        if !(0..=DAY).contains(&wait) {
            return Err(format!("{key}: {wait} is not between 0 and a day of milliseconds"));
        }
    }
    if scenario.device_code.interval_seconds > 3600
        || scenario.device_code.lifetime_seconds > 86_400
    {
        return Err("device-code: an interval is at most 3600 seconds, a lifetime 86400".to_owned());
    }
    if scenario.issuers.len() > SCENARIO_ENTRIES_MAX {
        return Err(format!("issuers: at most {SCENARIO_ENTRIES_MAX} are read"));
    }
    if let Some(issuer) = scenario.issuers.iter().find(|it| !it.url.starts_with("https://")) {
        return Err(format!("issuers: {:?} does not begin with https://", issuer.url));
    }
    for role in scenario.users.iter().flat_map(|user| &user.eligible_directory_roles) {
        if !directory_roles::exists(role) {
            return Err(format!("users.eligible-directory-roles: no directory role {role:?}"));
        }
    }
    check_operator(&scenario.operator)
}

fn check_operator(operator: &Operator) -> Result<(), String> {
    if operator.federated.len() > crate::limits::FEDERATED_CREDENTIALS_MAX {
        let max = crate::limits::FEDERATED_CREDENTIALS_MAX;
        return Err(format!("operator.federated: an application has at most {max}"));
    }
    if operator.certificates.len() > crate::limits::CERTIFICATES_MAX {
        let max = crate::limits::CERTIFICATES_MAX;
        return Err(format!("operator.certificates: an application has at most {max}"));
    }
    for (index, pem) in operator.certificates.iter().enumerate() {
        crate::x509::Certificate::from_pem(pem)
            .map_err(|reason| format!("operator.certificates[{index}]: {reason}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("[device-code]\napprove-as = 'nobody@contoso.example'", "nobody"),
            ("[consent]\napprove-as = 'nobody@contoso.example'", "consent.approve-as"),
            ("[operator]\nperson = 'nobody@contoso.example'", "operator.person"),
            ("[consent]\nafter-ms = -1", "consent.after-ms"),
            ("[device-code]\ninterval-seconds = 4000", "interval"),
            ("[[issuers]]\nurl = 'http://plain.example'", "https://"),
            ("[operator]\ncertificates = ['no certificate']", "certificates[0]"),
            (
                "[[users]]\nid = 'aaaaaaaa-0000-4000-8000-000000000009'\nname = 'n'\n\
                 principal-name = 'n@contoso.example'\neligible-directory-roles = ['King']",
                "King",
            ),
        ] {
            let error = Scenario::parse(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
