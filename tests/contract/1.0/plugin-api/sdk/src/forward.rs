//! Carries the plugin's `tracing` to the host.
//!
//! A shared library has its own copy of `tracing`: without this, its events go nowhere.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use skybridge_plugin_api::reexport::abi_stable::std_types::{RSlice, RStr};
use skybridge_plugin_api::{HostServicesBox, LogSite, LogValue};
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber, span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry, SpanRef};

tokio::task_local! {
    /// The host's call on whose behalf this task works.
    static CALL: u64;
}

/// Spans that `work` opens at its top become children of the call's span in the host.
pub(crate) fn in_call<F: Future>(call: u64, work: F) -> impl Future<Output = F::Output> {
    CALL.scope(call, work)
}

/// Makes the host the receiver of this library's events. Only the first call has an effect: there is
/// one receiver per library, and all instances of it have the same host.
pub(crate) fn install(host: HostServicesBox) {
    // An error means that it is installed already.
    drop(tracing::subscriber::set_global_default(Registry::default().with(Forward { host })));
}

struct Forward {
    host: HostServicesBox,
}

/// The number by which the host knows a span.
struct HostSpan(u64);

static NEXT_SPAN: AtomicU64 = AtomicU64::new(1);

enum Captured {
    Text(String),
    Debug(String),
    Number(u8, u64),
}

/// The numbers of `LogValue::what`.
const SIGNED: u8 = 2;
const UNSIGNED: u8 = 3;
const FLOAT: u8 = 4;
const BOOLEAN: u8 = 5;

#[derive(Default)]
struct Values(Vec<(&'static str, Captured)>);

impl Visit for Values {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), Captured::Text(value.to_owned())));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.push((field.name(), Captured::Number(SIGNED, value.cast_unsigned())));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), Captured::Number(UNSIGNED, value)));
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.push((field.name(), Captured::Number(FLOAT, value.to_bits())));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.push((field.name(), Captured::Number(BOOLEAN, u64::from(value))));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), Captured::Debug(format!("{value:?}"))));
    }
}

impl Values {
    fn crossing(&self) -> Vec<LogValue<'_>> {
        self.0
            .iter()
            .map(|(name, captured)| {
                let (what, text, number) = match captured {
                    Captured::Text(text) => (0, text.as_str(), 0),
                    Captured::Debug(text) => (1, text.as_str(), 0),
                    Captured::Number(what, number) => (*what, "", *number),
                };
                LogValue { name: RStr::from_str(name), what, text: RStr::from_str(text), number }
            })
            .collect()
    }
}

const fn level_number(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// Calls `send` with the place's description; its address is its number, for it is a static.
fn with_site<R>(metadata: &'static Metadata<'static>, send: impl FnOnce(&LogSite<'_>) -> R) -> R {
    let names: Vec<RStr<'_>> = metadata.fields().iter().map(|f| RStr::from_str(f.name())).collect();
    send(&LogSite {
        id: std::ptr::from_ref(metadata).addr() as u64,
        level: level_number(*metadata.level()),
        line: metadata.line().unwrap_or(0),
        name: RStr::from_str(metadata.name()),
        target: RStr::from_str(metadata.target()),
        file: RStr::from_str(metadata.file().unwrap_or("")),
        fields: RSlice::from_slice(&names),
    })
}

fn host_number<S: for<'a> LookupSpan<'a>>(span: Option<SpanRef<'_, S>>) -> u64 {
    span.and_then(|span| span.extensions().get::<HostSpan>().map(|known| known.0)).unwrap_or(0)
}

impl Forward {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let level = level_number(*metadata.level());
        self.host.log_enabled(level, RStr::from_str(metadata.target()))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Forward {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Asked once per place and kept: a place that is off costs half a nanosecond.
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        let number = NEXT_SPAN.fetch_add(1, Ordering::Relaxed);
        let parent = host_number(span.parent());
        span.extensions_mut().insert(HostSpan(number));
        let mut values = Values::default();
        attributes.record(&mut values);
        let call = CALL.try_with(|call| *call).unwrap_or(0);
        with_site(attributes.metadata(), |site| {
            let crossing = values.crossing();
            self.host.span_open(site, number, parent, call, RSlice::from_slice(&crossing));
        });
    }

    fn on_record(&self, id: &span::Id, record: &span::Record<'_>, ctx: Context<'_, S>) {
        let mut values = Values::default();
        record.record(&mut values);
        let number = host_number(ctx.span(id));
        self.host.span_record(number, RSlice::from_slice(&values.crossing()));
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let number = host_number(ctx.event_span(event));
        let mut values = Values::default();
        event.record(&mut values);
        with_site(event.metadata(), |site| {
            self.host.log_event(site, number, RSlice::from_slice(&values.crossing()));
        });
    }

    fn on_close(&self, id: span::Id, ctx: Context<'_, S>) {
        self.host.span_close(host_number(ctx.span(&id)));
    }
}
