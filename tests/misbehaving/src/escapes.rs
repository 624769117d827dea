//! What a plugin in a process of its own must not be able to do: each answers how far it came.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::Command;

/// Tries what `what` names; nothing when it names nothing.
pub(crate) fn attempt(what: &str) -> Option<String> {
    let (what, object) = what.split_once(':')?;
    let came = match what {
        "read" => std::fs::File::open(object).map(drop),
        "write" => std::fs::File::create(object).map(drop),
        "remove" => std::fs::remove_file(object),
        "chmod" => chmod(Path::new(object)),
        "exec" => Command::new(object).status().map(drop),
        "shell" => return Some(shell(object)),
        "connect" => TcpStream::connect(object).map(drop),
        "listen" => TcpListener::bind(object).map(drop),
        "unix" => UnixStream::connect(object).map(drop),
        "unix-datagram" => datagram(Path::new(object)),
        "udp" => UdpSocket::bind("127.0.0.1:0").and_then(|s| s.send_to(b"x", object)).map(drop),
        "kill" => kill(object),
        "env" => {
            std::env::var_os(object).map(drop).ok_or_else(|| std::io::Error::other("it is not set"))
        }
        _ => return None,
    };
    Some(came.map_or_else(|error| format!("refused: {error}"), |()| "came through".to_owned()))
}

/// What a shell comes to that reads a file.
fn shell(file: &str) -> String {
    match Command::new("sh").args(["-c", "read -r line < \"$0\"", file]).output() {
        Ok(output) if output.status.success() => "it runs, and reads it".to_owned(),
        Ok(_) => "it runs, and is refused the file".to_owned(),
        Err(error) => format!("refused: {error}"),
    }
}

fn chmod(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777))
}

fn datagram(path: &Path) -> std::io::Result<()> {
    let (one, _other) = UnixDatagram::pair()?;
    one.connect(path)
}

/// Asks whether a signal could be sent, without sending one.
fn kill(pid: &str) -> std::io::Result<()> {
    let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or_else(|| std::io::Error::other("no process"))?;
    Ok(rustix::process::test_kill_process(pid)?)
}
