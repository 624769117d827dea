//! What people see.

pub(crate) mod diagnostics;
pub(crate) mod failures;
pub(crate) mod progress;
pub(crate) mod summary;
pub(crate) mod taken_back;
pub(crate) mod verification;
