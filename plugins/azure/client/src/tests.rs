//! What can be tested without a server, and what a scripted one shows.

mod certificates;
mod exchanges;
mod pure;
mod specifications;
