//! `session.login_with_password`: who may have a session, and how slowly guessing goes.

use crate::accounts::{AuthError, Identity as Proven};
use crate::call::{Client, Committed};
use crate::ids::SystemIds;
use crate::node::Node;
use crate::penalty::Source;
use crate::role::Kind;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::{error, info};
use xenith_classes::session::{Identity, plan_login};
use xenith_classes::{Caller, PlanCx};
use xenith_datamodel::{ApiError, Ref, Role, Value};
use xenith_pooldb::View;
use xenith_wire::Call;

/// What the client is told of every failure: which of the two was wrong stays unsaid.
const FAILED: &str = "Authentication failure";

impl Node {
    /// `params`: user, password, version, originator.
    pub(crate) async fn login(
        self: &Arc<Node>,
        params: &[Value],
        call: Call,
        client: Client,
        deadline: Instant,
    ) -> Result<Value, ApiError> {
        let text = |at: usize| params.get(at).and_then(Value::as_text).unwrap_or_default();
        let user = text(0);
        let name = if client.root { "root" } else { user };
        let role = match client.root {
            true => None,
            false => self.prove(user, text(1), client.source).await?.role,
        };
        let identity: Arc<str> = Arc::from(name);
        let originator: Arc<str> = Arc::from(text(3));
        let build = || {
            let (node, name, originator) = (Arc::clone(self), Arc::clone(&identity), Arc::clone(&originator));
            Box::new(move |view: &View| {
                let identity = identity_of(&name, role, &originator, node.host_ref(view));
                let mut ids = SystemIds;
                let caller = Caller::root();
                let mut cx = PlanCx {
                    view,
                    caller: &caller,
                    now_ms: Node::pool_now_ms(&*node.clock, view),
                    ids: &mut ids,
                    this_host: node.host_ref(view),
                    silent: &xenith_classes::ALL_HEARD,
                };
                plan_login(&mut cx, &identity)
            }) as xenith_raft::Plan
        };
        match self.commit(build, &call.origin, Kind::Login, deadline).await? {
            Committed::Value(value) => {
                info!(user = name, originator = &*originator, "logged in");
                Ok(value)
            }
            Committed::Elsewhere(place) => self.elsewhere(place, call, deadline).await,
        }
    }

    /// Waits out a failure before it says so.
    pub(crate) async fn prove(&self, user: &str, password: &str, source: Source) -> Result<Proven, ApiError> {
        let denied = || ApiError::new("SESSION_AUTHENTICATION_FAILED", [user, FAILED]);
        if !self.penalties.may_try(source) {
            self.metrics.login_refused();
            return Err(denied());
        }
        match self.accounts.verify(user, password).await {
            Ok(identity) => Ok(identity),
            Err(AuthError::Denied) => {
                info!(user, ?source, "a login failed");
                self.metrics.login_failed();
                self.penalties.wait(source, self.config.login_failure_delay).await;
                Err(denied())
            }
            Err(AuthError::Busy) => Err(ApiError::plain("TOO_BUSY")),
            Err(AuthError::Unavailable(cause)) => {
                error!(error = &cause as &dyn std::error::Error, "accounts");
                Err(ApiError::internal("the accounts cannot be read"))
            }
        }
    }
}

/// An account with a role acts as an external subject would: its name is its identifier, and its permissions are the role's.
fn identity_of(name: &str, role: Option<Role>, originator: &str, host: Ref) -> Identity {
    let local = Identity::local(name, originator, host);
    match role {
        None => local,
        Some(_) => Identity {
            user_sid: name.to_owned(),
            is_local_superuser: false,
            role,
            ..local
        },
    }
}
