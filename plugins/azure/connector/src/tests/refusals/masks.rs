//! What differs from run to run, out of the way.

/// The text with ids, times, ports and folders that differ from run to run masked.
pub(super) fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some(id) = rest.get(..36).filter(|part| uuid::Uuid::parse_str(part).is_ok()) {
            out.push_str("<id>");
            rest = &rest[id.len()..];
        } else if let Some(length) = time(rest) {
            out.push_str("<time>");
            rest = &rest[length..];
        } else if let Some(host) =
            ["127.0.0.1:", "localhost:"].iter().find(|it| rest.starts_with(**it))
        {
            out.push_str("<simulator>");
            rest = rest[host.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

/// How long the time is that the text begins with.
fn time(text: &str) -> Option<usize> {
    if !text.starts_with("20") {
        return None;
    }
    let end = text.find('Z')? + 1;
    text.get(..end)?.parse::<jiff::Timestamp>().ok().map(|_| end)
}
