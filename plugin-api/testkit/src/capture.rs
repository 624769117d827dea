//! Everything a plugin logs, as text, to look for secrets in.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// Bytes of log that are kept: a whole onboarding at `trace` is a tenth of it.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Receives what is logged, as a layer of this process's subscriber. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Capture {
    text: Arc<Mutex<String>>,
    /// Somebody else receives the logs of this process.
    blind: bool,
}

impl Capture {
    /// Makes itself the receiver of this process's logs, if there is none yet.
    #[must_use]
    pub fn install() -> Self {
        let this = Self::default();
        let installed =
            tracing::subscriber::set_global_default(Registry::default().with(this.clone()));
        Self { blind: installed.is_err(), ..this }
    }

    /// One that receives nothing: it is somebody else's to see the logs of this process.
    #[must_use]
    pub fn blind() -> Self {
        Self { blind: true, ..Self::default() }
    }

    /// Whether it sees anything at all.
    pub(crate) fn sees(&self) -> bool {
        !self.blind
    }

    /// What was logged so far.
    pub(crate) fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, record: impl FnOnce(&mut Fields<'_>)) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        if text.len() < BYTES_MAX {
            record(&mut Fields(&mut text));
            text.push('\n');
        }
    }
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let _unfailing = write!(self.0, " {}={value}", field.name());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _unfailing = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.add(|fields| attributes.record(fields));
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.add(|fields| values.record(fields));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.add(|fields| event.record(fields));
    }
}
