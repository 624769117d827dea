//! Ctrl-C: the first one drains the run under way, the second one ends the process. Without a run
//! there is nothing to drain, and the first one ends it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::ui::Ui;

/// What a shell expects of a command that Ctrl-C ended.
const ENDED_BY_CTRL_C: i32 = 130;

/// Who is told of Ctrl-C.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupts(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Until the first run the system's own way of ending a process is good enough.
    listening: bool,
    run: Option<CancellationToken>,
}

impl Interrupts {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run begins: the token that the first Ctrl-C cancels.
    pub(crate) fn begin(&self, ui: Ui) -> CancellationToken {
        let token = CancellationToken::new();
        let mut state = self.state();
        state.run = Some(token.clone());
        if !std::mem::replace(&mut state.listening, true) {
            tokio::spawn(self.clone().listen(ui));
        }
        token
    }

    /// The run has ended.
    pub(crate) fn end(&self) {
        self.state().run = None;
    }

    async fn listen(self, ui: Ui) {
        while tokio::signal::ctrl_c().await.is_ok() {
            let run = self.state().run.clone();
            match run {
                Some(run) if !run.is_cancelled() => {
                    ui.say("\nfinishing what is under way; Ctrl-C again stops at once");
                    run.cancel();
                }
                Some(_) => {
                    ui.say("stopped; `skybridge resume` goes on");
                    end(i32::from(Exit::Stuck as u8));
                }
                None => end(ENDED_BY_CTRL_C),
            }
        }
    }
}

#[expect(clippy::exit, reason = "the user asked for it; the journal says what was intended")]
fn end(code: i32) {
    std::process::exit(code);
}
