//! `scope`: which accounts are watched over.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Which accounts are watched over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "Form")]
pub(crate) struct Scope {
    watched: Watched,
    include: Vec<String>,
    exclude: Vec<String>,
}

/// How accounts are named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Watched {
    /// The operator's own, alone.
    #[default]
    Own,
    /// One by one.
    Accounts(Vec<String>),
    /// Every one of the organization.
    Organization,
}

/// The keys a manifest may have here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Form {
    accounts: Option<Vec<String>>,
    organization: Option<bool>,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
}

impl TryFrom<Form> for Scope {
    type Error = &'static str;

    fn try_from(form: Form) -> Result<Self, Self::Error> {
        let watched = match (form.accounts, form.organization) {
            (Some(ids), None) => Watched::Accounts(ids),
            (None, Some(true)) => Watched::Organization,
            _ => return Err("`scope` names exactly one of `accounts` and `organization = true`"),
        };
        Ok(Self { watched, include: form.include, exclude: form.exclude })
    }
}

impl Scope {
    /// The accounts when no look at the organization is needed to know them.
    pub(crate) fn listed<'a>(&'a self, own: &'a str) -> Option<Vec<&'a str>> {
        match &self.watched {
            Watched::Own => Some(vec![own]),
            Watched::Accounts(ids) => Some(ids.iter().map(String::as_str).collect()),
            Watched::Organization => None,
        }
    }

    /// Why an account is not meant, when it is not: `exclude` wins over `include`.
    pub(crate) fn left_out(&self, id: &str, name: &str) -> Option<String> {
        let fits = |pattern: &&String| covers(pattern, name) || pattern.as_str() == id;
        if let Some(pattern) = self.exclude.iter().find(fits) {
            return Some(format!("excluded by `{pattern}`"));
        }
        let included = self.include.is_empty() || self.include.iter().any(|it| fits(&it));
        (!included).then(|| "no pattern of `include` fits its name or id".to_owned())
    }

    /// What is wrong, with where; the schema has said the rest.
    pub(super) fn check(&self, own: &str) -> Result<(), (String, String)> {
        let patterns = !self.include.is_empty() || !self.exclude.is_empty();
        if patterns && self.watched != Watched::Organization {
            let message = "`include` and `exclude` go with `organization = true` only";
            return Err(("/scope".into(), message.into()));
        }
        let mut seen = BTreeSet::new();
        for (index, id) in self.listed(own).unwrap_or_default().into_iter().enumerate() {
            if !seen.insert(id) {
                let pointer = format!("/scope/accounts/{index}");
                return Err((pointer, format!("account {id} is listed twice")));
            }
        }
        Ok(())
    }
}

/// Whether `pattern`, in which `*` stands for anything, fits all of `text`, whatever the letters.
fn covers(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn patterns() {
        for (pattern, text, fits) in [
            ("prod-*", "Prod-web", true),
            ("prod-*", "preprod-web", false),
            ("*", "", true),
            ("*-web", "prod-web", true),
            ("*-web", "prod-web-2", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("same", "same", true),
            ("same", "same-not", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(covers(pattern, text), fits, "{pattern} {text}");
        }
    }
}
