//! Whether credentials are those of the principal a role trusts.

/// Whether whoever calls itself `caller` is, or is of, the trusted `principal`.
///
/// A trusted account means all of its roles and users. A session of a role names the role without
/// its path, so a trusted role is compared by its last word.
pub(super) fn is(caller: &str, principal: &str) -> bool {
    let (Some(caller), Some(principal)) = (Arn::of(caller), Arn::of(principal)) else {
        return false;
    };
    if (caller.partition, caller.account) != (principal.partition, principal.account) {
        return false;
    }
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    match principal.rest.split_once('/') {
        None => principal.rest == "root",
        Some(("role", role)) => match caller.rest.split('/').collect::<Vec<_>>().as_slice() {
            ["assumed-role", name, _] => *name == last(role),
            _ => false,
        },
        Some(_) => caller.rest == principal.rest,
    }
}

struct Arn<'a> {
    partition: &'a str,
    account: &'a str,
    rest: &'a str,
}

impl<'a> Arn<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let (partition, _, _) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { partition, account: parts.next()?, rest: parts.next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn who_is_whom() {
        let root = "arn:aws:iam::999988887777:root";
        let role = "arn:aws:iam::999988887777:role/path/scanner";
        let user = "arn:aws:iam::999988887777:user/scanner";
        let session = "arn:aws:sts::999988887777:assumed-role/scanner/now";
        for (caller, principal, yes) in [
            (session, root, true),
            (user, root, true),
            (root, root, true),
            (session, role, true),
            (user, role, false),
            ("arn:aws:sts::999988887777:assumed-role/other/now", role, false),
            (user, user, true),
            (session, user, false),
            ("arn:aws:iam::111122223333:user/scanner", root, false),
            ("arn:aws-cn:iam::999988887777:user/scanner", root, false),
            ("scanner", root, false),
        ] {
            assert_eq!(is(caller, principal), yes, "{caller} {principal}");
        }
    }
}
