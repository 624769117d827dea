//! Requests as bytes, answers as values.

mod answers;
mod endpoints;
mod exchanges;
mod signing;
