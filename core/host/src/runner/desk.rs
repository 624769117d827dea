//! The host's end of the socket: who waits for what, and what the other end says.
//!
//! A process that runs a plugin may say anything at any time. Whatever it says has a bound, and what
//! it must not say ends it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use abi_stable::std_types::{ROption, RResult, RSlice, RVec};
use skybridge_model::Secret;
use skybridge_plugin_api::{AbiBatch, AbiError, AbiResult, HostServices as _};
use tokio::sync::{mpsc, oneshot};

use super::death::Ending;
use super::frame::Body;
use super::limits::{STREAM_WINDOW, WANTS_MAX};
use super::log::Line;
use super::message::{Ask, Call, Confinement, ErrorHead, Refused, Reply, Tell, Want, Wanted};
use crate::error::died;
use crate::relog::Relog;
use crate::services::Services;

/// What a stream's reader gets.
pub(crate) type Item = ROption<AbiResult<AbiBatch>>;

/// What happens before an instance is open, each at most once.
#[derive(Debug)]
pub(crate) enum Early {
    Loaded { manifest: String, api_version: String, confinement: Confinement },
    Refused(Refused),
    Opened,
    NotOpened(AbiError),
}

enum Waiter {
    Answer(oneshot::Sender<AbiResult<RVec<u8>>>),
    Stream(mpsc::Sender<Item>),
}

/// The frames that wait to be written, and who waits for which answer.
pub(crate) struct Desk {
    services: Option<Services>,
    relog: Relog,
    early: Mutex<EarlyWords>,
    waiting: Mutex<Waiting>,
    wants: Arc<AtomicUsize>,
    out: SyncSender<(Ask, Body)>,
}

/// Words are kept until somebody takes them, so there is a number of them.
struct EarlyWords {
    sender: Option<Sender<Early>>,
    left: u8,
}

/// Whether it loads, and whether it opens.
const EARLY_WORDS: u8 = 2;

#[derive(Default)]
struct Waiting {
    calls: BTreeMap<Call, Waiter>,
    ended: Option<Arc<Ending>>,
}

