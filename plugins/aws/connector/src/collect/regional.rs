//! What an account has region by region: machines, clusters.

use serde_json::json;
use skybridge_aws_client::ec2::{self, Instances, Regions};
use skybridge_aws_client::eks;
use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::collect::Relation;

use super::{Reader, kinds};

/// Machines a page has: the most EC2 gives.
const PAGE: u32 = 1_000;

pub(super) async fn read(reader: &mut Reader<'_, '_>) -> Result<()> {
    if !reader.wants(kinds::MACHINE) && !reader.wants(kinds::CLUSTER) {
        return Ok(());
    }
    let listed = reader.read::<Regions>(&ec2::regions_request()).await;
    let listed = listed.map(|regions| regions.names().collect());
    for region in reader.seen("regions", None, listed)? {
        if reader.wants(kinds::MACHINE) {
            machines(reader, &region).await?;
        }
        if reader.wants(kinds::CLUSTER) {
            clusters(reader, &region).await?;
        }
    }
    Ok(())
}

async fn machines(reader: &mut Reader<'_, '_>, region: &str) -> Result<()> {
    let request = ec2::instances_request(PAGE).in_region(region);
    let listed = reader.list::<Instances>(&request).await;
    let partition = reader.client.endpoints().partition().word();
    for machine in reader.seen("instances", Some(region), listed)? {
        let account = reader.account;
        let arn =
            format!("arn:{partition}:ec2:{region}:{account}:instance/{}", machine.instance_id);
        let name = machine.name().unwrap_or(&machine.instance_id);
        let properties = json!({
            "state": machine.state(),
            "type": machine.instance_type,
            "image": machine.image_id,
            "public-address": machine.ip_address,
            "network": machine.vpc_id,
            "instance-profile": machine.profile(),
        });
        let asset = reader.asset(kinds::MACHINE, &arn, name, Some(region), properties);
        reader.found(asset).await?;
    }
    Ok(())
}

async fn clusters(reader: &mut Reader<'_, '_>, region: &str) -> Result<()> {
    let request = eks::clusters_request().in_region(region);
    let listed = reader.list::<eks::Clusters>(&request).await;
    for name in reader.seen("clusters", Some(region), listed)? {
        let request = eks::cluster_request(&name).in_region(region);
        let read = reader.read::<eks::Described>(&request).await;
        let read = read.map(|described| vec![described.cluster]);
        for cluster in reader.seen("cluster", Some(region), read)? {
            let config = &cluster.resources_vpc_config;
            let properties = json!({
                "version": cluster.version,
                "status": cluster.status,
                "endpoint": cluster.endpoint,
                "public-endpoint": config.get("endpointPublicAccess"),
                "public-from": config.get("publicAccessCidrs"),
            });
            let asset =
                reader.asset(kinds::CLUSTER, &cluster.arn, &cluster.name, Some(region), properties);
            reader.found(asset).await?;
            if let Some(role) = cluster.role_arn {
                let (from, kind) = (cluster.arn, "acts-as".to_owned());
                reader.batches.relation(Relation { from, to: role, kind }).await?;
            }
        }
    }
    Ok(())
}
