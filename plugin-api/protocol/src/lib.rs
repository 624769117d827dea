//! The messages that cross the plugin boundary as JSON bytes.
//!
//! The binary interface (`skybridge-plugin-api`) is frozen and carries bytes; what the bytes say is
//! here, so that it can grow by serde's rules: new fields are optional with a default, unknown
//! fields are ignored, words that may grow are strings and not enums on the reading side.
//!
//! Start reading at [`onboard::Description`]: what a plugin answers when it is asked for its steps.

pub mod audit;
pub mod collect;
pub mod error;
pub mod manifest;
pub mod onboard;
pub mod open;
pub mod platform;
pub mod rate_limit;
pub mod simulate;
pub mod survey;
pub mod verify;

/// Free-form data, keys in order.
pub type Map = std::collections::BTreeMap<String, serde_json::Value>;
