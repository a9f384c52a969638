//! What every host answers by itself, with or without a coordinator (the emergency list of `forwarding.json`).
//!
//! Invariant: nothing here reads or writes the pool database, but for a session that is not of this host alone.

use crate::call::Client;
use crate::node::Node;
use crate::role::no_coordinator;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::info;
use xenith_classes::{How, Ids as _, NOT_BUILT, how, rbac};
use xenith_datamodel::{ApiError, CallMode, Method, Ref, Value};
use xenith_raft::Role;
use xenith_wire::Call;
use xenith_wire::typed::{self, Arguments};

/// Of a login by the pool's secret: there is none, members know each other by their certificates (E4).
const NO_SECRET: &str = "Pool credentials invalid";

/// By its exact name only: an `Async.` form needs a task, and so the database.
pub(crate) fn is_local(method: &Method) -> bool {
    method.mode == CallMode::Sync && method.message.emergency && how(method) == How::Runtime
}

impl Node {
    pub(crate) async fn answer_locally(
        self: &Arc<Node>,
        method: Method,
        call: Call,
        client: Client,
    ) -> Result<Value, ApiError> {
        let Arguments { session, values } = typed::arguments(&method, call.params)?;
        let params = typed::params(&method, values)?;
        let name = format!("{}.{}", method.class.name(), method.message.name);
        let text = |at: usize| params.get(at).and_then(Value::as_text).unwrap_or_default();
        let Some(session) = session else {
            return match name.as_str() {
                "session.slave_local_login_with_password" => self.local_login(text(0), text(1), client).await,
                "session.slave_local_login" => Err(no_pool_secret("localhost")),
                _ => Err(ApiError::new(NOT_BUILT, [name])),
            };
        };
        if name == "session.local_logout" && self.local_sessions.remove(&session) {
            return Ok(Value::Void);
        }
        let caller = self.caller(&session).await?;
        rbac::check(&caller, &method, &params)?;
        let role = self.log.watch_role().borrow().clone();
        match name.as_str() {
            // Of a session of the pool it ends nothing, and xapi says nothing either.
            "session.local_logout" => Ok(Value::Void),
            "pool.is_slave" => Ok(Value::Bool(matches!(role, Role::Supporter { .. }))),
            "host.is_in_emergency_mode" => Ok(Value::Bool(role == Role::NoCoordinator)),
            "host.local_assert_healthy" if role == Role::NoCoordinator => Err(no_coordinator()),
            "host.local_assert_healthy" => Ok(Value::Void),
            _ => Err(ApiError::new(NOT_BUILT, [name])),
        }
    }

    async fn local_login(&self, user: &str, password: &str, client: Client) -> Result<Value, ApiError> {
        let user = if client.root { "root" } else { user };
        if !client.root {
            let identity = self.prove(user, password, client.source).await?;
            if identity.role.is_some() {
                // A session of one host knows no roles: it may do everything there.
                let text = "only local superusers may log in to a single host";
                return Err(ApiError::new("SESSION_AUTHORIZATION_FAILED", [user, text]));
            }
        }
        let secret = Ref::from_uuid_text(&crate::ids::SystemIds.uuid());
        self.local_sessions.add(&secret, user, Instant::now());
        info!(user, "logged in to this host alone");
        Ok(Value::Ref(secret))
    }
}

/// `who`: what the caller says to be.
pub(crate) fn no_pool_secret(who: &str) -> ApiError {
    ApiError::new("SESSION_AUTHENTICATION_FAILED", [who, NO_SECRET])
}
