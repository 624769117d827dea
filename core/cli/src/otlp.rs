//! Traces for an OpenTelemetry collector, over OTLP/HTTP with protobuf.
//!
//! The standard environment variables say where to and how; without an address nothing is sent.
//! Whatever goes wrong here is a warning: it never harms, holds up or ends a run.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter,
};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

/// The service's name where nobody gives another.
const SERVICE: &str = "skybridge";

/// The only form that is spoken.
const PROTOCOL: &str = "http/protobuf";

/// Spans that wait to be sent before further ones are dropped, unless `OTEL_BSP_MAX_QUEUE_SIZE` says
/// otherwise: what a run of 256 calls at a time ends in a minute or so of a collector that is away.
const QUEUE: usize = 32_768;

/// How long the process waits at its end for the last spans to be sent.
const FLUSH: Duration = Duration::from_secs(5);

/// How long connecting to the collector may take.
const CONNECT: Duration = Duration::from_secs(3);

/// One batch, unless `OTEL_EXPORTER_OTLP_TIMEOUT` ends it sooner.
const SEND: Duration = Duration::from_secs(10);

/// A collector's answer is not read beyond this: it is a few bytes.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// What sends the spans, once it was started.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The variable's value, when it has one.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
fn variable(names: [&str; 2]) -> Option<String> {
    names.into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

/// Whether spans are to be sent.
pub(crate) fn wanted() -> bool {
    let off = variable(["OTEL_SDK_DISABLED"; 2]).is_some_and(|it| it.eq_ignore_ascii_case("true"))
        || variable(["OTEL_TRACES_EXPORTER"; 2]).is_some_and(|it| it == "none");
    !off && variable([OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT]).is_some()
}

/// What is sent: our own spans, and what our plugins say in them. Not the libraries' beneath.
fn sent() -> Targets {
    Targets::new().with_target("skybridge", LevelFilter::DEBUG)
}

/// What plugins have to tell so that it can be sent, beside what is logged.
pub(crate) fn widened(log: &Targets) -> Targets {
    let wider = |(target, level): (&str, LevelFilter)| (target.to_owned(), level);
    let ours = log.iter().find(|(target, _)| *target == "skybridge").map(|(_, level)| level);
    let level = ours.unwrap_or(LevelFilter::OFF).max(LevelFilter::DEBUG);
    log.clone().with_targets(log.iter().map(wider)).with_target("skybridge", level)
}

/// Starts sending. Called within the runtime that sends.
///
/// # Errors
/// A sentence that says why nothing is sent.
pub(crate) fn start<S>() -> Result<impl Layer<S>, String>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let asked = variable([OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, OTEL_EXPORTER_OTLP_PROTOCOL]);
    if let Some(other) = asked.filter(|asked| asked != PROTOCOL) {
        return Err(format!("the protocol `{other}` is not spoken here; {PROTOCOL} is"));
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(Http::new()?)
        .build()
        .map_err(|error| error.to_string())?;
    let mut batches = BatchConfigBuilder::default();
    if variable(["OTEL_BSP_MAX_QUEUE_SIZE"; 2]).is_none() {
        batches = batches.with_max_queue_size(QUEUE);
    }
    let processor = BatchSpanProcessor::builder(Told { exporter, told: AtomicBool::new(false) })
        .with_batch_config(batches.build())
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_resource(resource())
        .build();
    let tracer = provider.tracer(SERVICE);
    // Logging is started once a process.
    drop(PROVIDER.set(provider));
    Ok(tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_threads(false)
        .with_location(false)
        .with_tracked_inactivity(false)
        .with_filter(sent()))
}

/// Sends what is left. The runtime has to be there still.
pub(crate) fn finish() {
    if let Some(provider) = PROVIDER.get() {
        // What went wrong was told when it did.
        drop(provider.shutdown_with_timeout(FLUSH));
    }
}

/// Who we are, with what `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say.
fn resource() -> Resource {
    let given = Resource::builder().build();
    let name = given.get(&"service.name".into()).map(|name| name.to_string());
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    match name {
        Some(name) if !name.starts_with("unknown_service") => resource.build(),
        _ => resource.with_service_name(SERVICE).build(),
    }
}

/// An exporter whose trouble is told once, and no more.
#[derive(Debug)]
struct Told<E> {
    exporter: E,
    told: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Told<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let sent = self.exporter.export(batch).await;
        if let Err(error) = &sent
            && !self.told.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                %error, count, "traces do not reach the collector; the run is not affected"
            );
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Sends on the host's runtime: the thread that waits for the answer has none.
#[derive(Debug)]
struct Http {
    client: reqwest::Client,
    runtime: tokio::runtime::Handle,
}

impl Http {
    fn new() -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(SEND)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("skybridge/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, runtime: tokio::runtime::Handle::current() })
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.runtime.spawn(async move { send(client, request).await }).await?
    }
}

async fn send(
    client: reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let mut answer = client.execute(request.try_into()?).await?;
    let mut response = Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.clone_from(answer.headers());
    }
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES_MAX
        && let Some(chunk) = answer.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(response.body(Bytes::from(body))?)
}
