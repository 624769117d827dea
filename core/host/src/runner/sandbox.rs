//! What holds a plugin's process: limits, no new rights, landlock for files and connections, seccomp
//! for everything else the kernel would do for it.
//!
//! All of it before the first thread, for a thread inherits it and an older one would not have it. A
//! kernel without landlock holds less; how much is told to the host.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, NetPort,
    Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError,
    RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};

use super::limits::Limits;
use super::message::Confinement;
use super::syscalls;
use crate::access::Access;

/// The newest of landlock's versions that this was written for: files, TCP, signals and abstract
/// sockets. An older kernel enforces what it knows.
const LANDLOCK: ABI = ABI::V6;

/// What every library may read: other libraries, certificates, how names are resolved, time zones.
const SYSTEM: [&str; 21] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/zoneinfo",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/localtime",
    "/proc/self",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
];

/// Where programmes and what they are made of lie; only for plugins that may start some. Not all of
/// `/etc`, which holds secrets, nor of `/proc`, which holds other processes.
const PROGRAMMES: [&str; 12] = [
    "/bin",
    "/sbin",
    "/usr",
    "/opt",
    "/etc/alternatives",
    "/etc/group",
    "/etc/ld.so.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/nix/store",
];

/// Written by everybody, kept by nobody.
const NOWHERE: [&str; 1] = ["/dev/null"];

/// Locks this process in.
pub(crate) fn enter(limits: &Limits, access: &Access) -> io::Result<Confinement> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // Neither a debugger of the same user nor a core file gets at its memory.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::As, limits.memory_bytes),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::Nofile, limits.files),
        (Resource::Fsize, limits.file_bytes),
    ] {
        limit(resource, most)?;
    }
    rustix::thread::set_no_new_privs(true)?;
    let (landlock, files, network) = fence(access).map_err(io::Error::other)?;
    let seccomp = syscalls::filter(access).map_err(io::Error::other)?;
    Ok(Confinement { landlock, files, network, seccomp })
}

/// Lowers a limit; one that is lower already stays.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let now = rustix::process::getrlimit(resource);
    let lower = |present: Option<u64>| Some(present.map_or(most, |present| present.min(most)));
    let new = Rlimit { current: lower(now.current), maximum: lower(now.maximum) };
    rustix::process::setrlimit(resource, new)?;
    Ok(())
}

/// Landlock: what it says of itself, and whether files and connections are held.
fn fence(access: &Access) -> Result<(String, bool, bool), RulesetError> {
    let read = AccessFs::from_read(LANDLOCK) & !AccessFs::Execute;
    let write = AccessFs::from_all(LANDLOCK) & !AccessFs::Execute;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(connections(access))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .add_rules(path_beneath_rules(SYSTEM, read))?
        .add_rules(path_beneath_rules(NOWHERE, AccessFs::ReadFile | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(&access.read, read))?
        .add_rules(path_beneath_rules(&access.write, write))?;
    if access.exec {
        let run = read | AccessFs::Execute;
        let beside: Vec<&Path> = access.read.iter().map(PathBuf::as_path).collect();
        rules = rules
            .add_rules(path_beneath_rules(PROGRAMMES, run))?
            .add_rules(path_beneath_rules(beside, run))?;
    }
    let status = ports(rules, access)?.restrict_self()?;
    let files = status.ruleset != RulesetStatus::NotEnforced;
    // Connections came with the fourth version; a kernel that knows it enforces them.
    let network = matches!(
        status.landlock,
        landlock::LandlockStatus::Available { effective_abi, .. } if effective_abi >= ABI::V4
    );
    let says = match status.ruleset {
        RulesetStatus::FullyEnforced => "fully enforced",
        RulesetStatus::PartiallyEnforced => "enforced as far as this kernel can",
        RulesetStatus::NotEnforced => "not enforced: this kernel has no landlock",
    };
    Ok((says.to_owned(), files, files && network))
}

/// A simulated cloud listens where it was told to, or where there is room; landlock knows ports one by
/// one, and listening anywhere is harmless for one that connects to nobody.
fn connections(access: &Access) -> BitFlags<AccessNet> {
    if access.listen { AccessNet::ConnectTcp.into() } else { AccessNet::from_all(LANDLOCK) }
}

fn ports(mut rules: RulesetCreated, access: &Access) -> Result<RulesetCreated, RulesetError> {
    for port in &access.connect {
        rules = rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    Ok(rules)
}
