//! What ended a plugin's process, in words.

use std::collections::VecDeque;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use super::limits::LAST_WORDS_BYTES;

/// How the host ends a process.
const KILLED: i32 = 9;

/// Lines of the last words that stand in the error itself; all of them are in the log.
const LINES_IN_ERROR: usize = 3;

/// A line of the last words in the error is cut here.
const LINE_CHARS_MAX: usize = 200;

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    /// `the plugin's process died: SIGSEGV: invalid memory access (signal 11)`.
    pub(crate) reason: String,
    /// What it said last on stdout and stderr, fit for a terminal.
    pub(crate) last_words: String,
}

impl Default for Ending {
    fn default() -> Self {
        Self::of(None, None, &[], 0)
    }
}

impl Ending {
    /// `verdict` is why the host ended it, when it did.
    pub(crate) fn of(
        verdict: Option<&str>,
        status: Option<ExitStatus>,
        last_words: &[u8],
        memory_bytes: u64,
    ) -> Self {
        let last_words = printable(last_words);
        // It may have died of something else just before it was to be ended.
        let own = status.and_then(|status| status.signal()).is_some_and(|signal| signal != KILLED);
        let reason = match (verdict, status) {
            (Some(verdict), _) if !own => format!("the plugin's process was ended: {verdict}"),
            (_, Some(status)) => by_status(status, &last_words, memory_bytes),
            (_, None) => "the plugin's process is gone".to_owned(),
        };
        Self { reason, last_words }
    }

    /// The last lines it said, for an error's facts.
    pub(crate) fn last_lines(&self) -> Option<String> {
        let lines: Vec<String> = self
            .last_words
            .lines()
            .rev()
            .filter(|line| !line.trim().is_empty() && !line.starts_with("note: "))
            .take(LINES_IN_ERROR)
            .map(|line| line.trim().chars().take(LINE_CHARS_MAX).collect())
            .collect();
        let said = lines.into_iter().rev().collect::<Vec<_>>().join(" / ");
        (!said.is_empty()).then_some(said)
    }
}

fn by_status(status: ExitStatus, last_words: &str, memory_bytes: u64) -> String {
    let Some(signal) = status.signal() else {
        let code = status.code().unwrap_or_default();
        return format!("the plugin's process ended itself with exit code {code}");
    };
    let why = match signal {
        4 => "SIGILL: illegal instruction",
        6 if last_words.contains("memory allocation of") => "SIGABRT: out of memory",
        6 if last_words.contains("overflowed its stack") => "SIGABRT: stack overflow",
        6 => "SIGABRT: abort",
        7 => "SIGBUS: memory that is not there",
        8 => "SIGFPE: impossible arithmetic",
        KILLED => "SIGKILL: killed from outside, or out of processor time",
        11 => "SIGSEGV: invalid memory access",
        24 => "SIGXCPU: out of processor time",
        25 => "SIGXFSZ: a file larger than it may write",
        31 => "SIGSYS: forbidden system call",
        _ => "a signal",
    };
    let limit = if why.ends_with("out of memory") {
        format!(", of which it may have {} MiB", memory_bytes >> 20)
    } else {
        String::new()
    };
    format!("the plugin's process died: {why} (signal {signal}{limit})")
}

/// Without what could play tricks on a terminal.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }).collect()
}

/// The end of everything a process says.
#[derive(Debug, Default)]
pub(crate) struct LastWords(VecDeque<u8>);

impl LastWords {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(LAST_WORDS_BYTES)..];
        let over = (self.0.len() + bytes.len()).saturating_sub(LAST_WORDS_BYTES);
        self.0.drain(..over);
        self.0.extend(bytes);
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_signal(signal: i32, said: &str) -> String {
        let status = ExitStatus::from_raw(signal);
        Ending::of(None, Some(status), said.as_bytes(), 1 << 30).reason
    }

    #[test]
    fn names_the_cause() {
        let died = "the plugin's process died";
        assert_eq!(
            by_signal(11, ""),
            format!("{died}: SIGSEGV: invalid memory access (signal 11)")
        );
        let oom = by_signal(6, "memory allocation of 4096 bytes failed\n");
        let limit = "signal 6, of which it may have 1024 MiB";
        assert_eq!(oom, format!("{died}: SIGABRT: out of memory ({limit})"));
        let exit = Ending::of(None, Some(ExitStatus::from_raw(7 << 8)), b"", 0).reason;
        assert_eq!(exit, "the plugin's process ended itself with exit code 7");
        let killed = |signal| {
            let status = Some(ExitStatus::from_raw(signal));
            Ending::of(Some("no answer within 1 s"), status, b"", 0).reason
        };
        assert_eq!(killed(9), "the plugin's process was ended: no answer within 1 s");
        assert_eq!(killed(7), format!("{died}: SIGBUS: memory that is not there (signal 7)"));
    }

    #[test]
    fn keeps_the_end_of_what_was_said_and_nothing_a_terminal_obeys() {
        let mut words = LastWords::default();
        for number in 0..100_000 {
            words.push(format!("line {number}\n").as_bytes());
        }
        words.push(b"\x1b[31mred\n");
        assert!(words.bytes().len() <= LAST_WORDS_BYTES);
        let ending = Ending::of(None, None, &words.bytes(), 0);
        assert_eq!(ending.last_lines().unwrap(), "line 99998 / line 99999 / [31mred");
        words.push(&vec![b'x'; 10 * LAST_WORDS_BYTES]);
        assert_eq!(words.bytes(), vec![b'x'; LAST_WORDS_BYTES]);
    }
}
