//! Applications that were deleted in the last 30 days and still hold their unique name.

use crate::cloud::Service;
use crate::request::{Method, Path, Request};

/// Lists deleted applications.
#[must_use]
pub fn list_applications_request() -> Request {
    let path = Path::fixed("/v1.0/directory/deletedItems/microsoft.graph.application");
    Request::get(Service::Graph, path, "listing deleted applications")
        .query("$select", "id,appId,displayName,uniqueName,tags,deletedDateTime")
}

/// Reads a deleted object, whatever it was.
#[must_use]
pub fn get_request(id: &str) -> Request {
    let path = Path::fixed("/v1.0/directory/deletedItems").segment(id);
    Request::get(Service::Graph, path, "reading deleted object")
}

/// Brings a deleted object back.
#[must_use]
pub fn restore_request(id: &str) -> Request {
    let path = Path::fixed("/v1.0/directory/deletedItems").segment(id).then("/restore");
    Request::new(Service::Graph, Method::Post, path, "restoring application")
}

/// Removes a deleted object for good.
#[must_use]
pub fn purge_request(id: &str) -> Request {
    let path = Path::fixed("/v1.0/directory/deletedItems").segment(id);
    Request::new(Service::Graph, Method::Delete, path, "removing deleted object for good")
}
