//! Every cap of the audit log, with its reason.

/// A text that a plugin gives (operation, method, target, request id), in characters. The longest
/// target met is a role assignment below nine management groups, some 600; what is longer is cut.
pub const TEXT_CHARS_MAX: usize = 2000;

/// A line, in bytes: eight texts of characters that take six bytes each as JSON. It also bounds what
/// a reader holds in memory of a damaged file.
pub const LINE_BYTES_MAX: usize = 128 << 10;

/// What may wait in memory for the next commit, in bytes: some two thousand writes, far more than
/// are made between two batches of the journal. Beyond it a line is written at once.
pub const PENDING_BYTES_MAX: usize = 1 << 20;

/// The file of the head, in bytes: it holds two numbers and a hash.
pub const HEAD_BYTES_MAX: usize = 4096;

/// How often a head that is not whole is read. Who has no lock may look while it is written over,
/// which takes less than a read does.
pub const HEAD_READS_MAX: u32 = 3;
