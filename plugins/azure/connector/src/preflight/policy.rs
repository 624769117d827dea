//! What the tenant allows applications' credentials, against `credential` of the manifest.

use jiff::Span;
use skybridge_azure_client::graph::policies::{self, AppManagementPolicy, Restriction};
use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::survey::PlannedWrite;

use super::findings::{Findings, Problem, Weight};
use crate::session::Session;
use crate::steps::{certificate, client_secret};
use crate::survey::{self, Read};

/// What restricts one kind of credential.
struct Rules {
    what: &'static str,
    /// The restriction that forbids it altogether.
    forbids: &'static [&'static str],
    /// The restriction on how long it may live.
    limits: &'static str,
    /// What to choose instead.
    instead: &'static str,
}

const SECRET: Rules = Rules {
    what: "client secrets",
    forbids: &["passwordAddition", "customPasswordAddition"],
    limits: "passwordLifetime",
    instead: "`credential = { kind = \"certificate\" }` or `{ kind = \"federated\", … }`",
};

const CERTIFICATE: Rules = Rules {
    what: "certificates",
    forbids: &[],
    limits: "asymmetricKeyLifetime",
    instead: "`credential = { kind = \"federated\", … }`",
};

/// Looks when a credential is going to be made.
pub(super) async fn check(
    session: &Session<'_>,
    steps: &[PlannedWrite],
    findings: &mut Findings,
) -> Result<()> {
    let making = |kind: &str| -> Vec<String> {
        let steps = steps.iter().filter(|step| step.kind == kind);
        steps.map(|step| step.address.clone()).collect()
    };
    let (secrets, certificates) = (making(client_secret::KIND), making(certificate::KIND));
    if secrets.is_empty() && certificates.is_empty() {
        return Ok(());
    }
    findings.looked();
    let request = policies::get_app_management_request();
    let policy = match survey::read::<AppManagementPolicy>(session, &request).await? {
        Read::There(policy) => policy,
        Read::Refused(error) => {
            findings.closed("the tenant's policy on application credentials", &error, None);
            return Ok(());
        }
    };
    let restrictions = policy.application_restrictions.unwrap_or_default();
    if !policy.is_enabled {
        return Ok(());
    }
    let days = session.settings.credential.lifetime.0;
    for (rules, restrictions, blocks) in [
        (SECRET, &restrictions.password_credentials, secrets),
        (CERTIFICATE, &restrictions.key_credentials, certificates),
    ] {
        if let Some(problem) = against(&rules, restrictions, days)
            && !blocks.is_empty()
        {
            findings.add(problem, None, &blocks);
        }
    }
    Ok(())
}

/// What stands against a credential that lives `days`.
fn against(rules: &Rules, restrictions: &[Restriction], days: u16) -> Option<Problem> {
    let in_force = || restrictions.iter().filter(|it| it.is_enabled());
    let what = rules.what;
    if in_force().any(|it| rules.forbids.contains(&it.restriction_type.as_str())) {
        return Some(Problem {
            weight: Weight::Error,
            code: "AZ-PREFLIGHT-030",
            summary: format!("the tenant's policy forbids {what} on applications"),
            help: format!(
                "choose {}, or have the application exempted from the policy",
                rules.instead
            ),
        });
    }
    let longest = in_force()
        .filter(|it| it.restriction_type == rules.limits)
        .filter_map(|it| days_of(it.max_lifetime.as_deref()?))
        .min()?;
    (i64::from(days) > longest).then(|| Problem {
        weight: Weight::Error,
        code: "AZ-PREFLIGHT-031",
        summary: format!(
            "the tenant's policy lets {what} live {longest} days, and `credential.lifetime` is \
             \"{days}d\""
        ),
        help: if longest < 2 {
            format!("choose {}, or have the application exempted from the policy", rules.instead)
        } else {
            format!("set `credential = {{ lifetime = \"{longest}d\" }}`, and `warn` below it")
        },
    })
}

/// The whole days of a duration of ISO 8601; months and years at their shortest.
fn days_of(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let days = i64::from(span.get_years()) * 365
        + i64::from(span.get_months()) * 28
        + i64::from(span.get_weeks()) * 7
        + i64::from(span.get_days());
    Some(days + i64::from(span.get_hours()) / 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restriction(kind: &str, longest: Option<&str>, state: &str) -> Restriction {
        Restriction {
            restriction_type: kind.into(),
            state: Some(state.into()),
            max_lifetime: longest.map(str::to_owned),
        }
    }

    #[test]
    fn the_longest_life_is_told_as_the_manifest_writes_it() {
        let all = [
            restriction("passwordLifetime", Some("P180D"), "enabled"),
            restriction("passwordLifetime", Some("P90D"), "enabled"),
            restriction("passwordLifetime", Some("P5D"), "disabled"),
        ];
        let problem = against(&SECRET, &all, 180).unwrap();
        assert_eq!(problem.code, "AZ-PREFLIGHT-031");
        assert!(problem.help.contains("lifetime = \"90d\""), "{}", problem.help);
        assert!(against(&SECRET, &all, 90).is_none());
        assert!(against(&CERTIFICATE, &all, 730).is_none());
    }

    #[test]
    fn forbidden_kinds_name_the_others() {
        let all = [restriction("passwordAddition", None, "enabled")];
        let problem = against(&SECRET, &all, 1).unwrap();
        assert_eq!(problem.code, "AZ-PREFLIGHT-030");
        assert!(problem.help.contains("federated"));
        let off = [restriction("passwordAddition", None, "disabled")];
        assert!(against(&SECRET, &off, 1).is_none());
    }

    #[test]
    fn durations() {
        let cases = [("P180D", 180), ("P4DT12H30M5S", 4), ("P1Y", 365), ("P2W", 14), ("PT48H", 2)];
        for (text, days) in cases {
            assert_eq!(days_of(text), Some(days), "{text}");
        }
        assert_eq!(days_of("six months"), None);
    }
}
