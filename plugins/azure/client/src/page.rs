//! Lists that come in pages.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use skybridge_plugin_http::pages;

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

impl Client {
    /// Every row of the list that starts with `first`.
    ///
    /// # Errors
    /// As [`Client::json`], when a link leads elsewhere, and when the list does not end.
    pub async fn list<T: DeserializeOwned>(&self, first: Request) -> Result<Vec<T>, ClientError> {
        let (service, operation) = (first.service, first.operation);
        let endless = ClientError::TooManyPages { service, operation, pages: PAGES_MAX };
        pages::all(first, PAGES_MAX, |request| self.page(request), endless).await
    }

    /// The rows of one page, and what asks for the next.
    async fn page<T: DeserializeOwned>(
        &self,
        request: Request,
    ) -> Result<(Vec<T>, Option<Request>), ClientError> {
        let (service, operation) = (request.service, request.operation);
        let page: Page<T> = self.json(&request).await?;
        let Some(link) = page.next() else { return Ok((page.value, None)) };
        let (path, query) = self
            .endpoints()
            .below(service, link)
            .ok_or(ClientError::ForeignNextLink { service, operation })?;
        // The link already says everything, the api-version included.
        let next = Request { path, query, api_version: None, ..request };
        Ok((page.value, Some(next)))
    }
}
