//! What is going on: a line a finished step, and on a terminal what is under way below them.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use skybridge_engine::RunEvent;
use skybridge_model::Address;
use tokio::sync::mpsc::Receiver;

use crate::ui::{Style, Ui, paint};

/// How often the terminal is drawn anew while nothing happens.
const TICK: Duration = Duration::from_millis(120);

/// Steps named in the line of what is under way.
const NAMED: usize = 3;

/// Shows a run until its events end.
pub(crate) async fn watch(ui: Ui, mut events: Receiver<RunEvent>) {
    let mut view = View::new(ui);
    while let Some(event) = events.recv().await {
        if ui.events {
            if let Ok(line) = serde_json::to_string(&event) {
                ui.say(line);
            }
        } else {
            view.show(&event);
        }
    }
    view.bar.finish_and_clear();
}

struct View {
    ui: Ui,
    bar: ProgressBar,
    /// What each step under way does or waits for.
    active: BTreeMap<Address, String>,
}

impl View {
    fn new(ui: Ui) -> Self {
        let target =
            if ui.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {pos}/{len} [{elapsed}] {wide_msg}")
        {
            bar.set_style(style);
        }
        if ui.progress {
            bar.enable_steady_tick(TICK);
        }
        Self { ui, bar, active: BTreeMap::new() }
    }

    fn line(&self, style: Style, mark: &str, text: &str) {
        let line = format!("{} {text}", paint(self.ui.color_err, style, mark));
        if self.ui.progress { self.bar.println(line) } else { self.ui.say(line) }
    }

    fn show(&mut self, event: &RunEvent) {
        match event {
            RunEvent::RunStarted { steps, ended, .. } => {
                self.bar.set_length(*steps as u64);
                self.bar.set_position(*ended as u64);
            }
            RunEvent::StepStarted { address, title, .. } => {
                self.active.insert(address.clone(), title.clone());
            }
            RunEvent::StepWaiting { address, why, .. } => {
                self.active.insert(address.clone(), format!("waiting: {why}"));
            }
            RunEvent::StepRetrying { address, error, r#in } => {
                let text = format!("again in {in:.1} s: {}", error.message);
                self.active.insert(address.clone(), text);
            }
            RunEvent::StepFinished { address, action, detail, seconds } => {
                self.ended(address);
                let detail = detail.as_ref().map(|d| format!(" - {d}")).unwrap_or_default();
                let text = format!("{address} {action} ({seconds:.1} s){detail}");
                self.line(Style::Good, "done", &text);
            }
            RunEvent::StepFailed { address, error, .. } => {
                self.ended(address);
                self.line(Style::Bad, "failed", &format!("{address}: {}", error.message));
            }
            RunEvent::StepSkipped { address, because } => {
                self.ended(address);
                self.line(Style::Quiet, "skipped", &format!("{address} because of {because}"));
            }
            RunEvent::RunFinished { .. } => {}
        }
        self.bar.set_message(self.under_way());
    }

    fn ended(&mut self, address: &Address) {
        self.active.remove(address);
        self.bar.inc(1);
    }

    fn under_way(&self) -> String {
        let named = self.active.iter().take(NAMED).map(|(address, what)| {
            let scope = address.scope().map(|scope| format!("@{scope}")).unwrap_or_default();
            format!("{}{scope} ({what})", address.local())
        });
        let mut text = named.collect::<Vec<_>>().join("; ");
        if self.active.len() > NAMED {
            text = format!("{text}; and {} more", self.active.len() - NAMED);
        }
        text
    }
}
