//! A new key and its self-signed certificate.

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, PublicKeyData as _, SerialNumber, date_time_ymd,
};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use rsa::rand_core::OsRng;
use rustls::pki_types::PrivatePkcs8KeyDer;

use super::{CertificateError, thumbprint};
use skybridge_plugin_http::Secret;

/// What Entra takes and every verifier knows; longer keys only cost time at each token.
const KEY_BITS: usize = 2048;

/// Makes an RSA key and a certificate for it that calls itself `name`, and gives both as PEM.
/// Takes up to a few seconds of work.
///
/// # Errors
/// When the system has no randomness to give.
pub fn generate(
    name: &str,
    starts: Timestamp,
    expires: Timestamp,
) -> Result<Secret, CertificateError> {
    let failed = |error: &dyn std::fmt::Display| CertificateError::Make(error.to_string());
    let key = RsaPrivateKey::new(&mut OsRng, KEY_BITS).map_err(|error| failed(&error))?;
    let der = key.to_pkcs8_der().map_err(|error| failed(&error))?;
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(
        &PrivatePkcs8KeyDer::from(der.as_bytes()),
        &PKCS_RSA_SHA256,
    )
    .map_err(|error| failed(&error))?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(1970, 1, 1) + since_1970(starts);
    params.not_after = date_time_ymd(1970, 1, 1) + since_1970(expires);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    // Of the key: no two are equal, and the first bit of a positive number is clear.
    let mut serial = thumbprint(&pair.subject_public_key_info());
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial[..16]));
    let certificate = params.self_signed(&pair).map_err(|error| failed(&error))?;
    let private = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| failed(&error))?;
    Ok(Secret::new(format!("{}{}", private.as_str(), certificate.pem())))
}

/// The library has dates of its own; they can be counted from a day it knows.
fn since_1970(at: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0))
}
