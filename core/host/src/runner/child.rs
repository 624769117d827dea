//! The process of one plugin: takes its place, locks itself in, loads the library, and does as it is
//! told until the host closes the socket.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use abi_stable::std_types::{ROption, RResult, RSlice, RVec};
use skybridge_plugin_api::{AbiError, BatchStreamBox, PluginBox, PluginModuleRef, kind};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use super::frame::{self, Body, FrameError};
use super::limits::STREAM_WINDOW;
use super::message::{Ask, Call, ErrorHead, Refused, Tell};
use super::pass::receive_library;
use super::sandbox;
use super::stub::{Link, Stub};
use crate::candidate::Sealed;
use crate::error::{Refusal, abi_error};
use crate::load;

/// The process waits for the plugin's own threads; it needs one to do so.
const WORKERS: usize = 1;

/// The process of one plugin, from its first breath to its last. To be called before any thread is
/// started: what holds the process back is inherited by threads, not given to those that exist.
#[must_use]
pub fn serve() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Stderr is the pipe that the host keeps the last words of.
            let words = format!("skybridge plugin-runner: {error}\n");
            rustix::io::write(rustix::stdio::stderr(), words.as_bytes()).ok();
            // EX_SOFTWARE: a bug, or somebody else than the host has started it.
            ExitCode::from(70)
        }
    }
}

fn run() -> std::io::Result<()> {
    let socket = take_socket()?;
    let library = receive_library(socket.as_fd())?;
    let (start, _) = frame::read::<Ask>(&mut &socket).map_err(std::io::Error::other)?;
    let Ask::Start { limits, access, log } = start else {
        return Err(std::io::Error::other("it was not told how to start"));
    };
    let confinement = sandbox::enter(&limits, &access)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).build()?;
    let link = Arc::new(Link::new(socket.try_clone()?));
    let loaded = match load::load(&Sealed(Arc::new(library.into()))) {
        Ok(loaded) => loaded,
        Err(refusal) => {
            link.tell(&Tell::Refused, &refused(&refusal));
            return Ok(());
        }
    };
    let api_version = loaded.api_version;
    link.tell(&Tell::Loaded { api_version, confinement }, loaded.manifest.as_bytes());
    let stub = Stub::new(Arc::clone(&link), &log);
    let desk = Desk::new(loaded.module, stub, runtime.handle().clone());
    let mut input = BufReader::new(&socket);
    let ended = loop {
        match frame::read::<Ask>(&mut input) {
            Ok((ask, body)) => desk.hear(ask, body),
            // The host is gone, or has had enough.
            Err(FrameError::Ended) => break Ok(()),
            Err(error) => break Err(std::io::Error::other(error.to_string())),
        }
    };
    runtime.shutdown_background();
    ended
}

/// Whatever else the host's own parent left open is not for a plugin.
#[expect(unsafe_code, reason = "there is no safe way to close what one does not own")]
fn close_the_rest() {
    const FIRST: u32 = 3;
    // SAFETY: nothing in this process has been opened yet, and no thread but this one runs, so no
    // descriptor from here on belongs to anybody. On a kernel too old for it nothing is closed.
    unsafe { libc::close_range(FIRST, u32::MAX, 0) };
}

/// Standard input is the socket; nobody else is to read from it.
fn take_socket() -> std::io::Result<UnixStream> {
    close_the_rest();
    let stdin = rustix::stdio::stdin();
    let socket: OwnedFd = rustix::io::fcntl_dupfd_cloexec(stdin, 3)?;
    let nothing = fs_err::File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    let socket = UnixStream::from(socket);
    // Whoever starts this by hand has no socket there.
    socket.peer_addr()?;
    Ok(socket)
}

fn refused(refusal: &Refusal) -> Vec<u8> {
    let refused = Refused { text: refusal.to_string(), help: refusal.help().to_owned() };
    serde_json::to_vec(&refused).unwrap_or_default()
}

/// The process's end of the socket: what the host asks, given to the plugin.
pub(crate) struct Desk {
    module: Option<PluginModuleRef>,
    plugin: Arc<Mutex<Option<Arc<PluginBox>>>>,
    stub: Stub,
    runtime: Handle,
    running: Arc<Mutex<BTreeMap<Call, Running>>>,
}

struct Running {
    task: AbortHandle,
    /// For streams: how many more batches may be sent.
    credit: Option<mpsc::Sender<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    fn new(module: PluginModuleRef, stub: Stub, runtime: Handle) -> Self {
        let (plugin, running) = (Arc::default(), Arc::default());
        Self { module: Some(module), plugin, stub, runtime, running }
    }

