//! Problems as compilers show them: the sentence, the place with its line, the help.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use skybridge_model::limits::DIAGNOSTICS_MAX;
use skybridge_model::{Diagnostic, Diagnostics, Severity};

use crate::ui::Ui;

/// Shows all of them on stderr, in reading order, and how many there were.
pub(crate) fn show(ui: &Ui, diagnostics: &Diagnostics, source: Option<&str>) {
    let sorted = diagnostics.clone().sorted();
    for diagnostic in sorted.iter().take(DIAGNOSTICS_MAX) {
        ui.say(render(diagnostic, source, ui.color_err, ui.width));
    }
    if sorted.len() > DIAGNOSTICS_MAX {
        ui.say(format!("… and {} more problems", sorted.len() - DIAGNOSTICS_MAX));
    }
    if sorted.len() > 1 {
        let of = |severity| sorted.iter().filter(|d| d.severity == severity).count();
        let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
        ui.say(format!("{}, {}", count(errors, "error"), count(warnings, "warning")));
    }
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// One problem as text. `source` is the file the span speaks of.
pub(crate) fn render(
    diagnostic: &Diagnostic,
    source: Option<&str>,
    color: bool,
    width: usize,
) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.summary.as_str()).id(diagnostic.code.as_ref());
    let mut group = Group::with_title(title);
    let place = diagnostic.span.as_ref().zip(source).and_then(|(span, source)| {
        let (offset, length) = span.bytes;
        let end = offset.checked_add(length)?;
        source.get(offset..end)?;
        Some((span, source, offset..end))
    });
    if let Some((span, source, range)) = place {
        let annotation = AnnotationKind::Primary.span(range);
        group =
            group.element(Snippet::source(source).path(span.file.as_str()).annotation(annotation));
    } else if let Some(span) = &diagnostic.span {
        let at = format!("{}:{}:{}", span.file, span.start.line, span.start.column);
        group = group.element(Level::NOTE.message(at));
    }
    if let Some(address) = &diagnostic.address {
        group = group.element(Level::NOTE.message(format!("at {address}")));
    }
    if let Some(detail) = &diagnostic.detail {
        group = group.element(Level::NOTE.message(detail.as_str()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).term_width(width).render(&[group])
}

#[cfg(test)]
mod tests {
    use skybridge_model::{Position, Span};

    use super::*;

    #[test]
    fn shows_the_place_and_the_help() {
        let text = "schema = 1\ncolour = 2\n";
        let diagnostic = Diagnostic::error("SKY-MANIFEST-003", "unknown key `colour`")
            .span(Span {
                file: "a.toml".to_owned(),
                start: Position { line: 2, column: 1 },
                bytes: (11, 6),
            })
            .help("the keys here are: schema, connectors");
        let shown = render(&diagnostic, Some(text), false, 80);
        for part in [
            "error[SKY-MANIFEST-003]: unknown key `colour`",
            "a.toml:2:1",
            "^^^^^^",
            "help: the keys",
        ] {
            assert!(shown.contains(part), "{part} is not in\n{shown}");
        }
    }

    #[test]
    fn a_span_outside_the_text_is_only_named() {
        let span =
            Span { file: "a".into(), start: Position { line: 9, column: 9 }, bytes: (90, 9) };
        let shown = render(&Diagnostic::error("X-1", "odd").span(span), Some("short"), false, 80);
        assert!(shown.contains("a:9:9"));
    }
}
