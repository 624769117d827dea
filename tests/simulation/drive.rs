//! The engine's machine in simulated time: what happens next is decided by the seed.
//!
//! It stands where the driver on tokio stands, with the same machine and the same outbox. Calls go to
//! the real connector one at a time, each at a moment of its own; its answer arrives later, and other
//! things happen in between. A batch of records takes a while to be durable. Where nothing happens,
//! time passes at once. And at any moment everything may end, as by `kill -9`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use skybridge_engine::{
    ApplyCall, Context, Effect, EngineError, Input, Machine, Outbox, ReadyCall, RetryClass,
    RunReport, Runner, StepError, Work,
};
use skybridge_journal::{Event, RunState, Store};
use skybridge_model::{Clock as _, Timestamp};
use skybridge_plugin_api::kind;
use tokio_util::sync::CancellationToken;

use super::cloud::Cloud;
use super::dice::Dice;
use super::files::Journal;
use super::time::VirtualClock;

/// What disturbs one life of the program.
#[derive(Debug, Clone, Default)]
pub(super) struct Disturbance {
    /// After so many happenings everything ends.
    pub(super) ends_after: Option<u64>,
    /// It ends in the middle of a call: so many requests of the service go through, the next one
    /// has its effect, and its answer is not heard any more.
    pub(super) in_a_call: Option<(&'static str, u64)>,
    /// After so many happenings the user presses Ctrl-C.
    pub(super) interrupted_after: Option<u64>,
    /// Answers come late now and then, some of them too late to be waited for.
    pub(super) tardy: bool,
    /// Everything takes no longer than it must: calls a millisecond, and writing none.
    pub(super) prompt: bool,
    /// The driver breaks the rule of the outbox: what the checkers must notice.
    pub(super) lawless: bool,
}

/// Who holds time and chance in one life of the program.
pub(super) struct Hand {
    pub(super) clock: Arc<VirtualClock>,
    cloud: Arc<Cloud>,
    state: std::path::PathBuf,
    disturbance: Disturbance,
    dice: Mutex<Dice>,
    happenings: AtomicU64,
    dead: CancellationToken,
    /// What an independent look at the journal found while the life lasted.
    pub(super) found: Mutex<Vec<String>>,
}

/// Something that will happen.
enum Happening {
    /// The batch that is being written is durable.
    Durable(Vec<Event>),
    Apply(ApplyCall),
    Probe(ReadyCall, u32),
    Answer(Box<Input>),
    /// The machine wanted to be woken.
    Wake,
}

/// More than this in one life is a run that goes round in circles; the longest honest ones have some
/// thousand.
const HAPPENINGS_MAX: u64 = 100_000;

/// A call that fails because the machine's deadline passed.
fn too_late() -> StepError {
    StepError::new(kind::TIMEOUT, RetryClass::Transient, "no answer in time")
}

impl Hand {
    pub(super) fn new(
        clock: Arc<VirtualClock>,
        cloud: Arc<Cloud>,
        state: std::path::PathBuf,
        disturbance: Disturbance,
        dice: Dice,
    ) -> Arc<Self> {
        Arc::new(Self {
            clock,
            cloud,
            state,
            disturbance,
            dice: Mutex::new(dice),
            happenings: AtomicU64::new(0),
            dead: CancellationToken::new(),
            found: Mutex::default(),
        })
    }

    /// Ends this life; whoever waits for [`Hand::end`] learns of it.
    pub(super) fn kill(&self) {
        self.dead.cancel();
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.is_cancelled()
    }

    pub(super) fn happenings(&self) -> u64 {
        self.happenings.load(Ordering::SeqCst)
    }

    /// When this life ends before its time.
    pub(super) async fn end(&self) {
        self.dead.cancelled().await;
    }

    fn roll<T>(&self, of: impl FnOnce(&mut Dice) -> T) -> T {
        of(&mut self.dice.lock().unwrap())
    }

    /// A time from now, in milliseconds.
    fn soon(&self, from: u64, to: u64) -> Timestamp {
        let to = if self.disturbance.prompt { from } else { to };
        let millis = self.roll(|dice| dice.between(from, to));
        self.clock.now() + SignedDuration::from_millis(i64::try_from(millis).unwrap())
    }

