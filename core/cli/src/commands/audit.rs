//! `skybridge audit`: whether the record of every write is whole, and what it says.

use std::path::PathBuf;

use serde::Serialize;
use skybridge_audit::{
    Broken, Entry, Finding, Hash, Head, Verdict, VerifyError, What, entries, log_file,
};
use skybridge_model::{Diagnostic, Diagnostics};

use crate::app::App;
use crate::args::{AuditCommand, AuditShowArgs, ReportFormat};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::record;
use crate::render::diagnostics::show;
use crate::state::StateDir;
use crate::ui::Style;

pub(crate) fn run(app: &App, command: &AuditCommand) -> Outcome {
    match command {
        AuditCommand::Verify { head, format } => verify(app, head.as_deref(), *format),
        AuditCommand::Show(args) => show_entries(app, args),
    }
}

/// A head that somebody kept: its number, if they kept that too, and its hash.
type Kept = (Option<u64>, Hash);

/// A log and what became of it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Verified {
    log: PathBuf,
    entries: u64,
    head: Option<Head>,
    /// Entries that came after the head was noted.
    unnoted: u64,
    torn: Option<TornLine>,
    broken: Option<BrokenLine>,
}

#[derive(Serialize)]
struct TornLine {
    line: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct BrokenLine {
    path: PathBuf,
    line: u64,
    finding: &'static str,
    text: String,
}

impl Verified {
    fn new(log: PathBuf, verdict: Verdict) -> Self {
        let Verdict { entries, head, unnoted, torn, broken } = verdict;
        let torn = torn.map(|it| TornLine { line: it.line, bytes: it.bytes });
        let broken = broken.map(|it| BrokenLine {
            finding: it.finding.word(),
            text: it.to_string(),
            path: it.path,
            line: it.line,
        });
        Self { log, entries, head, unnoted, torn, broken }
    }
}

/// The state directories that have runs or a log.
fn places(app: &App) -> Vec<(PathBuf, PathBuf)> {
    let both = StateDir::both(app.global.state.as_deref()).into_iter();
    both.map(|place| (StateDir::audit_of(&place), place))
        .filter(|(audit, place)| audit.exists() || !record::runs(place).is_empty())
        .collect()
}

/// The verdict on the log of a place. Where there are runs there was a log: it is begun first.
fn examine((audit, place): &(PathBuf, PathBuf), kept: Option<Kept>) -> Outcome<Verified> {
    let log = log_file(audit);
    let mut verdict = skybridge_audit::verify(audit, kept).map_err(|it| unreadable(&it))?;
    if verdict == Verdict::default() && !record::runs(place).is_empty() {
        let finding = Finding::Truncated { head: None, last: None };
        verdict.broken = Some(Broken { path: log.clone(), line: 1, finding });
    }
    Ok(Verified::new(log, verdict))
}

fn verify(app: &App, head: Option<&str>, format: ReportFormat) -> Outcome {
    let kept = head.map(parse).transpose()?;
    let places = places(app);
    if places.is_empty() {
        return nothing(app, kept);
    }
    let all = |kept: Option<Kept>| -> Outcome<Vec<Verified>> {
        places.iter().map(|place| examine(place, kept)).collect()
    };
    let mut verified = all(None)?;
    if let Some(kept) = kept {
        // It is of one of the logs; of the others it proves nothing.
        let with = all(Some(kept))?;
        if with.iter().all(|it| it.broken.is_some()) {
            verified = with;
        }
    }
    if format == ReportFormat::Json {
        app.ui.json(&serde_json::json!({
            "format": "skybridge-audit-verification", "version": 1, "logs": verified,
        }))?;
    } else {
        app.ui.out(|out| verified.iter().try_for_each(|it| tell(app, it, out)))?;
    }
    let broken: Vec<Diagnostic> = verified.iter().filter_map(diagnostic).collect();
    let exit = if broken.is_empty() { Exit::Done } else { Exit::Failed };
    let mut diagnostics = Diagnostics::new();
    broken.into_iter().for_each(|it| diagnostics.push(it));
    show(&app.ui, &diagnostics, None);
    Ok(exit)
}

fn diagnostic(verified: &Verified) -> Option<Diagnostic> {
    let broken = verified.broken.as_ref()?;
    let before = match verified.head {
        Some(head) => format!("everything up to entry {} is as it was written", head.seq),
        None => "nothing of it is as it was written".to_owned(),
    };
    let help = "what follows the line proves nothing; compare it with a copy, and with the cloud's \
                own log by the request ids";
    Some(Diagnostic::error("SKY-AUDIT-001", broken.text.clone()).detail(before).help(help))
}

fn tell(app: &App, it: &Verified, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let log = it.log.display();
    let (style, word) = match (&it.broken, it.head) {
        (Some(_), _) => (Style::Bad, "broken"),
        (None, _) => (Style::Good, "whole"),
    };
    writeln!(out, "{log}: {}, {} entries", app.ui.paint(style, word), it.entries)?;
    if let Some(head) = it.head {
        writeln!(out, "  head {head}")?;
    }
    if it.unnoted > 0 {
        let count = it.unnoted;
        writeln!(
            out,
            "  {count} of them were written by a process that was stopped before its end"
        )?;
    }
    if let Some(torn) = &it.torn {
        let (line, bytes) = (torn.line, torn.bytes);
        writeln!(out, "  line {line} is half written, {bytes} bytes: a process was stopped there")?;
    }
    Ok(())
}

/// No runs and no logs.
fn nothing(app: &App, kept: Option<Kept>) -> Outcome {
    let looked = StateDir::both(app.global.state.as_deref()).map(|it| it.display().to_string());
    let summary = format!("there is no audit log in {}", looked.join(" or "));
    if kept.is_some() {
        let diagnostic = Diagnostic::error("SKY-AUDIT-001", summary)
            .help("--state names the directory; if it is the right one, the log was removed");
        return Err(Failure::new(Exit::Failed, diagnostic));
    }
    app.ui.say(summary);
    Ok(Exit::Done)
}

fn parse(text: &str) -> Outcome<Kept> {
    if let Ok(hash) = text.parse() {
        return Ok((None, hash));
    }
    let head: Head = text.parse().map_err(|error| {
        Failure::usage(format!("--head {text}: {error}"), "the hash alone will do, too")
    })?;
    Ok((Some(head.seq), head.hash))
}

fn unreadable(error: &VerifyError) -> Box<Failure> {
    let text = match error {
        VerifyError::Io { source, .. } => format!("{error}: {source}"),
        VerifyError::FutureVersion { .. } => error.to_string(),
    };
    let help = "check the path and its permissions";
    Failure::new(Exit::Stuck, Diagnostic::error("SKY-AUDIT-003", text).help(help))
}

fn show_entries(app: &App, args: &AuditShowArgs) -> Outcome {
    let mut broken = Diagnostics::new();
    let mut logs = Vec::new();
    for place in places(app) {
        let verified = examine(&place, None)?;
        if let Some(it) = diagnostic(&verified) {
            broken.push(it);
        }
        let log = verified.log;
        if log.exists() {
            let found = entries(&log).map_err(|it| Failure::io("reading the audit log", &it))?;
            logs.push(found.filter(|it| it.as_ref().map_or(true, |it| wanted(args, it))));
        }
    }
    let mut all = logs.into_iter().flatten();
    app.ui.out(|out| match args.format {
        ReportFormat::Text => all.try_for_each(|entry| line(app, &entry?, out)),
        ReportFormat::Json => document(&mut all, out),
    })?;
    show(&app.ui, &broken, None);
    Ok(if broken.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Whether the entry is one that was asked for.
fn wanted(args: &AuditShowArgs, entry: &Entry) -> bool {
    let (run, connector, step) = match &entry.what {
        What::Write(it) => (it.run.as_deref(), it.connector.as_str(), it.step.as_str()),
        What::Gap { run, connector, step } => {
            (Some(run.as_str()), connector.as_str(), step.as_str())
        }
        What::Cut { .. } => (None, "", ""),
    };
    args.run.as_deref().is_none_or(|it| run == Some(it))
        && args.connector.as_deref().is_none_or(|it| connector == it)
        && args.step.as_deref().is_none_or(|it| step.starts_with(it))
}

fn line(app: &App, entry: &Entry, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let Entry { seq, at, what, .. } = entry;
    match what {
        What::Write(it) => {
            let word = it.outcome.word();
            let style = if word == "done" { Style::Good } else { Style::Bad };
            let answer = if it.status == 0 { String::new() } else { format!(" ({})", it.status) };
            let word = app.ui.paint(style, word);
            writeln!(out, "{seq:>5}  {at:.0}  {} {word}{answer}  {}", it.method, it.step)?;
            let id = it.request_id.as_ref().map(|id| format!(", request {id}")).unwrap_or_default();
            writeln!(out, "       {}: {}{id}", it.operation, it.target)
        }
        What::Gap { step, .. } => {
            let word = app.ui.paint(Style::Bad, "gap");
            writeln!(out, "{seq:>5}  {at:.0}  {word}  {step}")?;
            writeln!(
                out,
                "       a process ended meanwhile; what it wrote last may be missing above"
            )
        }
        What::Cut { bytes } => {
            let word = app.ui.paint(Style::Bad, "cut");
            writeln!(
                out,
                "{seq:>5}  {at:.0}  {word}  {bytes} bytes that a process had half written"
            )
        }
    }
}

/// One document, entry by entry: logs grow long.
fn document(
    entries: &mut dyn Iterator<Item = std::io::Result<Entry>>,
    out: &mut dyn std::io::Write,
) -> std::io::Result<()> {
    write!(out, "{{\"format\":\"skybridge-audit-entries\",\"version\":1,\"entries\":[")?;
    for (entry, at) in entries.zip(0..) {
        out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &entry?)?;
    }
    writeln!(out, "\n]}}")
}
