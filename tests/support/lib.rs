//! What whole-system tests run in: the built program in a folder and environment of its own.

mod mounts;
mod portal;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub use mounts::Mounts;
pub use portal::{Portal, page};

/// The example tenant's manifest.
pub const CONTOSO: &str = "examples/azure/contoso.toml";

/// Longer than any command of a test takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(180);

/// The workspace's root.
///
/// # Panics
/// Never: this package is one level below it.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace")
}

/// Where cargo put what it built for this profile.
///
/// # Panics
/// When this is not a test that cargo built.
#[must_use]
pub fn built() -> PathBuf {
    let exe = std::env::current_exe().expect("a process has an executable");
    let folder = exe.parent().and_then(Path::parent).expect("tests lie in deps/");
    assert!(
        folder.join("skybridge").exists() && folder.join("libskybridge_plugin_azure.so").exists(),
        "build the program and its plugins first: cargo build --workspace"
    );
    folder.to_owned()
}

/// A library of `tests/misbehaving/examples`.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    let file = built().join(format!("examples/lib{name}.so"));
    assert!(file.exists(), "build it first: cargo build --workspace --examples");
    file
}

/// What a finished command left.
#[derive(Debug)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How it ended; 128 plus the signal when a signal ended it.
    pub code: i32,
}

impl Output {
    /// The output of a command that must have ended with `code`.
    ///
    /// # Panics
    /// When it ended otherwise; with everything it said.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A folder with a copy of a manifest, and an environment with nothing else in it.
#[derive(Debug)]
pub struct TestEnv {
    folder: tempfile::TempDir,
}

impl TestEnv {
    /// With the example tenant's manifest as `contoso.toml`.
    ///
    /// # Panics
    /// When the folder cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let env = Self { folder: tempfile::tempdir().expect("a folder for the test") };
        env.write(
            "contoso.toml",
            &fs_err::read_to_string(workspace().join(CONTOSO)).expect("read"),
        );
        env
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        fs_err::write(self.path().join(name), text).expect("write into the test's folder");
    }

    /// The program with arguments, not yet started.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(built().join("skybridge"));
        command
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path().join("home"))
            .env("COLUMNS", "100")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    /// When it does not start or does not end in time.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Output {
        let child = self.command(args).spawn().expect("start the program");
        finish(child)
    }

    /// Every file below the folder.
    ///
    /// # Panics
    /// When the folder cannot be read.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs_err::read_dir(folder).expect("read the test's folder") {
                let path = entry.expect("read the test's folder").path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found
    }

    /// The subscriptions that the record of the connection `contoso` lists.
    ///
    /// # Panics
    /// When there is no such record, or it lists none.
    #[must_use]
    pub fn recorded_subscriptions(&self) -> Vec<String> {
        let files = self.files();
        let file = files.iter().find(|path| path.ends_with("connections/contoso.json"));
        let text = fs_err::read(file.expect("a record of the connection")).expect("read it");
        let record: serde_json::Value = serde_json::from_slice(&text).expect("a JSON document");
        let mut fields = record["fields"].as_array().expect("fields").iter();
        let listed = fields.find(|field| field["name"] == "subscriptions");
        let listed = listed.and_then(|field| field["value"].as_str()).expect("a list");
        listed.split(',').map(str::to_owned).collect()
    }
}

impl Default for TestEnv {
    fn default() -> Self {
        Self::new()
    }
}

/// The program without its own plugins beside it, and a folder with one that somebody else made.
#[derive(Debug)]
pub struct ThirdParty {
    /// Where it runs.
    pub env: TestEnv,
    file: PathBuf,
}

impl ThirdParty {
    /// With a copy of the plugin of that name.
    ///
    /// # Panics
    /// When the folders cannot be made.
    #[must_use]
    pub fn new(plugin: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;

        let env = TestEnv::new();
        for folder in ["bin", "plugins"] {
            let folder = env.path().join(folder);
            fs_err::create_dir(&folder).expect("a folder for the test");
            let mode = std::fs::Permissions::from_mode(0o755);
            fs_err::set_permissions(&folder, mode).expect("a folder of one's own");
        }
        let host = env.path().join("bin/skybridge");
        if fs_err::hard_link(built().join("skybridge"), &host).is_err() {
            fs_err::copy(built().join("skybridge"), &host).expect("copy the program");
        }
        let name = format!("libskybridge_plugin_{plugin}.so");
        let file = env.path().join("plugins").join(&name);
        fs_err::copy(built().join(&name), &file).expect("copy the plugin");
        let mode = std::fs::Permissions::from_mode(0o644);
        fs_err::set_permissions(&file, mode).expect("a file of one's own");
        Self { env, file }
    }

