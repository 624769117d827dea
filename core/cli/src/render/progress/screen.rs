//! The terminal that a live area is drawn on. Everything else that is said to stderr meanwhile,
//! log lines too, is printed above the area and not into it.

use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The area on stderr, while there is one. A process has one stderr.
static AREA: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn area() -> MutexGuard<'static, Option<ProgressBar>> {
    AREA.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints lines to stderr, above the area if there is one. When stderr is gone there is nobody left
/// to tell.
pub(crate) fn print(lines: &str) {
    match &*area() {
        Some(bar) => bar.println(lines),
        None => drop(writeln!(io::stderr().lock(), "{lines}")),
    }
}

/// A live area of a terminal. Dropping it wipes it out.
pub(crate) struct Area {
    bar: ProgressBar,
    on_stderr: bool,
}

impl Area {
    /// Begins one on stderr.
    pub(crate) fn on_stderr() -> Self {
        let bar = bar(ProgressDrawTarget::stderr());
        *area() = Some(bar.clone());
        Self { bar, on_stderr: true }
    }

    /// Begins one on stdout: of a command whose data it is.
    pub(crate) fn on_stdout() -> Self {
        Self { bar: bar(ProgressDrawTarget::stdout()), on_stderr: false }
    }

    /// Draws it anew.
    pub(crate) fn draw(&self, lines: &[String]) {
        self.bar.set_message(lines.join("\n"));
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        if self.on_stderr {
            *area() = None;
        }
    }
}

fn bar(target: ProgressDrawTarget) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{msg}") {
        bar.set_style(style);
    }
    bar
}

/// Where log lines are written to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A line comes in one piece.
        let text = String::from_utf8_lossy(bytes);
        print(text.strip_suffix('\n').unwrap_or(&text));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
