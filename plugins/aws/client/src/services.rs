//! The services: builders of requests, and the shapes of answers. Each says only what is asked here.

pub mod ec2;
pub mod eks;
pub mod iam;
pub mod organizations;
pub mod s3;
pub mod sts;
