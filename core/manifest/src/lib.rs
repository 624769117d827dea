//! Reads a manifest: TOML text in, a [`Manifest`] and everything that is wrong with it out.
//!
//! Pure: the bytes and the file's name are arguments, and nothing here knows a file system, an
//! environment, a clock or a plugin. What a plugin expects of its settings comes in as a JSON
//! Schema ([`check_schema`]); the manifest's own shape is a schema too ([`json_schema`]) and is
//! checked by the same code, so that `skybridge schema manifest` prints what is enforced.
//!
//! All problems are reported at once, each at its place in the file. One cause is said once: after a
//! syntax error nothing is called missing, and a value that could not be read is not judged.
//!
//! Start reading at [`parse`], then [`Section`], then [`check_schema`].

mod codes;
mod depth;
mod host;
mod places;
mod schema;
mod secrets;
mod section;
mod source;
mod syntax;
mod words;

#[cfg(test)]
mod tests;

pub use codes::{EXPLANATIONS, Explanation, explain};
pub use host::{Connector, Dependency, Destination, Manifest, SCHEMA_VERSION, json_schema, parse};
pub use schema::check_schema;
pub use secrets::{SecretReference, quotable};
pub use section::Section;
pub use source::{LineIndex, Source};
