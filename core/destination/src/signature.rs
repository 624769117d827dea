//! What proves to a webhook's receiver who sent a body, and when.

use std::time::Duration;

use jiff::Timestamp;
use ring::hmac;
use skybridge_model::Secret;

/// A signature older or newer than this is refused, so that a body that was overheard once cannot
/// be sent again for ever: clocks differ by less, and a delivery takes at most a minute.
pub const SIGNATURE_AGE_MAX: Duration = Duration::from_secs(5 * 60);

/// Why a body is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not `t=SECONDS,v1=HEX`.
    #[error("the signature is not of the form t=SECONDS,v1=HEX")]
    Malformed,
    /// It was signed too long ago, or in the future.
    #[error("the signature is not of these minutes")]
    Stale,
    /// Another key, or another body.
    #[error("the signature does not fit the body and the key")]
    Mismatch,
}

/// The value of `Skybridge-Signature` for a body sent at `now`. White space around a key is no part
/// of it: files end with a line break.
#[must_use]
pub fn sign(body: &[u8], key: &Secret<String>, now: Timestamp) -> String {
    let time = now.as_second().to_string();
    let tag = hmac::sign(&secret(key), &signed(&time, body));
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={hex}")
}

/// Checks the value of `Skybridge-Signature` against the body as it arrived, byte for byte. Of
/// several `v1` one has to fit; parts of other names are passed over.
///
/// # Errors
/// When the body is not to be believed.
pub fn verify(
    header: &str,
    body: &[u8],
    key: &Secret<String>,
    now: Timestamp,
) -> Result<(), SignatureError> {
    let part = |part: &'_ str| {
        part.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
    };
    let parts: Vec<(String, String)> = header.split(',').filter_map(part).collect();
    let time = parts.iter().find(|(name, _)| name == "t").map(|(_, value)| value);
    let time = time.ok_or(SignatureError::Malformed)?;
    let at = time.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let at = at.ok_or(SignatureError::Malformed)?;
    let mut tags = parts.iter().filter(|(name, _)| name == "v1").map(|(_, value)| value).peekable();
    if tags.peek().is_none() {
        return Err(SignatureError::Malformed);
    }
    if at.duration_since(now).unsigned_abs() > SIGNATURE_AGE_MAX {
        return Err(SignatureError::Stale);
    }
    let (secret, signed) = (secret(key), signed(time, body));
    // ring compares in constant time.
    let fits =
        |tag: &String| unhex(tag).is_some_and(|tag| hmac::verify(&secret, &signed, &tag).is_ok());
    if tags.any(fits) { Ok(()) } else { Err(SignatureError::Mismatch) }
}

fn secret(key: &Secret<String>) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key.expose().trim().as_bytes())
}

fn signed(time: &str, body: &[u8]) -> zeroize::Zeroizing<Vec<u8>> {
    [time.as_bytes(), b".", body].concat().into()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    // The tag was computed with `openssl dgst -sha256 -hmac`.
    #[test]
    fn the_signature_is_the_one_that_others_compute() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let header = sign(b"{}", &key("k3y\n"), now);
        assert_eq!(
            header,
            "t=1700000000,v1=e2974d0d973957aed8182a7f1ef5690a188566c2c4620fc16bd97d7febcf5ef3"
        );
    }

    #[test]
    fn a_body_is_believed_only_with_its_key_and_in_its_time() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let header = sign(b"body", &key("right"), now);
        let check = |header: &str, body: &[u8], secret: &str, seconds: i64| {
            verify(header, body, &key(secret), Timestamp::from_second(seconds).unwrap())
        };
        let at = 1_700_000_000;
        assert_eq!(check(&header, b"body", "right", at + 300), Ok(()));
        assert_eq!(check(&header, b"body", "right", at - 300), Ok(()));
        assert_eq!(check(&header, b"body", "right", at + 301), Err(SignatureError::Stale));
        assert_eq!(check(&header, b"body", "right", at - 301), Err(SignatureError::Stale));
        assert_eq!(check(&header, b"bodY", "right", at), Err(SignatureError::Mismatch));
        assert_eq!(check(&header, b"body", "wrong", at), Err(SignatureError::Mismatch));
        let moved = header.replace("t=1700000000", "t=1700000001");
        assert_eq!(check(&moved, b"body", "right", at), Err(SignatureError::Mismatch));
        let two = header.replace("v1=", "v1=zz, v2=1, v1=");
        assert_eq!(check(&two, b"body", "right", at), Ok(()));
        for broken in ["", "t=1700000000", "v1=00", "t=x,v1=00", "t=99999999999999,v1=00", "t,v1"] {
            assert_eq!(check(broken, b"body", "right", at), Err(SignatureError::Malformed));
        }
    }
}
