//! Streams of assets.

use std::collections::BTreeSet;

use skybridge_plugin_protocol::collect::CollectRequest;
use skybridge_plugin_protocol::manifest::capability;

use super::{Cases, OFFLINE, Verdict, require};
use crate::bench::{Bench, Opened};
use crate::walk::Walk;

/// Rows of a batch that is no longer one: the host's own limit is in bytes.
const BATCH_ROWS_MAX: usize = 10_000;

/// Batches after which a stream is taken for one that does not end.
const BATCHES_MAX: usize = 100_000;

pub(super) async fn run(bench: &Bench<'_>, cases: &mut Cases) {
    let name = "batches are bounded, distinct, and end";
    let dropped = "a stream that is dropped harms nothing";
    if bench.fixture.offline {
        return cases.leave_out(&[name, dropped], OFFLINE);
    }
    let opened = match bench.open(bench.fixture.scenarios.plain.as_deref()).await {
        Ok(opened) => opened,
        Err(error) => return cases.add(name, Err(error)),
    };
    let request = match connected(bench, &opened).await {
        Ok(request) => request,
        Err(error) => return cases.add(name, Err(error)),
    };
    cases.add(name, bounded(&opened, &request).await);
    cases.add(dropped, drops(&opened, &request).await);
}

/// Collecting takes a connection, so there is one.
async fn connected(bench: &Bench<'_>, opened: &Opened) -> Result<CollectRequest, String> {
    if !bench.manifest().can(capability::ONBOARD) {
        return Ok(CollectRequest::default());
    }
    let mut walk = Walk::plan(opened).await?;
    walk.apply_all(0).await?;
    Ok(CollectRequest { connection: walk.connection()?, ..CollectRequest::default() })
}

async fn bounded(opened: &Opened, request: &CollectRequest) -> Verdict {
    let stream = opened.instance.collect(request);
    let mut stream = stream.map_err(|error| format!("collecting: {error}"))?;
    let mut ids = BTreeSet::new();
    for _ in 0..BATCHES_MAX {
        let Some(batch) = stream.next().await else { return Ok(()) };
        let batch = batch.map_err(|error| format!("collecting: {error}"))?;
        let rows = batch.assets.len() + batch.relations.len();
        require(rows <= BATCH_ROWS_MAX, || format!("a batch has {rows} rows"))?;
        for asset in batch.assets {
            require(!asset.id.is_empty() && !asset.kind.is_empty(), || {
                format!("an asset lacks its id or kind: {asset:?}")
            })?;
            let id = asset.id.clone();
            require(ids.insert(asset.id), || format!("{id} came twice"))?;
        }
    }
    Err(format!("no end after {BATCHES_MAX} batches"))
}

async fn drops(opened: &Opened, request: &CollectRequest) -> Verdict {
    let stream = opened.instance.collect(request);
    let mut stream = stream.map_err(|error| format!("collecting: {error}"))?;
    drop(stream.next().await);
    drop(stream);
    // Whoever comes next gets everything.
    bounded(opened, request).await
}
