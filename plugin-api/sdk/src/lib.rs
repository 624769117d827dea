//! What the author of a Skybridge plugin uses: a safe trait per ability, one macro, and the host.
//!
//! ```
//! use skybridge_plugin_sdk::{Connector, Host, Result, protocol};
//! use protocol::{manifest::PluginManifest, open::OpenRequest};
//!
//! struct Hello;
//!
//! impl Connector for Hello {
//!     fn manifest() -> PluginManifest {
//!         PluginManifest {
//!             name: "hello".into(),
//!             version: env!("CARGO_PKG_VERSION").into(),
//!             title: "Says hello".into(),
//!             capabilities: vec![],
//!             settings_schema: serde_json::json!({ "type": "object" }),
//!             operator_schema: serde_json::json!({ "type": "object" }),
//!             explanations: Vec::new(),
//!         }
//!     }
//!     fn open(_request: OpenRequest, _host: Host) -> Result<Self> {
//!         Ok(Self)
//!     }
//! }
//! ```
//!
//! A plugin crate is a `cdylib` that ends with `skybridge_plugin_sdk::export_plugin!(Hello);`. It may
//! `#![forbid(unsafe_code)]`, uses tokio and `tracing` as any programme does, and may panic: a panic
//! becomes an error with its text. Start reading at [`Connector`] and [`Onboard`].

mod connector;
mod error;
mod export;
mod forward;
mod glue;
mod host;
mod runtime;
mod stream;

pub use async_trait::async_trait;
pub use connector::{Collect, Connector, Onboard, Platform, Simulate, Simulation, Verify};
pub use error::{Error, Result, Retry};
pub use host::{Ctx, Host, SecretBytes};
pub use skybridge_plugin_api::kind;
pub use skybridge_plugin_protocol as protocol;
pub use stream::BatchSender;

/// For [`export_plugin!`] alone.
#[doc(hidden)]
pub mod private {
    pub use crate::export::{TAG_BYTES_MAX, tag};
    pub use crate::glue::{manifest, open};
    pub use skybridge_plugin_api::reexport::abi_stable;
    pub use skybridge_plugin_api::{
        AbiResult, HostServicesBox, PluginBox, PluginModule, PluginModuleRef,
    };
}
