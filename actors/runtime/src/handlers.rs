//! Who may use an HTTP handler (semantics.md §12).
//!
//! A task that a refused request names is left as it is: else anybody could end the tasks of others.

use crate::call::Client;
use crate::node::Node;
use std::sync::Arc;
use xenith_classes::{Caller, Rights, rbac};
use xenith_datamodel::{ApiError, Ref};
use xenith_raft::Role;
use xenith_wire::{Credentials, HandlerRefusal, HandlerRequest, Origin};

impl Node {
    pub(crate) async fn authorise(self: &Arc<Node>, request: HandlerRequest) -> Result<(), HandlerRefusal> {
        let mut caller = None;
        let result = self.let_in(&request, &mut caller).await;
        self.audit_handler(&request, caller.as_ref(), result.as_ref().copied())
            .await;
        result
    }

    /// `caller`: who was proven, also when it may not.
    async fn let_in(&self, request: &HandlerRequest, caller: &mut Option<Caller>) -> Result<(), HandlerRefusal> {
        let handler = request.handler;
        if handler.coordinator_only && !matches!(*self.log.watch_role().borrow(), Role::Coordinator { .. }) {
            return Err(HandlerRefusal::Forbidden(ApiError::new("HOST_IS_SLAVE", [handler.uri])));
        }
        if !handler.checked {
            return Ok(());
        }
        let known = caller.insert(self.known(request).await?);
        rbac::check_handler(known, handler).map_err(HandlerRefusal::Forbidden)
    }

    /// The caller that the request proves. The first credential decides: a bad one is not made good by another.
    async fn known(&self, request: &HandlerRequest) -> Result<Caller, HandlerRefusal> {
        if request.origin == Origin::UnixSocket {
            return Ok(Caller::root());
        }
        match &request.credentials {
            Credentials::Session(session) => self.caller(&Ref::new(session)).await.map_err(unknown),
            Credentials::Basic { user, password } => {
                let source = Client::of(&request.origin).source;
                let identity = self.prove(user, password, source).await.map_err(unknown)?;
                let rights = identity.role.map_or(Rights::Everything, Rights::Role);
                Ok(Caller {
                    user_name: identity.user,
                    rights,
                    ..Caller::root()
                })
            }
            // There is no pool secret: members prove themselves by their certificates, on the host link (E4).
            Credentials::PoolSecret(_) | Credentials::Nothing => Err(HandlerRefusal::Unauthorised),
        }
    }
}

/// Only what says that the sender is nobody known is a 401.
fn unknown(error: ApiError) -> HandlerRefusal {
    match &*error.code {
        "SESSION_INVALID" | "SESSION_AUTHENTICATION_FAILED" => HandlerRefusal::Unauthorised,
        _ => HandlerRefusal::Failed(error),
    }
}
