//! Terraform on the same graph: `terraform_data` in chains of twelve, each needing the one before.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Outcome;
use crate::chains::{self, CHAIN};
use crate::process::{self, Used};

const SIZES: [usize; 3] = [600, 1_200, 2_400];

pub(crate) fn all() -> Outcome {
    println!("\nTerraform on the same chains (`terraform_data` with `depends_on`), beside ours\n");
    let version = Command::new("terraform").arg("version").output();
    let Ok(version) = version else {
        println!("skipped: there is no `terraform` in PATH");
        return Ok(());
    };
    let version = String::from_utf8_lossy(&version.stdout);
    println!("{}", version.lines().next().unwrap_or("a terraform that does not say its version"));
    println!(
        "{:>6} {:>12} {:>8} {:>8} {:>8} {:>8} {:>11} {:>13} {:>11} {:>13}",
        "steps",
        "who",
        "wall s",
        "CPU s",
        "peak MB",
        "MB out",
        "bytes/step",
        "CPU ms/step",
        "CPU growth",
        "bytes growth"
    );
    let mut before: [Option<Used>; 2] = [None; 2];
    for steps in SIZES {
        let (took, used) = theirs(steps)?;
        line(steps, "terraform", took, used, &mut before[0]);
        let (took, used) = ours(steps)?;
        line(steps, "skybridge", took, used, &mut before[1]);
    }
    Ok(())
}

/// Growth is how many times as much as for half as many steps: two is linear.
fn line(steps: usize, who: &str, took: f64, used: Used, before: &mut Option<Used>) {
    let growth =
        |now: f64, half: f64| if half > 0.0 { format!("x{:.1}", now / half) } else { "-".into() };
    let (cpu, bytes) = match *before {
        Some(half) => (growth(used.cpu, half.cpu), growth(used.written_mb, half.written_mb)),
        None => Default::default(),
    };
    println!(
        "{steps:>6} {who:>12} {took:>8.2} {:>8.2} {:>8.0} {:>8.2} {:>11.0} {:>13.3} {cpu:>11} {bytes:>13}",
        used.cpu,
        used.peak_mb,
        used.written_mb,
        used.written_mb * 1e6 / steps as f64,
        used.cpu * 1e3 / steps as f64,
    );
    *before = Some(used);
}

fn theirs(steps: usize) -> Result<(f64, Used), Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    fs_err::write(scratch.path().join("main.tf"), configuration(steps)?)?;
    run(scratch.path(), &["init", "-input=false"])?;
    run(scratch.path(), &["apply", "-input=false", "-auto-approve"])
}

fn configuration(steps: usize) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for at in 0..steps {
        writeln!(text, "resource \"terraform_data\" \"s{at}\" {{\n  input = \"role-{at}\"")?;
        if at % CHAIN != 0 {
            writeln!(text, "  depends_on = [terraform_data.s{}]", at - 1)?;
        }
        text.push_str("}\n");
    }
    Ok(text)
}

fn run(dir: &Path, args: &[&str]) -> Result<(f64, Used), Box<dyn Error>> {
    let began = Instant::now();
    let child = Command::new("terraform")
        .args(args)
        .current_dir(dir)
        // Neither settings of this machine nor questions to the network.
        .env_remove("TF_CLI_CONFIG_FILE")
        .env("CHECKPOINT_DISABLE", "1")
        .stdout(Stdio::null())
        .spawn()?;
    let (good, used) = process::wait(child)?;
    match good {
        true => Ok((began.elapsed().as_secs_f64(), used)),
        false => Err(format!("terraform {} failed in {}", args.join(" "), dir.display()).into()),
    }
}

/// Ours in a process of its own too: from nothing to the end of the run.
fn ours(steps: usize) -> Result<(f64, Used), Box<dyn Error>> {
    let began = Instant::now();
    let child = Command::new(std::env::current_exe()?)
        .args(["measure", "run", &steps.to_string()])
        .stdout(Stdio::null())
        .spawn()?;
    let (good, used) = process::wait(child)?;
    if good { Ok((began.elapsed().as_secs_f64(), used)) } else { Err("our own run failed".into()) }
}

/// Runs so many steps and prints nothing.
pub(crate) fn measure(args: &[&str]) -> Outcome {
    let [steps] = args else { return Err("how many steps".into()) };
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let path = scratch.path().join("run/journal");
    runtime.block_on(chains::run_all(chains::work(steps.parse()?)?, 256, &path))?;
    Ok(())
}
