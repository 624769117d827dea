//! Talks to Azure Resource Manager, Microsoft Graph and the Entra login service.
//!
//! Building a request is pure: the functions named `*_request` in [`arm`], [`graph`] and [`login`]
//! return a [`Request`] and know nothing of sockets, tokens or time. Sending is [`Client`]'s work;
//! on the way out a request passes, in this order, the auth layer (a bearer token for the service),
//! the correlation layer (request ids) and the transport (time limits, size cap, TLS); on the way
//! back the error decoder turns every refusal into one [`ServiceError`], whoever sent it.
//!
//! What this crate refuses to know: what an onboarding is, and when to try again. It makes one
//! attempt; only a token that went stale is replaced and the request repeated, once.
//!
//! Start reading at [`Client`] and [`arm::role_assignments`].

#![forbid(unsafe_code)]

pub mod arm;
pub mod certificate;
pub mod claims;
pub mod client;
pub mod cloud;
pub mod encode;
pub mod error;
pub mod graph;
pub mod http;
pub mod login;
pub mod page;
pub mod request;
pub mod response;
pub mod throttle;
pub mod token;
pub mod transport;

#[cfg(test)]
mod tests;

pub use certificate::{Certificate, CertificateError};
pub use claims::Claims;
pub use client::Client;
pub use cloud::{Cloud, Endpoints, Service};
pub use error::{ClientError, ServiceError, TransportKind};
pub use http::{HttpOptions, HttpTransport, Trust};
pub use request::{Body, Effect, Method, Request};
pub use response::Response;
pub use skybridge_plugin_http::Secret;
pub use token::{AccessToken, TokenSource};
pub use transport::Transport;