    /// With a plugin that is open already.
    #[cfg(test)]
    pub(crate) fn with(plugin: PluginBox, stub: Stub, runtime: Handle) -> Self {
        let plugin = Arc::new(Mutex::new(Some(Arc::new(plugin))));
        Self { module: None, plugin, stub, runtime, running: Arc::default() }
    }

    /// Does what the host asks. Nothing here waits for the plugin.
    pub(crate) fn hear(&self, ask: Ask, mut body: Body) {
        let mut request = || RVec::from(std::mem::take(&mut *body));
        match ask {
            Ask::Open => self.open(request().into_vec()),
            Ask::Call { call, method } => self.call(call, method, request()),
            Ask::Stream { call, method } => self.stream(call, method, request()),
            Ask::Next { call } => {
                if let Some(Running { credit: Some(credit), .. }) = lock(&self.running).get(&call) {
                    // More credit than the window has is no credit.
                    credit.try_send(()).ok();
                }
            }
            Ask::Stop { call } => self.stub.stop(call),
            Ask::Drop { call } => {
                self.stub.end(call);
                if let Some(running) = lock(&self.running).remove(&call) {
                    running.task.abort();
                }
            }
            Ask::Reply { want, reply } => self.stub.hear(want, reply, request().into_vec()),
            // Only the first frame starts anything.
            Ask::Start { .. } => {}
        }
    }

    /// Opens the instance elsewhere than here: it may ask the host something, and the answer is heard
    /// here.
    fn open(&self, request: Vec<u8>) {
        let Some(module) = self.module else { return };
        let (stub, slot) = (self.stub.clone(), Arc::clone(&self.plugin));
        self.runtime.spawn_blocking(move || {
            match module.open()(stub.boxed(), RSlice::from_slice(&request)) {
                RResult::ROk(plugin) => {
                    *lock(&slot) = Some(Arc::new(plugin));
                    stub.link.tell(&Tell::Opened, &[]);
                }
                RResult::RErr(error) => {
                    let head = ErrorHead::of(&error);
                    stub.link.tell(&Tell::NotOpened { error: head }, &error.detail);
                }
            }
        });
    }

    fn plugin(&self) -> Result<Arc<PluginBox>, AbiError> {
        let closed = || abi_error(kind::PRECONDITION, "the instance is not open");
        lock(&self.plugin).clone().ok_or_else(closed)
    }

    fn call(&self, call: Call, method: u16, request: RVec<u8>) {
        let plugin = match self.plugin() {
            Ok(plugin) => plugin,
            Err(error) => return self.stub.link.failed(call, &error),
        };
        self.stub.begin(call);
        let future = plugin.call(call, method, request);
        let link = Arc::clone(&self.stub.link);
        self.run(call, None, async move {
            match future.await {
                RResult::ROk(answer) => link.tell(&Tell::Answer { call }, &answer),
                RResult::RErr(error) => link.failed(call, &error),
            }
        });
    }

    fn stream(&self, call: Call, method: u16, request: RVec<u8>) {
        let started = self.plugin().and_then(|plugin| {
            self.stub.begin(call);
            plugin.stream(call, method, request).into_result()
        });
        match started {
            Ok(stream) => {
                let (credit, credits) = mpsc::channel(STREAM_WINDOW);
                let link = Arc::clone(&self.stub.link);
                self.run(call, Some(credit), pump(call, stream, credits, link));
            }
            Err(error) => {
                self.stub.end(call);
                self.stub.link.failed(call, &error);
            }
        }
    }

    /// Runs a call's work until it ends or is dropped, and forgets it then.
    fn run(
        &self,
        call: Call,
        credit: Option<mpsc::Sender<()>>,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let (stub, running) = (self.stub.clone(), Arc::clone(&self.running));
        let (registered, mut go) = watch::channel(false);
        let task = self.runtime.spawn(async move {
            // Not before it is registered: it would forget itself first.
            drop(go.wait_for(|registered| *registered).await);
            work.await;
            stub.end(call);
            lock(&running).remove(&call);
        });
        let previous =
            lock(&self.running).insert(call, Running { task: task.abort_handle(), credit });
        if let Some(previous) = previous {
            previous.task.abort();
        }
        registered.send_replace(true);
    }
}

/// Sends a stream's batches as they are asked for.
async fn pump(
    call: Call,
    mut stream: BatchStreamBox,
    mut credits: mpsc::Receiver<()>,
    link: Arc<Link>,
) {
    while credits.recv().await.is_some() {
        match stream.next().await {
            ROption::RSome(RResult::ROk(batch)) => {
                let head = Tell::Batch { call, format: batch.format, rows: batch.rows };
                link.tell(&head, &batch.bytes);
            }
            ROption::RSome(RResult::RErr(error)) => return link.failed(call, &error),
            ROption::RNone => return link.tell(&Tell::End { call }, &[]),
        }
    }
}
