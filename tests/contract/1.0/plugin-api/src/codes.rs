//! The numbers that cross: open sets, so that a newer side may send one the older does not know.

/// What went wrong, by what the caller can do about it. An unknown number is treated as
/// [`UNEXPECTED`](kind::UNEXPECTED).
pub mod kind {
    /// The settings are wrong.
    pub const INVALID_CONFIG: u16 = 1;
    /// Nobody could be signed in.
    pub const UNAUTHENTICATED: u16 = 2;
    /// Signed in, and not allowed.
    pub const PERMISSION_DENIED: u16 = 3;
    /// The thing is not there.
    pub const NOT_FOUND: u16 = 4;
    /// The thing is there already and is not ours to use.
    pub const ALREADY_EXISTS: u16 = 5;
    /// Somebody else changed it at the same time.
    pub const CONFLICT: u16 = 6;
    /// Something that must be true first is not.
    pub const PRECONDITION: u16 = 7;
    /// Asked too often.
    pub const RATE_LIMITED: u16 = 8;
    /// A limit of the account is reached.
    pub const QUOTA: u16 = 9;
    /// The service or the network did not answer.
    pub const UNAVAILABLE: u16 = 10;
    /// It took too long.
    pub const TIMEOUT: u16 = 11;
    /// The plugin does not do this.
    pub const UNSUPPORTED: u16 = 12;
    /// One side broke the contract.
    pub const CONTRACT_VIOLATION: u16 = 13;
    /// The plugin panicked.
    pub const PANICKED: u16 = 14;
    /// Anything else.
    pub const UNEXPECTED: u16 = 15;
    /// The host asked for it to stop.
    pub const CANCELLED: u16 = 16;
    /// It exists, but not everywhere yet.
    pub const NOT_REPLICATED: u16 = 17;
    /// The plugin's process died.
    pub const CRASHED: u16 = 18;
}

/// Whether trying again can help. An unknown number is treated as [`PERMANENT`](retry::PERMANENT).
pub mod retry {
    /// It cannot.
    pub const PERMANENT: u16 = 0;
    /// It may: the service was unwell.
    pub const TRANSIENT: u16 = 1;
    /// It will: the world has not caught up yet.
    pub const EVENTUAL: u16 = 2;
    /// It will, after the time asked for; everything else of the same bucket waits too.
    pub const RATE_LIMITED: u16 = 3;
}

/// What an instance can be called with. An unknown number is answered
/// [`UNSUPPORTED`](kind::UNSUPPORTED).
pub mod method {
    /// `onboard::DescribeRequest` to `onboard::Description`.
    pub const DESCRIBE: u16 = 1;
    /// `onboard::ObserveRequest` to `onboard::Observation`.
    pub const OBSERVE: u16 = 2;
    /// `onboard::ApplyRequest` to `onboard::Applied`.
    pub const APPLY: u16 = 3;
    /// `onboard::ReadyRequest` to `onboard::Ready`.
    pub const READY: u16 = 4;
    /// `onboard::UndoRequest` to `onboard::Undone`.
    pub const UNDO: u16 = 5;
    /// `verify::VerifyRequest` to `verify::VerifyReport`.
    pub const VERIFY: u16 = 6;
    /// `simulate::SimulateRequest` to `simulate::SimulateReply`; the simulated cloud lives as long
    /// as the instance, or until [`SIMULATE_STOP`].
    pub const SIMULATE: u16 = 8;
    /// Stops what [`SIMULATE`] started and completes when its state is on disk.
    pub const SIMULATE_STOP: u16 = 9;
    /// `platform::DeliverRequest` to `platform::DeliverReply`.
    pub const DELIVER: u16 = 10;
    /// `survey::SurveyRequest` to `survey::Survey`.
    pub const SURVEY: u16 = 11;
    /// `survey::PreflightRequest` to `survey::PreflightReport`.
    pub const PREFLIGHT: u16 = 12;
    /// `onboard::UndoRequest` to `onboard::Remains`.
    pub const REMAINS: u16 = 13;
    /// Streams: `collect::CollectRequest` to batches.
    pub const COLLECT: u16 = 20;
}

/// What a plugin may put on record with the host.
pub mod record {
    /// `audit::Write`: a write to a cloud.
    pub const WRITE: u16 = 1;
    /// `audit::Notice`: something only a person can do.
    pub const NOTICE: u16 = 2;
}
