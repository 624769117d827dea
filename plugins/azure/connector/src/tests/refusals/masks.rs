//! What differs from run to run, out of the way.

/// The text with ids, times, ports and folders that differ from run to run masked.
pub(super) fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let id = rest.get(..36).filter(|part| uuid::Uuid::parse_str(part).is_ok());
        let host = ["127.0.0.1:", "localhost:"].into_iter().find(|it| rest.starts_with(it));
        let length = if let Some(id) = id {
            out.push_str("<id>");
            id.len()
        } else if let Some(length) = time(rest) {
            out.push_str("<time>");
            length
        } else if let Some(host) = host {
            out.push_str("<simulator>");
            let port = rest.chars().skip(host.len()).take_while(char::is_ascii_digit);
            host.len() + port.count()
        } else {
            out.push(next);
            next.len_utf8()
        };
        rest = rest.split_at(length).1;
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
