//! Lists that come in pages.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::ClientError;
use crate::request::Request;

/// Pages of one list that are read. 2,000 pages of 1,000 rows are two million role assignments;
/// Azure allows 4,000 in a subscription.
pub const PAGES_MAX: usize = 2_000;

/// One page, whichever service sent it.
#[derive(Debug, Clone, Deserialize)]
pub struct Page<T> {
    /// The rows. A page may have none and still not be the last.
    #[serde(default = "Vec::new")]
    pub value: Vec<T>,
    #[serde(rename = "nextLink", default)]
    next_link: Option<String>,
    // Management groups alone page with an at sign.
    #[serde(rename = "@nextLink", default)]
    at_next_link: Option<String>,
    #[serde(rename = "@odata.nextLink", default)]
    odata_next_link: Option<String>,
}

impl<T> Page<T> {
    /// Where the next page is, if there is one.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        [&self.next_link, &self.at_next_link, &self.odata_next_link]
            .into_iter()
            .find_map(|link| link.as_deref().filter(|link| !link.is_empty()))
    }
}

/// Reads a list page by page.
#[derive(Debug)]
pub struct Pager<'a> {
    client: &'a Client,
    next: Option<Request>,
    pages: usize,
}

impl Client {
    /// A pager that starts with `first`.
    #[must_use]
    pub fn pages(&self, first: Request) -> Pager<'_> {
        Pager { client: self, next: Some(first), pages: 0 }
    }

    /// Every row of the list that starts with `first`.
    ///
    /// # Errors
    /// As [`Client::json`], when a link leads elsewhere, and when the list does not end.
    pub async fn list<T: DeserializeOwned>(&self, first: Request) -> Result<Vec<T>, ClientError> {
        let mut pager = self.pages(first);
        let mut rows = Vec::new();
        while let Some(page) = pager.next_page().await? {
            rows.extend(page);
        }
        Ok(rows)
    }
}

impl Pager<'_> {
    /// The rows of the next page; nothing after the last one.
    ///
    /// # Errors
    /// As [`Client::list`].
    pub async fn next_page<T: DeserializeOwned>(&mut self) -> Result<Option<Vec<T>>, ClientError> {
        let Some(request) = self.next.take() else { return Ok(None) };
        let (service, operation) = (request.service, request.operation);
        if self.pages == PAGES_MAX {
            return Err(ClientError::TooManyPages { service, operation, pages: self.pages });
        }
        let page: Page<T> = self.client.json(&request).await?;
        self.pages += 1;
        if let Some(link) = page.next() {
            let (path, query) = self
                .client
                .endpoints()
                .below(service, link)
                .ok_or(ClientError::ForeignNextLink { service, operation })?;
            // The link already says everything, the api-version included.
            self.next = Some(Request { path, query, api_version: None, ..request });
        }
        Ok(Some(page.value))
    }
}
