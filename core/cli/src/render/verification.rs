//! What a verification found, connector by connector.

use std::io::{self, Write};

use serde::Serialize;
use skybridge_model::Timestamp;
use skybridge_plugin_protocol::verify::{Check, VerifyReport, check_status};

use crate::ui::{Style, Ui};

/// One connector's report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Verified {
    pub(crate) connector: String,
    #[serde(flatten)]
    pub(crate) report: VerifyReport,
}

/// Whether the credential is expired, or inside its warning window.
pub(crate) fn expires(report: &VerifyReport, now: Timestamp) -> bool {
    let from = report.credential_warn_from.as_ref().or(report.credential_expires.as_ref());
    from.and_then(|text| text.parse::<Timestamp>().ok()).is_some_and(|from| from <= now)
}

/// Whether the credential is expired.
pub(crate) fn is_expired(report: &VerifyReport, now: Timestamp) -> bool {
    let until = report.credential_expires.as_ref().and_then(|text| text.parse::<Timestamp>().ok());
    until.is_some_and(|until| until <= now)
}

/// What a verification found.
pub(crate) fn show(
    ui: &Ui,
    verified: &Verified,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let checks = &verified.report.checks;
    writeln!(out, "{}", ui.paint(Style::Strong, &verified.connector))?;
    let mut scope = "";
    for check in checks {
        if check.scope != scope {
            scope = &check.scope;
            writeln!(out, "  {scope}")?;
        }
        one_check(ui, check, out)?;
    }
    if let Some(expires_at) = &verified.report.credential_expires {
        let (style, text) = match expires(&verified.report, now) {
            _ if is_expired(&verified.report, now) => (
                Style::Bad,
                format!("credential expired {expires_at}; `skybridge rotate` makes a new one"),
            ),
            true => (
                Style::Bad,
                format!("credential until {expires_at}; `skybridge rotate` makes a new one"),
            ),
            false => (Style::Quiet, format!("credential until {expires_at}")),
        };
        writeln!(out, "  {}", ui.paint(style, &text))?;
    }
    let failed = checks.iter().filter(|check| check.status == check_status::FAILED).count();
    let (style, text) = match failed {
        0 => (Style::Good, format!("verified: {} checks", checks.len())),
        n => (Style::Bad, format!("not verified: {n} of {} checks failed", checks.len())),
    };
    writeln!(out, "  {}", ui.paint(style, &text))
}

fn one_check(ui: &Ui, check: &Check, out: &mut dyn Write) -> io::Result<()> {
    let (style, mark) = match check.status.as_str() {
        check_status::OK => (Style::Good, "ok"),
        check_status::SKIPPED => (Style::Quiet, "skipped"),
        _ => (Style::Bad, "failed"),
    };
    let mark = ui.paint(style, &format!("{mark:7}"));
    writeln!(out, "    {mark} {} - {}", check.what, check.detail)?;
    if check.status != check_status::FAILED {
        return Ok(());
    }
    for (name, value) in &check.context {
        writeln!(out, "            {name}: {value}")?;
    }
    if let Some(help) = &check.help {
        writeln!(out, "            help: {help}")?;
    }
    match &check.code {
        Some(code) => writeln!(out, "            more: skybridge explain {code}"),
        None => Ok(()),
    }
}
