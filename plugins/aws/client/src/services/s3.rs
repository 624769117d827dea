//! Simple Storage Service: buckets.

use serde::Deserialize;

use crate::endpoints::Service;
use crate::page::Page;
use crate::request::{Payload, Request};

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Bucket {
    /// Its name, unique in the partition.
    pub name: String,
    /// When it was made.
    #[serde(default)]
    pub creation_date: String,
    /// Where it is.
    #[serde(default)]
    pub bucket_region: Option<String>,
}

/// A page of buckets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Buckets {
    #[serde(default)]
    buckets: List,
    #[serde(default)]
    continuation_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct List {
    #[serde(rename = "Bucket", default)]
    buckets: Vec<Bucket>,
}

impl Page for Buckets {
    type Item = Bucket;
    const TOKEN: &'static str = "continuation-token";

    fn split(self) -> (Vec<Bucket>, Option<String>) {
        (self.buckets.buckets, self.continuation_token)
    }
}

/// Lists the account's buckets, whatever region they are in.
#[must_use]
pub fn buckets_request() -> Request {
    let query = vec![("max-buckets".to_owned(), "1000".to_owned())];
    let payload = Payload::Get { path: "/".into(), query };
    Request::new(Service::S3, "ListBuckets", "listing buckets", payload)
}
