//! Percent-encoding as AWS wants it: everything but the unreserved characters of RFC 3986.

/// Appends `text` encoded. `keep` is one more character that stands for itself: `/` in a path.
fn push(out: &mut String, text: &str, keep: Option<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep == Some(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// Pairs as the body of a form. A blank is a plus there, as it is in AWS's own clients.
pub(crate) fn form(pairs: &[(String, String)]) -> String {
    self::pairs(pairs).replace("%20", "+")
}

/// Pairs as a query.
pub(crate) fn pairs(pairs: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        push(&mut out, name, None);
        out.push('=');
        push(&mut out, value, None);
    }
    out
}

/// One segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::new();
    push(&mut out, text, None);
    out
}

/// Percent-decoding, for the policy documents IAM answers with; a lone `%` stands for itself.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[3..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
