//! The server's half of a join.

use crate::node::Node;
use std::sync::Arc;
use xenith_datamodel::ApiError;

impl Node {
    pub(crate) async fn join_here(
        self: &Arc<Node>,
        _certificate_der: &[u8],
        _body: &[u8],
    ) -> Result<Vec<u8>, ApiError> {
        Err(ApiError::plain("NOT_IMPLEMENTED"))
    }
}
