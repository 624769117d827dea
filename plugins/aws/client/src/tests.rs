//! Requests as bytes, answers as values.
