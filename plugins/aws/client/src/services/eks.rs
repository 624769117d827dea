//! Elastic Kubernetes Service: clusters.

use serde::Deserialize;
use serde_json::Value;

use crate::encode;
use crate::endpoints::Service;
use crate::page::Page;
use crate::request::{Payload, Request};

/// A page of clusters, by name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clusters {
    #[serde(default)]
    clusters: Vec<String>,
    #[serde(default)]
    next_token: Option<String>,
}

impl Page for Clusters {
    type Item = String;
    const TOKEN: &'static str = "nextToken";

    fn split(self) -> (Vec<String>, Option<String>) {
        (self.clusters, self.next_token)
    }
}

/// Lists the clusters of a region.
#[must_use]
pub fn clusters_request() -> Request {
    let payload = Payload::Get { path: "/clusters".into(), query: Vec::new() };
    Request::new(Service::Eks, "ListClusters", "listing clusters", payload)
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Of Kubernetes.
    #[serde(default)]
    pub version: Option<String>,
    /// `ACTIVE`, …
    #[serde(default)]
    pub status: Option<String>,
    /// The address of its API.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The role it acts with.
    #[serde(default)]
    pub role_arn: Option<String>,
    /// Where its API can be reached from.
    #[serde(default)]
    pub resources_vpc_config: Value,
}

/// The answer to [`cluster_request`].
#[derive(Debug, Deserialize)]
pub struct Described {
    /// The cluster.
    pub cluster: Cluster,
}

/// Asks for a cluster.
#[must_use]
pub fn cluster_request(name: &str) -> Request {
    let path = format!("/clusters/{}", encode::segment(name));
    let payload = Payload::Get { path, query: Vec::new() };
    Request::new(Service::Eks, "DescribeCluster", "reading cluster", payload)
}
