//! The simulator's own certificate authority and the certificate its endpoints show.
//!
//! The authority outlives the process when there is a state directory: a client that was told to
//! trust it goes on trusting it. The endpoint certificate is made anew on every start.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::clock::{DAY, Millis};
use crate::error::SimulatorError;
use crate::store::files;

/// Names the endpoints answer to: never anything but this machine.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Some clients refuse a server certificate that is good for longer.
const LEAF_DAYS: i64 = 397;
/// An authority made for rehearsals should not be trusted for ever.
const AUTHORITY_DAYS: i64 = 3650;

/// The authority, and where its certificate lies.
pub(crate) struct Authority {
    pub(crate) pem: String,
    pub(crate) file: Option<PathBuf>,
    key: KeyPair,
}

impl Authority {
    /// Takes the authority of the state directory, or makes one.
    pub(crate) fn load(state_dir: Option<&Path>, now: Millis) -> Result<Self, SimulatorError> {
        let Some(directory) = state_dir else { return Self::make(now) };
        let (pem_file, key_file) = (directory.join("ca.pem"), directory.join("ca-key.pem"));
        if key_file.exists() && pem_file.exists() {
            let pem = fs_err::read_to_string(&pem_file)?;
            let key = KeyPair::from_pem(&fs_err::read_to_string(&key_file)?)
                .map_err(|error| SimulatorError::key("the authority's key", error))?;
            return Ok(Self { pem, file: Some(pem_file), key });
        }
        let mut made = Self::make(now)?;
        files::write_private(&key_file, made.key.serialize_pem().as_bytes())?;
        files::write_public(&pem_file, made.pem.as_bytes())?;
        made.file = Some(pem_file);
        Ok(made)
    }

    fn make(now: Millis) -> Result<Self, SimulatorError> {
        let key = new_key()?;
        let certificate = authority_params(now)
            .self_signed(&key)
            .map_err(|error| SimulatorError::key("the authority's certificate", error))?;
        Ok(Self { pem: certificate.pem(), file: None, key })
    }

    /// A TLS configuration with a fresh certificate for this machine.
    pub(crate) fn server_config(&self, now: Millis) -> Result<Arc<ServerConfig>, SimulatorError> {
        let wrong = |error: &dyn std::fmt::Display| {
            SimulatorError::key("the endpoints' certificate", error)
        };
        let leaf_key = new_key()?;
        // Name and key identifier are all the issuer contributes, and both follow from the key.
        let issuer = Issuer::new(authority_params(now), &self.key);
        let leaf = leaf_params(now)?.signed_by(&leaf_key, &issuer).map_err(|e| wrong(&e))?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let chain = vec![CertificateDer::from(leaf.der().to_vec())];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| wrong(&e))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|e| wrong(&e))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn new_key() -> Result<KeyPair, SimulatorError> {
    KeyPair::generate().map_err(|error| SimulatorError::key("a TLS key", error))
}

fn authority_params(now: Millis) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("Skybridge simulated Azure authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    valid_for(&mut params, now, AUTHORITY_DAYS);
    params
}

fn leaf_params(now: Millis) -> Result<CertificateParams, SimulatorError> {
    let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)
        .map_err(|error| SimulatorError::key("the endpoints' names", error))?;
    params.distinguished_name = name("localhost");
    // An explicit "not an authority" is what brings the subject key identifier strict clients ask for.
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid_for(&mut params, now, LEAF_DAYS);
    Ok(params)
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name.push(DnType::OrganizationName, "Skybridge");
    name
}

/// Valid from yesterday: a client's clock may be behind.
fn valid_for(params: &mut CertificateParams, now: Millis, days: i64) {
    let date = |time: Millis| {
        let day: Date = jiff::Timestamp::from_millisecond(time)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date();
        // Month and day of a valid date always fit.
        let part = |number: i8| u8::try_from(number).unwrap_or(1);
        date_time_ymd(i32::from(day.year()), part(day.month()), part(day.day()))
    };
    params.not_before = date(now - DAY);
    params.not_after = date(now + (days - 1) * DAY);
}
