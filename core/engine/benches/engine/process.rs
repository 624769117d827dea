//! What a process used, as the kernel counts it.

use std::error::Error;
use std::process::{Child, Command};
use std::time::Duration;

use crate::Outcome;

/// Runs one measurement in a process of its own; it prints its line itself.
pub(crate) fn measure(args: &[&str]) -> Outcome {
    let status = Command::new(std::env::current_exe()?).arg("measure").args(args).status()?;
    if status.success() { Ok(()) } else { Err(format!("measuring {args:?}: {status}").into()) }
}

/// What a process used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    /// The most memory it had at once, in MB; of nothing that has ended.
    pub(crate) peak_mb: f64,
    /// Bytes it gave to the system to write, in MB.
    pub(crate) written_mb: f64,
    /// Seconds of processor time.
    pub(crate) cpu: f64,
}

impl Used {
    /// This process so far, with the children it has waited for.
    pub(crate) fn by_us() -> Self {
        Self { peak_mb: peak_mb("self"), written_mb: written_mb("self"), cpu: cpu() }
    }

    /// What was used since, the memory being the most there was.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            peak_mb: self.peak_mb,
            written_mb: self.written_mb - before.written_mb,
            cpu: self.cpu - before.cpu,
        }
    }
}

/// Waits for a child and says what it used.
pub(crate) fn wait(mut child: Child) -> Result<(bool, Used), Box<dyn Error>> {
    let (before, id) = (Used::by_us(), child.id().to_string());
    let mut peak: f64 = 0.0;
    loop {
        // The mark only rises, so the last look before the end is as good as one at the end.
        peak = peak.max(peak_mb(&id));
        if let Some(status) = child.try_wait()? {
            let used = Used::by_us().since(before);
            return Ok((status.success(), Used { peak_mb: peak, ..used }));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The number behind `name` in a file of `/proc`; zero where there is none.
fn field(process: &str, file: &str, name: &str) -> f64 {
    let text = fs_err::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or(0.0)
}

fn peak_mb(process: &str) -> f64 {
    field(process, "status", "VmHWM:") / 1024.0
}

fn written_mb(process: &str) -> f64 {
    field(process, "io", "wchar:") / 1e6
}

/// Of this process and the children it has waited for. The kernel counts in hundredths.
fn cpu() -> f64 {
    let text = fs_err::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = behind_name.split_whitespace().skip(11).take(4);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
