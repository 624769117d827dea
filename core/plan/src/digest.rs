//! The hash of a plan's content, taken while it is written.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

/// Passes bytes on and hashes them.
pub(crate) struct Hashing<'a> {
    out: &'a mut dyn Write,
    hash: Sha256,
}

impl<'a> Hashing<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, hash: Sha256::new() }
    }

    /// The hash of what was passed on so far: `sha256:` and 64 hexadecimal digits.
    pub(crate) fn digest(&self) -> String {
        let mut text = String::from("sha256:");
        for byte in self.hash.clone().finalize() {
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
