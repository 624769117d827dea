//! Where log lines go: to stderr, filtered, in colour when that is wanted.

use std::str::FromStr as _;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

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
    // Whatever was asked for: these print headers and bodies.
    let wire = ["h2", "hyper", "hyper_util", "rustls", "reqwest", "tower"];
    Ok(targets.with_targets(wire.map(|target| (target, LevelFilter::WARN))))
}

/// Starts logging to stderr.
pub(crate) fn start(filter: &Targets, ansi: bool) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(ansi);
    // Logging is started once a process; a second start would change nothing.
    drop(tracing_subscriber::registry().with(filter.clone()).with(lines).try_init());
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