impl Desk {
    /// `services` are missing while a library is only tried.
    pub(crate) fn new(
        services: Option<Services>,
        early: Sender<Early>,
        out: SyncSender<(Ask, Body)>,
    ) -> Self {
        let relog = services.as_ref().map(Services::fresh_relog).unwrap_or_default();
        Self {
            services,
            relog,
            early: Mutex::new(EarlyWords { sender: Some(early), left: EARLY_WORDS }),
            waiting: Mutex::default(),
            wants: Arc::default(),
            out,
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a frame where the writer takes it.
    ///
    /// # Errors
    /// When the process does not read. When it is gone the reader finds out, and why.
    pub(crate) fn send(&self, ask: Ask, body: Body) -> Result<(), String> {
        match self.out.try_send((ask, body)) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
            Err(TrySendError::Full(_)) => Err("it does not read what it is asked".to_owned()),
        }
    }

    /// Registers who waits for a call's answer.
    pub(crate) fn expect_answer(
        &self,
        call: Call,
    ) -> Result<oneshot::Receiver<AbiResult<RVec<u8>>>, AbiError> {
        let (sender, receiver) = oneshot::channel();
        self.expect(call, Waiter::Answer(sender))?;
        Ok(receiver)
    }

    /// Registers who reads a stream.
    pub(crate) fn expect_stream(&self, call: Call) -> Result<mpsc::Receiver<Item>, AbiError> {
        // Room for the end of the stream, too.
        let (sender, receiver) = mpsc::channel(STREAM_WINDOW + 1);
        self.expect(call, Waiter::Stream(sender))?;
        Ok(receiver)
    }

    fn expect(&self, call: Call, waiter: Waiter) -> Result<(), AbiError> {
        let mut waiting = self.waiting();
        match &waiting.ended {
            Some(ending) => Err(died(ending)),
            None => {
                waiting.calls.insert(call, waiter);
                Ok(())
            }
        }
    }

    /// Nobody waits for it any more. True when it was still waited for.
    pub(crate) fn forget(&self, call: Call) -> bool {
        self.waiting().calls.remove(&call).is_some()
    }

    /// How the process ended, once it has.
    pub(crate) fn ended(&self) -> Option<Arc<Ending>> {
        self.waiting().ended.clone()
    }

    /// Tells everybody who waits that nothing more will come.
    pub(crate) fn end(&self, ending: Ending) {
        let ending = Arc::new(ending);
        let calls = {
            let mut waiting = self.waiting();
            waiting.ended = Some(Arc::clone(&ending));
            std::mem::take(&mut waiting.calls)
        };
        for waiter in calls.into_values() {
            let error = died(&ending);
            // Whoever has stopped waiting needs no answer.
            match waiter {
                Waiter::Answer(sender) => drop(sender.send(RResult::RErr(error))),
                Waiter::Stream(sender) => {
                    drop(sender.try_send(ROption::RSome(RResult::RErr(error))));
                }
            }
        }
        // Whoever waits for an early word hears that none will come.
        drop(self.early_words().sender.take());
    }

    /// Takes what the process says.
    ///
    /// # Errors
    /// What it must not have said: it is to be ended.
    pub(crate) fn hear(&self, tell: Tell, mut body: Body) -> Result<(), String> {
        let bytes = |body: &mut Body| std::mem::take(&mut **body);
        match tell {
            Tell::Loaded { api_version, confinement } => {
                let manifest = String::from_utf8(bytes(&mut body))
                    .map_err(|_| "a manifest that is no text".to_owned())?;
                self.early(Early::Loaded { manifest, api_version, confinement })?;
            }
            Tell::Refused => {
                self.early(Early::Refused(serde_json::from_slice(&body).unwrap_or_default()))?;
            }
            Tell::Opened => self.early(Early::Opened)?,
            Tell::NotOpened { error } => {
                self.early(Early::NotOpened(error.with(bytes(&mut body))))?;
            }
            Tell::Answer { call } => self.answer(call, RResult::ROk(bytes(&mut body).into()))?,
            Tell::Failed { call, error } => self.failed(call, error.with(bytes(&mut body)))?,
            Tell::Batch { call, format, rows } => {
                let batch = AbiBatch { format, rows, bytes: bytes(&mut body).into() };
                self.item(call, ROption::RSome(RResult::ROk(batch)))?;
            }
            Tell::End { call } => {
                self.item(call, ROption::RNone)?;
                self.forget(call);
            }
            Tell::Wants { want, what } => self.wanted(want, what, body)?,
            told => self.noted(&told, &body)?,
        }
        Ok(())
    }

    fn early_words(&self) -> MutexGuard<'_, EarlyWords> {
        self.early.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn early(&self, word: Early) -> Result<(), String> {
        let mut words = self.early_words();
        words.left = words
            .left
            .checked_sub(1)
            .ok_or_else(|| "it loads or opens more than once".to_owned())?;
        // A word that nobody waits for any more is of no use, and no harm.
        if let Some(sender) = &words.sender {
            drop(sender.send(word));
        }
        Ok(())
    }

    /// An answer that nobody waits for crossed its cancellation on the way.
    fn answer(&self, call: Call, answer: AbiResult<RVec<u8>>) -> Result<(), String> {
        match self.waiting().calls.remove(&call) {
            Some(Waiter::Answer(sender)) => drop(sender.send(answer)),
            Some(Waiter::Stream(_)) => return Err("an answer where a batch was due".to_owned()),
            None => {}
        }
        Ok(())
    }

    fn failed(&self, call: Call, error: AbiError) -> Result<(), String> {
        match self.waiting().calls.remove(&call) {
            Some(Waiter::Answer(sender)) => drop(sender.send(RResult::RErr(error))),
            Some(Waiter::Stream(sender)) => {
                let error = ROption::RSome(RResult::RErr(error));
                sender.try_send(error).map_err(|_| too_many())?;
            }
            None => {}
        }
        Ok(())
    }

    fn item(&self, call: Call, item: Item) -> Result<(), String> {
        match self.waiting().calls.get(&call) {
            Some(Waiter::Stream(sender)) => match sender.try_send(item) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => Err(too_many()),
            },
            Some(Waiter::Answer(_)) => Err("a batch where an answer was due".to_owned()),
            None => Ok(()),
        }
    }

