//! Assertions an application signs itself, with the key of a certificate Entra knows.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use skybridge_azure_client::login::assertion::MakeAssertion;
use skybridge_azure_client::{ClientError, Secret};
use uuid::Uuid;

/// How long an assertion works: it is used at once.
const LIFETIME_SECONDS: i64 = 300;

/// What signs for `client_id` with the certificate and the key in `pem`, which stood in `path`.
pub(super) fn assertions(
    pem: &Secret,
    path: &str,
    client_id: &str,
) -> Result<MakeAssertion, ClientError> {
    let wrong = |what: &str| ClientError::Credential { message: format!("`{path}` {what}") };
    let text = pem.expose().as_bytes();
    let certificate = CertificateDer::from_pem_slice(text)
        .map_err(|_| wrong("has no certificate in PEM form in it"))?;
    let key = PrivateKeyDer::from_pem_slice(text)
        .map_err(|_| wrong("has no unencrypted private key in PEM form in it"))?;
    let pair = match &key {
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
        _ => return Err(wrong("has a key that is not RSA; Entra takes RSA keys")),
    };
    let pair = pair.map_err(|_| wrong("has a key that is no RSA key of 2048 bits or more"))?;
    let thumbprint = ring::digest::digest(&ring::digest::SHA256, certificate.as_ref());
    let header = json!({
        "alg": "RS256",
        "typ": "JWT",
        "x5t#S256": URL_SAFE_NO_PAD.encode(thumbprint),
    });
    let client_id = client_id.to_owned();
    Ok(Arc::new(move |audience| {
        let now = Timestamp::now().as_second();
        let claims = json!({
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": Uuid::new_v4().to_string(),
            "nbf": now,
            "iat": now,
            "exp": now.saturating_add(LIFETIME_SECONDS),
        });
        sign(&pair, &header, &claims)
    }))
}

fn sign(pair: &RsaKeyPair, header: &Value, claims: &Value) -> Result<Secret, ClientError> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| ClientError::Credential { message: "the key does not sign".into() })?;
    Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
}
