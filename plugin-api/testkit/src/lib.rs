//! The contract every plugin keeps, as cases chosen by what the plugin says it can do.
//!
//! A case works on the built library through the real loader and the real planner, in a simulated
//! cloud of the plugin's own or on whatever the settings of the [`Fixture`] reach, and looks at what
//! came back, at what was logged, recorded and sealed, and at the world afterwards through the
//! plugin's own eyes. It knows no cloud.
//!
//! ```no_run
//! # async fn test() {
//! let fixture = "settings = { names = ['ada'] }\nrefused = [{ names = 1 }]";
//! let fixture = skybridge_plugin_testkit::Fixture::parse(fixture).unwrap();
//! let library = skybridge_plugin_testkit::build(env!("CARGO_MANIFEST_DIR")).unwrap();
//! skybridge_plugin_testkit::check(&library, fixture).await.assert_passed();
//! # }
//! ```
//!
//! What is checked, in which order, is the list in [`cases`]. Start reading there.

mod bench;
mod build;
mod capture;
pub mod cases;
mod fixture;
mod report;
mod walk;
mod witness;

use std::path::Path;

use skybridge_host::LoadError;
use skybridge_host::candidate::Candidate;
use skybridge_host::library::Library;
use skybridge_host::trust::Trust;

pub use build::build;
pub use capture::Capture;
pub use fixture::Fixture;
pub use report::{Case, Outcome, Report};

/// Loads a library that was just built and puts it through every case that fits it. What the plugin
/// logs is captured for this process, unless somebody receives logs already.
///
/// # Panics
/// When the library cannot be loaded; with the reason.
pub async fn check(library: &Path, fixture: Fixture) -> Report {
    let library = load(library).unwrap_or_else(|error| panic!("{error}"));
    run(&library, fixture, &Capture::install()).await
}

/// Loads a library that whoever calls trusts.
///
/// # Errors
/// [`LoadError`] when it is no plugin for this host.
pub fn load(library: &Path) -> Result<Library, LoadError> {
    let absolute = std::path::absolute(library).unwrap_or_else(|_| library.to_owned());
    Candidate::read(&absolute, Trust::BesideHost)?.load()
}

/// Puts a loaded library through every case that fits it, where the library says its code runs.
pub async fn run(library: &Library, fixture: Fixture, capture: &Capture) -> Report {
    cases::run(&bench::Bench::new(library, fixture, capture)).await
}
