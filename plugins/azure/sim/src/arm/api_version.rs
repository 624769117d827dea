//! API versions: every call names one, and an area answers only to those it has.

use super::error::refuse;
use crate::http::{Call, Reply};

/// Role assignments, role definitions, permissions, deny assignments, provider operations.
///
/// All of them have the same shape of the parts served here.
pub(super) const AUTHORIZATION: &[&str] = &[
    "2022-04-01",
    "2022-05-01-preview",
    "2021-04-01-preview",
    "2020-10-01-preview",
    "2020-08-01-preview",
    "2020-04-01-preview",
    "2018-09-01-preview",
    "2018-07-01-preview",
    "2018-07-01",
    "2018-05-01-preview",
    "2018-01-01-preview",
    "2015-07-01",
];
pub(super) const ELIGIBILITY: &[&str] =
    &["2020-10-01", "2020-10-01-preview", "2022-04-01-preview", "2024-09-01-preview"];
pub(super) const ELEVATE: &[&str] =
    &["2015-07-01", "2015-06-01", "2016-07-01", "2017-05-01", "2022-04-01"];
pub(super) const SUBSCRIPTIONS: &[&str] = &[
    "2022-12-01",
    "2022-09-01",
    "2021-04-01",
    "2021-01-01",
    "2020-10-01",
    "2020-06-01",
    "2020-01-01",
    "2019-11-01",
    "2019-06-01",
    "2018-06-01",
    "2018-05-01",
    "2018-02-01",
    "2016-09-01",
    "2016-06-01",
    "2015-11-01",
    "2014-04-01",
    "2024-03-01",
    "2024-11-01",
    "2025-04-01",
];
pub(super) const MANAGEMENT_GROUPS: &[&str] = &[
    "2023-04-01",
    "2021-04-01",
    "2020-10-01",
    "2020-05-01",
    "2020-02-01",
    "2019-11-01",
    "2018-03-01-preview",
];

/// The version of a call, if the area has it.
pub(super) fn require<'a>(call: &'a Call, area: &str, known: &[&str]) -> Result<&'a str, Reply> {
    let version = any(call)?;
    if known.iter().any(|known| known.eq_ignore_ascii_case(version)) {
        return Ok(version);
    }
    let shown: String = version.chars().take(40).collect();
    Err(refuse(
        400,
        "InvalidApiVersionParameter",
        format!(
            "The api-version '{shown}' is invalid for '{area}'. The supported versions are '{}'.",
            known.join(",")
        ),
    ))
}

/// The version of a call to a type this simulator has no list for: any date will do.
pub(super) fn any(call: &Call) -> Result<&str, Reply> {
    match call.parameter("api-version") {
        Some(version) if is_version(version) => Ok(version),
        Some(version) if !version.is_empty() => {
            let shown: String = version.chars().take(40).collect();
            let text = format!("The api-version '{shown}' is invalid.");
            Err(refuse(400, "InvalidApiVersionParameter", text))
        }
        _ => Err(refuse(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )),
    }
}

/// `2022-04-01`, with an optional `-preview` or the like.
fn is_version(text: &str) -> bool {
    let (date, suffix) = (text.get(..10), text.get(10..).unwrap_or_default());
    let date_is_one = date.is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok());
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    date_is_one
        && suffix.len() <= 20
        && (suffix.is_empty() || suffix.starts_with('-'))
        && suffix.chars().all(word)
}
