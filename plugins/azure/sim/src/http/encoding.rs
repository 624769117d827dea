//! Percent encoding and form bodies.

/// Most parameters of one query or form.
const PARAMETERS_MAX: usize = 256;

/// Decodes `%41` (and `+`, in forms); `None` if the result is not text or an escape is broken.
pub(crate) fn percent_decode(text: &str, plus_is_space: bool) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                decoded.push(u8::try_from(high * 16 + low).ok()?);
            }
            b'+' if plus_is_space => decoded.push(b' '),
            _ => decoded.push(byte),
        }
    }
    // A zero byte has no meaning in any name or filter and confuses whoever prints it.
    String::from_utf8(decoded).ok().filter(|text| !text.contains('\0'))
}

/// Decodes `a=1&b=2`.
pub(crate) fn decode_form(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let mut decoded = Vec::new();
    for pair in pairs {
        if decoded.len() == PARAMETERS_MAX {
            return None;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        decoded.push((percent_decode(name, true)?, percent_decode(value, true)?));
    }
    Some(decoded)
}

/// Encodes a query value.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_is_strict() {
        assert_eq!(percent_decode("a%20b+c", false).as_deref(), Some("a b+c"));
        assert_eq!(percent_decode("a%20b+c", true).as_deref(), Some("a b c"));
        for broken in ["%", "%4", "%zz", "%00", "%ff"] {
            assert_eq!(percent_decode(broken, true), None, "{broken}");
        }
        let form = decode_form("a=1&b=%26&c").unwrap();
        assert_eq!(form[1], ("b".to_owned(), "&".to_owned()));
        assert_eq!(form[2], ("c".to_owned(), String::new()));
    }

    #[test]
    fn encoding_is_undone_by_decoding() {
        let text = "principalId eq 'a' & \u{e9}";
        assert_eq!(percent_decode(&percent_encode(text), true).as_deref(), Some(text));
    }
}
