//! A folder with a file system of its own, in a mount namespace that nobody else sees.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::{Output, TestEnv, finish};

/// A mount namespace, held open by a process that waits.
#[derive(Debug)]
pub struct Mounts {
    holder: Child,
    folder: PathBuf,
}

impl Mounts {
    /// Runs `mount` (a shell's words, the folder being `$1`) in a new namespace; says why when that
    /// is not permitted here.
    ///
    /// # Errors
    /// What the system said.
    ///
    /// # Panics
    /// When the folder cannot be made.
    pub fn new(folder: &Path, mount: &str) -> Result<Self, String> {
        fs_err::create_dir_all(folder).expect("make the folder to mount on");
        let script = format!("{mount} && echo mounted && exec cat");
        let mut holder = Command::new("unshare")
            .args(["--mount", "sh", "-c", &script, "sh"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        let mut line = String::new();
        let stdout = holder.stdout.take().expect("its stdout is a pipe");
        // Nothing is said when it did not work.
        BufReader::new(stdout).read_line(&mut line).expect("read what the holder says");
        if line.trim() == "mounted" {
            return Ok(Self { holder, folder: folder.to_owned() });
        }
        holder.stdin.take();
        Err(finish(holder).stderr)
    }

    /// An empty file system of so many KiB, in memory.
    ///
    /// # Errors
    /// What the system said.
    pub fn small_disk(folder: &Path, kib: u32) -> Result<Self, String> {
        Self::new(folder, &format!("mount -t tmpfs -o mode=700,size={kib}k none \"$1\""))
    }

    /// Another command, inside.
    #[must_use]
    pub fn inside(&self, command: &Command) -> Command {
        let mut inside = Command::new("nsenter");
        inside
            .args(["--mount", "--target", &self.holder.id().to_string()])
            // The working directory is looked up anew: the old one leads to the old mounts.
            .args(["sh", "-c", "cd \"$0\" && exec \"$@\""])
            .arg(command.get_current_dir().unwrap_or(Path::new("/")))
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in command.get_envs() {
            value.map(|value| inside.env(name, value));
        }
        inside
    }

    /// Runs the program inside, to its end.
    ///
    /// # Panics
    /// When it does not start or does not end in time.
    #[must_use]
    pub fn run(&self, env: &TestEnv, args: &[&str]) -> Output {
        finish(self.inside(&env.command(args)).spawn().expect("start the program"))
    }

    /// Runs a line of shell inside, with the folder as `$1`.
    ///
    /// # Panics
    /// When it does not work.
    pub fn shell(&self, line: &str) {
        let mut command = Command::new("sh");
        command
            .args(["-c", line, "sh"])
            .arg(&self.folder)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let done = finish(self.inside(&command).spawn().expect("start a shell"));
        assert_eq!(done.code, 0, "{line}: {}", done.stderr);
    }

    /// Where the folder's files can be read from outside.
    #[must_use]
    pub fn seen(&self) -> PathBuf {
        let folder = self.folder.strip_prefix("/").unwrap_or(&self.folder);
        Path::new("/proc").join(self.holder.id().to_string()).join("root").join(folder)
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        drop(self.holder.kill());
        drop(self.holder.wait());
    }
}
