//! `auth = "chain"`: the first way that is configured.
//!
//! Configured, not working: credentials that are there and refused are a mistake to be told, not a
//! reason to act as somebody else. Whether a machine has a role is not to be known without asking,
//! so that comes last.

use std::sync::Arc;

use skybridge_aws_client::{Client, ClientError, CredentialSource};

use super::{Variables, container, environment, instance, profile, web_identity};

pub(super) fn source(
    variables: &Variables,
    sts: &Client,
    named: Option<&str>,
) -> Result<Arc<dyn CredentialSource>, ClientError> {
    // A profile that somebody named is what they want, whatever else is there.
    if named.is_some() {
        return Ok(Arc::new(profile::source(variables, named)?));
    }
    if environment::lacks(variables).is_none() {
        return Ok(Arc::new(environment::credentials(variables)?));
    }
    if web_identity::lacks(variables).is_none() {
        return Ok(Arc::new(web_identity::source(variables, sts)?));
    }
    if profile::lacks(variables).is_none() {
        return Ok(Arc::new(profile::source(variables, None)?));
    }
    if container::lacks(variables).is_none() {
        return Ok(Arc::new(container::source(variables)?));
    }
    Ok(Arc::new(instance::source(variables)?))
}
