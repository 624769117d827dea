//! Whatever the bytes: an answer, and never a panic.

use proptest::prelude::*;
use skybridge_model::limits::{CONNECTORS_MAX, DIAGNOSTICS_MAX, MANIFEST_BYTES_MAX};

use super::{azure, check, read};
use crate::{EXPLANATIONS, Source, check_schema, explain, json_schema, quotable};
use expect_test::expect;

const VALID: &str = "schema = 1\n[connectors.contoso]\nplugin = \"azure\"\n[connectors.contoso.settings]\n\
    tenant = \"11111111-2222-3333-4444-555555555555\" # é\nscope = { subscriptions = [\"a\"], exclude = [] }\n\
    credential = { kind = \"client-secret\", lifetime = \"180d\" }\naks = false\nclient-secret = \"env:X\"\n\
    [connectors.contoso.destination]\nkind = \"ox\"\nurl = \"https://example.com\"\nkey = \"file:/x\"\n";

/// Goes through everything this crate offers.
fn exercise(text: &[u8]) {
    let source = Source { name: "m.toml", text };
    let _shown = quotable(source);
    let (manifest, diagnostics) = read(text);
    assert!(manifest.is_some() || diagnostics.has_errors());
    assert!(
        diagnostics.has_errors() || manifest.as_ref().is_some_and(|m| !m.connectors.is_empty())
    );
    for diagnostic in diagnostics.iter() {
        assert!(explain(&diagnostic.code).is_some(), "{}", diagnostic.code);
    }
    for connector in manifest.iter().flat_map(|manifest| &manifest.connectors) {
        for diagnostic in check_schema(&connector.settings, &azure::settings(), "settings").iter() {
            let span = diagnostic.span.as_ref().unwrap();
            assert!(span.bytes.0 + span.bytes.1 <= text.len());
        }
    }
}

/// Pieces that TOML is made of: put together at random they come near to what parsers trip over.
const PIECES: &[&str] = &[
    "[",
    "]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\n",
    "\r\n",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "#",
    " ",
    "\\",
    "\\u00",
    "é",
    "\u{FEFF}",
    "a",
    "schema",
    "connectors",
    "plugin",
    "settings",
    "1",
    "-",
    "+",
    "_",
    "0x",
    "1e9",
    "inf",
    "nan",
    "true",
    "1979-05-27T07:32:00Z",
    "schema = 1\n",
    "[connectors.a]\n",
    "plugin = 'azure'\n",
    "\0",
    "\u{7f}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        exercise(&bytes);
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        exercise(pieces.concat().as_bytes());
    }

    #[test]
    fn a_valid_manifest_with_changes(
        changes in prop::collection::vec((0..VALID.len(), 0..12_usize, prop::sample::select(PIECES)), 1..6),
    ) {
        let mut text = VALID.as_bytes().to_vec();
        for (place, removed, added) in changes {
            let start = place.min(text.len());
            let end = (start + removed).min(text.len());
            text.splice(start..end, added.bytes());
        }
        exercise(&text);
    }
}

#[test]
fn the_valid_one_is_valid() {
    let (manifest, diagnostics) = read(VALID);
    assert!(manifest.is_some() && diagnostics.is_empty());
}

#[test]
fn a_megabyte_is_read_and_a_byte_more_is_not() {
    let mut text = VALID.to_owned();
    text.push_str(&"#".repeat(MANIFEST_BYTES_MAX - VALID.len()));
    check(&text, expect![[""]]);
    text.push('#');
    check(
        &text,
        expect![[r#"
        1:1+0 001 the manifest is too large
          note: it has 1048577 bytes, at most 1048576 are read
          help: is this the right file? Connectors can be put into several manifests
    "#]],
    );
}

#[test]
fn deep_nesting_ends_before_the_stack_does() {
    check(
        "x = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        expect![[r#"
        1:37+1 004 tables or arrays are nested too deep
          note: at most 32 levels are read
          help: look for a bracket that is opened again and again
    "#]],
    );
    for piece in [
        "[",
        "{a=",
        "[{a=",
        "{{}a=",
        "{a={}a=",
        "[}",
        "{]",
        "a.",
        "{a.a.a.a.a.a,=",
        "[\n",
        "{a=\n[",
        "\"\".",
        "[[a.",
        "]={",
    ] {
        for start in ["x=", "", "[", "[[", "x={"] {
            let text = format!("{start}{}", piece.repeat(100_000 / piece.len()));
            exercise(text.as_bytes());
        }
    }
    // Deep by headers, each within the limit on its own.
    let header =
        format!("[{}a]\n{}a={{{}a={{}}}}\n", "a.".repeat(30), "b.".repeat(30), "c.".repeat(30));
    exercise(header.as_bytes());
    exercise(format!("[[{}a]]\n", "a.".repeat(30)).repeat(1000).as_bytes());
}

#[test]
fn many_problems_are_counted() {
    let mut text = "schema = 1\n[connectors.a]\nplugin = 'azure'\n".to_owned();
    for number in 0..DIAGNOSTICS_MAX + 50 {
        text += &format!("x{number} = 1\n");
    }
    text += "]\n".repeat(300).as_str();
    let (_, diagnostics) = read(&text);
    assert_eq!(diagnostics.len(), DIAGNOSTICS_MAX + 1);
    let last = diagnostics.iter().last().unwrap();
    assert_eq!(last.summary, "350 more problems are not shown");
}

#[test]
fn too_many_connectors() {
    let mut text = "schema = 1\n".to_owned();
    for number in 0..=CONNECTORS_MAX {
        text += &format!("[connectors.c{number}]\nplugin = 'azure'\n");
    }
    check(
        &text,
        expect![[r#"
            2:2+10 016 `connectors` takes at most 256 entries, found 257
        "#]],
    );
}

#[test]
fn large_files_are_read_in_reasonable_time() {
    let guid = "\"33333333-3333-3333-3333-333333333333\",";
    let many = guid.repeat(20_000);
    let text = format!(
        "schema = 1\n[connectors.a]\nplugin = 'azure'\n[connectors.a.settings]\n\
         tenant = \"11111111-2222-3333-4444-555555555555\"\nscope = {{ management-groups = [{many}] }}\n"
    );
    let (manifest, diagnostics) = read(&text);
    assert!(diagnostics.is_empty());
    let found =
        check_schema(&manifest.unwrap().connectors[0].settings, &azure::settings(), "settings");
    assert!(found.is_empty());
    exercise("]\n".repeat(MANIFEST_BYTES_MAX / 8).as_bytes());
    exercise("a=".repeat(MANIFEST_BYTES_MAX / 8).as_bytes());
    let lines: String = (0..20_000).map(|number| format!("a{number}=1 x\n[b{number}\n")).collect();
    exercise(lines.as_bytes());
}

#[test]
fn codes_are_unique_in_order_and_explained() {
    assert!(EXPLANATIONS.windows(2).all(|pair| pair[0].code < pair[1].code));
    for explanation in EXPLANATIONS {
        assert!(explanation.code.starts_with("SKY-MANIFEST-"));
        assert!(
            !explanation.title.ends_with('.')
                && explanation.cause.ends_with('.')
                && explanation.fix.ends_with('.')
        );
    }
}

#[test]
fn the_schema_of_manifests_is_a_schema() {
    assert!(jsonschema::meta::is_valid(&json_schema()));
}
