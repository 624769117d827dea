//! The binary interface between the Skybridge host and a plugin, and nothing else.
//!
//! A plugin is a shared library that exports one root module, [`PluginModule`]. The host opens an
//! instance per connector ([`Plugin`]), gives it its services ([`HostServices`]) and calls it with a
//! method number and JSON bytes; what the bytes say is `skybridge-plugin-protocol`. Everything that is
//! likely to change is in the bytes, so that here only additions at the end ever happen:
//!
//! - a new method of a trait goes at the end and has a default body;
//! - a new field of the root module goes at the end and may be missing;
//! - a plain struct never changes; open sets are numbers ([`kind`], [`retry`], [`method`]), not enums.
//!
//! This crate depends on no other crate of ours, on no runtime, and on no serialiser.

#![allow(
    non_camel_case_types,
    non_local_definitions,
    reason = "abi_stable's derives generate such names and impls"
)]

pub mod codes;

use abi_stable::{
    StableAbi, declare_root_module_statics,
    library::RootModule,
    package_version_strings, sabi_trait,
    sabi_types::VersionStrings,
    std_types::{RArc, RBox, ROption, RResult, RSlice, RStr, RString, RVec},
};
use async_ffi::{FfiFuture, FutureExt};

pub use codes::{kind, method, retry};

/// For the export macro of the SDK and for the host; not part of what authors use.
#[doc(hidden)]
pub mod reexport {
    pub use abi_stable;
    pub use async_ffi;
}

/// The version of this interface: the version of this crate, of which only the major part decides.
pub const API_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why a call gave no answer.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct AbiError {
    /// A number of [`kind`].
    pub kind: u16,
    /// A number of [`retry`].
    pub retry: u16,
    /// Milliseconds the other side asked to wait; 0 when it did not.
    pub retry_after_ms: u64,
    /// JSON `ErrorDetail` of the protocol crate.
    pub detail: RVec<u8>,
}

/// What crosses as the outcome of a call.
pub type AbiResult<T> = RResult<T, AbiError>;

/// Where a log line or span stands in the plugin's source.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct LogSite<'a> {
    /// Unique within the plugin; the same number is the same place.
    pub id: u64,
    /// 1 error, 2 warn, 3 info, 4 debug, 5 trace.
    pub level: u8,
    /// 0 when unknown.
    pub line: u32,
    /// The span's or event's name.
    pub name: RStr<'a>,
    /// The target, usually the module path.
    pub target: RStr<'a>,
    /// The source file, empty when unknown.
    pub file: RStr<'a>,
    /// The names of all fields the place may give.
    pub fields: RSlice<'a, RStr<'a>>,
}

/// One field's value. `what` says which member holds it.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct LogValue<'a> {
    /// The field's name.
    pub name: RStr<'a>,
    /// 0 text, 1 debug text, 2 signed, 3 unsigned, 4 float (bits in `number`), 5 boolean.
    pub what: u8,
    /// For texts.
    pub text: RStr<'a>,
    /// For everything else, as 64 bits.
    pub number: u64,
}

/// A number of a plugin's span: 0 is none.
pub type SpanId = u64;

/// The host's future of a secret's bytes.
pub type SecretFuture = FfiFuture<AbiResult<ROption<RVec<u8>>>>;

