//! What AWS is asked and what it answers: pure request builders, signing, and the layer that sends.
//!
//! A [`Request`] says what is asked; [`wire`] makes bytes of it and signs them; a [`Transport`]
//! sends them; [`Client`] puts the three together for one set of credentials. It makes one attempt
//! and says exactly what went wrong; it knows nothing of steps, plans or the host.
//!
//! Start reading at [`request`], then any module of `services`.

#![forbid(unsafe_code)]

pub mod client;
pub mod credentials;
mod encode;
pub mod endpoints;
pub mod error;
pub mod http;
mod page;
pub mod request;
mod response;
pub mod services;
pub mod transport;
pub mod wire;

#[cfg(test)]
mod tests;

pub use client::Client;
pub use credentials::{CredentialSource, Credentials};
pub use endpoints::{Endpoints, Partition, Service};
pub use error::{ClientError, ServiceError, TransportKind};
pub use http::{HttpOptions, HttpTransport, Trust};
pub use page::Page;
pub use request::{Effect, Payload, Request};
pub use response::Response;
pub use services::{ec2, eks, iam, organizations, s3, sts};
pub use skybridge_plugin_http::Secret;
pub use transport::Transport;
