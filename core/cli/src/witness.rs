//! What plugins tell while they work: writes go to the audit file, progress to whoever watches.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use skybridge_engine::{EventLine, RunEvent};
use skybridge_host::{Progress, Witness};
use skybridge_model::{Clock, Timestamp};
use skybridge_plugin_protocol::audit::{Notice, Write};

use crate::failure::{Failure, Outcome};
use crate::render::progress::Told;
use crate::render::progress::board::Come;
use crate::ui::Ui;
use crate::watchers::Watchers;

/// The audit file of a state directory.
pub(crate) struct AuditLog {
    path: PathBuf,
    file: Mutex<fs_err::File>,
    clock: Arc<dyn Clock>,
    ui: Ui,
    watchers: Watchers,
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
        watchers: Watchers,
    ) -> Outcome<Arc<Self>> {
        let mut options = fs_err::OpenOptions::new();
        options.create(true).append(true);
        fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file =
            options.open(&path).map_err(|error| Failure::io("opening the audit file", &error))?;
        Ok(Arc::new(Self { path, file: Mutex::new(file), clock, ui, watchers }))
    }
}

impl Witness for AuditLog {
    fn progress(&self, _connector: &str, progress: Progress) {
        let Progress { subject, done, total, note } = progress;
        self.watchers.tell(Told::Came(subject, Come { done, of: total, what: note }));
    }

    fn notice(&self, connector: &str, subject: &str, notice: Notice) {
        let Notice { text, url, code } = notice;
        let (connector, step) = (connector.to_owned(), subject.to_owned());
        let event = RunEvent::Notice { at: self.clock.now(), connector, step, text, url, code };
        if self.ui.events {
            if let Ok(line) = serde_json::to_string(&EventLine::new(&event)) {
                self.ui.say(line);
            }
        } else {
            self.ui.say(for_people(&event));
        }
        self.watchers.tell(Told::Notice(event));
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

fn for_people(event: &RunEvent) -> String {
    let RunEvent::Notice { connector, text, url, code, .. } = event else { return String::new() };
    let mut said = format!("\nA person is needed for {connector}: {text}");
    if let Some(url) = url {
        said = format!("{said}\n  open  {url}");
    }
    if let Some(code) = code {
        said = format!("{said}\n  code  {code}");
    }
    said
}
