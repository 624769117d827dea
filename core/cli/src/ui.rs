//! The terminal: what goes to stdout, what to stderr, how wide, in colour or not.

use std::io::{self, IsTerminal as _, Write};

use crate::args::{Color, EventFormat, Global};
use crate::failure::{Failure, Outcome};

/// Columns assumed when nobody says.
const WIDTH: usize = 100;

/// How to show things.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    /// Colours on stdout.
    pub(crate) color_out: bool,
    /// Colours on stderr.
    pub(crate) color_err: bool,
    /// Columns of stdout.
    pub(crate) width: usize,
    /// Draw progress on stderr.
    pub(crate) progress: bool,
    /// One JSON object a line on stderr.
    pub(crate) events: bool,
}

impl Ui {
    /// Looks at the terminal and the environment, once.
    #[expect(
        clippy::disallowed_methods,
        reason = "the command line is where the environment is read"
    )]
    pub(crate) fn new(global: &Global) -> Self {
        let no_color = std::env::var("NO_COLOR").is_ok_and(|value| !value.is_empty());
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let color = |terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color && !dumb,
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let width = columns.or_else(terminal_width).unwrap_or(WIDTH).clamp(40, 200);
        let events = global.events == Some(EventFormat::Ndjson);
        let stderr = io::stderr().is_terminal();
        Self {
            color_out: color(io::stdout().is_terminal()),
            color_err: color(stderr),
            width,
            progress: stderr && !dumb && !global.no_progress && !events,
            events,
        }
    }

    /// Writes data to stdout. A reader that has gone away has seen enough: that is success.
    pub(crate) fn out(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome<()> {
        let mut stdout = io::BufWriter::new(io::stdout().lock());
        match write(&mut stdout).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::io("writing to standard output", &error)),
            Ok(()) => Ok(()),
        }
    }

    /// Writes a line to stderr; when that is gone there is nobody left to tell.
    pub(crate) fn say(&self, line: impl AsRef<str>) {
        drop(writeln!(io::stderr().lock(), "{}", line.as_ref()));
    }

    /// Prints data as JSON to stdout.
    pub(crate) fn json(&self, value: &impl serde::Serialize) -> Outcome<()> {
        self.out(|out| {
            serde_json::to_writer_pretty(&mut *out, value)?;
            writeln!(out)
        })
    }

    /// Whether somebody can be asked a question.
    pub(crate) fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks; only `yes` is yes.
    pub(crate) fn ask(&self, question: &str) -> Outcome<bool> {
        drop(write!(io::stderr().lock(), "{question} Only `yes` is taken as yes: "));
        let mut answer = String::new();
        io::stdin()
            .read_line(&mut answer)
            .map_err(|error| Failure::io("reading the answer", &error))?;
        Ok(answer.trim() == "yes")
    }

    /// Paints text for stdout.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        paint(self.color_out, style, text)
    }
}

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Good,
    Bad,
    Quiet,
    Strong,
}

/// Wraps text into the style's escape codes, when colours are wanted.
pub(crate) fn paint(color: bool, style: Style, text: &str) -> String {
    let code = match style {
        Style::Good => "32",
        Style::Bad => "31",
        Style::Quiet => "2",
        Style::Strong => "1",
    };
    if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}
