//! Elastic Compute Cloud: regions, and the machines in them.

use serde::Deserialize;

use crate::endpoints::Service;
use crate::page::Page;
use crate::request::Request;

/// A list in EC2's form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Items<T> {
    #[serde(rename = "item", default = "Vec::new")]
    items: Vec<T>,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

/// The answer to [`regions_request`].
#[derive(Debug, Deserialize)]
pub struct Regions {
    #[serde(rename = "regionInfo", default)]
    info: Items<Region>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Region {
    #[serde(rename = "regionName")]
    name: String,
}

impl Regions {
    /// Their names.
    pub fn names(self) -> impl Iterator<Item = String> {
        self.info.items.into_iter().map(|region| region.name)
    }
}

/// Lists the regions the account has switched on.
#[must_use]
pub fn regions_request() -> Request {
    Request::query(Service::Ec2, "DescribeRegions", "listing regions")
}

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// `i-0123…`
    pub instance_id: String,
    /// `t3.micro`
    #[serde(default)]
    pub instance_type: Option<String>,
    /// What it was started from.
    #[serde(default)]
    pub image_id: Option<String>,
    /// The address the internet knows it by.
    #[serde(default)]
    pub ip_address: Option<String>,
    /// The network it is in.
    #[serde(default)]
    pub vpc_id: Option<String>,
    #[serde(default)]
    instance_state: Option<State>,
    #[serde(default)]
    iam_instance_profile: Option<Profile>,
    #[serde(default)]
    tag_set: Items<Tag>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct State {
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Profile {
    arn: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

impl Instance {
    /// `running`, `stopped`, …
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.instance_state.as_ref().map(|state| state.name.as_str())
    }

    /// The ARN of the profile through which it has a role.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.iam_instance_profile.as_ref().map(|profile| profile.arn.as_str())
    }

    /// The name people gave it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.tag_set.items.iter().find(|tag| tag.key == "Name").map(|tag| tag.value.as_str())
    }
}

/// A page of machines, by reservation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instances {
    #[serde(default)]
    reservation_set: Items<Reservation>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reservation {
    #[serde(default)]
    instances_set: Items<Instance>,
}

impl Page for Instances {
    type Item = Instance;
    const TOKEN: &'static str = "NextToken";

    fn split(self) -> (Vec<Instance>, Option<String>) {
        let reservations = self.reservation_set.items.into_iter();
        (reservations.flat_map(|it| it.instances_set.items).collect(), self.next_token)
    }
}

/// Lists the machines of a region.
#[must_use]
pub fn instances_request(page_size: u32) -> Request {
    Request::query(Service::Ec2, "DescribeInstances", "listing instances")
        .with("MaxResults", page_size.to_string())
}
