//! Terraform beside us: `terraform_data` resources that depend on each other as our steps do.
//!
//! Not like for like: Terraform evaluates a language and compares with a state as well. What compares
//! is how both grow, and whether a plan of that size is a matter of moments or of minutes.

use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

use crate::again;

/// Resources; each some fifteen for a subscription.
const SIZES: [u32; 3] = [1_000, 2_000, 5_000];

const STEPS: u32 = 15;

const HEADING: &str = "\
beside:    | terraform plan     | terraform graph    | plan and text, ours
resources  |  CPU s  MB  growth |  CPU s  MB  growth |  CPU s  MB  growth";

/// All sizes; a word when there is no Terraform.
pub(crate) fn all() {
    let version = Command::new("terraform").arg("version").env("CHECKPOINT_DISABLE", "1").output();
    let Ok(version) = version else {
        println!("beside: there is no terraform on the PATH, so nothing stands beside our figures");
        return;
    };
    let version = String::from_utf8_lossy(&version.stdout);
    println!("{HEADING}   ({})", version.lines().next().unwrap_or_default());
    let mut before: Option<Vec<f64>> = None;
    for resources in SIZES {
        let line = again(&["beside", &resources.to_string()]);
        let usages: Vec<(f64, f64)> = line.lines().filter_map(usage).collect();
        let now: Vec<f64> = usages.iter().map(|(cpu, _)| *cpu).collect();
        let mut columns = String::new();
        for (at, (cpu, megabytes)) in usages.iter().enumerate() {
            let growth = before.as_ref().and_then(|before| Some(cpu / before.get(at)?));
            let growth = growth.map_or_else(|| "-".to_owned(), |growth| format!("×{growth:.1}"));
            columns.push_str(&format!(" | {cpu:>6.2} {megabytes:>4.0} {growth:>6}"));
        }
        println!("{resources:>10}{columns}");
        before = Some(now);
    }
    println!("growth: CPU time from the size in the line before; ×2 and ×2.5 would be linear");
}

/// `0.53 141` as CPU seconds and megabytes.
fn usage(line: &str) -> Option<(f64, f64)> {
    let (cpu, megabytes) = line.split_once(' ')?;
    Some((cpu.parse().ok()?, megabytes.parse().ok()?))
}

/// One size: a line of usage for each column.
pub(crate) fn measure(resources: u32) {
    let folder = std::env::temp_dir().join(format!("skybridge-bench-{}", std::process::id()));
    fs_err::create_dir_all(&folder).expect("a folder for the configuration");
    fs_err::write(folder.join("main.tf"), configuration(resources)).expect("write it");
    let chdir = format!("-chdir={}", folder.display());
    let plan =
        ["usage", "terraform", &chdir, "plan", "-refresh=false", "-input=false", "-lock=false"];
    println!("{}", again(&plan));
    println!("{}", again(&["usage", "terraform", &chdir, "graph"]));
    let program = std::env::current_exe().expect("a running program has a path");
    let program = program.display().to_string();
    let subscriptions = (resources / STEPS).to_string();
    println!("{}", again(&["usage", &program, "once", &subscriptions, &STEPS.to_string()]));
    fs_err::remove_dir_all(&folder).expect("remove the configuration");
}

/// Runs a program to its end and prints what it used: the only child this process ever has.
pub(crate) fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program)
        .args(arguments)
        // It would ask the network for a newer version of itself.
        .env("CHECKPOINT_DISABLE", "1")
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("it can be started").success(), "{program} {arguments:?} failed");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts");
    let (user, system) = (usage.user_time(), usage.system_time());
    let micros = |time: nix::sys::time::TimeVal| {
        use nix::sys::time::TimeValLike as _;
        time.num_microseconds() as f64 / 1e6
    };
    println!("{:.3} {:.0}", micros(user) + micros(system), usage.max_rss() as f64 / 1024.0);
}

/// The graph of [`crate::ours`]: one application; for each subscription a chain of two, and steps that
/// need both it and the chain; at the end one that needs all that nothing else needs.
fn configuration(resources: u32) -> String {
    let mut text = String::from("resource \"terraform_data\" \"application\" {}\n");
    let mut sinks = Vec::new();
    for subscription in 0..resources / STEPS {
        let name = |step: u32| format!("terraform_data.s{subscription}_{step}");
        for step in 0..STEPS {
            let mut needs = vec!["terraform_data.application".to_owned()];
            needs.extend((0..step.min(2)).map(name));
            let needs = needs.join(", ");
            text.push_str(&format!(
                "resource \"terraform_data\" \"s{subscription}_{step}\" {{ depends_on = [{needs}] }}\n"
            ));
            if step >= 2 {
                sinks.push(name(step));
            }
        }
    }
    let sinks = sinks.join(", ");
    let last = "resource \"terraform_data\" \"hand_over\"";
    text.push_str(&format!("{last} {{ depends_on = [{sinks}] }}\n"));
    text
}
