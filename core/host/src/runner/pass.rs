//! The library itself, passed from process to process as a descriptor: what was hashed is what runs.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use crate::candidate::Sealed;

/// A descriptor needs a byte to travel with.
const BESIDE: &[u8] = b"+";

/// Sends the library, before any frame.
pub(crate) fn send_library(socket: BorrowedFd<'_>, library: &Sealed) -> std::io::Result<()> {
    let files = [library.0.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !beside.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(std::io::Error::other("no room for a descriptor"));
    }
    sendmsg(socket, &[IoSlice::new(BESIDE)], &mut beside, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives it.
pub(crate) fn receive_library(socket: BorrowedFd<'_>) -> std::io::Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0; 1];
    recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut beside, RecvFlags::CMSG_CLOEXEC)?;
    let files = beside.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(files) => Some(files),
        _ => None,
    });
    files.flatten().next().ok_or_else(|| std::io::Error::other("no library came"))
}
