//! What the planner is given: connectors with their plugins' descriptions, and what to plan.

use skybridge_model::Span;
use skybridge_plugin_protocol::onboard::Description;

use crate::Selector;

/// One connector of the manifest and what its plugin says the onboarding consists of.
#[derive(Debug, Clone, Default)]
pub struct ConnectorInput {
    /// Its name in the manifest: `contoso`.
    pub name: String,
    /// The plugin that serves it: `azure`.
    pub plugin: String,
    /// The plugin's answer, unchecked.
    pub description: Description,
    /// The kind of destination: `local`, `manual`, …
    pub destination: String,
    /// The destination for people: `the local store`.
    pub destination_title: String,
    /// Connectors that must be handed over before this one starts.
    pub depends_on: Vec<Dependency>,
    /// The connector's header in the manifest.
    pub span: Option<Span>,
}

/// One entry of a connector's `depends-on`.
#[derive(Debug, Clone, Default)]
pub struct Dependency {
    /// The other connector's name.
    pub connector: String,
    /// Where the manifest says so.
    pub span: Option<Span>,
}

/// Which part of the work to plan, and in which direction.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// Exactly the steps any of these matches; empty: all.
    pub only: Vec<Selector>,
    /// The steps this matches and everything they need.
    pub upto: Option<Selector>,
    /// Take the connection away again instead of making it.
    pub destroy: bool,
}
