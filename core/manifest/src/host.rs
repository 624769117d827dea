//! The manifest's own keys: their schema, and the data that comes out.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};
use skybridge_model::limits::CONNECTORS_MAX;
use skybridge_model::{Diagnostic, Diagnostics, Span, address};

use crate::codes;
use crate::places::{Complaints, Places, join};
use crate::schema::Compiled;
use crate::secrets::{self, SecretReference};
use crate::section::Section;
use crate::source::Source;
use crate::syntax::{self, Document};

/// The `schema` number this crate reads.
pub const SCHEMA_VERSION: u32 = 1;

/// What a manifest says.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The version of the manifest's form.
    pub schema: u32,
    /// The connectors in the order of the file.
    pub connectors: Vec<Connector>,
}

/// One configured instance of a plugin.
#[derive(Debug, Clone)]
pub struct Connector {
    /// Its name, the first word of its addresses.
    pub name: String,
    /// Where the name is in the file.
    pub span: Span,
    /// The plugin that serves it.
    pub plugin: String,
    /// Where the plugin's name is in the file.
    pub plugin_span: Span,
    /// Connectors that must be handed over before this one starts.
    pub depends_on: Vec<Dependency>,
    /// What the plugin is to connect; checked against the plugin's schema.
    pub settings: Section,
    /// Who runs the onboarding; checked against the plugin's schema.
    pub operator: Section,
    /// Who gets the connection.
    pub destination: Destination,
    /// The destination as it was written, for complaints about it.
    pub destination_section: Section,
}

/// One entry of a connector's `depends-on`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The other connector's name; whether there is one of that name the plan knows.
    pub connector: String,
    /// Where it is in the file.
    pub span: Span,
}

/// Who gets what an onboarding makes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Destination {
    /// This machine's state directory.
    #[default]
    Local,
    /// A person, who is told what to paste.
    Manual,
    /// An address that takes it as JSON.
    Webhook {
        /// Where to send it: https.
        url: String,
        /// The key that signs it.
        key: Option<SecretReference>,
    },
    /// The OX Security platform.
    Ox {
        /// Its GraphQL address: https.
        url: String,
        /// The key it is called with.
        key: SecretReference,
    },
}

/// Reads a manifest and checks all of it that a plugin need not know.
///
/// When the diagnostics hold errors the manifest holds what could be read, so that plugins can check
/// their parts too and everything is reported at once; it is not to be acted upon.
#[must_use]
pub fn parse(source: Source<'_>) -> (Option<Manifest>, Diagnostics) {
    let mut complaints = Complaints::default();
    let Some(mut document) = syntax::read(source, &mut complaints) else {
        return (None, complaints.finish());
    };
    secrets::refuse(&mut document, &mut complaints);
    if let Some(diagnostic) = written_for_newer(&document) {
        complaints.push(diagnostic);
        return (None, complaints.finish());
    }
    let Document { value, places, damaged } = document;
    let places = Arc::new(places);
    let whole = Section { value, base: String::new(), places, damaged };
    OWN.check(&whole, "", &mut complaints);
    (Some(extract(&whole)), complaints.finish())
}

/// A higher number changes what keys mean, so that judging them would be nonsense.
fn written_for_newer(document: &Document) -> Option<Diagnostic> {
    let number = document.value.get("schema")?.as_i64()?;
    (number > i64::from(SCHEMA_VERSION)).then(|| {
        Diagnostic::error(codes::NEWER_SCHEMA, "this manifest is written for a newer Skybridge")
            .detail(format!("its schema is {number}, this Skybridge reads {SCHEMA_VERSION}"))
            .help(format!(
                "update Skybridge, or write the manifest for `schema = {SCHEMA_VERSION}`"
            ))
            .span(document.places.value("/schema"))
    })
}

fn extract(whole: &Section) -> Manifest {
    let none = Map::new();
    let tables = whole.value.get("connectors").and_then(Value::as_object).unwrap_or(&none);
    let mut connectors: Vec<(usize, Connector)> = tables
        .iter()
        .filter_map(|(name, table)| {
            let pointer = join("/connectors", name);
            Some((whole.places.start(&pointer), connector(whole, name, table, &pointer)?))
        })
        .collect();
    connectors.sort_by_key(|(start, _)| *start);
    Manifest {
        schema: SCHEMA_VERSION,
        connectors: connectors.into_iter().map(|(_, connector)| connector).collect(),
    }
}

/// A connector whose plugin is not known can be checked by nobody and is left out.
fn connector(whole: &Section, name: &str, table: &Value, pointer: &str) -> Option<Connector> {
    let plugin = table.get("plugin")?.as_str().filter(|plugin| address::is_word(plugin))?;
    let destination = section(whole, table, pointer, "destination");
    Some(Connector {
        name: name.to_owned(),
        span: whole.places.key(pointer),
        plugin: plugin.to_owned(),
        plugin_span: whole.places.value(&join(pointer, "plugin")),
        depends_on: dependencies(whole, table, pointer),
        settings: section(whole, table, pointer, "settings"),
        operator: section(whole, table, pointer, "operator"),
        destination: read_destination(&destination.value).unwrap_or_default(),
        destination_section: destination,
    })
}

