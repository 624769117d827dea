//! A request as bytes: addressed, serialised and signed. No clock: the time is an argument.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Identity;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use jiff::Timestamp;

use crate::credentials::Credentials;
use crate::encode;
use crate::endpoints::{Endpoints, Service};
use crate::error::ClientError;
use crate::request::{Payload, Request};
use skybridge_plugin_http::Secret;

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const JSON: &str = "application/x-amz-json-1.1";

/// A request with nothing left to decide.
pub struct WireRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Headers, the signature among them.
    pub headers: Vec<(String, Secret)>,
    /// The body; empty in a `GET`.
    pub body: Secret,
    /// The request it was made from.
    pub origin: Request,
}

impl WireRequest {
    /// Addresses and serialises `request`; it is not signed yet.
    #[must_use]
    pub fn new(request: &Request, endpoints: &Endpoints) -> Self {
        let base = endpoints.base(request.service, request.region.as_deref());
        let header = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
        let (method, url, headers, body) = match &request.payload {
            Payload::Query(fields) => {
                let mut all = vec![
                    ("Action".to_owned(), request.action.to_owned()),
                    ("Version".to_owned(), version(request.service).to_owned()),
                ];
                all.extend(fields.iter().cloned());
                let body = encode::form(&all);
                ("POST", format!("{base}/"), vec![header("content-type", FORM)], body)
            }
            Payload::Json(value) => {
                let target = format!("AWSOrganizationsV20161128.{}", request.action);
                let headers = vec![header("content-type", JSON), header("x-amz-target", &target)];
                ("POST", format!("{base}/"), headers, value.to_string())
            }
            Payload::Get { path, query } => {
                let mark = if query.is_empty() { "" } else { "?" };
                let url = format!("{base}{path}{mark}{}", encode::pairs(query));
                ("GET", url, Vec::new(), String::new())
            }
        };
        Self { method, url, headers, body: Secret::new(body), origin: request.clone() }
    }

    /// Signs it.
    ///
    /// # Errors
    /// When the request cannot be signed, which is a mistake of this crate.
    pub fn sign(
        &mut self,
        credentials: &Credentials,
        endpoints: &Endpoints,
        now: Timestamp,
    ) -> Result<(), ClientError> {
        let service = self.origin.service;
        let region = endpoints.signing_region(service, self.origin.region.as_deref());
        let headers = signature(self, credentials, region, now).map_err(|message| {
            ClientError::Signing { service, operation: self.origin.operation, message }
        })?;
        self.headers.extend(headers);
        Ok(())
    }
}

/// The headers that sign `request`.
fn signature(
    request: &WireRequest,
    credentials: &Credentials,
    region: &str,
    now: Timestamp,
) -> Result<Vec<(String, Secret)>, String> {
    let identity = Identity::new(
        credentials.access_key_id.clone(),
        credentials.secret_access_key.expose(),
        credentials.session_token.as_ref().map(|token| token.expose().to_owned()),
        None,
        "skybridge",
    )
    .into();
    let service = request.origin.service;
    let mut settings = SigningSettings::default();
    if service == Service::S3 {
        // S3 takes paths as they are and wants the body's hash in a header of its own.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service.word())
        .time(system_time(now))
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.expose()));
    let body = SignableBody::Bytes(request.body.expose().as_bytes());
    let signable = SignableRequest::new(request.method, &request.url, headers, body)
        .map_err(|error| error.to_string())?;
    let (instructions, _) =
        sign(signable, &parameters).map_err(|error| error.to_string())?.into_parts();
    let (headers, _) = instructions.into_parts();
    Ok(headers.iter().map(|it| (it.name().to_owned(), Secret::new(it.value()))).collect())
}

fn system_time(at: Timestamp) -> SystemTime {
    let since = u64::try_from(at.as_second()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since)
}

/// The version of a service's interface that is spoken.
const fn version(service: Service) -> &'static str {
    match service {
        Service::Iam => "2010-05-08",
        Service::Sts => "2011-06-15",
        Service::Ec2 => "2016-11-15",
        // These say it in another way.
        Service::Organizations | Service::Eks | Service::S3 => "",
    }
}
