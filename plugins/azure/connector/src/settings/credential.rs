//! `credential`: how the connector will sign in.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What somebody else's token must be for, unless another audience was agreed on.
pub(crate) const EXCHANGE_AUDIENCE: &str = "api://AzureADTokenExchange";

/// Two years: the longest lifetime Entra itself proposes.
const DAYS_MAX: u16 = 730;

/// `[connectors.NAME.settings.credential]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Credential {
    #[serde(default)]
    pub(crate) kind: CredentialKind,
    /// Of a secret, or of a certificate that is made here.
    #[serde(default = "default_lifetime")]
    pub(crate) lifetime: Days,
    #[serde(default = "default_warn")]
    pub(crate) warn: Days,
    #[serde(default)]
    certificate: Option<FileReference>,
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    audience: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    assertion: Option<FileReference>,
}

impl Default for Credential {
    fn default() -> Self {
        Self {
            kind: CredentialKind::ClientSecret,
            lifetime: default_lifetime(),
            warn: default_warn(),
            certificate: None,
            issuer: None,
            subject: None,
            audience: None,
            name: None,
            assertion: None,
        }
    }
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CredentialKind {
    /// A password the service makes up.
    #[default]
    ClientSecret,
    /// A key of ours, of which the service knows the public half.
    Certificate,
    /// Nothing of ours: the tokens of somebody the application trusts.
    Federated,
}

impl CredentialKind {
    /// As the manifest has it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::ClientSecret => "client-secret",
            Self::Certificate => "certificate",
            Self::Federated => "federated",
        }
    }

    /// The step that makes it, as other steps call it.
    pub(crate) const fn step(self) -> &'static str {
        match self {
            Self::ClientSecret => "client-secret",
            Self::Certificate => "certificate",
            Self::Federated => "federated-credential",
        }
    }
}

/// Whose tokens are taken for the application's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Federation<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) audience: &'a str,
    /// The credential's name, when it shall have a certain one.
    pub(crate) name: Option<&'a str>,
}

impl Credential {
    /// The certificate that is read instead of one being made.
    pub(crate) fn certificate(&self) -> Option<&Path> {
        self.certificate.as_ref().map(|file| file.0.as_path())
    }

    /// The file that holds a token of the issuer.
    pub(crate) fn assertion(&self) -> Option<&Path> {
        self.assertion.as_ref().map(|file| file.0.as_path())
    }

    /// Whose tokens are taken; nothing for other kinds.
    pub(crate) fn federation(&self) -> Option<Federation<'_>> {
        if self.kind != CredentialKind::Federated {
            return None;
        }
        Some(Federation {
            issuer: self.issuer.as_deref()?,
            subject: self.subject.as_deref()?,
            audience: self.audience.as_deref().unwrap_or(EXCHANGE_AUDIENCE),
            name: self.name.as_deref(),
        })
    }

    /// Everything that makes no sense, each with the key it concerns.
    pub(crate) fn complaints(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let given = [
            ("certificate", self.certificate.is_some(), CredentialKind::Certificate),
            ("issuer", self.issuer.is_some(), CredentialKind::Federated),
            ("subject", self.subject.is_some(), CredentialKind::Federated),
            ("audience", self.audience.is_some(), CredentialKind::Federated),
            ("name", self.name.is_some(), CredentialKind::Federated),
            ("assertion", self.assertion.is_some(), CredentialKind::Federated),
        ];
        for (key, is_given, kind) in given {
            if is_given && kind != self.kind {
                let message = format!("`{key}` goes with `kind = \"{}\"` only", kind.word());
                found.push((key, message));
            }
        }
        if self.kind == CredentialKind::Federated {
            found.extend(self.federation_complaints());
        } else if self.certificate.is_none() && self.warn >= self.lifetime {
            let message = format!(
                "a credential that lives {} days would be warned about from its first day",
                self.lifetime.0
            );
            found.push(("warn", message));
        }
        found
    }

    fn federation_complaints(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for (key, value) in [("issuer", &self.issuer), ("subject", &self.subject)] {
            match value.as_deref() {
                None | Some("") => {
                    let message = format!("a federated credential needs its `{key}`");
                    found.push((key, message));
                }
                Some(text) if text.trim() != text => {
                    let message = format!("`{key}` is compared exactly; the blanks around it");
                    found.push((key, format!("{message} would be part of it")));
                }
                Some(_) => {}
            }
        }
        if self.issuer.as_deref().is_some_and(|issuer| !issuer.starts_with("https://")) {
            found.push(("issuer", "an issuer is an address that begins with https://".into()));
        }
        found
    }
}

/// `file:PATH`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct FileReference(PathBuf);

impl TryFrom<String> for FileReference {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        // What else was written there may be the key itself, and is not repeated.
        match text.strip_prefix("file:") {
            Some(path) if !path.is_empty() => Ok(Self(path.into())),
            _ => Err("a file is written `file:PATH`".into()),
        }
    }
}

/// A number of days, written `180d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Days(pub(crate) u16);

impl TryFrom<String> for Days {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.strip_suffix('d')
            .and_then(|number| number.parse().ok())
            .filter(|days| (1..=DAYS_MAX).contains(days))
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no number of days such as `180d`"))
    }
}

/// Many tenants allow application secrets no longer life.
const fn default_lifetime() -> Days {
    Days(180)
}

const fn default_warn() -> Days {
    Days(30)
}
