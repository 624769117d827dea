//! The managed policies a role is given: what each is for, and how it is proved.

use skybridge_aws_client::Partition;
use skybridge_plugin_sdk::protocol::onboard::Permission;
use skybridge_plugin_sdk::{Error, kind};

use crate::settings::Settings;

/// What AWS calls a role's own limit of attached policies, unless it was raised.
pub(crate) const PER_ROLE_MAX: usize = 10;

/// A read that a policy allows, to prove it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// `iam:ListRoles`.
    Roles,
    /// `ec2:DescribeRegions`.
    Regions,
    /// `s3:ListAllMyBuckets`.
    Buckets,
}

/// A policy that is known.
struct Known {
    /// Its name, with its path.
    name: &'static str,
    why: &'static str,
    without: &'static str,
    exposes: Option<&'static str>,
    reads: &'static [Read],
}

const KNOWN: &[Known] = &[
    Known {
        name: "SecurityAudit",
        why: "reads how services are configured: IAM, networks, encryption, logging, exposure",
        without: "misconfigurations, who may do what, and paths from the internet cannot be told",
        exposes: None,
        reads: &[Read::Roles, Read::Regions],
    },
    Known {
        name: "job-function/ViewOnlyAccess",
        why: "lists resources of services that SecurityAudit does not cover",
        without: "the inventory has gaps: resources of those services are not listed",
        exposes: None,
        reads: &[Read::Regions, Read::Buckets],
    },
    Known {
        name: "ReadOnlyAccess",
        why: "reads everything there is to read",
        without: "nothing that SecurityAudit and job-function/ViewOnlyAccess do not give",
        exposes: Some("the contents of buckets, tables, queues, logs and parameters"),
        reads: &[Read::Roles, Read::Regions, Read::Buckets],
    },
];

/// Policies that let their holder change things, or become anybody.
const WRITING: [&str; 4] =
    ["AdministratorAccess", "PowerUserAccess", "IAMFullAccess", "SystemAdministrator"];

/// What a vendor asks for.
pub(crate) fn default() -> Vec<String> {
    ["SecurityAudit", "job-function/ViewOnlyAccess"].map(str::to_owned).to_vec()
}

/// The ARN of a policy of AWS's own.
pub(crate) fn arn(partition: Partition, name: &str) -> String {
    format!("arn:{}:iam::aws:policy/{name}", partition.word())
}

/// The name in a policy's ARN, without its path.
pub(crate) fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The word of an address for a policy: `SecurityAudit` is `security-audit`.
pub(crate) fn word(name: &str) -> String {
    let mut word = String::new();
    let mut before = '-';
    for c in last(name).chars() {
        let begins = c.is_ascii_uppercase() && !before.is_ascii_uppercase();
        if (begins || !c.is_ascii_alphanumeric()) && !word.is_empty() && !word.ends_with('-') {
            word.push('-');
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    word.trim_end_matches('-').to_owned()
}

/// What is wrong with the list, and at which place.
pub(crate) fn check(names: &[String]) -> Result<(), (usize, Error)> {
    let mut words = std::collections::BTreeSet::new();
    for (index, name) in names.iter().enumerate() {
        let short = last(name);
        if WRITING.contains(&short) || short.ends_with("FullAccess") {
            let message = format!("{name} lets its holder change things; the role only reads");
            let error = Error::new(kind::INVALID_CONFIG, message).code("AWS-POLICY-001");
            return Err((
                index,
                error.help("choose SecurityAudit and job-function/ViewOnlyAccess"),
            ));
        }
        if !words.insert(word(name)) {
            let message = format!("the policy {name} is listed twice");
            return Err((index, Error::new(kind::INVALID_CONFIG, message).code("AWS-CONFIG-002")));
        }
    }
    Ok(())
}

/// The reads by which `names` are proved; those that nobody knows are not.
pub(crate) fn reads(names: &[String]) -> Vec<Read> {
    [Read::Roles, Read::Regions, Read::Buckets]
        .into_iter()
        .filter(|read| {
            KNOWN.iter().any(|it| names.iter().any(|n| n == it.name) && it.reads.contains(read))
        })
        .collect()
}

/// What every policy is for, those that are not asked for included.
pub(crate) fn explained(settings: &Settings) -> Vec<Permission> {
    let permission = |name: &str, known: Option<&Known>, asked: bool| Permission {
        permission: name.to_owned(),
        sort: "managed policy".into(),
        scope: "each account".into(),
        why: known.map_or("the manifest asks for it", |it| it.why).into(),
        capabilities: Vec::new(),
        without: known.map_or("what it is for is not known here", |it| it.without).into(),
        exposes: known.and_then(|it| it.exposes).map(str::to_owned),
        asked,
    };
    let asked = settings
        .policies
        .iter()
        .map(|name| permission(name, KNOWN.iter().find(|it| it.name == name), true));
    let others = KNOWN
        .iter()
        .filter(|it| !settings.policies.iter().any(|name| name == it.name))
        .map(|it| permission(it.name, Some(it), false));
    asked.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (name, says) in [
            ("SecurityAudit", "security-audit"),
            ("job-function/ViewOnlyAccess", "view-only-access"),
            ("AWSBillingReadOnlyAccess", "awsbilling-read-only-access"),
            ("service-role/x+y=z", "x-y-z"),
        ] {
            assert_eq!(word(name), says);
        }
    }

    #[test]
    fn a_role_that_only_reads_gets_nothing_that_writes() {
        for name in
            ["AdministratorAccess", "AmazonS3FullAccess", "job-function/SystemAdministrator"]
        {
            let (at, error) = check(&["SecurityAudit".into(), name.into()]).unwrap_err();
            assert_eq!((at, error.detail.code.as_deref()), (1, Some("AWS-POLICY-001")));
        }
        assert!(check(&default()).is_ok());
        assert_eq!(check(&["A/Same".into(), "B/Same".into()]).unwrap_err().0, 1);
    }
}
