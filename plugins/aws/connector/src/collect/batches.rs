//! Batches, bounded in rows and bytes.

use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::collect::{Asset, Batch, Relation};

use super::Sink;

/// Rows of a batch where the host asks for no number: what it reads in about a millisecond.
const ROWS: u32 = 1_000;

/// Bytes of a batch: half of what the host takes at most, so that one large asset more fits in.
const BYTES_MAX: usize = 4 << 20;

/// Gathers rows and sends them when there are enough.
pub(super) struct Batches<'s> {
    sink: &'s dyn Sink,
    rows_max: usize,
    batch: Batch,
    bytes: usize,
}

impl<'s> Batches<'s> {
    pub(super) fn new(sink: &'s dyn Sink, rows: u32) -> Self {
        let rows = if rows == 0 { ROWS } else { rows.min(ROWS) };
        Self { sink, rows_max: rows as usize, batch: Batch::default(), bytes: 0 }
    }

    pub(super) async fn asset(&mut self, asset: Asset) -> Result<()> {
        // Names and ids are small beside what a service says of a thing.
        self.bytes += asset.id.len() + asset.name.len() + asset.properties.to_string().len();
        self.batch.assets.push(asset);
        self.full().await
    }

    pub(super) async fn relation(&mut self, relation: Relation) -> Result<()> {
        self.bytes += relation.from.len() + relation.to.len();
        self.batch.relations.push(relation);
        self.full().await
    }

    async fn full(&mut self) -> Result<()> {
        let rows = self.batch.assets.len() + self.batch.relations.len();
        if rows < self.rows_max && self.bytes < BYTES_MAX {
            return Ok(());
        }
        self.bytes = 0;
        self.sink.send(std::mem::take(&mut self.batch)).await
    }

    /// Sends what is left.
    pub(super) async fn end(self) -> Result<()> {
        if self.batch.assets.is_empty() && self.batch.relations.is_empty() {
            return Ok(());
        }
        self.sink.send(self.batch).await
    }
}
