//! A plugin's process, seen from the host: started, listened to, ended, and its end explained.
//!
//! Three threads a process: one starts it, reads what it says and reaps it; one writes; one keeps its
//! last words. They need no runtime, so a process can be started from anywhere, and a process that
//! does not read or does not write holds up nobody else.

use std::io::{BufReader, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::Runner;
use super::death::{Ending, LastWords};
use super::desk::{Desk, Early};
use super::frame::{self, Body, FrameError};
use super::limits::{EXIT_GRACE, OUTBOX_FRAMES};
use super::message::{Ask, Tell};
use super::pass::send_library;
use crate::access::Access;
use crate::candidate::Sealed;
use crate::services::Services;

/// How long the last words may take to arrive once the process is dead.
const LAST_WORDS_WAIT: Duration = Duration::from_millis(200);

/// How often a process that should end is looked at.
const REAP_INTERVAL: Duration = Duration::from_millis(1);

/// Bytes read from the socket at a time.
const READ_BYTES: usize = 64 << 10;

/// Why a process is ended that did nothing wrong.
const UNNEEDED: &str = "nobody needs it any more";

/// A running process. Dropping it ends it.
pub(crate) struct Process {
    shared: Arc<Shared>,
    /// The words that come before an instance is open.
    early: Mutex<Receiver<Early>>,
}

pub(crate) struct Shared {
    pub(crate) desk: Desk,
    /// Taken by whoever reaps it: nobody signals a number that may be another's by now.
    child: Mutex<Option<Child>>,
    /// Why the host ended it.
    verdict: Mutex<Option<String>>,
    last_words: Mutex<LastWords>,
    memory_bytes: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Process {
    /// Starts one that loads `library`. `name` is for people who list processes.
    ///
    /// # Errors
    /// When the system gives no process, socket or thread.
    pub(crate) fn start(
        runner: &Runner,
        name: &str,
        library: &Sealed,
        access: Access,
        services: Option<Services>,
    ) -> std::io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let (pipe, said) = std::io::pipe()?;
        let mut command = Command::new(&runner.program);
        command
            .args(&runner.args)
            .arg0(format!("skybridge plugin-runner {name}"))
            .env_clear()
            .envs(&access.environment)
            .current_dir("/")
            // Ctrl-C is for the host, which lets it finish.
            .process_group(0)
            .stdin(OwnedFd::from(theirs))
            .stdout(said.try_clone()?)
            .stderr(said);
        let log = services.as_ref().map(Services::log_directives).unwrap_or_default();
        let start = Ask::Start { limits: runner.limits.clone(), access, log };
        let (early_out, early) = channel();
        let (out, outbox) = sync_channel(OUTBOX_FRAMES);
        let shared = Arc::new(Shared {
            desk: Desk::new(services, early_out, out),
            child: Mutex::default(),
            verdict: Mutex::default(),
            last_words: Mutex::default(),
            memory_bytes: runner.limits.memory_bytes,
        });
        let warden = Warden { shared: Arc::clone(&shared), socket: ours, name: name.to_owned() };
        let (started, starting) = channel();
        let library = library.clone();
        spawn_thread("warden", move || {
            warden.watch(command, &library, &start, outbox, pipe, &started);
        })?;
        starting.recv().map_err(std::io::Error::other)??;
        Ok(Self { shared, early: Mutex::new(early) })
    }

    pub(crate) fn desk(&self) -> &Desk {
        &self.shared.desk
    }

    /// Sends a frame; a process that does not take it is ended.
    pub(crate) fn send(&self, ask: Ask, body: Vec<u8>) {
        if let Err(why) = self.shared.desk.send(ask, Body::new(body)) {
            self.kill(&why);
        }
    }

    /// The next early word; in its place, why none comes.
    pub(crate) fn early(&self, doing: &str, within: Duration) -> Result<Early, Arc<Ending>> {
        let early = lock(&self.early);
        match early.recv_timeout(within) {
            Ok(word) => return Ok(word),
            Err(RecvTimeoutError::Timeout) => {
                self.kill(&format!("{doing} took longer than {} s", within.as_secs_f32()));
                // It ends now, and with it the words.
                while early.recv().is_ok() {}
            }
            Err(RecvTimeoutError::Disconnected) => {}
        }
        Err(self.shared.desk.ended().unwrap_or_default())
    }

    /// Ends the process; everybody who waits for it hears why.
    pub(crate) fn kill(&self, why: &str) {
        self.shared.kill(why);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill(UNNEEDED);
    }
}

impl Shared {
    fn kill(&self, why: &str) {
        lock(&self.verdict).get_or_insert_with(|| why.to_owned());
        if let Some(child) = &*lock(&self.child) {
            kill_group(child);
        }
    }
}

/// Ends a process that was not reaped yet, and whatever it started.
fn kill_group(child: &Child) {
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        // An error means that it is gone.
        rustix::process::kill_process_group(pid, Signal::KILL).ok();
    }
}

