//! A value that must never be printed, logged or written in clear.

use std::fmt;

use zeroize::Zeroize;

/// Holds a secret: no `Display`, no `Serialize`, `Debug` redacts, and the memory is wiped on drop.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one place that must have it in clear.
    #[must_use]
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shows_itself() {
        #[derive(Debug)]
        struct Holder {
            #[expect(dead_code, reason = "only printed")]
            token: Secret<String>,
        }
        let text = format!("{:#?}", Holder { token: Secret::new("s3cr3t".to_owned()) });
        assert!(!text.contains("s3cr3t") && text.contains("[secret]"));
    }
}
