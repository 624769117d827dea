//! What goes over the socket between the host and a plugin's process, one frame after the other.
//!
//! A frame is the length of its head, the length of its body (both 32 bits, little-endian), the head,
//! and the body. The head says in JSON what it is ([`super::message`]); the body is bytes that the
//! binary interface gives as bytes, and is not copied into JSON. Nothing is allocated on the word of
//! the other side: a head is short, and a body grows as it arrives.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// A head holds a few numbers and short texts.
const HEAD_BYTES_MAX: usize = 4 << 10;

/// Frames up to this size are written at once.
const COPIED_MAX: usize = 16 << 10;

/// Room made for a body before any of it has arrived.
const BODY_ROOM: usize = 64 << 10;

/// A body; wiped when it is dropped, for some hold secrets.
pub(crate) type Body = Zeroizing<Vec<u8>>;

/// A message whose body has a limit.
pub(crate) trait Bounded {
    /// The most bytes its body may have.
    fn body_max(&self) -> usize;
}

/// Why there is no further frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The other side closed, or the socket did.
    #[error("the connection ended")]
    Ended,
    /// The other side breaks the protocol.
    #[error("it broke the protocol: {0}")]
    Broken(String),
}

impl From<io::Error> for FrameError {
    fn from(_: io::Error) -> Self {
        Self::Ended
    }
}

/// Reads one frame.
pub(crate) fn read<T: DeserializeOwned + Bounded>(
    input: &mut impl Read,
) -> Result<(T, Body), FrameError> {
    let mut lengths = [0; 8];
    input.read_exact(&mut lengths)?;
    let [a, b, c, d, e, f, g, h] = lengths;
    let head = u32::from_le_bytes([a, b, c, d]) as usize;
    let body = u32::from_le_bytes([e, f, g, h]) as usize;
    if head > HEAD_BYTES_MAX {
        return Err(FrameError::Broken(format!("a head of {head} bytes")));
    }
    let head = exactly(input, head)?;
    let message: T = serde_json::from_slice(&head)
        .map_err(|error| FrameError::Broken(format!("a head that cannot be read: {error}")))?;
    let most = message.body_max();
    if body > most {
        let text = format!("a body of {body} bytes where {most} may be");
        return Err(FrameError::Broken(text));
    }
    Ok((message, exactly(input, body)?))
}

fn exactly(input: &mut impl Read, length: usize) -> Result<Body, FrameError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.min(BODY_ROOM)));
    input.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(FrameError::Ended) }
}

/// Writes one frame.
pub(crate) fn write<T: Serialize>(
    out: &mut impl Write,
    message: &T,
    body: &[u8],
) -> io::Result<()> {
    let head = serde_json::to_vec(message)?;
    let too_long = |_| io::Error::other("a frame longer than its length can say");
    let mut bytes = Zeroizing::new(Vec::with_capacity(8 + head.len() + body.len().min(COPIED_MAX)));
    bytes.extend_from_slice(&u32::try_from(head.len()).map_err(too_long)?.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(body.len()).map_err(too_long)?.to_le_bytes());
    bytes.extend_from_slice(&head);
    if body.len() <= COPIED_MAX {
        bytes.extend_from_slice(body);
        return out.write_all(&bytes);
    }
    out.write_all(&bytes)?;
    out.write_all(body)
}