/// Whether it has ended; it stays to be reaped, so that its number is nobody else's yet.
fn has_ended(child: &Child) -> bool {
    let Some(pid) = Pid::from_raw(child.id().cast_signed()) else { return true };
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(rustix::process::waitid(WaitId::Pid(pid), look), Ok(None))
}

/// The thread that starts the process lives as long as the process: the kernel ends the process when
/// the thread that started it ends.
struct Warden {
    shared: Arc<Shared>,
    socket: UnixStream,
    name: String,
}

impl Warden {
    fn watch(
        self,
        mut command: Command,
        library: &Sealed,
        start: &Ask,
        outbox: Receiver<(Ask, Body)>,
        pipe: std::io::PipeReader,
        started: &std::sync::mpsc::Sender<std::io::Result<()>>,
    ) {
        let begun = command.spawn().and_then(|child| {
            // With it goes the host's copy of the process's end of the socket and the pipe.
            drop(command);
            *lock(&self.shared.child) = Some(child);
            let writer = self.socket.try_clone()?;
            let shared = Arc::clone(&self.shared);
            let said = spawn_thread("last-words", move || listen(pipe, &shared))?;
            send_library(self.socket.as_fd(), library)?;
            frame::write(&mut &self.socket, start, &[])?;
            spawn_thread("writer", move || write_all(writer, outbox))?;
            Ok(said)
        });
        let said = match begun {
            Ok(said) => said,
            Err(error) => {
                self.shared.kill("it could not be started");
                self.reap();
                drop(started.send(Err(error)));
                return;
            }
        };
        drop(started.send(Ok(())));
        self.read();
        let status = self.reap();
        let patience = Instant::now();
        while !said.is_finished() && patience.elapsed() < LAST_WORDS_WAIT {
            std::thread::sleep(REAP_INTERVAL);
        }
        self.conclude(status);
    }

    /// Reads until the connection ends; ends the process when it says what it must not.
    fn read(&self) {
        let mut input = BufReader::with_capacity(READ_BYTES, &self.socket);
        loop {
            let heard = frame::read::<Tell>(&mut input).and_then(|(tell, body)| {
                self.shared.desk.hear(tell, body).map_err(FrameError::Broken)
            });
            match heard {
                Ok(()) => {}
                Err(FrameError::Ended) => return,
                Err(broken @ FrameError::Broken(_)) => {
                    return self.shared.kill(&broken.to_string());
                }
            }
        }
    }

    /// Waits for the process's end; it gets a moment to end by itself, so that its own way of ending
    /// is what is told.
    fn reap(&self) -> Option<ExitStatus> {
        let patience = Instant::now();
        loop {
            let ended = lock(&self.shared.child).take_if(|child| has_ended(child));
            if let Some(mut child) = ended {
                kill_group(&child);
                return child.wait().ok();
            }
            if lock(&self.shared.child).is_none() {
                return None;
            }
            if patience.elapsed() > EXIT_GRACE {
                self.shared.kill("it closed its connection");
            }
            std::thread::sleep(REAP_INTERVAL);
        }
    }

    fn conclude(&self, status: Option<ExitStatus>) {
        let Shared { desk, verdict, last_words, memory_bytes, .. } = &*self.shared;
        let verdict = lock(verdict).clone();
        let ending =
            Ending::of(verdict.as_deref(), status, &lock(last_words).bytes(), *memory_bytes);
        let said = ending.last_words.trim();
        if verdict.as_deref() != Some(UNNEEDED) && !said.is_empty() {
            tracing::warn!("{} (`{}`); it said last:\n{said}", ending.reason, self.name);
        }
        desk.end(ending);
        // The socket is closed for good, and the writer ends.
        drop(self.socket.shutdown(std::net::Shutdown::Both));
    }
}

fn write_all(mut socket: UnixStream, outbox: Receiver<(Ask, Body)>) {
    for (ask, body) in outbox {
        // An error means that the process is gone, which the reader finds out for everybody.
        if frame::write(&mut socket, &ask, &body).is_err() {
            return;
        }
    }
}

fn listen(mut pipe: std::io::PipeReader, shared: &Shared) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = pipe.read(&mut buffer) {
        lock(&shared.last_words).push(&buffer[..read]);
    }
}

fn spawn_thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name(format!("plugin-{name}")).spawn(work)
}
