//! One line: JSON whose last member is the SHA-256 of every byte before it.
//!
//! The bytes as they stand are what is hashed, so there is no second form to bring a line into:
//! `sed 's/,"hash":"[0-9a-f]*"}$//' | tr -d '\n' | sha256sum` gives a line's hash.

use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// What stands between the hashed bytes and their hash.
const MARK: &[u8] = b",\"hash\":\"";

/// `,"hash":"`, the hash, `"}`.
const TAIL_BYTES: usize = MARK.len() + 64 + 2;

/// Appends a record's line to `out`; gives its hash.
pub(crate) fn seal<T: Serialize>(out: &mut Vec<u8>, record: &T) -> serde_json::Result<Hash> {
    let start = out.len();
    serde_json::to_writer(&mut *out, record)?;
    // The closing brace comes back behind the hash.
    out.pop();
    let hash = Hash::of(out.get(start..).unwrap_or_default());
    out.extend_from_slice(MARK);
    out.extend_from_slice(hash.to_string().as_bytes());
    out.extend_from_slice(b"\"}\n");
    Ok(hash)
}

/// The hash of a line, if its bytes are those that were written. `line` has its line end.
pub(crate) fn unseal(line: &[u8]) -> Option<Hash> {
    let line = line.strip_suffix(b"\n")?;
    let (body, tail) = line.split_at(line.len().checked_sub(TAIL_BYTES)?);
    let digits = tail.strip_prefix(MARK)?.strip_suffix(b"\"}")?;
    let hash: Hash = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (Hash::of(body) == hash).then_some(hash)
}

/// What binds a line to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    pub(crate) prev: Hash,
    pub(crate) hash: Hash,
}

#[derive(Deserialize)]
struct Bound {
    seq: u64,
    prev: Hash,
}

/// A line's place in the chain, if its bytes are those that were written.
pub(crate) fn open(line: &[u8]) -> Option<Link> {
    let hash = unseal(line)?;
    let Bound { seq, prev } = serde_json::from_slice(line).ok()?;
    Some(Link { seq, prev, hash })
}