fn dependencies(whole: &Section, table: &Value, pointer: &str) -> Vec<Dependency> {
    let pointer = join(pointer, "depends-on");
    let names = table.get("depends-on").and_then(Value::as_array);
    let dependency = |(at, name): (usize, &Value)| {
        let span = whole.places.value(&join(&pointer, &at.to_string()));
        Some(Dependency { connector: name.as_str()?.to_owned(), span })
    };
    names.into_iter().flatten().enumerate().filter_map(dependency).collect()
}

fn section(whole: &Section, table: &Value, pointer: &str, key: &str) -> Section {
    let value = table.get(key).filter(|value| value.is_object());
    Section {
        value: value.cloned().unwrap_or_else(|| json!({})),
        base: join(pointer, key),
        places: Arc::<Places>::clone(&whole.places),
        // What is there but no table has been complained about; nothing in it is missing.
        damaged: whole.damaged || table.get(key).is_some_and(|value| !value.is_object()),
    }
}

fn read_destination(value: &Value) -> Option<Destination> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let key = text("key").and_then(SecretReference::parse);
    Some(match text("kind")? {
        "manual" => Destination::Manual,
        "webhook" => Destination::Webhook { url: text("url")?.to_owned(), key },
        "ox" => Destination::Ox { url: text("url")?.to_owned(), key: key? },
        _ => Destination::Local,
    })
}

static OWN: LazyLock<Compiled> = LazyLock::new(|| Compiled::new(json_schema()));

/// The JSON Schema (draft 2020-12) of a manifest, for editors and for [`parse`] itself.
#[must_use]
pub fn json_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Skybridge manifest",
        "type": "object",
        "required": ["schema", "connectors"],
        "additionalProperties": false,
        "properties": {
            "schema": {
                "description": "The version of the manifest's form.",
                "type": "integer",
                "const": SCHEMA_VERSION,
                "x-help": format!("begin the file with `schema = {SCHEMA_VERSION}`"),
            },
            "connectors": {
                "description": "The connectors, by name.",
                "x-help": "add a table `[connectors.NAME]` with `plugin = \"…\"`",
                "type": "object",
                "minProperties": 1,
                "maxProperties": CONNECTORS_MAX,
                "propertyNames": word_schema(),
                "additionalProperties": { "$ref": "#/$defs/connector" },
            },
        },
        "$defs": { "connector": connector_schema(), "destination": destination_schema() },
    })
}

fn word_schema() -> Value {
    json!({
        "type": "string",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-hint": "a word of lower-case letters, digits and inner dashes, such as `contoso`",
    })
}

fn connector_schema() -> Value {
    let mut plugin = word_schema();
    plugin["description"] = json!("The plugin that serves the connector.");
    plugin["x-hint"] = json!("a plugin's name; `skybridge plugin list` shows those at hand");
    json!({
        "description": "One configured instance of a plugin.",
        "type": "object",
        "required": ["plugin"],
        "additionalProperties": false,
        "properties": {
            "plugin": plugin,
            "depends-on": {
                "description": "Connectors that must be handed over before this one starts.",
                "type": "array",
                "uniqueItems": true,
                "items": word_schema(),
            },
            "settings": {
                "description": "What the plugin is to connect; the plugin defines the keys.",
                "type": "object",
            },
            "operator": {
                "description": "Who runs the onboarding; the plugin defines the keys.",
                "type": "object",
            },
            "destination": { "$ref": "#/$defs/destination" },
        },
    })
}

fn destination_schema() -> Value {
    let form = |kind: &str, description: &str, required: &[&str]| {
        let mut properties = json!({ "kind": { "const": kind } });
        if !required.is_empty() {
            properties["url"] = url_schema();
            properties["key"] = key_schema();
        }
        let required: Vec<&str> = ["kind"].iter().chain(required).copied().collect();
        json!({
            "description": description,
            "type": "object",
            "required": required,
            "additionalProperties": false,
            "properties": properties,
        })
    };
    json!({
        "description": "Who gets the connection; this machine when it is not given.",
        "oneOf": [
            form("local", "Kept in the state directory.", &[]),
            form("manual", "A person is told what to paste; the secret is sealed.", &[]),
            form("webhook", "Sent to an address as JSON.", &["url"]),
            form("ox", "Handed to the OX Security platform.", &["url", "key"]),
        ],
    })
}

fn url_schema() -> Value {
    json!({
        "description": "Where to send it.",
        "type": "string",
        "pattern": "^https://[^\\s/?#@]+([/?#]\\S*)?$",
        "x-hint": "an https address without user name, such as `https://api.example.com/graphql`",
    })
}

fn key_schema() -> Value {
    json!({
        "description": "Where the key is kept: `env:NAME` or `file:PATH`.",
        "type": "string",
        "format": "secret-reference",
    })
}
