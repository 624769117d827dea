//! Certificates applications sign in with: what is in them, and whether they signed something.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use x509_cert::der::Decode as _;

use crate::clock::Millis;
use crate::limits::CERTIFICATE_BYTES_MAX;

/// How the outline of an RSA key is named in a certificate.
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";

/// A certificate with an RSA key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    der: Vec<u8>,
    /// The key as ring reads it.
    key: Vec<u8>,
    pub(crate) not_before: Millis,
    pub(crate) not_after: Millis,
}

impl Certificate {
    /// Reads DER; the error says what is wrong.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, String> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(format!("{} bytes, at most {CERTIFICATE_BYTES_MAX} are read", der.len()));
        }
        let read = x509_cert::Certificate::from_der(der)
            .map_err(|error| format!("it is no certificate: {error}"))?;
        let content = read.tbs_certificate;
        let public = content.subject_public_key_info;
        if public.algorithm.oid.to_string() != RSA_ENCRYPTION {
            return Err("its key is not an RSA key".to_owned());
        }
        let key = public.subject_public_key.as_bytes().ok_or("its key is broken")?.to_vec();
        let millis = |time: x509_cert::time::Time| {
            Millis::try_from(time.to_unix_duration().as_millis()).unwrap_or(Millis::MAX)
        };
        Ok(Self {
            der: der.to_vec(),
            key,
            not_before: millis(content.validity.not_before),
            not_after: millis(content.validity.not_after),
        })
    }

    /// Reads base64 of DER, or of a PEM text, as the directory does.
    pub(crate) fn from_base64(text: &str) -> Result<Self, String> {
        // Base64 grows by a third; line ends are a few more.
        if text.len() > CERTIFICATE_BYTES_MAX * 2 {
            return Err(format!("at most {CERTIFICATE_BYTES_MAX} bytes of a certificate are read"));
        }
        let bytes = STANDARD.decode(text.trim()).map_err(|error| error.to_string())?;
        Self::from_der(&bytes)
    }

    /// Reads PEM.
    pub(crate) fn from_pem(text: &str) -> Result<Self, String> {
        let inner = text
            .split_once("-----BEGIN CERTIFICATE-----")
            .and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE-----"))
            .map(|(inner, _)| inner.split_whitespace().collect::<String>())
            .ok_or("there is no BEGIN CERTIFICATE and END CERTIFICATE")?;
        Self::from_base64(&inner)
    }

    /// The certificate as the directory keeps it.
    pub(crate) fn to_base64(&self) -> String {
        STANDARD.encode(&self.der)
    }

    /// `x5t`: the SHA-1 thumbprint.
    pub(crate) fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der))
    }

    /// `x5t#S256`: the SHA-256 thumbprint.
    pub(crate) fn thumbprint_sha256(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.der))
    }

    /// The SHA-1 thumbprint in base64, as the directory shows it.
    pub(crate) fn custom_id(&self) -> String {
        STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der))
    }

    /// Whether its key signed this text with this algorithm of JSON web tokens.
    pub(crate) fn signed(&self, algorithm: &str, text: &[u8], signature: &[u8]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = match algorithm {
            "RS256" => &RSA_PKCS1_2048_8192_SHA256,
            "PS256" => &RSA_PSS_2048_8192_SHA256,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, &self.key).verify(text, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_odd_to_be_refused(bytes in proptest::collection::vec(0_u8.., 0..400)) {
            proptest::prop_assert!(Certificate::from_der(&bytes).is_err());
        }
    }

    #[test]
    fn only_certificates_with_rsa_keys_are_read() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        let error = Certificate::from_pem(&made.pem()).unwrap_err();
        assert_eq!(error, "its key is not an RSA key");
        assert!(Certificate::from_pem("-----BEGIN CERTIFICATE-----").is_err());
        let large = STANDARD.encode(vec![0; CERTIFICATE_BYTES_MAX + 1]);
        assert!(Certificate::from_base64(&large).unwrap_err().contains("at most"));
    }
}
