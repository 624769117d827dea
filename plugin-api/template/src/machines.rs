//! Collects machines as the reader, a page a batch.

use serde::Deserialize;
use serde_json::json;
use skybridge_plugin_sdk::protocol::collect::{Asset, Batch, CollectRequest, Relation};
use skybridge_plugin_sdk::{BatchSender, Ctx, Result};

use crate::api::Api;
use crate::checks::reader;

pub(crate) const PATH: &str = "/v1/machines";

const KIND: &str = "virtual-machine";

#[derive(Debug, Deserialize)]
pub(crate) struct Machine {
    id: String,
    name: String,
    region: String,
}

/// Sends batches to the end; sending waits while the host is busy, which is back-pressure.
pub(crate) async fn collect(
    api: &Api,
    ctx: &Ctx,
    account: &str,
    request: &CollectRequest,
    out: &BatchSender,
) -> Result<()> {
    if !request.kinds.is_empty() && !request.kinds.iter().any(|kind| kind == KIND) {
        return Ok(());
    }
    let reader = reader(&request.connection)?;
    let (mut after, mut done) = (String::new(), 0);
    loop {
        let page = api.page::<Machine>(ctx, "listing machines", PATH, (&after, Some(reader)));
        let page = page.await?;
        let mut batch = Batch::default();
        for machine in page.items {
            batch.relations.push(Relation {
                from: account.to_owned(),
                to: machine.id.clone(),
                kind: "contains".into(),
            });
            batch.assets.push(asset(account, machine));
        }
        done += batch.assets.len() as u64;
        ctx.progress(done, 0, "machines");
        out.send(&batch).await?;
        match page.next {
            Some(next) => after = next,
            None => return Ok(()),
        }
    }
}

fn asset(account: &str, machine: Machine) -> Asset {
    Asset {
        id: machine.id,
        kind: KIND.into(),
        name: machine.name,
        scope: account.to_owned(),
        region: Some(machine.region),
        properties: json!({}),
    }
}
