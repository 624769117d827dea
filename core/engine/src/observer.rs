//! Who watches a run, and how watching never holds it up.

use tokio::sync::mpsc;

use crate::events::RunEvent;
use crate::limits::PROGRESS_QUEUE;

/// Watches a run. It is called between two decisions of the engine, so it returns at once; whoever
/// has more to do takes an [`event_channel`].
pub trait Observer: Send {
    /// Something happened.
    fn tell(&mut self, event: RunEvent);
}

/// Nobody watches.
impl Observer for () {
    fn tell(&mut self, _event: RunEvent) {}
}

/// Sends what happens to another task without ever waiting for it.
#[derive(Debug)]
pub struct EventSender {
    sender: mpsc::Sender<RunEvent>,
    /// Final events still to come at most: their places in the queue are kept free.
    reserved: usize,
    dropped: u64,
}

/// A queue for the events of a run of `steps` steps.
///
/// Each step has one final event and the run has two, so that many places are kept for them and they
/// always fit; progress has [`PROGRESS_QUEUE`] places more and is dropped when those are taken. The
/// memory is taken as events wait, not beforehand.
#[must_use]
pub fn event_channel(steps: usize) -> (EventSender, mpsc::Receiver<RunEvent>) {
    let reserved = steps + 2;
    let (sender, receiver) = mpsc::channel(reserved + PROGRESS_QUEUE);
    (EventSender { sender, reserved, dropped: 0 }, receiver)
}

impl EventSender {
    /// Events that were dropped because the reader was slow.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Observer for EventSender {
    fn tell(&mut self, event: RunEvent) {
        if event.is_progress() {
            if self.sender.capacity() <= self.reserved {
                self.dropped += 1;
                return;
            }
        } else {
            self.reserved = self.reserved.saturating_sub(1);
        }
        // A reader that has gone away has seen what it wanted to see.
        if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(event) {
            self.dropped += 1;
        }
    }
}

#[cfg(test)]
mod tests;
