//! One life of the program: a command, from its arguments to its end or to the moment it is killed.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tracing_subscriber::filter::Targets;

use super::cloud::{Cloud, search};
use super::dice::{Dice, DiceEntropy};
use super::drive::{Disturbance, Hand, drive};
use super::time::VirtualClock;
use crate::app::App;
use crate::args::{ApplyArgs, Color, Global, LimitArgs, OffboardArgs, ReportFormat, SimulateArgs};
use crate::commands;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::interrupts::Interrupts;
use crate::render::diagnostics::show;
use crate::ui::{Reader, Ui};
use crate::watchers::Watchers;

/// What is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Apply,
    Rotate,
    Offboard { purge: bool },
    Resume,
    Verify,
}

/// Where a seed's lives take place.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) clock: Arc<VirtualClock>,
    pub(super) cloud: Arc<Cloud>,
    pub(super) said: Reader,
}

/// How a life ended.
#[derive(Debug)]
pub(super) enum End {
    Exit(Exit),
    Killed,
    /// The program did what it must not: why.
    Broken(String),
}

/// A life and what was seen in it.
pub(super) struct Lived {
    pub(super) end: End,
    pub(super) happenings: u64,
    pub(super) found: Vec<String>,
}

impl Place {
    /// The state directory of the rehearsal.
    pub(super) fn state(&self) -> PathBuf {
        self.folder.join("state/simulated")
    }

    /// Lives once. `inject` is what `--inject` says.
    pub(super) async fn live(
        &self,
        command: Command,
        disturbance: Disturbance,
        inject: &[String],
        dice: Dice,
        entropy: Dice,
    ) -> Lived {
        let (clock, cloud) = (Arc::clone(&self.clock), Arc::clone(&self.cloud));
        let hand = Hand::new(clock, cloud, self.state(), disturbance, dice);
        let app = self.app(&hand, entropy);
        let running = std::panic::AssertUnwindSafe(self.command(&app, command, inject));
        let end = tokio::select! {
            biased;
            () = hand.end() => End::Killed,
            ended = running.catch_unwind() => match ended {
                _ if hand.is_dead() => End::Killed,
                Ok(Ok(exit)) => End::Exit(exit),
                Ok(Err(failure)) => {
                    show(&app.ui, &failure.diagnostics, failure.source.as_deref());
                    End::Exit(failure.exit)
                }
                Err(panic) => End::Broken(format!("it panicked: {}", text(&*panic))),
            },
        };
        app.ui.say(format!("== {command:?} {inject:?}: {end:?}"));
        let found = std::mem::take(&mut *hand.found.lock().unwrap());
        Lived { end, happenings: hand.happenings(), found }
    }

    async fn command(&self, app: &App, command: Command, inject: &[String]) -> Outcome {
        let manifest = self.folder.join("contoso.toml");
        let url = Some(self.cloud.url().to_owned());
        let simulate = SimulateArgs { simulate: false, scenario: None, simulator: url };
        let (inject, yes, limits) = (inject.to_vec(), true, LimitArgs::default());
        match command {
            Command::Apply | Command::Rotate => {
                let args = ApplyArgs { manifest, simulate, inject, yes, limits };
                match command {
                    Command::Apply => commands::apply::run(app, &args).await,
                    _ => commands::rotate::run(app, &args).await,
                }
            }
            Command::Offboard { purge } => {
                let args = OffboardArgs { manifest, simulate, inject, yes, purge, limits };
                commands::offboard::run(app, &args).await
            }
            Command::Resume => commands::resume::run(app, None, &limits, &inject).await,
            Command::Verify => {
                commands::verify::run(app, &manifest, &simulate, ReportFormat::Text).await
            }
        }
    }

    fn app(&self, hand: &Arc<Hand>, entropy: Dice) -> App {
        let global = Global {
            state: Some(self.folder.join("state")),
            log: "warn".to_owned(),
            events: None,
            plugin_dirs: Vec::new(),
            color: Color::Never,
            no_progress: true,
        };
        let ui = Ui {
            color_out: false,
            color_err: false,
            width: 100,
            may_draw: false,
            progress: false,
            events: false,
            reader: Some(self.said),
        };
        let (driving, killing) = (Arc::clone(hand), Arc::clone(hand));
        App {
            global,
            ui,
            search: search().clone(),
            log: Targets::new(),
            clock: Arc::clone(&self.clock) as Arc<dyn skybridge_model::Clock>,
            entropy: Arc::new(DiceEntropy::new(entropy)),
            interrupts: Interrupts::default(),
            watchers: Watchers::default(),
            capture: None,
            drive: Arc::new(move |work, state, runner, context| {
                drive(Arc::clone(&driving), work, state, runner, context).boxed()
            }),
            abort: Arc::new(move || killing.kill()),
            identity: Some(self.folder.join("identity.txt")),
        }
    }
}

fn text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
