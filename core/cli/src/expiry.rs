//! When a connection's credential expires, as its record says.

use serde::Serialize;
use skybridge_model::Timestamp;

use crate::handover::Connection;

/// The window before the end in which is warned, where a plugin names none.
const WARN_SECONDS: u64 = 30 * 24 * 60 * 60;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// How urgent a new credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Urgency {
    Valid,
    ExpiresSoon,
    Expired,
}

/// A connection's credential.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Expiry {
    pub(crate) expires: Timestamp,
    pub(crate) warn_from: Timestamp,
    /// Whole days from now; below zero once it is over.
    pub(crate) days: i64,
    pub(crate) state: Urgency,
}

impl Expiry {
    /// Of a connection whose record names an end: some credentials have none.
    pub(crate) fn of(connection: &Connection, now: Timestamp) -> Option<Self> {
        let time = |name: &str| -> Option<Timestamp> {
            let field = connection.fields.iter().find(|field| field.name == name)?;
            field.value.as_str()?.parse().ok()
        };
        let expires = time("expires")?;
        let window = std::time::Duration::from_secs(WARN_SECONDS);
        let warn_from =
            time("warn-from").or_else(|| expires.checked_sub(window).ok()).unwrap_or(expires);
        let state = if expires <= now {
            Urgency::Expired
        } else if warn_from <= now {
            Urgency::ExpiresSoon
        } else {
            Urgency::Valid
        };
        let days = expires.duration_since(now).as_secs().div_euclid(DAY);
        Some(Self { expires, warn_from, days, state })
    }

    /// For people: `expires in 12 days`.
    pub(crate) fn told(&self) -> String {
        let days = |n: i64| if n == 1 { "1 day".to_owned() } else { format!("{n} days") };
        match (self.state, self.days) {
            (Urgency::Expired, _) => format!("expired {:.0}", self.expires),
            (_, ..=0) => "expires within a day".to_owned(),
            (_, n) => format!("expires in {}", days(n)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::handover::Field;

    fn told(fields: &[(&str, &str)]) -> Option<(String, Urgency)> {
        let field = |(name, value): &(&str, &str)| Field {
            name: (*name).to_owned(),
            label: (*name).to_owned(),
            value: json!(value),
            secret: false,
            scopes: false,
        };
        let fields = fields.iter().map(field).collect();
        let connection = Connection::new("a", "p", "local", fields);
        let now = "2030-01-31T12:00:00Z".parse().unwrap();
        Expiry::of(&connection, now).map(|it| (it.told(), it.state))
    }

    #[test]
    fn a_credential_is_valid_then_expires_soon_then_is_expired() {
        let one = |expires: &str| told(&[("expires", expires)]).unwrap();
        assert_eq!(one("2030-05-01T00:00:00Z"), ("expires in 89 days".into(), Urgency::Valid));
        assert_eq!(one("2030-03-02T13:00:00Z"), ("expires in 30 days".into(), Urgency::Valid));
        assert_eq!(
            one("2030-03-02T12:00:00Z"),
            ("expires in 30 days".into(), Urgency::ExpiresSoon)
        );
        assert_eq!(one("2030-02-01T13:00:00Z"), ("expires in 1 day".into(), Urgency::ExpiresSoon));
        assert_eq!(
            one("2030-01-31T13:00:00Z"),
            ("expires within a day".into(), Urgency::ExpiresSoon)
        );
        let over = ("expired 2030-01-31T12:00:00Z".into(), Urgency::Expired);
        // The very instant is too late already.
        assert_eq!(one("2030-01-31T12:00:00Z"), over);
    }

    #[test]
    fn the_plugin_says_how_long_is_warned() {
        let one = |from: &str| told(&[("expires", "2030-03-01T00:00:00Z"), ("warn-from", from)]);
        assert_eq!(one("2030-02-20T00:00:00Z").unwrap().1, Urgency::Valid);
        assert_eq!(one("2030-01-31T12:00:00Z").unwrap().1, Urgency::ExpiresSoon);
        // Not a time: as if it were not there.
        assert_eq!(one("soon").unwrap().1, Urgency::ExpiresSoon);
        assert_eq!(told(&[("client-id", "1")]), None);
        assert_eq!(told(&[("expires", "")]), None);
    }
}