    /// What needs no answer.
    fn noted(&self, told: &Tell, body: &[u8]) -> Result<(), String> {
        let Some(services) = &self.services else {
            return Err("it speaks before it is opened".to_owned());
        };
        let line = || -> Result<Line, String> {
            serde_json::from_slice(body).map_err(|error| format!("a line of its log: {error}"))
        };
        match told {
            Tell::Event { span } if services.may_speak() => {
                line()?.with(|site, values| self.relog.event(site, *span, values));
            }
            Tell::SpanOpen { span, parent, call } if services.may_speak() => {
                let root = services.root(*call);
                line()?.with(|site, values| self.relog.open(site, *span, *parent, root, values));
            }
            Tell::SpanRecord { span } => {
                line()?.with(|_, values| self.relog.record(*span, values));
            }
            Tell::SpanClose { span } => self.relog.close(*span),
            Tell::Progress { call, done, total, note } => {
                services.progress(*call, *done, *total, note.as_str().into());
            }
            Tell::Record { call, what } => services.record(*call, *what, RSlice::from_slice(body)),
            _ => {}
        }
        Ok(())
    }

    fn wanted(&self, want: Want, what: Wanted, mut body: Body) -> Result<(), String> {
        let Some(services) = &self.services else {
            return Err("it asks before it is opened".to_owned());
        };
        let future = match what {
            Wanted::Now => {
                let now = Reply::Now(services.now_unix_ms());
                return self.send(Ask::Reply { want, reply: now }, Body::default());
            }
            Wanted::Get(name) => Question::Get(services.secret_get(name.into())),
            Wanted::Put(name) => {
                let secret = Secret::new(std::mem::take(&mut *body));
                Question::Done(services.put(name, secret))
            }
            Wanted::Remove(name) => Question::Done(services.secret_remove(name.into())),
        };
        if self.wants.fetch_add(1, Ordering::Relaxed) >= WANTS_MAX {
            return Err(format!("more than {WANTS_MAX} questions at a time"));
        }
        let (out, wants) = (self.out.clone(), Arc::clone(&self.wants));
        services.spawn(async move {
            let (reply, body) = future.answer().await;
            wants.fetch_sub(1, Ordering::Relaxed);
            // A process that is gone needs no answer.
            drop(out.try_send((Ask::Reply { want, reply }, body)));
        });
        Ok(())
    }
}

/// A question under way in the host's services.
enum Question {
    Get(skybridge_plugin_api::SecretFuture),
    Done(async_ffi::FfiFuture<AbiResult<()>>),
}

impl Question {
    async fn answer(self) -> (Reply, Body) {
        let failed = |error: AbiError| {
            (Reply::Failed(ErrorHead::of(&error)), Body::new(error.detail.into_vec()))
        };
        match self {
            Self::Get(future) => match future.await {
                RResult::ROk(ROption::RSome(secret)) => {
                    (Reply::Found, Body::new(secret.into_vec()))
                }
                RResult::ROk(ROption::RNone) => (Reply::Absent, Body::default()),
                RResult::RErr(error) => failed(error),
            },
            Self::Done(future) => match future.await {
                RResult::ROk(()) => (Reply::Done, Body::default()),
                RResult::RErr(error) => failed(error),
            },
        }
    }
}

fn too_many() -> String {
    "more batches than it was asked for".to_owned()
}