/// What the host offers an instance. New methods go at the end and carry a default body.
///
/// `call` in a method's arguments is the number the host gave the call on whose behalf the plugin
/// acts; services refuse numbers that are not under way.
#[sabi_trait]
pub trait HostServices: Send + Sync + Clone {
    /// Whether lines of this level and target are wanted.
    fn log_enabled(&self, level: u8, target: RStr<'_>) -> bool;
    /// One line, inside `span`.
    fn log_event(&self, site: &LogSite<'_>, span: SpanId, values: RSlice<'_, LogValue<'_>>);
    /// A span begins; its number is the plugin's own. `parent` 0: the call's span.
    fn span_open(
        &self,
        site: &LogSite<'_>,
        span: SpanId,
        parent: SpanId,
        call: u64,
        values: RSlice<'_, LogValue<'_>>,
    );
    /// Values of a span's fields that became known later.
    fn span_record(&self, span: SpanId, values: RSlice<'_, LogValue<'_>>);
    /// A span ends.
    fn span_close(&self, span: SpanId);
    /// How far a call has come. `total` 0: unknown.
    fn progress(&self, call: u64, done: u64, total: u64, note: RStr<'_>);
    /// Milliseconds since 1970 UTC by the host's clock.
    fn now_unix_ms(&self) -> u64;
    /// Whether the host has asked the call to stop.
    fn is_cancelled(&self, call: u64) -> bool;
    /// Completes when the host asks the call to stop.
    fn cancelled(&self, call: u64) -> FfiFuture<()>;
    /// A secret of this connector, or nothing.
    fn secret_get(&self, name: RString) -> SecretFuture;
    /// Seals a secret. Completes when it is on disk.
    fn secret_put(&self, name: RString, value: RVec<u8>) -> FfiFuture<AbiResult<()>>;
    /// Forgets a secret.
    fn secret_remove(&self, name: RString) -> FfiFuture<AbiResult<()>>;
    /// A fact for the host's records: `what` is a number of [`codes::record`], `body` its JSON.
    #[sabi(last_prefix_field)]
    fn record(&self, call: u64, what: u16, body: RSlice<'_, u8>);
}

/// The host's services as they cross.
pub type HostServicesBox = HostServices_TO<'static, RArc<()>>;

/// A stretch of a stream: as many rows as the plugin saw fit, bounded in rows and bytes.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct AbiBatch {
    /// How the bytes are to be read; numbers of the protocol crate.
    pub format: u16,
    /// How many rows they hold.
    pub rows: u64,
    /// The rows.
    pub bytes: RVec<u8>,
}

/// A stream the host pulls: not asking for more is back-pressure, dropping it is cancelling.
#[sabi_trait]
pub trait BatchStream: Send {
    /// The next batch, an error that ends the stream, or nothing more.
    #[sabi(last_prefix_field)]
    fn next(&mut self) -> FfiFuture<ROption<AbiResult<AbiBatch>>>;
}

/// A stream as it crosses.
pub type BatchStreamBox = BatchStream_TO<'static, RBox<()>>;

/// An opened instance of a plugin.
///
/// Every method returns at once; the work runs on the plugin's own runtime. Dropping a future
/// cancels its call.
#[sabi_trait]
pub trait Plugin: Send + Sync {
    /// Calls `method` (a number of [`method`]) with JSON, answers JSON.
    fn call(&self, call: u64, method: u16, request: RVec<u8>) -> FfiFuture<AbiResult<RVec<u8>>>;
    /// Starts a stream.
    fn stream(&self, call: u64, method: u16, request: RVec<u8>) -> AbiResult<BatchStreamBox>;
    /// The host's log level changed: ask [`HostServices::log_enabled`] again.
    #[sabi(last_prefix_field)]
    fn log_level_changed(&self);
    /// A method this version of the interface does not know yet.
    fn extension(&self, _what: u16, _request: RSlice<'_, u8>) -> FfiFuture<AbiResult<RVec<u8>>> {
        async {
            RResult::RErr(AbiError {
                kind: kind::UNSUPPORTED,
                retry: retry::PERMANENT,
                retry_after_ms: 0,
                detail: RVec::new(),
            })
        }
        .into_ffi()
    }
}

/// An instance as it crosses.
pub type PluginBox = Plugin_TO<'static, RBox<()>>;

/// What a plugin's shared library exports.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModuleRef)))]
#[sabi(missing_field(option))]
pub struct PluginModule {
    /// JSON `PluginManifest` of the protocol crate.
    pub manifest: extern "C" fn() -> RString,
    /// Opens an instance; `request` is JSON `OpenRequest`.
    #[sabi(last_prefix_field)]
    pub open: extern "C" fn(host: HostServicesBox, request: RSlice<'_, u8>) -> AbiResult<PluginBox>,
}

impl RootModule for PluginModuleRef {
    declare_root_module_statics! {PluginModuleRef}
    const BASE_NAME: &'static str = "skybridge_plugin";
    const NAME: &'static str = "skybridge_plugin";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}