    /// Nothing more of this life happens.
    async fn die(&self) -> ! {
        self.kill();
        std::future::pending().await
    }
}

/// Runs work to its end, or to that of the life.
pub(super) async fn drive(
    hand: Arc<Hand>,
    work: Work,
    state: RunState,
    runner: Arc<dyn Runner>,
    context: Context,
) -> Result<RunReport, EngineError> {
    let Context { store, mut observer, limits, .. } = context;
    let machine = Machine::new(work, state, limits)?;
    if machine.outcome().is_some() {
        return Ok(machine.report());
    }
    let deadline = SignedDuration::try_from(limits.call_deadline).unwrap();
    let (outbox, agenda, count) = (Outbox::new(), BTreeMap::new(), 0);
    let writing = false;
    let mut run = Run { hand, machine, outbox, agenda, count, store, runner, writing, deadline };
    run.take_in(Input::Start);
    loop {
        while let Some(effect) = run.outbox.take_effect() {
            match effect {
                Effect::Tell(event) => observer.tell(event),
                Effect::Finished(_) => return Ok(run.machine.report()),
                Effect::Broken(what) => return Err(EngineError::Machine(what)),
                call => run.call(&call),
            }
        }
        run.write();
        let happening = run.next().await;
        run.happen(happening).await?;
    }
}

struct Run {
    hand: Arc<Hand>,
    machine: Machine,
    outbox: Outbox,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    count: u64,
    store: Box<dyn Store>,
    runner: Arc<dyn Runner>,
    writing: bool,
    deadline: SignedDuration,
}

impl Run {
    fn take_in(&mut self, input: Input) {
        let mut turn = self.machine.step(input, self.hand.clock.now());
        if self.hand.disturbance.lawless {
            let calls = |effect: &Effect| matches!(effect, Effect::Apply { .. });
            let (early, rest) = turn.effects.into_iter().partition::<Vec<_>, _>(calls);
            turn.effects = rest;
            early.iter().for_each(|effect| self.call(effect));
        }
        self.outbox.put(turn);
    }

    fn plan(&mut self, at: Timestamp, happening: Happening) {
        self.count += 1;
        // Of two things at one moment either may come first.
        let order = self.hand.roll(Dice::roll) >> 16 << 16 | self.count & 0xffff;
        self.agenda.insert((at, order), happening);
    }

    /// A call sets out and takes effect when it arrives.
    fn call(&mut self, effect: &Effect) {
        let call = match effect {
            Effect::Apply { step, attempt } => {
                self.machine.apply_call(*step, *attempt).map(Happening::Apply)
            }
            Effect::Probe { step, look } => {
                self.machine.ready_call(*step).map(|call| Happening::Probe(call, *look))
            }
            Effect::Tell(_) | Effect::Finished(_) | Effect::Broken(_) => None,
        };
        let at = self.hand.soon(1, 300);
        self.plan(at, call.unwrap());
    }

    fn write(&mut self) {
        if !self.writing
            && let Some(batch) = self.outbox.take_batch()
        {
            self.writing = true;
            let at = self.hand.soon(0, 40);
            self.plan(at, Happening::Durable(batch));
        }
    }

    /// What happens next, at its time; or the end.
    async fn next(&mut self) -> Happening {
        let first = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let wake = self.machine.next_wake();
        let happening = match (first, wake) {
            (Some(first), Some(wake)) if wake < first => (wake, Happening::Wake),
            (Some(first), _) => (first, self.agenda.pop_first().unwrap().1),
            (None, Some(wake)) => (wake, Happening::Wake),
            (None, None) => panic!("the run waits, and for nothing: {:?}", self.machine.report()),
        };
        let (at, happening) = happening;
        self.hand.clock.reach(at);
        let number = self.hand.happenings.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(number < HAPPENINGS_MAX, "a life that does not end: {:?}", self.machine.report());
        if self.hand.disturbance.interrupted_after == Some(number) {
            self.take_in(Input::Cancel);
        }
        let due = self.hand.disturbance.ends_after.is_some_and(|last| number >= last);
        match (due, self.hand.disturbance.in_a_call, &happening) {
            (false, ..) => happening,
            (true, Some(_), Happening::Apply(_)) => happening,
            // A life that is to end in a call goes on until there is one; reading tells nothing.
            (true, Some(_), _) if !self.agenda_is_dull() => happening,
            (true, ..) => {
                self.tear(happening);
                self.hand.die().await
            }
        }
    }

    /// Whether no effect is to come any more: then a life ends without one.
    fn agenda_is_dull(&self) -> bool {
        self.agenda.is_empty() && self.machine.next_wake().is_none()
    }

