//! Asking what runs on the same machine who one is. In clear, as AWS made it: the addresses never
//! leave the machine or its link.

use std::time::Duration;

use skybridge_aws_client::ClientError;
use skybridge_aws_client::http::provide_cryptography;

/// Near; who does not answer is not there.
const LIMIT: Duration = Duration::from_secs(2);

/// A service that is there and not well answers like this; asking again may help.
fn unwell(message: String) -> ClientError {
    ClientError::Credential { message, transient: true }
}

/// A client for such services. Never by way of a proxy.
pub(super) fn http() -> Result<reqwest::Client, ClientError> {
    provide_cryptography();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(LIMIT)
        .build()
        .map_err(|error| unwell(error.to_string()))
}

/// What `request` is answered with, when it is answered well.
pub(super) async fn ask(
    request: reqwest::RequestBuilder,
    what: &str,
) -> Result<String, ClientError> {
    let answer = request
        .send()
        .await
        .map_err(|error| unwell(format!("{what} does not answer: {}", error.without_url())))?;
    let status = answer.status();
    if !status.is_success() {
        let message = format!("{what} answered {}", status.as_u16());
        let transient = status.is_server_error() || status.as_u16() == 429;
        return Err(ClientError::Credential { message, transient });
    }
    answer.text().await.map_err(|error| unwell(format!("{what}: {}", error.without_url())))
}
