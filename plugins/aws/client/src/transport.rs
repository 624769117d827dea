//! The seam between what is asked and how bytes travel.

use async_trait::async_trait;

use crate::error::ClientError;
use crate::response::Response;
use crate::wire::WireRequest;

/// Sends one request and reads the whole answer, whatever its status.
#[async_trait]
pub trait Transport: Send + Sync {
    /// One exchange, no second attempt.
    async fn exchange(&self, request: WireRequest) -> Result<Response, ClientError>;
}
