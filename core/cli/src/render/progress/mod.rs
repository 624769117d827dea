//! What is going on in a run: a live area on a terminal, a line now and then elsewhere, or every
//! event as JSON. Whatever is shown, what others need to show it is written down beside the journal.

pub(crate) mod area;
pub(crate) mod board;
pub(crate) mod chart;
mod plain;
pub(crate) mod screen;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use std::sync::Arc;
use std::time::Duration;

use skybridge_engine::{EventLine, RunEvent};
use skybridge_model::{Clock, Timestamp};
use tokio::sync::mpsc::Receiver;
use tokio::time::{MissedTickBehavior, interval};

use crate::live::{self, Now, Rest};
use crate::ui::{Style, Ui, paint, stderr_size};
use area::Look;
use board::Board;
use plain::Plain;
use screen::Area;
use words::clean;

/// How often the terminal is drawn anew: faster than eight times a second nobody reads.
const TICK: Duration = Duration::from_millis(125);

/// How often it is worked out anew how long the rest takes: it goes through the whole plan.
const ESTIMATE_SECONDS: f64 = 2.0;

/// Events taken in between two looks at the clock.
const BATCH: usize = 1024;

/// Steps of a run whose finished steps are told one by one: what a person reads.
const TOLD_ONE_BY_ONE: u32 = 60;

/// What plugins tell while they work, on its way to whoever watches.
#[derive(Debug)]
pub(crate) enum Told {
    /// A person is needed.
    Notice(RunEvent),
    /// A call about a step or something else came further.
    Came(String, board::Come),
}

/// Watches a run.
pub(crate) struct Watch {
    pub(crate) ui: Ui,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) board: Board,
    /// Where others look.
    pub(crate) live: live::Writer,
    /// What plugins tell.
    pub(crate) told: Receiver<Told>,
}

/// What is shown of it, and how.
struct Shown {
    watch: Watch,
    area: Option<Area>,
    plain: Plain,
    /// To be printed above the area.
    lines: Vec<String>,
    left: Option<(Timestamp, Rest)>,
}

impl Watch {
    /// Shows the run until its events end.
    pub(crate) async fn run(self, mut events: Receiver<RunEvent>) {
        let area = self.ui.progress.then(Area::on_stderr);
        let mut shown =
            Shown { watch: self, area, plain: Plain::default(), lines: Vec::new(), left: None };
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                count = events.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        break;
                    }
                    batch.drain(..).for_each(|event| shown.take_in(&event));
                    shown.print();
                }
                Some(told) = shown.watch.told.recv() => shown.hear(&told),
                _ = tick.tick() => shown.look().await,
            }
        }
        shown.look().await;
        shown.print();
    }
}

impl Shown {
    fn take_in(&mut self, event: &RunEvent) {
        self.watch.board.take_in(event, self.watch.clock.now());
        if self.watch.ui.events {
            self.lines.extend(serde_json::to_string(&EventLine::new(event)));
        } else {
            self.lines.extend(self.line(event));
        }
    }

    /// What is worth a line of its own.
    fn line(&self, event: &RunEvent) -> Option<String> {
        let few = self.area.is_some() && self.watch.board.total().steps <= TOLD_ONE_BY_ONE;
        let marked = |style, mark, text: String| {
            let mark = paint(self.watch.ui.color_err, style, mark);
            Some(format!("{mark} {}", clean(&text)))
        };
        match event {
            RunEvent::StepFinished { address, action, detail, seconds } if few => {
                let detail = detail.as_ref().map(|d| format!(" - {d}")).unwrap_or_default();
                let text = format!("{address} {action} ({seconds:.1} s){detail}");
                marked(Style::Good, "done", text)
            }
            RunEvent::StepFailed { address, error, .. } => {
                marked(Style::Bad, "failed", format!("{address}: {}", error.message))
            }
            RunEvent::StepSkipped { address, because } if few => {
                marked(Style::Quiet, "skipped", format!("{address} because of {because}"))
            }
            RunEvent::RunFinished { .. } if self.area.is_none() => {
                let run = Now::of(&self.watch.board, None);
                Some(format!("ended: {}", words::totals(&run, self.watch.clock.now())))
            }
            _ => None,
        }
    }

    fn hear(&mut self, told: &Told) {
        let now = self.watch.clock.now();
        match told {
            Told::Notice(event) => self.watch.board.take_in(event, now),
            Told::Came(subject, come) => self.watch.board.came(subject, come.clone()),
        }
    }

    fn print(&mut self) {
        if !self.lines.is_empty() {
            screen::print(&std::mem::take(&mut self.lines).join("\n"));
        }
    }

    /// Shows how things stand now.
    async fn look(&mut self) {
        let now = self.watch.clock.now();
        let board = &mut self.watch.board;
        board.pass(now);
        let rest = match &self.left {
            Some((at, left)) if words::between(*at, now) < ESTIMATE_SECONDS => *left,
            _ => {
                let left = board.estimate(now);
                self.left = Some((now, left));
                left
            }
        };
        let run = Now::of(board, Some(rest));
        if let Some(area) = &self.area {
            let (columns, lines) = stderr_size();
            let look = Look { columns, lines, color: self.watch.ui.color_err };
            area.draw(&area::lines(&run, look, now));
        } else if !self.watch.ui.events {
            if self.watch.board.outcome.is_none() {
                self.lines.extend(self.plain.line(&run, now));
            }
            self.print();
        }
        self.watch.live.write(run, now).await;
    }
}
