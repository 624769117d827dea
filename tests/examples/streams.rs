//! A plugin that has a great many assets, for the benchmark of collecting (`benches/streaming.rs`).
#![forbid(unsafe_code)]

use serde_json::json;
use skybridge_plugin_sdk::protocol::collect::{Asset, Batch, CollectRequest};
use skybridge_plugin_sdk::protocol::manifest::{PluginManifest, capability};
use skybridge_plugin_sdk::protocol::open::OpenRequest;
use skybridge_plugin_sdk::{
    BatchSender, Collect, Connector, Ctx, Error, Host, Result, async_trait, kind,
};

#[derive(serde::Deserialize)]
struct Streams {
    batches: u64,
    rows: u64,
}

impl Connector for Streams {
    fn manifest() -> PluginManifest {
        PluginManifest {
            name: "streams".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            title: "Has a great many assets".into(),
            capabilities: vec![capability::COLLECT.into()],
            settings_schema: json!({ "type": "object" }),
            operator_schema: json!({ "type": "object" }),
            ..PluginManifest::default()
        }
    }

    fn open(request: OpenRequest, _: Host) -> Result<Self> {
        serde_json::from_value(request.settings.unwrap_or_default())
            .map_err(|error| Error::new(kind::INVALID_CONFIG, error.to_string()))
    }

    fn collect(&self) -> Option<&dyn Collect> {
        Some(self)
    }
}

/// A machine as a cloud tells of one, some 500 bytes in JSON.
fn machine(batch: u64, row: u64) -> Asset {
    let scope = format!("/subscriptions/33333333-4444-5555-6666-{batch:012}");
    let name = format!("vm-{batch:05}-{row:05}");
    Asset {
        id: format!("{scope}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/{name}"),
        kind: "virtual-machine".into(),
        name,
        scope,
        region: Some("westeurope".into()),
        properties: json!({
            "state": "running",
            "type": "Standard_D4s_v5",
            "image": "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest",
            "public-address": "203.0.113.7",
            "network": "vnet-main",
            "tags": { "team": "payments", "stage": "production" },
        }),
    }
}

#[async_trait]
impl Collect for Streams {
    async fn collect(&self, _: CollectRequest, out: BatchSender, _: &Ctx) -> Result<()> {
        for batch in 0..self.batches {
            let assets = (0..self.rows).map(|row| machine(batch, row)).collect();
            out.send(&Batch { assets, relations: vec![] }).await?;
        }
        Ok(())
    }
}

skybridge_plugin_sdk::export_plugin!(Streams);
