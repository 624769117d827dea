//! Sockets: TLS, connections, bodies, and the ends a fault can give to a connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::reply::Delivery;
use crate::error::SimulatorError;
use crate::limits::{
    ACCEPT_PAUSE, BODY_TIME_MAX, CONNECTIONS_MAX, DRAIN_TIME_MAX, HANDSHAKE_TIME_MAX,
    HEADER_LIST_BYTES_MAX, REQUEST_BODY_BYTES_MAX, REQUEST_TARGET_BYTES_MAX, STREAMS_MAX,
};

/// A body that is whole or breaks off.
type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, BrokenOff>;

/// Ends a connection on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the scenario breaks this connection")]
pub(crate) struct BrokenOff;

/// A request as it arrives.
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The body or the target was larger than the limit, or did not arrive in time.
    pub(crate) refused: Option<StatusCode>,
}

/// An answer as it leaves.
pub(crate) struct Leaving {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
}

/// Answers requests; called on a thread that may block.
pub(crate) type Answer = dyn Fn(Arrived) -> Leaving + Send + Sync;

/// Binds a loopback address.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, SimulatorError> {
    TcpListener::bind(address).await.map_err(|source| SimulatorError::Bind { address, source })
}

/// One endpoint: where it listens, whether it speaks TLS, and who answers.
pub(crate) struct Endpoint {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) answer: Arc<Answer>,
}

impl Endpoint {
    /// Serves until told to stop.
    pub(crate) fn spawn(self, tasks: &TaskTracker, stop: CancellationToken) {
        let connections = tasks.clone();
        tasks.spawn(async move {
            let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
            loop {
                let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
                let accepted = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = self.listener.accept() => accepted,
                };
                let Ok((stream, _)) = accepted else {
                    // Out of file descriptors, most likely: let some connections end first.
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let (tls, answer, stop) =
                    (self.tls.clone(), Arc::clone(&self.answer), stop.clone());
                connections.spawn(async move {
                    serve(stream, tls, answer, stop).await;
                    drop(slot);
                });
            }
        });
    }
}

async fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    answer: Arc<Answer>,
    stop: CancellationToken,
) {
    // Without it a reply of two small writes waits for the peer's delayed acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tls {
        None => serve_http(stream, answer, stop).await,
        Some(config) => {
            let handshake = TlsAcceptor::from(config).accept(stream);
            if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIME_MAX, handshake).await {
                serve_http(stream, answer, stop).await;
            }
        }
    }
}

async fn serve_http<S>(stream: S, answer: Arc<Answer>, stop: CancellationToken)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| respond(request, Arc::clone(&answer)));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(STREAMS_MAX).max_header_list_size(HEADER_LIST_BYTES_MAX);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // A connection that ends with an error ended because its peer or the scenario wanted it.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    drop(timeout(DRAIN_TIME_MAX, connection).await);
}

/// An error ends the connection without an answer: that is how a fault loses a reply.
async fn respond(
    request: Request<Incoming>,
    answer: Arc<Answer>,
) -> Result<Response<Body>, BrokenOff> {
    let arrived = arrive(request).await;
    let head = arrived.method == "HEAD";
    let leaving = tokio::task::spawn_blocking(move || answer(arrived)).await;
    let leaving = leaving.unwrap_or_else(|_| Leaving {
        status: 500,
        headers: Vec::new(),
        body: Vec::new(),
        delivery: Delivery::Whole,
    });
    let body = match leaving.delivery {
        Delivery::Lost => return Err(BrokenOff),
        // Until the client gives up, or the simulator is stopped.
        Delivery::Never => return std::future::pending().await,
        // A body after HEAD is a protocol error.
        _ if head => whole(Vec::new()),
        Delivery::Whole => whole(leaving.body),
        Delivery::Cut => cut(&leaving.body),
    };
    let mut response = Response::builder().status(leaving.status);
    for (name, value) in &leaving.headers {
        response = response.header(name.as_str(), value.as_str());
    }
    response.body(body).map_err(|_| BrokenOff)
}

async fn arrive(request: Request<Incoming>) -> Arrived {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let method = request.method().as_str().to_owned();
    let too_long = target.len() > REQUEST_TARGET_BYTES_MAX;
    let limited = Limited::new(request.into_body(), REQUEST_BODY_BYTES_MAX).collect();
    let (body, refused) = match timeout(BODY_TIME_MAX, limited).await {
        _ if too_long => (Vec::new(), Some(StatusCode::URI_TOO_LONG)),
        Ok(Ok(body)) => (body.to_bytes().to_vec(), None),
        Ok(Err(_)) => (Vec::new(), Some(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(_) => (Vec::new(), Some(StatusCode::REQUEST_TIMEOUT)),
    };
    Arrived { method, target, headers, body, refused }
}

fn whole(body: Vec<u8>) -> Body {
    let never = |never: Infallible| match never {};
    Full::new(Bytes::from(body)).map_err(never).boxed_unsync()
}

/// The first half of a body, and then the end of the connection.
fn cut(body: &[u8]) -> Body {
    let half = Bytes::copy_from_slice(body.get(..body.len() / 2).unwrap_or_default());
    let frames = [Ok(Frame::data(half)), Err(BrokenOff)];
    StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
}
