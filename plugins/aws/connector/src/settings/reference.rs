//! `env:NAME` and `file:PATH`: where a manifest's secret is kept.

use std::io::Read as _;

use serde::Deserialize;
use skybridge_aws_client::Secret;
use skybridge_plugin_sdk::{Error, Result, kind};

use crate::operator::Variables;

/// The largest file a reference is read from: a session token has about a thousand characters.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Reference {
    /// In a variable.
    Env(String),
    /// In a file.
    File(String),
}

impl TryFrom<String> for Reference {
    type Error = &'static str;

    fn try_from(text: String) -> std::result::Result<Self, &'static str> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.to_owned())),
            _ => Err("a secret is written as `env:NAME` or `file:PATH`"),
        }
    }
}

impl Reference {
    /// The secret, without white space around it. `pointer` is the setting that names it.
    pub(crate) fn read(&self, variables: &Variables, pointer: &str) -> Result<Secret> {
        let wrong = |message: String| {
            Error::new(kind::INVALID_CONFIG, message)
                .code("AWS-CONFIG-004")
                .pointer(pointer)
                .help("set the variable, or write the file, that the manifest names")
        };
        let text = match self {
            Self::Env(name) => {
                variables.get(name).ok_or_else(|| wrong(format!("{name} is not set")))?
            }
            Self::File(path) => {
                let file = fs_err::File::open(path).map_err(|error| wrong(error.to_string()))?;
                let mut text = String::new();
                file.take(FILE_BYTES_MAX + 1)
                    .read_to_string(&mut text)
                    .map_err(|error| wrong(error.to_string()))?;
                if text.len() as u64 > FILE_BYTES_MAX {
                    return Err(wrong(format!("`{path}` is larger than {FILE_BYTES_MAX} bytes")));
                }
                text
            }
        };
        let text = zeroize::Zeroizing::new(text);
        match text.trim() {
            "" => Err(wrong("there is nothing in it".into())),
            text => Ok(Secret::new(text)),
        }
    }
}
