//! `auth = "environment"`: an application described by variables: with a secret, a certificate, or
//! a token of somebody it federates with.

use std::sync::Arc;

use skybridge_azure_client::certificate::Certificate;
use skybridge_azure_client::login::{ClientAssertionSource, ClientSecretSource};
use skybridge_azure_client::{ClientError, Secret, TokenSource};

use super::{Reaching, Variables};

/// The largest file with a key or a token that is read.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// The first of these that is set says how the application proves itself.
const PROOFS: [&str; 3] =
    ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"];

/// What is missing for this way of signing in, as a sentence; nothing when it is there.
pub(super) fn lacks(variables: &Variables, proofs: &[&str]) -> Option<String> {
    let mut missing = variables.missing(&["AZURE_TENANT_ID", "AZURE_CLIENT_ID"]);
    let any = proofs.join(" or ");
    if variables.missing(proofs).len() == proofs.len() {
        missing.push(&any);
    }
    (!missing.is_empty()).then(|| format!("{} not set", missing.join(", ")))
}

/// The proofs of `environment` in a chain, where a federated token is a way of its own.
pub(super) const WITHOUT_TOKEN_FILE: [&str; 2] = [PROOFS[0], PROOFS[1]];

pub(super) fn source(
    variables: &Variables,
    reaching: &Reaching,
) -> Result<Arc<dyn TokenSource>, ClientError> {
    if let Some(lacks) = lacks(variables, &PROOFS) {
        return Err(ClientError::Credential { message: lacks });
    }
    let tenant = variables.needed("AZURE_TENANT_ID")?;
    let client_id = variables.needed("AZURE_CLIENT_ID")?;
    if !tenant.eq_ignore_ascii_case(&reaching.tenant) {
        return Err(ClientError::WrongTenant { found: tenant, wanted: reaching.tenant.clone() });
    }
    let (endpoints, transport) = (reaching.endpoints.clone(), Arc::clone(&reaching.transport));
    if let Some(secret) = variables.get("AZURE_CLIENT_SECRET") {
        let secret = Secret::new(secret);
        let source = ClientSecretSource::new(endpoints, transport, tenant, client_id, secret);
        return Ok(Arc::new(source));
    }
    if let Some(path) = variables.get("AZURE_CLIENT_CERTIFICATE_PATH") {
        let certificate = Arc::new(certificate(variables, &path)?);
        let source = ClientAssertionSource::with_certificate(
            endpoints,
            transport,
            tenant,
            client_id,
            certificate,
        );
        return Ok(Arc::new(source));
    }
    let path = variables.needed("AZURE_FEDERATED_TOKEN_FILE")?;
    // The file is replaced again and again by whoever signs it.
    let make = Arc::new(move |_: &str| Ok(Secret::new(read(&path)?.expose().trim())));
    Ok(Arc::new(ClientAssertionSource::new(endpoints, transport, tenant, client_id, make)))
}

fn certificate(variables: &Variables, path: &str) -> Result<Certificate, ClientError> {
    if variables.get("AZURE_CLIENT_CERTIFICATE_PASSWORD").is_some() {
        let message = "AZURE_CLIENT_CERTIFICATE_PASSWORD is set, and certificates are read without \
                       a password; store the key as unencrypted PKCS#8 PEM that only its owner may \
                       read";
        return Err(ClientError::Credential { message: message.into() });
    }
    Certificate::from_pem(&read(path)?)
        .map_err(|error| ClientError::Credential { message: format!("`{path}`: {error}") })
}

fn read(path: &str) -> Result<Secret, ClientError> {
    let wrong = |message: String| ClientError::Credential { message };
    let size = fs_err::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(wrong(format!("`{path}` has {size} bytes, too many for a key or a token")));
    }
    let bytes = fs_err::read(path).map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(bytes).map(Secret::new).map_err(|_| {
        wrong(format!(
            "`{path}` is no text: a certificate is read in PEM form (`openssl pkcs12 -in FILE \
             -nodes -out FILE.pem` makes it from PKCS#12)"
        ))
    })
}
