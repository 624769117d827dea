//! Any bytes as a manifest, and its settings against a schema with forms: an answer, never a panic.
//!
//! Run with `cargo fuzz run parse` in `core/manifest`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use skybridge_manifest::{Source, check_schema, parse, quotable};

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["tenant"],
        "additionalProperties": false,
        "properties": {
            "tenant": { "type": "string", "pattern": "^[0-9a-f-]{36}$", "x-hint": "a GUID" },
            "permissions": { "enum": ["seed", "least"] },
            "scope": { "oneOf": [
                { "type": "object", "required": ["a"], "additionalProperties": false,
                  "properties": { "a": { "type": "array", "uniqueItems": true, "minItems": 1 } } },
                { "type": "object", "required": ["b"], "additionalProperties": false,
                  "properties": { "b": { "const": true } } },
            ] },
            "credential": { "oneOf": [
                { "required": ["kind"], "properties": { "kind": { "const": "x" } } },
                { "required": ["kind"], "properties": { "kind": { "const": "y" } } },
            ] },
        },
    })
}

fuzz_target!(|text: &[u8]| {
    let source = Source { name: "fuzz.toml", text };
    let _shown = quotable(source);
    let (manifest, diagnostics) = parse(source);
    assert!(manifest.is_some() || diagnostics.has_errors());
    for connector in manifest.iter().flat_map(|manifest| &manifest.connectors) {
        for diagnostic in check_schema(&connector.settings, &schema(), "settings").sorted() {
            assert!(diagnostic.span.is_some_and(|span| span.bytes.0 + span.bytes.1 <= text.len()));
        }
    }
});
