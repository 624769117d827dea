//! What a cloud says about how many more calls it will take, passed on by whoever made them.

use serde::{Deserialize, Serialize};

/// One bucket of calls as the last answer that spoke of it described it.
///
/// A plugin reports what it is told and draws no conclusion: the host alone decides who calls next.
/// Reporting nothing is always allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RateLimit {
    /// The throttle domain the bucket belongs to, as a step's `throttle` names it; absent: that of
    /// the step at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Which of the domain's buckets: reads and writes are often counted apart. Empty when the
    /// domain has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bucket: String,
    /// Calls that are left.
    pub remaining: u64,
    /// How many calls of the step drew from it; zero counts as one.
    #[serde(default)]
    pub calls: u32,
    /// Milliseconds after which calls are taken again, when this one was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_in_ms: Option<u64>,
}

impl RateLimit {
    /// Puts what is newer than what `told` says of the same bucket in its place, calls added up.
    pub fn add_to(self, told: &mut Vec<Self>) {
        let same = |one: &&mut Self| one.domain == self.domain && one.bucket == self.bucket;
        match told.iter_mut().find(same) {
            Some(known) => {
                let calls = known.calls.max(1).saturating_add(self.calls.max(1));
                *known = Self { calls, ..self };
            }
            None => told.push(self),
        }
    }
}

/// An answer that may carry what the cloud said about further calls.
pub trait Told {
    /// Where it stands.
    fn rate_limits(&mut self) -> &mut Vec<RateLimit>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorDetail;
    use crate::onboard::Applied;

    /// Goal: plugins and hosts of before and after this field understand each other.
    #[test]
    fn says_nothing_where_there_is_nothing_to_say() {
        let old = r#"{"action":"created"}"#;
        let answer: Applied = serde_json::from_str(old).unwrap();
        assert!(answer.rate_limits.is_empty());
        assert!(!serde_json::to_string(&answer).unwrap().contains("rate-limits"));
        let error: ErrorDetail = serde_json::from_str(r#"{"message":"no"}"#).unwrap();
        assert_eq!(serde_json::to_string(&error).unwrap(), r#"{"message":"no"}"#);
    }

    #[test]
    fn the_newest_word_counts_and_calls_add_up() {
        let mut told = Vec::new();
        let limit = |bucket: &str, remaining| RateLimit {
            bucket: bucket.to_owned(),
            remaining,
            ..RateLimit::default()
        };
        limit("reads", 9).add_to(&mut told);
        limit("writes", 5).add_to(&mut told);
        limit("reads", 8).add_to(&mut told);
        let text = serde_json::to_string(&told).unwrap();
        let expected = r#"[{"bucket":"reads","remaining":8,"calls":2},{"bucket":"writes","remaining":5,"calls":0}]"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Vec<RateLimit>>(&text).unwrap(), told);
    }
}
