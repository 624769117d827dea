//! The codes: in order, explained, provoked; and the numbers that the plugin interface has too.

use skybridge_destination::{EXPLANATIONS, explain, kind};
use skybridge_plugin_api::kind as theirs;

#[test]
fn codes_are_unique_in_order_explained_and_provoked() {
    assert!(EXPLANATIONS.windows(2).all(|pair| pair[0].code < pair[1].code));
    let tests = [
        include_str!("failures.rs"),
        include_str!("ox.rs"),
        include_str!("ox_refusals.rs"),
        include_str!("webhook.rs"),
    ];
    for explanation in EXPLANATIONS {
        assert!(explanation.code.starts_with("SKY-DEST-"));
        assert!(!explanation.title.ends_with('.'), "{}", explanation.code);
        assert!(explanation.cause.ends_with('.') && explanation.fix.ends_with('.'));
        assert_eq!(explain(explanation.code).unwrap().title, explanation.title);
        let provoked = tests.iter().any(|test| test.contains(explanation.code));
        assert!(provoked, "no test provokes {}", explanation.code);
    }
}

#[test]
fn kinds_are_those_of_the_plugin_interface() {
    let pairs = [
        (kind::INVALID_CONFIG, theirs::INVALID_CONFIG),
        (kind::UNAUTHENTICATED, theirs::UNAUTHENTICATED),
        (kind::NOT_FOUND, theirs::NOT_FOUND),
        (kind::ALREADY_EXISTS, theirs::ALREADY_EXISTS),
        (kind::PRECONDITION, theirs::PRECONDITION),
        (kind::RATE_LIMITED, theirs::RATE_LIMITED),
        (kind::UNAVAILABLE, theirs::UNAVAILABLE),
        (kind::TIMEOUT, theirs::TIMEOUT),
        (kind::CONTRACT_VIOLATION, theirs::CONTRACT_VIOLATION),
        (kind::UNEXPECTED, theirs::UNEXPECTED),
        (kind::NOT_REPLICATED, theirs::NOT_REPLICATED),
    ];
    assert!(pairs.iter().all(|(ours, theirs)| ours == theirs));
}
