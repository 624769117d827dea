//! What ends a command early: how the process ends, and what the user is told.

use skybridge_host::{LoadError, PluginError};
use skybridge_model::{Diagnostic, Diagnostics};
use skybridge_plugin_api::kind;

use crate::exit::Exit;

/// Why a command ended early. Boxed inside: it travels through every `?`.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) diagnostics: Diagnostics,
    /// The manifest's text, to show places in it.
    pub(crate) source: Option<String>,
}

/// What a command returns.
pub(crate) type Outcome<T = Exit> = Result<T, Box<Failure>>;

impl Failure {
    /// One diagnostic.
    pub(crate) fn new(exit: Exit, diagnostic: Diagnostic) -> Box<Self> {
        Box::new(Self { exit, diagnostics: diagnostic.into(), source: None })
    }

    /// All that is wrong with a manifest.
    pub(crate) fn manifest(diagnostics: Diagnostics, source: String) -> Box<Self> {
        Box::new(Self { exit: Exit::Usage, diagnostics, source: Some(source) })
    }

    /// The command line asks for something that cannot be.
    pub(crate) fn usage(summary: impl Into<String>, help: impl Into<String>) -> Box<Self> {
        Self::new(Exit::Usage, Diagnostic::error("SKY-CLI-001", summary).help(help))
    }

    /// The file system said no. `fs_err` names the file.
    pub(crate) fn io(doing: &str, error: &std::io::Error) -> Box<Self> {
        let diagnostic = Diagnostic::error("SKY-CLI-002", format!("{doing}: {error}"))
            .help("check the path, its permissions and the space on its disk");
        Self::new(Exit::Stuck, diagnostic)
    }

    /// A plugin was refused.
    pub(crate) fn load(text: &str) -> Box<Self> {
        let (summary, help) = text.rsplit_once("\nhelp: ").unwrap_or((text, ""));
        let mut lines = summary.lines();
        let mut diagnostic =
            Diagnostic::error("SKY-PLUGIN-001", lines.next().unwrap_or_default().to_owned());
        let rest: Vec<&str> = lines.collect();
        if !rest.is_empty() {
            diagnostic = diagnostic.detail(rest.join("\n"));
        }
        if !help.is_empty() {
            diagnostic = diagnostic.help(help);
        }
        Self::new(Exit::Plugin, diagnostic)
    }

    /// A plugin gave no answer.
    pub(crate) fn plugin(doing: &str, error: &PluginError) -> Box<Self> {
        let exit = if error.kind == kind::INVALID_CONFIG { Exit::Usage } else { Exit::Plugin };
        Self::new(exit, plugin_diagnostic(doing, error))
    }
}

/// A plugin's error as a diagnostic.
pub(crate) fn plugin_diagnostic(doing: &str, error: &PluginError) -> Diagnostic {
    let mut diagnostic = Diagnostic::error("SKY-PLUGIN-002", format!("{doing}: {error}"));
    let facts: Vec<String> = error
        .detail
        .code
        .iter()
        .map(|code| format!("code {code}"))
        .chain(error.detail.context.iter().map(|(key, value)| format!("{key} {value}")))
        .collect();
    if !facts.is_empty() {
        diagnostic = diagnostic.detail(facts.join(", "));
    }
    match &error.detail.help {
        Some(help) => diagnostic.help(help.clone()),
        None => diagnostic,
    }
}

impl From<LoadError> for Box<Failure> {
    fn from(error: LoadError) -> Self {
        Failure::load(&error.to_string())
    }
}
