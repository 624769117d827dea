//! Percent-encoding for the places a value can stand in an address.
//!
//! Everything outside a short list of harmless characters is encoded: a scope or name taken from a
//! manifest can then never add a segment, a query or a fragment of its own.

/// Appends `text` as one path segment; a slash in it becomes `%2F`.
///
/// A segment of dots alone would be resolved away on the road, `%2E` or not; encoded twice it is
/// merely the name of something that does not exist.
pub(crate) fn push_segment(out: &mut String, text: &str) {
    if text == "." || text == ".." {
        out.push_str(&text.replace('.', "%252E"));
        return;
    }
    push(out, text, |b| is_unreserved(b) || b"()$,!*:@=;".contains(&b));
}

/// Appends `text` as the value of a query parameter.
pub(crate) fn push_query(out: &mut String, text: &str) {
    push(out, text, |b| is_unreserved(b) || b"()$,:/@".contains(&b));
}

/// Appends `text` as `application/x-www-form-urlencoded` wants it.
pub(crate) fn push_form(out: &mut String, text: &str) {
    push(out, text, |b| b.is_ascii_alphanumeric() || b"-._*".contains(&b));
}

/// A string literal of an OData filter or key: in quotes, with its own quotes doubled.
#[must_use]
pub fn odata_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn push(out: &mut String, text: &str, keep: impl Fn(u8) -> bool) {
    const HEX: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 0xF)]);
        }
    }
}
