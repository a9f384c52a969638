//! `session.change_password`: on this host, then on every member that can be reached, so that a login works the same wherever
//! coordination goes.

use crate::accounts::AuthError;
use crate::node::Node;
use crate::peers::{Answer, Question};
use std::sync::Arc;
use std::time::Duration;
use tracing::{error, info, warn};
use xenith_classes::{Caller, Rights};
use xenith_datamodel::{ApiError, Value};
use xenith_raft::Member;

/// A member that hangs must not hold the call: the log names it.
const TELL_WITHIN: Duration = Duration::from_secs(5);

impl Node {
    /// A local superuser's old password is not asked for, as in xapi: its session is proof enough.
    /// `params`: the old and the new one.
    pub(crate) async fn change_password(
        self: Arc<Node>,
        caller: Caller,
        params: Vec<Value>,
    ) -> Result<Value, ApiError> {
        let text = |at: usize| params.get(at).and_then(Value::as_text).unwrap_or_default();
        let (old, new) = (text(0), text(1));
        let user = caller.user_name.as_str();
        let user = if user.is_empty() { "root" } else { user };
        if caller.rights != Rights::Everything {
            self.accounts
                .verify(user, old)
                .await
                .map_err(|cause| refusal(user, &cause))?;
        }
        let changed = self.accounts.set_password(user, new).await;
        let hash = changed.map_err(|cause| refusal(user, &cause))?;
        info!(user, "a password was changed");
        self.tell_members(user, &hash).await;
        Ok(Value::Void)
    }

    async fn tell_members(self: &Arc<Node>, user: &str, hash: &str) {
        let members = self.membership.members();
        let others = members.iter().filter(|member| member.node != self.log.node_id());
        futures::future::join_all(others.map(|member| self.tell(member, user, hash))).await;
    }

    async fn tell(self: &Arc<Node>, member: &Member, user: &str, hash: &str) {
        let question = Question::KeepPassword {
            user: user.to_owned(),
            hash: hash.to_owned(),
        };
        let host = &member.host_uuid;
        match tokio::time::timeout(TELL_WITHIN, self.ask(member.node, &question)).await {
            Ok(Ok(Answer::Done)) => {}
            Ok(Ok(_)) => warn!(host, "a member did not take the new password"),
            Ok(Err(error)) => warn!(host, %error, "a member did not hear of the new password"),
            Err(_) => warn!(host, "a member did not say in time whether it has the new password"),
        }
    }

    pub(crate) async fn keep_password(&self, user: &str, hash: &str) -> Answer {
        match self.accounts.keep_hash(user, hash).await {
            Ok(()) => Answer::Done,
            Err(cause) => Answer::Refused(refusal(user, &cause)),
        }
    }
}

fn refusal(user: &str, cause: &AuthError) -> ApiError {
    match cause {
        AuthError::Denied => ApiError::new("SESSION_AUTHENTICATION_FAILED", [user, "Authentication failure"]),
        AuthError::Busy => ApiError::plain("TOO_BUSY"),
        AuthError::Unavailable(cause) => {
            error!(error = cause as &dyn std::error::Error, "accounts");
            ApiError::new("CHANGE_PASSWORD_REJECTED", ["the accounts cannot be changed"])
        }
    }
}
