//! Ways of looking at a plan. Each writes as it goes, so that a view of a million steps needs no more
//! memory than one of ten.

pub mod dot;
mod groups;
pub mod json;
pub mod mermaid;
mod page;
pub mod text;
mod text_fold;
mod text_step;
