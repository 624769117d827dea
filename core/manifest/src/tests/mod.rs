//! Text in, the printed list of complaints out.

mod azure;
mod host;
mod hostile;
mod schema;
mod secrets;

use expect_test::Expect;
use skybridge_model::Diagnostics;

use crate::{Manifest, Source, check_schema, parse};

fn read(text: impl AsRef<[u8]>) -> (Option<Manifest>, Diagnostics) {
    parse(Source { name: "m.toml", text: text.as_ref() })
}

/// One line a problem: place, length, code, summary; then detail and help.
fn print(diagnostics: Diagnostics) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.sorted() {
        let span = diagnostic.span.as_ref().map_or_else(String::new, |span| {
            format!("{}:{}+{} ", span.start.line, span.start.column, span.bytes.1)
        });
        let code = diagnostic.code.trim_start_matches("SKY-MANIFEST-");
        out += &format!("{span}{code} {}\n", diagnostic.summary);
        for (word, text) in [("note", &diagnostic.detail), ("help", &diagnostic.help)] {
            if let Some(text) = text {
                out += &format!("  {word}: {text}\n");
            }
        }
    }
    out
}

/// The complaints of the host.
fn check(text: impl AsRef<[u8]>, expect: Expect) {
    expect.assert_eq(&print(read(text).1));
}

/// The complaints of the host and of the plugin's schemas, as one command prints them.
fn check_all(text: &str, expect: Expect) {
    let (manifest, mut diagnostics) = read(text);
    for connector in manifest.iter().flat_map(|manifest| &manifest.connectors) {
        diagnostics.extend(check_schema(&connector.settings, &azure::settings(), "settings"));
        diagnostics.extend(check_schema(&connector.operator, &azure::operator(), "operator"));
    }
    expect.assert_eq(&print(diagnostics));
}

/// The complaints about the settings of a connector whose other parts are well.
fn check_settings(settings: &str, expect: Expect) {
    check_schema_of(settings, &azure::settings(), expect);
}

fn check_schema_of(settings: &str, schema: &serde_json::Value, expect: Expect) {
    // The settings begin on line 1, so that the places are those of the text given.
    let text = format!(
        "connectors.c.settings = {{{settings}\n}}\nconnectors.c.plugin = \"azure\"\nschema = 1\n"
    );
    let (manifest, diagnostics) = read(&text);
    assert!(diagnostics.is_empty(), "{}", print(diagnostics));
    let settings = &manifest.unwrap().connectors[0].settings;
    expect.assert_eq(&print(check_schema(settings, schema, "settings")));
}
