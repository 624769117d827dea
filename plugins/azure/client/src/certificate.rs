//! A certificate with its private key, as what an application signs in with.
//!
//! The key signs a short-lived assertion that names the certificate; Entra checks it against the
//! public half the application lists. The key itself is never sent.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use serde_json::json;
use thiserror::Error;
use uuid::Uuid;
use x509_cert::der::Decode as _;

use skybridge_plugin_http::Secret;

mod generate;

pub use generate::generate;

/// The longest file that is read as a certificate: a long chain has a tenth of it.
pub const PEM_BYTES_MAX: usize = 64 * 1024;

/// The smallest key Entra takes.
const KEY_BITS_MIN: usize = 2048;

/// An assertion is valid from this long before now, for clocks that run ahead.
const ASSERTION_BEFORE: SignedDuration = SignedDuration::from_mins(2);
/// And this long after; the two together are the ten minutes Entra recommends at most.
const ASSERTION_AFTER: SignedDuration = SignedDuration::from_mins(8);

/// Why a certificate cannot be used. Never quotes what was read: it may be the key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Far more than a certificate and a key.
    #[error("it is larger than {PEM_BYTES_MAX} bytes")]
    TooLarge,
    /// No PEM.
    #[error("it is not PEM: no `-----BEGIN …-----` sections can be read from it")]
    NotPem,
    /// No key.
    #[error("it has no section `PRIVATE KEY`")]
    NoKey,
    /// A key in another form.
    #[error("its private key is not in plain PKCS#8; `openssl pkcs8 -topk8 -nodes` converts it")]
    KeyForm,
    /// More than one key.
    #[error("it has more than one private key")]
    ManyKeys,
    /// A key that cannot be used.
    #[error("its private key is no RSA key of {KEY_BITS_MIN} bits or more: {0}")]
    Key(String),
    /// None of the certificates is the key's.
    #[error("none of its {0} certificates belongs to its private key")]
    NoCertificate(usize),
    /// No randomness, or a library that refuses its own work.
    #[error("it could not be made: {0}")]
    Make(String),
}

/// A certificate and its private key.
pub struct Certificate {
    der: Vec<u8>,
    key: RsaKeyPair,
    thumbprint: [u8; 32],
    starts: Timestamp,
    expires: Timestamp,
}

/// Says which it is and nothing of the key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("thumbprint", &self.thumbprint())
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads PEM with one private key (PKCS#8) and its certificate, in any order; certificates of
    /// authorities beside it are passed over.
    ///
    /// # Errors
    /// When it holds anything else.
    pub fn from_pem(pem: &Secret) -> Result<Self, CertificateError> {
        let text = pem.expose();
        if text.len() > PEM_BYTES_MAX {
            return Err(CertificateError::TooLarge);
        }
        let (mut keys, mut certificates) = (Vec::new(), Vec::new());
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()) {
            match section.map_err(|_| CertificateError::NotPem)? {
                (SectionKind::PrivateKey, der) => keys.push(zeroize::Zeroizing::new(der)),
                (SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey, _) => {
                    return Err(CertificateError::KeyForm);
                }
                (SectionKind::Certificate, der) => certificates.push(der),
                _ => {}
            }
        }
        let key = match keys.as_slice() {
            [key] => key,
            [] if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") => {
                return Err(CertificateError::KeyForm);
            }
            [] if certificates.is_empty() => return Err(CertificateError::NotPem),
            [] => return Err(CertificateError::NoKey),
            _ => return Err(CertificateError::ManyKeys),
        };
        let key = RsaKeyPair::from_pkcs8(key)
            .map_err(|error| CertificateError::Key(error.to_string()))?;
        if key.public().modulus_len() * 8 < KEY_BITS_MIN {
            return Err(CertificateError::Key("it is too short".to_owned()));
        }
        let count = certificates.len();
        let found =
            certificates.into_iter().find_map(|der| Validity::of(&der, &key).zip(Some(der)));
        let (validity, der) = found.ok_or(CertificateError::NoCertificate(count))?;
        let thumbprint = thumbprint(&der);
        Ok(Self { der, key, thumbprint, starts: validity.starts, expires: validity.expires })
    }

    /// The public half.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the certificate, in small hexadecimal digits.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        hex(&self.thumbprint)
    }

    /// From when it is valid.
    #[must_use]
    pub const fn starts(&self) -> Timestamp {
        self.starts
    }

    /// Until when it is valid.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// A signed statement that whoever shows it is `client_id`, for `audience` alone and for ten
    /// minutes. No two are equal.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn assertion(
        &self,
        client_id: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Secret, CertificateError> {
        let at = |time: Result<Timestamp, jiff::Error>| time.unwrap_or(now).as_second();
        let before = at(now.checked_sub(ASSERTION_BEFORE));
        let header = json!({
            "alg": "PS256",
            "typ": "JWT",
            "x5t#S256": URL_SAFE_NO_PAD.encode(self.thumbprint),
        });
        let claims = json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": Uuid::new_v4().to_string(),
            "iat": before,
            "nbf": before,
            "exp": at(now.checked_add(ASSERTION_AFTER)),
        });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encode(&header), encode(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| CertificateError::Make("the assertion cannot be signed".to_owned()))?;
        Ok(Secret::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// SHA-256 of a certificate, in small hexadecimal digits.
#[must_use]
pub fn thumbprint_of(der: &[u8]) -> String {
    hex(&thumbprint(der))
}

fn thumbprint(der: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, der).as_ref());
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// When a certificate is valid.
struct Validity {
    starts: Timestamp,
    expires: Timestamp,
}

impl Validity {
    /// Of the certificate in `der`, if it is the one of `key`.
    fn of(der: &[u8], key: &RsaKeyPair) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(der).ok()?.tbs_certificate;
        let public = certificate.subject_public_key_info.subject_public_key.raw_bytes();
        if public != key.public_key().as_ref() {
            return None;
        }
        let at = |time: x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
            Timestamp::from_second(seconds).ok()
        };
        Some(Self {
            starts: at(certificate.validity.not_before)?,
            expires: at(certificate.validity.not_after)?,
        })
    }
}
