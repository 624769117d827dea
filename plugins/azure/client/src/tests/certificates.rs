//! Certificates: made, read, and used to sign.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};
use x509_cert::der::Decode as _;

use crate::certificate::{Certificate, CertificateError, generate, thumbprint_of};
use crate::cloud::{Cloud, Endpoints};
use crate::graph::key_credentials::{self, KeyCredential};
use crate::login::{client_assertion_request, token_address};
use crate::transport::WireRequest;
use skybridge_plugin_http::Secret;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn made() -> Secret {
    let (start, end) = (at("2026-06-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    generate("skybridge contoso", start, end).unwrap()
}

fn part(assertion: &Secret, number: usize) -> Value {
    let text = assertion.expose().split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

#[test]
fn what_is_made_can_be_read_and_signs() {
    let pem = made();
    let certificate = Certificate::from_pem(&pem).unwrap();
    assert_eq!(certificate.starts(), at("2026-06-01T00:00:00Z"));
    assert_eq!(certificate.expires(), at("2026-12-01T00:00:00Z"));
    assert_eq!(certificate.thumbprint(), thumbprint_of(certificate.der()));

    let now = at("2026-07-01T00:00:00Z");
    let audience = token_address(&Endpoints::of(Cloud::Public), "t");
    let assertion = certificate.assertion("client", &audience, now).unwrap();
    let (header, claims) = (part(&assertion, 0), part(&assertion, 1));
    assert_eq!((&header["alg"], &header["typ"]), (&json!("PS256"), &json!("JWT")));
    let sha = URL_SAFE_NO_PAD.decode(header["x5t#S256"].as_str().unwrap()).unwrap();
    let hex: String = sha.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, certificate.thumbprint());
    assert_eq!(claims["aud"], "https://login.microsoftonline.com/t/oauth2/v2.0/token");
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("client"), &json!("client")));
    let lifetime = claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap();
    assert!(lifetime <= 600, "{lifetime}");
    assert!(claims["nbf"].as_i64().unwrap() < now.as_second());
    let again = certificate.assertion("client", &audience, now).unwrap();
    assert_ne!(part(&again, 1)["jti"], claims["jti"]);

    let (signed, signature) = assertion.expose().rsplit_once('.').unwrap();
    let public = x509_cert::Certificate::from_der(certificate.der()).unwrap();
    let public = public.tbs_certificate.subject_public_key_info.subject_public_key;
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public.raw_bytes())
        .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
}

#[test]
fn what_cannot_be_used_says_why_and_nothing_of_itself() {
    let pem = made();
    let (key, certificate) = pem.expose().split_at(pem.expose().find("-----BEGIN CERT").unwrap());
    let other = made();
    let (other_key, _) = other.expose().split_at(other.expose().find("-----BEGIN CERT").unwrap());
    let read = |text: String| Certificate::from_pem(&Secret::new(text)).unwrap_err();
    assert_eq!(read(String::new()), CertificateError::NotPem);
    assert_eq!(read("hunter2".into()), CertificateError::NotPem);
    assert_eq!(read(certificate.into()), CertificateError::NoKey);
    assert_eq!(read(key.into()), CertificateError::NoCertificate(0));
    assert_eq!(read(format!("{other_key}{certificate}")), CertificateError::NoCertificate(1));
    assert_eq!(read(format!("{key}{other_key}{certificate}")), CertificateError::ManyKeys);
    for form in ["RSA PRIVATE", "ENCRYPTED PRIVATE", "EC PRIVATE"] {
        let text = key.replace("PRIVATE", form) + certificate;
        assert_eq!(read(text), CertificateError::KeyForm, "{form}");
    }
    assert_eq!(read("x".repeat(70_000)), CertificateError::TooLarge);
    // The authority's certificate may stand first, and order does not matter.
    let chain = other.expose().to_owned();
    let authority = chain.get(chain.find("-----BEGIN CERT").unwrap()..).unwrap();
    let found = Certificate::from_pem(&Secret::new(format!("{authority}{certificate}{key}")));
    assert_eq!(found.unwrap().thumbprint(), Certificate::from_pem(&pem).unwrap().thumbprint());
}

#[test]
fn keys_and_assertions_are_not_printed() {
    let pem = made();
    let certificate = Certificate::from_pem(&pem).unwrap();
    let assertion = certificate.assertion("c", "a", at("2026-07-01T00:00:00Z")).unwrap();
    let request = client_assertion_request("t", "c", &assertion, "s/.default");
    let wire = WireRequest::new(&request, &Endpoints::of(Cloud::Public));
    let printed = format!("{pem:?}{certificate:?}{assertion:?}{request:?}{wire:?}");
    let key = pem.expose().lines().nth(3).unwrap();
    assert!(!printed.contains(key), "{printed}");
    assert!(!printed.contains(assertion.expose()), "{printed}");
    assert!(wire.body.unwrap().1.expose().contains("client_assertion=ey"));
}

#[test]
fn entries_keep_what_they_came_with() {
    let certificate = Certificate::from_pem(&made()).unwrap();
    let entry = key_credentials::entry("k", "n", certificate.der(), "s", "e");
    let read = KeyCredential::of(&entry);
    assert_eq!(read.thumbprint().as_deref(), Some(certificate.thumbprint().as_str()));
    assert_eq!((read.key_id.as_str(), read.end_date_time.as_deref()), ("k", Some("e")));
    let foreign = json!({ "keyId": "f", "key": null, "somethingNew": [1] });
    assert_eq!(KeyCredential::of(&foreign).thumbprint(), None);
    let request = key_credentials::set_request("id", &[foreign.clone(), entry.clone()], "x");
    let crate::request::Body::Json(body) = request.body else { panic!() };
    assert_eq!(body["keyCredentials"], json!([foreign, entry]));
}
