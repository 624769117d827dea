//! Collecting what is wrong, without letting a plugin fill the memory with it.

use std::collections::BTreeMap;

use skybridge_model::limits::DIAGNOSTICS_MAX;
use skybridge_model::{Diagnostic, Diagnostics, Span};

use crate::codes;

/// Problems; those beyond [`DIAGNOSTICS_MAX`] are only counted.
#[derive(Debug, Default)]
pub(crate) struct Report {
    found: Diagnostics,
    left_out: usize,
}

impl Report {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.found.len() < DIAGNOSTICS_MAX {
            self.found.push(diagnostic);
        } else {
            self.left_out += 1;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.found.len() + self.left_out
    }

    pub(crate) fn finish(mut self) -> Diagnostics {
        if self.left_out > 0 {
            let summary = format!("{} more problems are not shown", self.left_out);
            self.found.push(Diagnostic::error(codes::MANY_PROBLEMS, summary));
        }
        self.found.sorted().into_iter().collect()
    }
}

/// Complaints about one connector's description: each names the plugin, and one that every step of a
/// template repeats is made once, at the first.
pub(crate) struct Complaints<'a> {
    pub(crate) connector: &'a str,
    pub(crate) plugin: &'a str,
    pub(crate) span: Option<&'a Span>,
    pub(crate) report: &'a mut Report,
    repeated: BTreeMap<(&'static str, u32, String), Repeated>,
}

struct Repeated {
    diagnostic: Diagnostic,
    times: usize,
}

impl<'a> Complaints<'a> {
    pub(crate) fn new(
        connector: &'a str,
        plugin: &'a str,
        span: Option<&'a Span>,
        report: &'a mut Report,
    ) -> Self {
        Self { connector, plugin, span, report, repeated: BTreeMap::new() }
    }

    fn diagnostic(&self, code: &'static str, problem: &str, help: &str) -> Diagnostic {
        let summary = format!("plugin `{}` breaks its contract: {problem}", self.plugin);
        let diagnostic = Diagnostic::error(code, summary)
            .detail(format!(
                "found in what it described for connector `{}`{}",
                self.connector,
                self.span.map_or_else(String::new, |s| format!(" ({}:{})", s.file, s.start.line)),
            ))
            .help(format!("{help}; report it to the author of the plugin"));
        match self.span {
            Some(span) => diagnostic.span(span.clone()),
            None => diagnostic,
        }
    }

    /// A problem of the plugin.
    pub(crate) fn push(&mut self, code: &'static str, problem: &str, help: &str) {
        let diagnostic = self.diagnostic(code, problem, help);
        self.report.push(diagnostic);
    }

    /// A problem that the steps of a template share, told apart by `what`.
    pub(crate) fn push_of_template(
        &mut self,
        code: &'static str,
        template: u32,
        what: &str,
        problem: impl FnOnce() -> String,
        help: &str,
    ) {
        if let Some(repeated) = self.repeated.get_mut(&(code, template, what.to_owned())) {
            repeated.times += 1;
            return;
        }
        let diagnostic = self.diagnostic(code, &problem(), help);
        self.repeated.insert((code, template, what.to_owned()), Repeated { diagnostic, times: 1 });
    }
}

impl Drop for Complaints<'_> {
    fn drop(&mut self) {
        for Repeated { mut diagnostic, times } in std::mem::take(&mut self.repeated).into_values() {
            if times > 1 {
                diagnostic.summary.push_str(&format!(", and so in {} more steps", times - 1));
            }
            self.report.push(diagnostic);
        }
    }
}