    /// The plugin's file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The program with arguments, not yet started.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut all = args.to_vec();
        all.extend(["--plugin-dir", "plugins"]);
        let own = self.env.command(&all);
        let mut command = Command::new(self.env.path().join("bin/skybridge"));
        command.args(own.get_args()).current_dir(self.env.path()).env_clear();
        for (name, value) in own.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    /// When it does not start or does not end in time.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Output {
        finish(self.command(args).spawn().expect("start the program"))
    }
}

/// Waits for a command and collects what it says.
///
/// # Panics
/// When it does not end in time.
#[must_use]
pub fn finish(mut child: Child) -> Output {
    let read = |stream: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(mut stream) = stream {
                stream.read_to_end(&mut text).expect("read what the program says");
            }
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let stdout = read(child.stdout.take().map(|s| Box::new(s) as _));
    let stderr = read(child.stderr.take().map(|s| Box::new(s) as _));
    let status = wait(&mut child);
    let (stdout, stderr) = (stdout.join().expect("stdout"), stderr.join().expect("stderr"));
    Output { stdout, stderr, code: code(status) }
}

fn wait(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("wait for the program") {
            return status;
        }
        if started.elapsed() > DEADLINE {
            child.kill().expect("end the program");
            panic!("the program did not end within {} s", DEADLINE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// The simulated Azure as a process of its own.
#[derive(Debug)]
pub struct SimulatorProcess {
    child: Child,
    /// The line it printed.
    pub ready: Value,
}

impl SimulatorProcess {
    /// Starts it with further arguments.
    ///
    /// # Panics
    /// When it does not say that it is ready.
    #[must_use]
    pub fn start(env: &TestEnv, args: &[&str]) -> Self {
        let mut all = vec!["simulator", "azure"];
        all.extend(args);
        let mut child =
            env.command(&all).stderr(Stdio::null()).spawn().expect("start the simulator");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its stdout is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("read the ready line");
        let ready = serde_json::from_str(&line).expect("the ready line is JSON");
        Self { child, ready }
    }

    /// Its control address.
    ///
    /// # Panics
    /// When the line had none.
    #[must_use]
    pub fn url(&self) -> &str {
        self.ready["url"].as_str().expect("the ready line has a url")
    }

    /// Everything in the simulated tenant, secrets in clear.
    #[must_use]
    pub fn tenant(&self) -> Value {
        get(&format!("{}/_simulator/state?secrets=clear", self.url()))
    }

    /// Does what somebody does at its control address: the status, and the answer.
    ///
    /// # Panics
    /// When it does not answer with JSON.
    #[must_use]
    pub fn control(&self, path: &str, body: &str) -> (u16, Value) {
        exchange("POST", &format!("{}/_simulator/{path}", self.url()), body)
    }

    /// Ends it as a crash would.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub fn kill(mut self) {
        self.child.kill().expect("kill the simulator");
        self.child.wait().expect("wait for the simulator");
    }
}

impl Drop for SimulatorProcess {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until something is so.
///
/// # Panics
/// When it is not so in time.
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < DEADLINE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Asks a plain HTTP address of this machine for JSON.
///
/// # Panics
/// When it does not answer with JSON.
#[must_use]
pub fn get(url: &str) -> Value {
    exchange("GET", url, "").1
}

/// Tells a plain HTTP address of this machine something, and hears JSON.
///
/// # Panics
/// When it does not answer with JSON.
pub fn post(url: &str, body: &str) -> Value {
    exchange("POST", url, body).1
}

/// One exchange with a plain HTTP address of this machine: the status, and the answer's JSON.
fn exchange(method: &str, url: &str, body: &str) -> (u16, Value) {
    let rest = url.strip_prefix("http://").expect("a plain HTTP address");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).expect("connect to the simulator");
    let length = body.len();
    // HTTP/1.0: the answer ends when the connection does.
    let head = format!(
        "{method} /{path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    write!(stream, "{head}{body}").expect("ask the simulator");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("hear the simulator");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).expect("JSON"))
}
