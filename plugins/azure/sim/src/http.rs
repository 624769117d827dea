//! Requests and replies as plain values: everything between the socket and a service.

pub(crate) mod call;
pub(crate) mod encoding;
pub(crate) mod filter;
pub(crate) mod paging;
pub(crate) mod reply;
pub(crate) mod server;

pub(crate) use call::Call;
pub(crate) use reply::{Delivery, Outcome, Reply};