    /// What becomes of a batch that is being written when everything ends: nothing of it, all of it,
    /// or what had reached the disk.
    fn tear(&mut self, happening: Happening) {
        let rest = std::mem::take(&mut self.agenda).into_values();
        let batch = std::iter::once(happening).chain(rest).find_map(|happening| match happening {
            Happening::Durable(batch) => Some(batch),
            _ => None,
        });
        let (Some(batch), true) = (batch, self.hand.roll(|dice| dice.percent(70))) else { return };
        let before = Journal::bytes(&self.hand.state);
        // Whoever dies hears no errors.
        drop(self.store.append(&batch));
        let after = Journal::bytes(&self.hand.state);
        if let (Some((path, after)), before) = (after, before.map_or(0, |(_, bytes)| bytes))
            && after > before
        {
            let kept = self.hand.roll(|dice| dice.between(before, after));
            fs_err::OpenOptions::new().write(true).open(path).unwrap().set_len(kept).unwrap();
        }
    }

    async fn happen(&mut self, happening: Happening) -> Result<(), EngineError> {
        match happening {
            Happening::Durable(batch) => {
                let kept = self.store.append(&batch);
                if self.hand.is_dead() {
                    self.hand.die().await;
                }
                kept?;
                self.outbox.acknowledge();
                self.writing = false;
            }
            Happening::Wake => self.take_in(Input::Tick),
            Happening::Answer(input) => self.take_in(*input),
            Happening::Apply(call) => {
                let (step, attempt) = (call.step, call.attempt);
                let sent = self.hand.clock.now();
                self.look_for_intent(&call);
                let cut = self.cut().await;
                let answer = self.runner.apply(call);
                let answer = tokio::select! {
                    answer = answer => answer,
                    () = self.hand.end() => self.hand.die().await,
                };
                if cut {
                    self.hand.die().await;
                }
                let (at, answer) = self.arrival(sent, answer);
                self.plan(
                    at,
                    Happening::Answer(Box::new(Input::Applied { step, attempt, answer })),
                );
            }
            Happening::Probe(call, look) => {
                let (step, sent) = (call.step, self.hand.clock.now());
                let answer = self.runner.ready(call).await;
                let (at, answer) = self.arrival(sent, answer);
                self.plan(at, Happening::Answer(Box::new(Input::Probed { step, look, answer })));
            }
        }
        Ok(())
    }

    /// When an answer arrives, and whether it is still waited for.
    fn arrival<T>(
        &self,
        sent: Timestamp,
        answer: Result<T, StepError>,
    ) -> (Timestamp, Result<T, StepError>) {
        let tardy = self.hand.disturbance.tardy;
        let at = match self.hand.roll(|dice| dice.below(100)) {
            0 if tardy => self.hand.soon(200_000, 700_000),
            1..=9 if tardy => self.hand.soon(1_000, 30_000),
            _ => self.hand.soon(1, 500),
        };
        let until = sent + self.deadline;
        if at > until { (until, Err(too_late())) } else { (at, answer) }
    }

    /// Lets the rest of this life's requests come to nothing, if this is the call it ends in.
    async fn cut(&mut self) -> bool {
        let due = self.hand.disturbance.ends_after.is_some_and(|n| self.hand.happenings() >= n);
        let Some((service, through)) = self.hand.disturbance.in_a_call.filter(|_| due) else {
            return false;
        };
        let next = format!(
            "[[faults]]\nservice = \"{service}\"\nskip = {through}\ntimes = 1\n\
             effect = \"reset-after-commit\"\n"
        );
        let rest = format!(
            "[[faults]]\nservice = \"{service}\"\nskip = {through}\n\
             effect = \"reset-before-commit\"\n"
        );
        self.hand.cloud.faults(next + &rest).await;
        true
    }

    /// Before an effect its intent is on disk: looked up in the file, not asked of the machine.
    fn look_for_intent(&self, call: &ApplyCall) {
        let run = call.run.to_string();
        if let Some(false) = Journal::intends(&self.hand.state, &run, &call.address, call.attempt) {
            let found = format!("{} is applied, and its intent is not on disk", call.address);
            self.hand.found.lock().unwrap().push(found);
        }
    }
}

/// Time between two commands of a user.
pub(super) const PAUSE: Duration = Duration::from_secs(2);
