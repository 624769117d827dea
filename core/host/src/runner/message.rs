//! What the host and a plugin's process say to each other: the calls of the binary interface, in both
//! directions. Both ends are the same programme, so there are no versions.

use serde::{Deserialize, Serialize};
use skybridge_model::limits::{BATCH_BYTES_MAX, PLUGIN_ANSWER_BYTES_MAX};
use skybridge_plugin_api::AbiError;

use super::frame::Bounded;
use super::limits::Limits;
use crate::access::Access;

/// A manifest with its schemas and explanations has about 100 KiB.
const MANIFEST_BYTES_MAX: usize = 8 << 20;

/// An error is a sentence and some facts.
const ERROR_BYTES_MAX: usize = 1 << 20;

/// A line of the log with all its fields; the stub in the process cuts what is longer.
pub(crate) const LOG_BYTES_MAX: usize = 64 << 10;

/// A record is a few lines.
const RECORD_BYTES_MAX: usize = 64 << 10;

/// A secret is a key or a token.
pub(crate) const SECRET_BYTES_MAX: usize = 1 << 20;

/// The number of a call, given by the host.
pub(crate) type Call = u64;

/// The number of a question of the plugin's, given by its process.
pub(crate) type Want = u64;

/// What the host says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// First of all, with the library as a descriptor beside it.
    Start {
        limits: Limits,
        access: Access,
        /// The directives of the host's log.
        log: String,
    },
    /// Open the instance; the body is the request.
    Open,
    /// Call a method; the body is the request.
    Call { call: Call, method: u16 },
    /// Start a stream; the body is the request.
    Stream { call: Call, method: u16 },
    /// One more batch may be sent.
    Next { call: Call },
    /// The plugin is asked to stop.
    Stop { call: Call },
    /// Nobody waits for the call any more.
    Drop { call: Call },
    /// An answer to a question; the body is a secret, or an error's detail.
    Reply { want: Want, reply: Reply },
}

/// How a question of the plugin's was answered.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reply {
    /// The secret is the body.
    Found,
    /// There is no such secret.
    Absent,
    /// It was done.
    Done,
    /// The time, in milliseconds since 1970.
    Now(u64),
    /// It was not done; the body says why.
    Failed(ErrorHead),
}

/// The numbers of an [`AbiError`]; its detail is the body.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ErrorHead {
    kind: u16,
    retry: u16,
    retry_after_ms: u64,
}

impl ErrorHead {
    pub(crate) fn of(error: &AbiError) -> Self {
        Self { kind: error.kind, retry: error.retry, retry_after_ms: error.retry_after_ms }
    }

    pub(crate) fn with(self, detail: Vec<u8>) -> AbiError {
        let Self { kind, retry, retry_after_ms } = self;
        AbiError { kind, retry, retry_after_ms, detail: detail.into() }
    }
}

/// What a plugin's process says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(crate) enum Tell {
    /// The library is loaded; the body is its manifest.
    Loaded { api_version: String, confinement: Confinement },
    /// It was refused; the body is a JSON [`Refused`].
    Refused,
    /// The instance is open.
    Opened,
    /// It is not; the body is the error's detail.
    NotOpened { error: ErrorHead },
    /// A call's answer is the body.
    Answer { call: Call },
    /// A call or a stream ended with an error; the body is its detail.
    Failed { call: Call, error: ErrorHead },
    /// A batch of a stream is the body.
    Batch { call: Call, format: u16, rows: u64 },
    /// A stream ended well.
    End { call: Call },
    /// A line of the log; the body is a JSON [`super::log::Line`].
    Event { span: u64 },
    /// A span of the log begins; the body as for a line.
    SpanOpen { span: u64, parent: u64, call: Call },
    /// More of a span; the body as for a line.
    SpanRecord { span: u64 },
    /// A span of the log ends.
    SpanClose { span: u64 },
    /// A call came further.
    Progress { call: Call, done: u64, total: u64, note: String },
    /// Something for the host's records; the body is the interface's.
    Record { call: Call, what: u16 },
    /// The plugin asks something of the host.
    Wants { want: Want, what: Wanted },
}

/// What a plugin asks of the host.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wanted {
    /// A secret.
    Get(String),
    /// To seal a secret, which is the body.
    Put(String),
    /// To forget a secret.
    Remove(String),
    /// The time.
    Now,
}

/// Why a library was refused, and what to do.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) text: String,
    pub(crate) help: String,
}

/// What holds a plugin's process back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Confinement {
    /// How far the kernel enforces what landlock was told, in its words.
    pub landlock: String,
    /// Whether all of it is enforced that this kernel could.
    pub files: bool,
    /// Whether connections are enforced, too.
    pub network: bool,
    /// Whether system calls are filtered.
    pub seccomp: bool,
}

impl Bounded for Ask {
    fn body_max(&self) -> usize {
        match self {
            Self::Open | Self::Call { .. } | Self::Stream { .. } => PLUGIN_ANSWER_BYTES_MAX,
            Self::Reply { .. } => SECRET_BYTES_MAX,
            Self::Start { .. } | Self::Next { .. } | Self::Stop { .. } | Self::Drop { .. } => 0,
        }
    }
}

impl Bounded for Tell {
    fn body_max(&self) -> usize {
        match self {
            Self::Loaded { .. } => MANIFEST_BYTES_MAX,
            Self::Answer { .. } => PLUGIN_ANSWER_BYTES_MAX,
            Self::Batch { .. } => BATCH_BYTES_MAX,
            Self::Refused | Self::NotOpened { .. } | Self::Failed { .. } => ERROR_BYTES_MAX,
            Self::Event { .. } | Self::SpanOpen { .. } | Self::SpanRecord { .. } => LOG_BYTES_MAX,
            Self::Record { .. } => RECORD_BYTES_MAX,
            Self::Wants { what: Wanted::Put(_), .. } => SECRET_BYTES_MAX,
            Self::Wants { .. }
            | Self::Opened
            | Self::End { .. }
            | Self::SpanClose { .. }
            | Self::Progress { .. } => 0,
        }
    }
}
