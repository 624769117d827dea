//! What plugins tell while they work: writes go to the audit file, progress to whoever watches.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use skybridge_host::{Progress, Witness};
use skybridge_model::{Clock, Timestamp};
use skybridge_plugin_protocol::audit::{Notice, Write};

use crate::failure::{Failure, Outcome};
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

/// The audit file of a state directory.
pub(crate) struct AuditLog {
    path: PathBuf,
    file: Mutex<fs_err::File>,
    clock: Arc<dyn Clock>,
    ui: Ui,
    on_progress: OnProgress,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Line<'a> {
    at: Timestamp,
    connector: &'a str,
    step: &'a str,
    #[serde(flatten)]
    write: Write,
}

impl AuditLog {
    pub(crate) fn open(
        path: PathBuf,
        clock: Arc<dyn Clock>,
        ui: Ui,
        on_progress: OnProgress,
    ) -> Outcome<Arc<Self>> {
        let mut options = fs_err::OpenOptions::new();
        options.create(true).append(true);
        fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file =
            options.open(&path).map_err(|error| Failure::io("opening the audit file", &error))?;
        Ok(Arc::new(Self { path, file: Mutex::new(file), clock, ui, on_progress }))
    }
}

impl Witness for AuditLog {
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
        let line = Line { at: self.clock.now(), connector, step: subject, write };
        let Ok(mut text) = serde_json::to_vec(&line) else { return };
        text.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // The write has happened whether or not it can be recorded; the journal knows it too.
        if let Err(error) = file.write_all(&text) {
            tracing::error!(%error, path = %self.path.display(), "a write is missing from the audit");
        }
    }
}
