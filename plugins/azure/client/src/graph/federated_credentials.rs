//! Federated identity credentials of an application: whose tokens it takes for its own.

use serde::Deserialize;
use serde_json::json;

use crate::cloud::Service;
use crate::request::{Method, Path, Request};

/// How many an application may have.
pub const FEDERATED_MAX: usize = 20;

/// A federated identity credential.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FederatedCredential {
    /// Its id.
    pub id: String,
    /// Its name, unique on the application; it cannot be changed.
    pub name: String,
    /// The issuer whose tokens are taken.
    pub issuer: String,
    /// The subject they must be about.
    pub subject: String,
    /// The audience they must be for; a list of one.
    pub audiences: Vec<String>,
    /// For people.
    pub description: Option<String>,
}

/// What a federated identity credential shall say.
#[derive(Debug, Clone, Copy)]
pub struct NewFederatedCredential<'a> {
    /// Its name.
    pub name: &'a str,
    /// The issuer.
    pub issuer: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// The audience.
    pub audience: &'a str,
    /// For people.
    pub description: &'a str,
}

fn collection(application: &str) -> Path {
    Path::fixed("/v1.0/applications").segment(application).then("/federatedIdentityCredentials")
}

/// Lists those of the application with the object id `application`.
#[must_use]
pub fn list_request(application: &str) -> Request {
    Request::get(Service::Graph, collection(application), "listing federated credentials")
}

/// Makes one.
#[must_use]
pub fn create_request(application: &str, new: NewFederatedCredential<'_>) -> Request {
    let operation = "creating federated credential";
    Request::new(Service::Graph, Method::Post, collection(application), operation).json(json!({
        "name": new.name,
        "issuer": new.issuer,
        "subject": new.subject,
        "audiences": [new.audience],
        "description": new.description,
    }))
}

/// Changes the audience of the one with the id `id`.
#[must_use]
pub fn set_audience_request(application: &str, id: &str, audience: &str) -> Request {
    let path = collection(application).segment(id);
    Request::new(Service::Graph, Method::Patch, path, "updating federated credential")
        .json(json!({ "audiences": [audience] }))
}

/// Removes the one with the id `id`.
#[must_use]
pub fn delete_request(application: &str, id: &str) -> Request {
    let path = collection(application).segment(id);
    Request::new(Service::Graph, Method::Delete, path, "removing federated credential")
}
