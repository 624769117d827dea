//! The terminal: what goes to stdout, what to stderr, how wide, in colour or not.

use std::io::{self, IsTerminal as _, Write};

use crate::args::{Color, EventFormat, Global};
use crate::failure::{Failure, Outcome};
use crate::render::progress::screen;

/// Columns assumed when nobody says.
const WIDTH: usize = 100;

/// Somebody who reads along in the place of stdout and stderr: a test.
pub(crate) type Reader = &'static std::sync::Mutex<Vec<u8>>;
/// Lines assumed when nobody says.
const LINES: usize = 24;

/// How to show things.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    /// Colours on stdout.
    pub(crate) color_out: bool,
    /// Colours on stderr.
    pub(crate) color_err: bool,
    /// Columns of stdout.
    pub(crate) width: usize,
    /// Draw where there is a terminal.
    pub(crate) may_draw: bool,
    /// Draw progress on stderr.
    pub(crate) progress: bool,
    /// One JSON object a line on stderr.
    pub(crate) events: bool,
    /// Who reads in the terminal's place, if anybody.
    pub(crate) reader: Option<Reader>,
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
        let may_draw = !dumb && !global.no_progress;
        Self {
            may_draw,
            color_out: color(io::stdout().is_terminal()),
            color_err: color(stderr),
            width,
            progress: stderr && may_draw && !events,
            events,
            reader: None,
        }
    }

    /// Writes data to stdout. A reader that has gone away has seen enough: that is success.
    pub(crate) fn out(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome<()> {
        let to: Box<dyn Write> = match self.reader {
            Some(reader) => Box::new(Told(reader)),
            None => Box::new(io::stdout().lock()),
        };
        let mut stdout = io::BufWriter::new(to);
        match write(&mut stdout).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::io("writing to standard output", &error)),
            Ok(()) => Ok(()),
        }
    }

    /// Writes a line to stderr, above whatever is drawn there.
    pub(crate) fn say(&self, line: impl AsRef<str>) {
        let line = line.as_ref();
        drop(match self.reader {
            Some(reader) => writeln!(Told(reader), "{line}"),
            None => {
                screen::print(line);
                Ok(())
            }
        });
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

/// Writes for a reader.
struct Told(Reader);

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

/// Columns and lines of the terminal that is stderr, now: a person may have changed them.
pub(crate) fn stderr_size() -> (usize, usize) {
    size_of(rustix::termios::tcgetwinsize(io::stderr()))
}

/// The same of stdout.
pub(crate) fn stdout_size() -> (usize, usize) {
    size_of(rustix::termios::tcgetwinsize(io::stdout()))
}

fn size_of(size: rustix::io::Result<rustix::termios::Winsize>) -> (usize, usize) {
    let known = |n: u16, usual| if n > 0 { usize::from(n) } else { usual };
    size.map_or((WIDTH, LINES), |size| (known(size.ws_col, WIDTH), known(size.ws_row, LINES)))
}

fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}
