//! One POST over https: limits, certificates, and what it means when no answer comes.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use serde::Serialize;
use skybridge_model::Secret;
use zeroize::Zeroizing;

use crate::codes;
use crate::courier::Trust;
use crate::error::{DeliveryError, Result, Retry, kind};
use crate::limits::{
    CONNECT_LIMIT, EXCHANGE_LIMIT, REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX, URL_BYTES_MAX,
};
use crate::quote::Hidden;

/// An https address that was checked. `Debug` and `Display` show where it leads and no more: the
/// path of a webhook may be all that protects it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address(Url);

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            let message = format!("the destination's address {why}");
            DeliveryError::permanent(codes::ADDRESS, kind::INVALID_CONFIG, message)
        };
        if text.len() > URL_BYTES_MAX {
            return Err(wrong(&format!("is longer than {URL_BYTES_MAX} bytes")));
        }
        let url = Url::parse(text).map_err(|error| wrong(&format!("is no address: {error}")))?;
        if url.scheme() != "https" {
            return Err(wrong("is not https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("has a user name in it"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}/…")
    }
}

/// An answer, read to its end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The beginning of the body as it may be shown.
    pub(crate) fn quote(&self, hidden: &Hidden) -> String {
        hidden.quote(&String::from_utf8_lossy(&self.body))
    }
}

/// Sends over https.
#[derive(Debug, Clone)]
pub(crate) struct Http(reqwest::Client);

impl Http {
    pub(crate) fn new(trust: &Trust) -> Result<Self> {
        let failed = |error: reqwest::Error| {
            let message = format!("TLS cannot be set up: {}", chain(&error));
            DeliveryError::permanent(codes::SETUP, kind::INVALID_CONFIG, message)
        };
        // A second call finds the provider there.
        let _already_there = rustls::crypto::ring::default_provider().install_default().is_err();
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_LIMIT)
            .timeout(EXCHANGE_LIMIT)
            .user_agent(concat!("skybridge/", env!("CARGO_PKG_VERSION")));
        if let Trust::Only(pem) = trust {
            let authorities = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
            let authorities = authorities.map_err(failed)?;
            if authorities.is_empty() {
                let message = "the certificate authority's file holds no PEM certificate";
                return Err(DeliveryError::permanent(codes::SETUP, kind::INVALID_CONFIG, message));
            }
            builder = builder.tls_certs_only(authorities).no_proxy();
        }
        builder.build().map(Self).map_err(failed)
    }

    /// Sends `body` and reads the answer, whatever its status.
    pub(crate) async fn post(
        &self,
        to: &Address,
        headers: HeaderMap,
        body: Zeroizing<Vec<u8>>,
    ) -> Result<Reply> {
        let request = self.0.post(to.0.clone()).headers(headers);
        let request = request
            .header(CONTENT_TYPE, "application/json")
            // Wiped when the last reader lets go of it.
            .body(Bytes::from_owner(body));
        let mut response = request.send().await.map_err(|error| broken(to, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| broken(to, &error))? {
            if body.len() + chunk.len() > RESPONSE_BYTES_MAX {
                let message = format!("{to} answered with more than {RESPONSE_BYTES_MAX} bytes");
                return Err(DeliveryError::permanent(
                    codes::TOO_LARGE,
                    kind::CONTRACT_VIOLATION,
                    message,
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body })
    }
}

/// The bytes of a body, wiped when they are dropped.
pub(crate) fn body(of: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    // Room for all, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(REQUEST_BYTES_MAX));
    let written = serde_json::to_writer(&mut *bytes, of);
    if written.is_err() || bytes.len() > REQUEST_BYTES_MAX {
        let message = format!("the connection is larger than {REQUEST_BYTES_MAX} bytes");
        return Err(DeliveryError::permanent(codes::CONNECTION, kind::CONTRACT_VIOLATION, message));
    }
    Ok(bytes)
}

/// A key as the value of a header that no `Debug` shows.
pub(crate) fn key_header(key: &Secret<String>) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(key.expose().trim())
        .ok()
        .filter(|value| !value.is_empty() && value.as_bytes().is_ascii())
        .ok_or_else(|| unusable_key("is empty or is not one line of printable characters"))?;
    value.set_sensitive(true);
    Ok(value)
}

pub(crate) fn unusable_key(why: &str) -> DeliveryError {
    let message = format!("the destination's key {why}");
    DeliveryError::permanent(codes::KEY, kind::INVALID_CONFIG, message)
}

/// What a status that says "later" means, or nothing when it says something else.
pub(crate) fn later(
    to: &Address,
    reply: &Reply,
    wait: Option<Duration>,
    hidden: &Hidden,
) -> Option<DeliveryError> {
    let status = reply.status.as_u16();
    let error = match status {
        429 => return Some(rate_limited(to, wait)),
        408 | 425 | 500.. => {
            let message = format!("{to} answered {}", reply.status);
            DeliveryError::new(codes::UNWELL, kind::UNAVAILABLE, Retry::Transient, message)
        }
        _ => return None,
    };
    let error = error.after(wait).fact("status", status);
    let said = reply.quote(hidden);
    Some(if said.is_empty() { error } else { error.fact("answer", said) })
}

pub(crate) fn rate_limited(to: &Address, wait: Option<Duration>) -> DeliveryError {
    let message = match wait {
        Some(wait) => format!("{to} takes no more calls for {} s", wait.as_secs()),
        None => format!("{to} takes no more calls for now"),
    };
    DeliveryError::new(codes::RATE_LIMITED, kind::RATE_LIMITED, Retry::RateLimited, message)
        .after(wait)
}

/// A status that trying again does not change.
pub(crate) fn refused(to: &Address, reply: &Reply, hidden: &Hidden) -> DeliveryError {
    let said = reply.quote(hidden);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let message = format!("{to} answered {}{said}", reply.status);
    let error = DeliveryError::permanent(codes::REFUSED, kind::UNEXPECTED, message)
        .fact("status", reply.status.as_u16());
    if reply.status.is_redirection() {
        return error.help("give the address it leads to; what carries a secret is not sent on");
    }
    error
}

fn broken(to: &Address, error: &reqwest::Error) -> DeliveryError {
    if let Some(why) = distrusted(error) {
        let message = format!("the certificate of {to} is not trusted: {why}");
        return DeliveryError::permanent(codes::CERTIFICATE, kind::UNAVAILABLE, message);
    }
    let (kind, what) = if error.is_timeout() {
        (kind::TIMEOUT, "did not answer in time")
    } else if error.is_connect() {
        (kind::UNAVAILABLE, "could not be reached")
    } else {
        (kind::UNAVAILABLE, "broke the connection off")
    };
    let message = format!("{to} {what}: {}", chain(error));
    DeliveryError::new(codes::UNREACHABLE, kind, Retry::Transient, message)
}

/// What is wrong with the other side's certificate, when that is it.
fn distrusted(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
            return Some(why.to_string());
        }
        // An I/O error passes over what it wraps when it is asked for its source.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// The causes one after the other, the outermost left out: it repeats the whole address.
fn chain(error: &dyn Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        cause = error.source();
    }
    if texts.is_empty() { "no cause is known".to_owned() } else { texts.join(": ") }
}
