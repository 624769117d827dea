//! What plugins tell while they work: writes go to the audit log, progress to whoever watches.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use skybridge_audit::entry::WriteOutcome;
use skybridge_audit::{AuditLog, Head, OpenError, What};
use skybridge_host::{Progress, Witness};
use skybridge_journal::{AppendError, Event, RunState, Status, Store};
use skybridge_model::{Clock, Diagnostic, Timestamp};
use skybridge_plugin_protocol::audit::{Notice, Write};

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::render::diagnostics::show;
use crate::ui::Ui;

/// Told of a connector's progress.
pub(crate) type OnProgress = Box<dyn Fn(&Progress) + Send + Sync>;

/// How a notice looks among `--events`.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct NoticeEvent<'a> {
    event: &'static str,
    at: Timestamp,
    connector: &'a str,
    step: &'a str,
    #[serde(flatten)]
    notice: Notice,
}

/// Takes down what is told, in the audit log of a state directory.
pub(crate) struct Recorder {
    log: AuditLog,
    /// The run that writes belong to, once there is one.
    run: OnceLock<String>,
    clock: Arc<dyn Clock>,
    ui: Ui,
    on_progress: OnProgress,
}

impl Recorder {
    /// Goes on with the log of a folder, or begins one.
    pub(crate) fn open(
        folder: &Path,
        clock: Arc<dyn Clock>,
        ui: Ui,
        on_progress: OnProgress,
    ) -> Outcome<Arc<Self>> {
        let opened =
            AuditLog::open(folder, clock.now()).map_err(|error| unusable(folder, &error))?;
        if let Some(torn) = opened.torn {
            let path = skybridge_audit::log_file(folder);
            let (line, bytes) = (torn.line, torn.bytes);
            let text = format!("{}:{line}: {bytes} bytes, half written", path.display());
            let diagnostic = Diagnostic::warning("SKY-AUDIT-002", text)
                .detail("a process was stopped while it wrote; they were cut off");
            show(&ui, &diagnostic.into(), None);
        }
        let (log, run) = (opened.log, OnceLock::new());
        Ok(Arc::new(Self { log, run, clock, ui, on_progress }))
    }

    /// Writes belong to this run from now on; `state` is where its journal stands.
    pub(crate) fn begin(&self, run: &str, state: &RunState) {
        let run = self.run.get_or_init(|| run.to_owned());
        // Of what was under way when a process ended, nobody knows what it wrote.
        let lost =
            state.steps.iter().filter(|(_, it)| matches!(it.status, Status::Intended { .. }));
        for (address, _) in lost {
            let (connector, step) = (address.connector().to_owned(), address.to_string());
            self.log.append(self.clock.now(), What::Gap { run: run.clone(), connector, step });
        }
    }

    /// A write of the host's own. No status is known of it.
    pub(crate) fn own_write(&self, step: &str, write: &Write, outcome: WriteOutcome) {
        let connector = step.split('.').next().unwrap_or_default();
        let mut entry = self.entry(connector, step, write);
        entry.outcome = outcome;
        self.log.append(self.clock.now(), What::Write(entry));
    }

    /// Tells a person the end of the log, which nobody can take back from them.
    pub(crate) fn tell_head(&self) {
        match self.log.close() {
            Ok(head) => self.ui.say(told(head)),
            Err(error) => {
                let text = chain(&error);
                let diagnostic = Diagnostic::warning("SKY-AUDIT-003", text)
                    .detail("every write of a step that has ended was recorded before");
                show(&self.ui, &diagnostic.into(), None);
            }
        }
    }

    fn entry(&self, connector: &str, step: &str, write: &Write) -> skybridge_audit::Write {
        skybridge_audit::Write::new(self.run.get().cloned(), connector, step, write)
    }
}

fn told(head: Head) -> String {
    format!(
        "audit head {head}\n  kept elsewhere, it proves the log: skybridge audit verify --head …"
    )
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn unusable(folder: &Path, error: &OpenError) -> Box<Failure> {
    let (code, help) = match error {
        OpenError::Broken(_) => (
            "SKY-AUDIT-001",
            format!(
                "`skybridge audit verify` reads all of it. To go on with a new log, move {} away, \
                 and keep it: it is what there is to look into",
                folder.display()
            ),
        ),
        OpenError::Read(_) | OpenError::Write(_) => {
            let help = "check the path, its permissions and the space on its disk";
            ("SKY-AUDIT-003", help.to_owned())
        }
    };
    Failure::new(Exit::Stuck, Diagnostic::error(code, chain(error)).help(help))
}

impl Witness for Recorder {
    fn progress(&self, _connector: &str, progress: Progress) {
        (self.on_progress)(&progress);
    }

    fn notice(&self, connector: &str, subject: &str, notice: Notice) {
        if self.ui.events {
            let (event, at) = ("notice", self.clock.now());
            let line = NoticeEvent { event, at, connector, step: subject, notice };
            if let Ok(line) = serde_json::to_string(&line) {
                self.ui.say(line);
            }
            return;
        }
        let mut text = format!("\nA person is needed for {connector}: {}", notice.text);
        if let Some(url) = &notice.url {
            text = format!("{text}\n  open  {url}");
        }
        if let Some(code) = &notice.code {
            text = format!("{text}\n  code  {code}");
        }
        self.ui.say(text);
    }

    fn write(&self, connector: &str, subject: &str, write: Write) {
        let entry = self.entry(connector, subject, &write);
        self.log.append(self.clock.now(), What::Write(entry));
    }
}

/// A journal that takes no outcome before the writes that led to it are in the audit log.
pub(crate) struct Audited {
    journal: Box<dyn Store>,
    recorder: Arc<Recorder>,
}

impl Audited {
    pub(crate) fn new(journal: Box<dyn Store>, recorder: &Arc<Recorder>) -> Self {
        Self { journal, recorder: Arc::clone(recorder) }
    }
}

impl Store for Audited {
    fn append(&mut self, batch: &[Event]) -> Result<(), AppendError> {
        self.recorder.log.commit().map_err(|error| {
            let (said, source) = error.into_parts();
            AppendError::Before { said, source }
        })?;
        self.journal.append(batch)
    }
}
