//! A section against a JSON Schema (draft 2020-12): all complaints, in sentences, at their places.
//!
//! The engine's errors say which keyword refused which value. [`message`] makes a sentence of each;
//! [`branch`] finds the form that was meant where there are several (`oneOf`), so that its complaints
//! are reported and not "is not valid under any of the schemas"; [`node`] reads the schema itself.
//!
//! What a schema may say to be understood better:
//! - `x-hint` beside `pattern` or `format` completes "… must be": `"a GUID such as 1111…"`;
//! - `x-help` on a property is the help when it is missing or too short: `"add a table …"`;
//! - `"format": "secret-reference"` takes `env:NAME` and `file:PATH` and never repeats anything else.

mod branch;
mod message;
mod node;

use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::Value;
use skybridge_model::limits::DIAGNOSTICS_MAX;
use skybridge_model::{Diagnostic, Diagnostics};

use crate::codes;
use crate::places::Complaints;
use crate::secrets::SecretReference;
use crate::section::Section;

/// An error of the engine, on its own.
pub(crate) type Fault = ValidationError<'static>;

/// A schema ready for use.
pub(crate) struct Compiled {
    schema: Value,
    validator: Result<Validator, String>,
}

impl Compiled {
    /// Compiles a schema. Nothing is fetched: a reference to another document is an error. Patterns
    /// run in linear time, so that a plugin's pattern cannot hang the host.
    pub(crate) fn new(schema: Value) -> Self {
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .offline()
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .with_format("secret-reference", |text: &str| SecretReference::parse(text).is_some())
            .build(&schema)
            .map_err(|error| error.to_string());
        Self { schema, validator }
    }

    /// Checks a section that sentences call `called`.
    pub(crate) fn check(&self, section: &Section, called: &str, complaints: &mut Complaints) {
        let validator = match &self.validator {
            Ok(validator) => validator,
            Err(why) => return complaints.push(unusable(section, called, why)),
        };
        let mut errors = validator.iter_errors(&section.value);
        let faults: Vec<Fault> =
            errors.by_ref().take(DIAGNOSTICS_MAX).map(ValidationError::to_owned).collect();
        complaints.leave_out(errors.count());
        let mut report = message::Report { section, schema: &self.schema, called, complaints };
        report.all(&faults.iter().collect::<Vec<_>>());
    }
}

/// Checks a section against a plugin's JSON Schema; `called` is what sentences call it, such as
/// `settings`.
#[must_use]
pub fn check_schema(section: &Section, schema: &Value, called: &str) -> Diagnostics {
    let mut complaints = Complaints::default();
    Compiled::new(schema.clone()).check(section, called, &mut complaints);
    complaints.finish()
}

fn unusable(section: &Section, called: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        codes::PLUGIN_SCHEMA,
        format!("the plugin's schema for `{called}` cannot be used"),
    )
    .detail(why)
    .help("this is no mistake in the manifest: update the plugin or tell its author")
    .span(section.key_span(""))
}
