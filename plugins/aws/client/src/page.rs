//! Lists that come in pages.

/// One page of a list.
pub trait Page: serde::de::DeserializeOwned {
    /// What the list is of.
    type Item;

    /// The field in which the next page is asked for.
    const TOKEN: &'static str;

    /// What is on the page, and what asks for the next.
    fn split(self) -> (Vec<Self::Item>, Option<String>);
}
