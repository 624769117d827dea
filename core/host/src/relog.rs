//! Replays a plugin's spans and events into the host's subscriber, with their own level, target,
//! file, line, fields and parents.
//!
//! `tracing` wants every place in the source to be a static; those of a plugin become known at run
//! time, so each is leaked once. A plugin has a bounded number of them, and so has this.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use skybridge_plugin_api::{LogSite, LogValue};
use tracing::{Metadata, Span, level_filters::LevelFilter};
use tracing_core::callsite::{self, Identifier};
use tracing_core::field::{FieldSet, Value, ValueSet, debug};
use tracing_core::{Callsite, Event, Interest, Kind, Level, dispatcher, span::Id};

/// Places kept per connector; a plugin with its libraries has some thousands.
const SITES_MAX: usize = 10_000;

/// Names of places are kept for ever, so a longer one is cut.
const NAME_CHARS_MAX: usize = 200;

/// Spans open at a time per connector; more is a plugin that never closes any.
const SPANS_MAX: usize = 100_000;

/// Fields of one place: the number `tracing` itself allows.
const FIELDS_MAX: usize = 32;

pub(crate) fn level(number: u8) -> Level {
    match number {
        1 => Level::ERROR,
        2 => Level::WARN,
        3 => Level::INFO,
        4 => Level::DEBUG,
        _ => Level::TRACE,
    }
}

/// A place in a plugin's source, leaked.
struct Site {
    metadata: OnceLock<Metadata<'static>>,
    never: AtomicBool,
}

impl Callsite for Site {
    fn set_interest(&self, interest: Interest) {
        self.never.store(interest.is_never(), Ordering::Relaxed);
    }

    fn metadata(&self) -> &Metadata<'_> {
        #[expect(clippy::expect_used, reason = "set before the place is registered or returned")]
        self.metadata.get().expect("a place has its metadata before anybody sees it")
    }
}

#[derive(Default)]
pub(crate) struct Relog {
    sites: RwLock<BTreeMap<(u64, bool), &'static Site>>,
    spans: Mutex<BTreeMap<u64, Span>>,
    /// Places kept by this one and all that were here before it.
    kept: Arc<AtomicUsize>,
}

fn leak(text: &str) -> &'static str {
    let text: String = text.chars().take(NAME_CHARS_MAX).collect();
    Box::leak(text.into_boxed_str())
}

fn new_site(site: &LogSite<'_>, is_span: bool) -> &'static Site {
    let names: Vec<&'static str> =
        site.fields.iter().take(FIELDS_MAX).map(|name| leak(name.as_str())).collect();
    let leaked: &'static Site =
        Box::leak(Box::new(Site { metadata: OnceLock::new(), never: AtomicBool::new(false) }));
    let target = leak(site.target.as_str());
    let metadata = Metadata::new(
        leak(site.name.as_str()),
        target,
        level(site.level),
        Some(leak(site.file.as_str())),
        Some(site.line),
        Some(target),
        FieldSet::new(Box::leak(names.into_boxed_slice()), Identifier(leaked)),
        if is_span { Kind::SPAN } else { Kind::EVENT },
    );
    // Nobody else has seen the place yet, so it is empty.
    drop(leaked.metadata.set(metadata));
    callsite::register(leaked);
    leaked
}

struct Text<'a>(&'a str);

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Calls `send` with the values as `tracing` has them.
fn with_values<R>(
    metadata: &'static Metadata<'static>,
    values: &[LogValue<'_>],
    send: impl FnOnce(&ValueSet<'_>) -> R,
) -> R {
    let typed: Vec<Option<Box<dyn Value + '_>>> = values.iter().map(typed).collect();
    let fields = metadata.fields();
    let mut ordered: Vec<Option<&dyn Value>> = vec![None; fields.len()];
    for (value, typed) in values.iter().zip(&typed) {
        let slot = fields.field(value.name.as_str()).and_then(|f| ordered.get_mut(f.index()));
        if let (Some(slot), Some(typed)) = (slot, typed) {
            *slot = Some(&**typed);
        }
    }
    send(&fields.value_set_all(&ordered))
}

fn typed<'a>(value: &'a LogValue<'_>) -> Option<Box<dyn Value + 'a>> {
    let number = value.number;
    Some(match value.what {
        0 => Box::new(value.text.as_str()),
        1 => Box::new(debug(Text(value.text.as_str()))),
        2 => Box::new(number.cast_signed()),
        3 => Box::new(number),
        4 => Box::new(f64::from_bits(number)),
        5 => Box::new(number != 0),
        _ => return None,
    })
}

impl Relog {
    /// For another process of the same plugin: its places have other numbers, its spans are its own.
    pub(crate) fn fresh(&self) -> Self {
        Self { kept: Arc::clone(&self.kept), ..Self::default() }
    }

    fn spans(&self) -> MutexGuard<'_, BTreeMap<u64, Span>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn site(&self, site: &LogSite<'_>, is_span: bool) -> Option<&'static Site> {
        let key = (site.id, is_span);
        let known = self.sites.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if known.is_some() {
            return known;
        }
        let mut sites = self.sites.write().unwrap_or_else(PoisonError::into_inner);
        if self.kept.load(Ordering::Relaxed) >= SITES_MAX {
            return None;
        }
        Some(*sites.entry(key).or_insert_with(|| {
            self.kept.fetch_add(1, Ordering::Relaxed);
            new_site(site, is_span)
        }))
    }

    /// The host's metadata of a place, when anybody listens to it.
    fn wanted(&self, site: &LogSite<'_>, is_span: bool) -> Option<&'static Metadata<'static>> {
        if level(site.level) > LevelFilter::current() {
            return None;
        }
        let site = self.site(site, is_span)?;
        if site.never.load(Ordering::Relaxed) {
            return None;
        }
        // Asked each time, as tracing's own macros do: by this a layer learns what its filter lets
        // through.
        let metadata = site.metadata.get()?;
        dispatcher::get_default(|to| to.enabled(metadata)).then_some(metadata)
    }

    pub(crate) fn event(&self, site: &LogSite<'_>, span: u64, values: &[LogValue<'_>]) {
        let Some(metadata) = self.wanted(site, false) else { return };
        let parent: Option<Id> = self.spans().get(&span).and_then(Span::id);
        with_values(metadata, values, |values| match parent {
            Some(_) => Event::child_of(parent, metadata, values),
            None => Event::dispatch(metadata, values),
        });
    }

    pub(crate) fn open(
        &self,
        site: &LogSite<'_>,
        number: u64,
        parent: u64,
        root: Option<Id>,
        values: &[LogValue<'_>],
    ) {
        let Some(metadata) = self.wanted(site, true) else { return };
        let parent = self.spans().get(&parent).and_then(Span::id).or(root);
        let span = with_values(metadata, values, |values| Span::child_of(parent, metadata, values));
        let mut spans = self.spans();
        if spans.len() < SPANS_MAX {
            spans.insert(number, span);
        }
    }

    pub(crate) fn record(&self, number: u64, values: &[LogValue<'_>]) {
        let Some(span) = self.spans().get(&number).cloned() else { return };
        let Some(metadata) = span.metadata() else { return };
        with_values(metadata, values, |values| span.record_all(values));
    }

    pub(crate) fn close(&self, number: u64) {
        // Dropped outside the lock: a subscriber may log while it closes a span.
        let closed = self.spans().remove(&number);
        drop(closed);
    }
}
