//! Deleting the role. Whatever was attached to it meanwhile goes with it: it is ours, and IAM
//! deletes nothing that something is attached to.

use serde_json::Value;
use skybridge_aws_client::iam::role::{self, InstanceProfiles};
use skybridge_aws_client::iam::role_policies;
use skybridge_plugin_sdk::protocol::onboard::{Remains, Undone};
use skybridge_plugin_sdk::{Error, Result, kind};

use crate::errors::plain;
use crate::outcome::{gone, nothing_left, removed, still, undo_field};
use crate::session::Session;
use crate::steps::unplanned_policies::holdings;

/// What was ours, by the word of the apply that made it.
struct Made<'a> {
    account: &'a str,
    name: &'a str,
    id: &'a str,
}

impl<'a> Made<'a> {
    fn of(undo: &'a Value) -> Result<Self> {
        Ok(Self {
            account: undo_field(undo, "account")?,
            name: undo_field(undo, "role-name")?,
            id: undo_field(undo, "role-id")?,
        })
    }
}

pub(super) async fn undo(session: &Session<'_>, undo: &Value) -> Result<Undone> {
    let made = Made::of(undo)?;
    let Some(found) = session.role(made.account, made.name).await.map_err(plain)? else {
        return Ok(gone());
    };
    if found.role_id != made.id {
        let detail = "ours is gone; somebody made another of the same name, which stays";
        return Ok(Undone { detail: Some(detail.into()), ..Undone::default() });
    }
    not_in_use(session, &made).await?;
    let (arn, name) = (found.arn.as_str(), made.name);
    let holdings = holdings(session, made.account, name).await.map_err(plain)?;
    let detach = holdings.managed.iter().map(|it| role_policies::detach_request(arn, name, it));
    let delete =
        holdings.inline.iter().map(|it| role_policies::delete_inline_request(arn, name, it));
    for request in detach.chain(delete).chain([role::delete_request(arn, name)]) {
        match session.send(made.account, &request).await {
            Ok(_) => {}
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(plain(error)),
        }
    }
    Ok(removed("deleted the role"))
}

/// A role in an instance profile is used by machines: that is not ours to end.
async fn not_in_use(session: &Session<'_>, made: &Made<'_>) -> Result<()> {
    let request = role::list_instance_profiles_request(made.name);
    let profiles = session.list::<InstanceProfiles>(made.account, &request).await.map_err(plain)?;
    let Some(profile) = profiles.first() else { return Ok(()) };
    let message = format!(
        "somebody put the role {} into the instance profile {}",
        made.name, profile.instance_profile_name
    );
    Err(Error::new(kind::PRECONDITION, message)
        .code("AWS-ROLE-005")
        .operation("deleting role")
        .help("take it out of the instance profile, and offboard again"))
}

pub(super) async fn remains(session: &Session<'_>, undo: &Value) -> Result<Remains> {
    let made = Made::of(undo)?;
    let found = session.role(made.account, made.name).await.map_err(plain)?;
    Ok(match found.filter(|found| found.role_id == made.id) {
        Some(found) => still(format!("{} is still there", found.arn)),
        None => nothing_left(),
    })
}
