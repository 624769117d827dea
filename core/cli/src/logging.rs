//! Where log lines go: to stderr, filtered, in colour when that is wanted.

use std::str::FromStr as _;

use skybridge_host::services::WIRE;
use skybridge_plugin_testkit::Capture;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[cfg(feature = "otlp")]
use crate::otlp;
use crate::render::progress::screen;

/// Reads `--log`. A bare level is for our own crates; the libraries beneath them stay at `warn`,
/// for what they log at `trace` is the wire, and the wire carries secrets.
pub(crate) fn filter(text: &str) -> Result<Targets, String> {
    let bare = LevelFilter::from_str(text.trim());
    let targets = match bare {
        Ok(level) => {
            let others = level.min(LevelFilter::WARN);
            Targets::new().with_default(others).with_target("skybridge", level)
        }
        Err(_) => Targets::from_str(text)
            .map_err(|error| format!("`{text}` is neither a level nor log directives: {error}"))?,
    };
    Ok(targets.with_targets(WIRE.map(|target| (target, LevelFilter::WARN))))
}

/// Starts logging to stderr, and sending traces where the program was built for it and asked to.
/// What comes back is what plugins have to tell for both. A `capture` hears everything.
#[cfg(not(feature = "otlp"))]
pub(crate) fn start(filter: Targets, ansi: bool, capture: Option<Capture>) -> Targets {
    let lines = tracing_subscriber::fmt::layer().with_writer(|| screen::Lines).with_ansi(ansi);
    let registry = tracing_subscriber::registry().with(lines.with_filter(filter.clone()));
    // Logging is started once a process; a second start would change nothing.
    drop(registry.with(capture).try_init());
    filter
}

/// Starts logging to stderr, and sending traces where the program was built for it and asked to.
/// What comes back is what plugins have to tell for both. A `capture` hears everything.
#[cfg(feature = "otlp")]
pub(crate) fn start(filter: Targets, ansi: bool, capture: Option<Capture>) -> Targets {
    let lines = tracing_subscriber::fmt::layer().with_writer(|| screen::Lines).with_ansi(ansi);
    let registry = tracing_subscriber::registry().with(lines.with_filter(filter.clone()));
    let traces = if otlp::wanted() { Some(otlp::start()) } else { None };
    let (wider, trouble, traces) = match traces {
        Some(Ok(layer)) => (otlp::widened(&filter), None, Some(layer)),
        Some(Err(trouble)) => (filter, Some(trouble), None),
        None => (filter, None, None),
    };
    // Logging is started once a process; a second start would change nothing.
    drop(registry.with(traces).with(capture).try_init());
    if let Some(trouble) = trouble {
        tracing::warn!("no traces are sent: {trouble}");
    }
    wider
}

/// Nothing more is logged or traced: sends what is left.
pub(crate) fn finish() {
    #[cfg(feature = "otlp")]
    otlp::finish();
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_bare_level_is_for_our_own_crates() {
        let filter = filter("trace").unwrap();
        assert!(filter.would_enable("skybridge_azure::token", &Level::TRACE));
        for library in ["hyper::proto", "h2::codec", "tokio"] {
            assert!(!filter.would_enable(library, &Level::DEBUG), "{library}");
        }
    }

    #[test]
    fn directives_cannot_open_the_wire() {
        let filter = filter("trace,hyper=trace").unwrap();
        assert!(filter.would_enable("tokio", &Level::TRACE));
        assert!(!filter.would_enable("hyper::proto", &Level::DEBUG));
        assert!(super::filter("loud=very").is_err());
    }
}
