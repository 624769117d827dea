//! The key that signs access tokens: made once per simulated tenant.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _, LineEnding};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::SimulatorError;
use crate::store::files;

/// The smallest size real tenants use; larger ones only cost time.
const KEY_BITS: usize = 2048;

/// Signs and checks tokens.
pub(crate) struct SigningKey {
    pair: RsaKeyPair,
    id: String,
    modulus: String,
    exponent: String,
}

impl SigningKey {
    /// Takes the key of the state directory, or makes one.
    pub(crate) fn load(state_dir: Option<&Path>, name: &str) -> Result<Self, SimulatorError> {
        let Some(directory) = state_dir else { return Self::from_private(&make()?) };
        let file = directory.join(name);
        if file.exists() {
            let key = RsaPrivateKey::from_pkcs1_pem(&fs_err::read_to_string(&file)?)
                .map_err(|error| wrong(&error))?;
            return Self::from_private(&key);
        }
        let key = make()?;
        let pem = key.to_pkcs1_pem(LineEnding::LF).map_err(|error| wrong(&error))?;
        files::write_private(&file, pem.as_bytes())?;
        Self::from_private(&key)
    }

    fn from_private(key: &RsaPrivateKey) -> Result<Self, SimulatorError> {
        let der = key.to_pkcs1_der().map_err(|error| wrong(&error))?;
        let pair = RsaKeyPair::from_der(der.as_bytes()).map_err(|error| wrong(&error))?;
        let modulus = key.n().to_bytes_be();
        let thumbprint = Sha256::digest(&modulus);
        Ok(Self {
            pair,
            id: BASE64.encode(&thumbprint[..20]),
            modulus: BASE64.encode(&modulus),
            exponent: BASE64.encode(key.e().to_bytes_be()),
        })
    }

    /// A signed token with these claims; `None` if the system has no randomness to give.
    pub(crate) fn sign(&self, claims: &Value) -> Option<String> {
        let header = json!({"typ": "JWT", "alg": "RS256", "x5t": self.id, "kid": self.id});
        let text =
            format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .ok()?;
        Some(format!("{text}.{}", BASE64.encode(signature)))
    }

    /// The claims of a token, if this key signed it.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (text, signature) = token.rsplit_once('.')?;
        let (_, claims) = text.split_once('.')?;
        let signature = BASE64.decode(signature).ok()?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref())
            .verify(text.as_bytes(), &signature)
            .ok()?;
        serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()
    }

    /// The public half, as the key-set endpoint shows it.
    pub(crate) fn public_keys(&self, issuer: &str) -> Value {
        json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "x5t": self.id,
            "n": self.modulus, "e": self.exponent, "issuer": issuer,
        }]})
    }
}

/// A text nobody can guess: 256 random bits. `None` if the system has no randomness to give.
pub(crate) fn random_text() -> Option<String> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(BASE64.encode(bytes))
}

fn make() -> Result<RsaPrivateKey, SimulatorError> {
    RsaPrivateKey::new(&mut OsRng, KEY_BITS).map_err(|error| wrong(&error))
}

fn wrong(reason: &dyn std::fmt::Display) -> SimulatorError {
    SimulatorError::key("the token signing key", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_only_valid_as_signed() {
        let key = SigningKey::load(None, "key.pem").unwrap();
        let token = key.sign(&json!({"oid": "a"})).unwrap();
        assert_eq!(key.verify(&token), Some(json!({"oid": "a"})));
        let mut parts: Vec<&str> = token.split('.').collect();
        let forged = BASE64.encode(r#"{"oid":"b"}"#);
        parts[1] = &forged;
        assert_eq!(key.verify(&parts.join(".")), None);
        for odd in ["", ".", "a.b", "a.b.c", "....", "\u{e9}.\u{e9}.\u{e9}"] {
            assert_eq!(key.verify(odd), None, "{odd}");
        }
    }
}
