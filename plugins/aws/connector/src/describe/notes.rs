//! What a plan tells its reader once.

use skybridge_aws_client::{Endpoints, Service};

use crate::settings::{ExistingRole, Settings};
use crate::survey::Facts;

pub(super) fn notes(
    settings: &Settings,
    endpoints: &Endpoints,
    facts: Option<&Facts>,
) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |when: bool, text: &str| {
        if when {
            notes.push(text.to_owned());
        }
    };
    note(
        settings.trust.proof.is_none(),
        "nobody here can sign in as the trusted principal: that the vendor can become the role, and \
         cannot without the external id, is looked at from outside and proved by the vendor",
    );
    note(
        settings.existing_role == ExistingRole::Adopt,
        "a role of this name that somebody else made is used, changed where it has to be, and never \
         deleted",
    );
    note(
        settings.scope.listed(&settings.account).is_none() && facts.is_none(),
        "which accounts the organization has is found when planning online; one sub-graph stands \
         for all of them here",
    );
    let own = Service::ALL.into_iter().filter(|service| endpoints.is_own(*service));
    let own: Vec<String> = own.map(|service| endpoints.base(service, None)).collect();
    if let Some(first) = own.first() {
        notes.push(format!("AWS is asked at {first} in place of its own addresses"));
    }
    notes
}
