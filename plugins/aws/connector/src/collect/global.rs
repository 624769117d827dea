//! What an account has once: roles, users, buckets.

use serde_json::json;
use skybridge_aws_client::iam::{self, role};
use skybridge_aws_client::s3;
use skybridge_plugin_sdk::Result;

use super::{Reader, kinds};

pub(super) async fn read(reader: &mut Reader<'_, '_>) -> Result<()> {
    if reader.wants(kinds::ROLE) {
        let listed = reader.list::<role::Roles>(&role::list_request(None)).await;
        for role in reader.seen("roles", None, listed)? {
            let properties = json!({
                "path": role.path,
                "description": role.description,
                "max-session-seconds": role.max_session_duration,
            });
            let asset = reader.asset(kinds::ROLE, &role.arn, &role.role_name, None, properties);
            reader.found(asset).await?;
        }
    }
    if reader.wants(kinds::USER) {
        let listed = reader.list::<iam::Users>(&iam::list_users_request()).await;
        for user in reader.seen("users", None, listed)? {
            let properties = json!({ "created": user.create_date });
            let asset = reader.asset(kinds::USER, &user.arn, &user.user_name, None, properties);
            reader.found(asset).await?;
        }
    }
    if reader.wants(kinds::BUCKET) {
        let listed = reader.list::<s3::Buckets>(&s3::buckets_request()).await;
        let partition = reader.client.endpoints().partition().word();
        for bucket in reader.seen("buckets", None, listed)? {
            let arn = format!("arn:{partition}:s3:::{}", bucket.name);
            let region = bucket.bucket_region.as_deref();
            let properties = json!({ "created": bucket.creation_date });
            let asset = reader.asset(kinds::BUCKET, &arn, &bucket.name, region, properties);
            reader.found(asset).await?;
        }
    }
    Ok(())
}
