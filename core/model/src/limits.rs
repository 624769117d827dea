//! Every cap of the host, with its reason. A limit that is hit is an error that names it.

/// A manifest larger than this is a mistake: ten thousand subscriptions listed by id take 400 KiB.
pub const MANIFEST_BYTES_MAX: usize = 1 << 20;

/// Tables and arrays in a manifest: the deepest legal setting is five levels down; the rest is slack
/// that keeps a hostile file from overflowing the stack.
pub const MANIFEST_DEPTH_MAX: usize = 32;

/// Connectors in one manifest: each is a plugin instance with a runtime of its own.
pub const CONNECTORS_MAX: usize = 256;

/// Azure's longest resource id is 2 KiB; an address is that and three words.
pub const ADDRESS_BYTES_MAX: usize = 4096;

/// Steps in one plan: 100,000 subscriptions of about ten steps each.
pub const PLAN_STEPS_MAX: usize = 2_000_000;

/// What a plugin may describe in one answer, in bytes: [`PLAN_STEPS_MAX`] compact steps.
pub const PLUGIN_ANSWER_BYTES_MAX: usize = 512 << 20;

/// One batch of a stream: about 1,000 assets, bounded in bytes because a row has no bound.
pub const BATCH_BYTES_MAX: usize = 8 << 20;

/// A plugin's shared library: the largest first-party one is about 20 MB with debug lines.
pub const PLUGIN_FILE_BYTES_MAX: u64 = 512 << 20;

/// Problems shown for one manifest; more than this is one broken thing repeated.
pub const DIAGNOSTICS_MAX: usize = 200;
