//! Which system calls a plugin's process may make: those that a program needs which computes, waits,
//! and talks to services over TCP. Any other fails as if it were not permitted.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

use crate::access::Access;

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Memory, threads, time, waiting, randomness, and what is known of oneself.
const COMPUTES: &[c_long] = &[
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_membarrier,
    libc::SYS_mlock,
    libc::SYS_munlock,
    libc::SYS_futex,
    libc::SYS_futex_waitv,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_getcpu,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_times,
    libc::SYS_getrusage,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getgroups,
    libc::SYS_getpgid,
    libc::SYS_getsid,
    libc::SYS_uname,
    libc::SYS_sysinfo,
];

/// Files, as far as landlock lets it, and descriptors.
const FILES: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_preadv2,
    libc::SYS_pwritev2,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_chdir,
    libc::SYS_fchdir,
    libc::SYS_umask,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_ftruncate,
    libc::SYS_truncate,
    libc::SYS_fallocate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_sync_file_range,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_fadvise64,
    libc::SYS_flock,
    libc::SYS_fchmod,
    libc::SYS_fcntl,
    libc::SYS_ioctl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_signalfd4,
    libc::SYS_memfd_create,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
];

/// The older names of the same, which some processors' kernels never had.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_getdents,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_eventfd,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_time,
    libc::SYS_getpgrp,
    libc::SYS_arch_prctl,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];

/// Sockets once there is one; which there may be is decided where they are made.
const SOCKETS: &[c_long] = &[
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    libc::SYS_shutdown,
];

/// What starting a programme takes, and what programmes take that a library does not. Not leaving the
/// process group: it is ended as one.
const PROGRAMMES: &[c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_clone,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getpriority,
    libc::SYS_getitimer,
    libc::SYS_setitimer,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_add_watch,
    libc::SYS_inotify_rm_watch,
    libc::SYS_capget,
    // Landlock does not judge these, so a plugin without programmes does not get them: they change
    // the mode or the times of anything that is the user's.
    libc::SYS_fchmodat,
    libc::SYS_utimensat,
];
#[cfg(target_arch = "x86_64")]
const PROGRAMMES_OLDER: &[c_long] =
    &[libc::SYS_fork, libc::SYS_vfork, libc::SYS_alarm, libc::SYS_chmod];
#[cfg(not(target_arch = "x86_64"))]
const PROGRAMMES_OLDER: &[c_long] = &[];

/// The kind of a socket without its flags.
const SOCKET_KIND: u64 = 0xf;

/// Filters this process's calls from now on. False where there is no filter for the processor.
pub(crate) fn filter(access: &Access) -> Result<bool, BackendError> {
    let Ok(arch) = std::env::consts::ARCH.try_into() else { return Ok(false) };
    let refuse = |errno: i32| SeccompAction::Errno(errno.cast_unsigned());
    // glibc asks for `clone3` and takes `clone` where there is none; a filter sees the flags of the
    // latter alone. What one filter refuses the other cannot allow.
    let clone3 = Rules::from([(libc::SYS_clone3, Vec::new())]);
    let absent = SeccompFilter::new(clone3, SeccompAction::Allow, refuse(libc::ENOSYS), arch)?;
    let allowed =
        SeccompFilter::new(rules(access)?, refuse(libc::EPERM), SeccompAction::Allow, arch)?;
    // The one that refuses filters last: it refuses further filters, too.
    for filter in [absent, allowed] {
        let program: BpfProgram = filter.try_into()?;
        // An error here is the kernel's, and means that there is no seccomp.
        if seccompiler::apply_filter(&program).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn rules(access: &Access) -> Result<Rules, BackendError> {
    let mut rules = Rules::new();
    let mut allow = |calls: &[c_long]| rules.extend(calls.iter().map(|call| (*call, Vec::new())));
    [COMPUTES, FILES, OLDER, SOCKETS].into_iter().for_each(&mut allow);
    if access.exec {
        [PROGRAMMES, PROGRAMMES_OLDER].into_iter().for_each(&mut allow);
    } else {
        // A thread, and no process.
        let thread = libc::CLONE_THREAD as u64;
        rules.insert(libc::SYS_clone, vec![when(0, SeccompCmpOp::MaskedEq(thread), thread)?]);
        rules.insert(libc::SYS_kill, vec![own_process()?]);
    }
    rules.insert(libc::SYS_clone3, Vec::new());
    rules.insert(libc::SYS_tgkill, vec![own_process()?]);
    rules.insert(libc::SYS_rt_sigqueueinfo, vec![own_process()?]);
    // Of oneself, and of nobody else.
    rules.insert(libc::SYS_prlimit64, vec![when(0, SeccompCmpOp::Eq, 0)?]);
    let name =
        [libc::PR_SET_NAME, libc::PR_GET_NAME].map(|what| when(0, SeccompCmpOp::Eq, what as u64));
    rules.insert(libc::SYS_prctl, name.into_iter().collect::<Result<_, _>>()?);
    rules.insert(libc::SYS_socket, sockets(access)?);
    // Of the kind that is connected for good; the other could be connected to a daemon's.
    let stream = libc::SOCK_STREAM as u64;
    let pair = when(1, SeccompCmpOp::MaskedEq(SOCKET_KIND), stream)?;
    rules.insert(libc::SYS_socketpair, vec![pair]);
    if access.exec {
        // What is started sends signals to what it starts.
        rules.insert(libc::SYS_tgkill, Vec::new());
    }
    Ok(rules)
}

/// TCP when there is anybody to talk to, datagrams when names are to be resolved. Never a Unix socket:
/// the daemons behind those would do what this process may not.
fn sockets(access: &Access) -> Result<Vec<SeccompRule>, BackendError> {
    let mut kinds = Vec::new();
    if access.listen || !access.connect.is_empty() {
        kinds.push(libc::SOCK_STREAM);
    }
    if access.datagrams {
        kinds.push(libc::SOCK_DGRAM);
    }
    let mut rules = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        for kind in &kinds {
            rules.push(SeccompRule::new(vec![
                condition(0, SeccompCmpOp::Eq, family as u64)?,
                condition(1, SeccompCmpOp::MaskedEq(SOCKET_KIND), *kind as u64)?,
            ])?);
        }
    }
    if access.datagrams {
        // How glibc finds out which addresses the machine has, to order those of a name.
        let netlink = libc::AF_NETLINK as u64;
        rules.push(SeccompRule::new(vec![
            condition(0, SeccompCmpOp::Eq, netlink)?,
            condition(2, SeccompCmpOp::Eq, 0)?,
        ])?);
    }
    if rules.is_empty() {
        // No rules would mean any socket; there is no family of this number.
        rules.push(when(0, SeccompCmpOp::Eq, u64::from(u32::MAX))?);
    }
    Ok(rules)
}

fn own_process() -> Result<SeccompRule, BackendError> {
    when(0, SeccompCmpOp::Eq, u64::from(std::process::id()))
}

fn when(argument: u8, op: SeccompCmpOp, value: u64) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![condition(argument, op, value)?])
}

fn condition(argument: u8, op: SeccompCmpOp, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value)
}
