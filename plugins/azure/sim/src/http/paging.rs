//! Pages: a size and the key the last page ended at.
//!
//! The token names the last item shown and not a position, so that items made or removed between
//! two pages neither repeat nor hide others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;

use super::Call;
use super::encoding::percent_encode;

/// One page of a list.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    /// Where the next page starts, if there is one.
    pub(crate) next: Option<String>,
}

/// The token does not belong to this list.
pub(crate) struct WrongToken;

/// Cuts one page out of all items, which come with unique keys in ascending order.
pub(crate) fn page(
    items: impl IntoIterator<Item = (String, Value)>,
    size: usize,
    token: Option<&str>,
) -> Result<Page, WrongToken> {
    page_of(items, size, token, Some)
}

/// The same, where only the items of the page are looked at: `show` leaves out those it has
/// nothing for.
pub(crate) fn page_of<T>(
    items: impl IntoIterator<Item = (String, T)>,
    size: usize,
    token: Option<&str>,
    mut show: impl FnMut(T) -> Option<Value>,
) -> Result<Page, WrongToken> {
    let after = match token {
        None => None,
        Some(token) => Some(decode(token).ok_or(WrongToken)?),
    };
    let rest = items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|at| key > at));
    let mut rest = rest.filter_map(|(key, item)| Some((key, show(item)?)));
    let shown: Vec<(String, Value)> = rest.by_ref().take(size.max(1)).collect();
    let more = rest.next().is_some();
    let next = shown.last().filter(|_| more).map(|(key, _)| encode(key));
    Ok(Page { items: shown.into_iter().map(|(_, item)| item).collect(), next })
}

/// The absolute address of the next page: the same call with another token.
pub(crate) fn next_link(origin: &str, call: &Call, token_name: &str, token: &str) -> String {
    let path = call.target.split_once('?').map_or(call.target.as_str(), |(path, _)| path);
    let mut link = format!("{origin}{path}?");
    for (name, value) in &call.query {
        if !name.eq_ignore_ascii_case(token_name) {
            link.push_str(&format!("{}={}&", encode_name(name), percent_encode(value)));
        }
    }
    link.push_str(&format!("{token_name}={token}"));
    link
}

/// Parameter names keep their dollar sign, as the services print it.
fn encode_name(name: &str) -> String {
    match name.strip_prefix('$') {
        Some(rest) => format!("${}", percent_encode(rest)),
        None => percent_encode(name),
    }
}

fn encode(key: &str) -> String {
    BASE64.encode(format!("after:{key}"))
}

fn decode(token: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
    text.strip_prefix("after:").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_a_list_once() {
        for (count, size) in [(0, 2), (1, 2), (2, 2), (5, 2), (7, 3)] {
            let items = || (0..count).map(|n| (format!("{n:03}"), Value::from(n)));
            let (mut seen, mut token) = (Vec::new(), None);
            loop {
                let page = page(items(), size, token.as_deref()).ok().unwrap();
                assert!(page.items.len() <= size);
                seen.extend(page.items);
                token = page.next;
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, (0..count).map(Value::from).collect::<Vec<_>>());
        }
    }
}
