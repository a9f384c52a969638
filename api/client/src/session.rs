//! Logging in, wherever the coordinator is.

use crate::{CallError, Client, Endpoint, session_param};
use std::time::Duration;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_wire::WireValue;

/// Coordinators change, but not five times during one login.
const MAX_HOPS: usize = 5;

/// API version and originator of our logins.
const VERSION: &str = "2.23";
const ORIGINATOR: &str = "xenith-client";

/// A client that is logged in.
pub struct Session {
    client: Client,
    session: Ref,
}

impl Session {
    /// Logs in at the first endpoint that answers, following HOST_IS_SLAVE to the address it names (same scheme, port
    /// and trust) at most [`MAX_HOPS`] times. Errors: that of the last endpoint tried.
    pub async fn login(endpoints: &[Endpoint], user: &str, password: &str) -> Result<Session, CallError> {
        let mut last = CallError::NoEndpoint;
        for endpoint in endpoints {
            match Session::follow(endpoint, user, password).await {
                Ok(session) => return Ok(session),
                Err(e) if refused(&e) => return Err(e),
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    /// With the deadline of [`Client::with_deadline`].
    pub fn with_deadline(mut self, deadline: Duration) -> Session {
        self.client = self.client.with_deadline(deadline);
        self
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn session_ref(&self) -> &Ref {
        &self.session
    }

    /// [`Client::call`] with the session before `params`.
    pub async fn call(&self, method: &str, params: &[Value]) -> Result<Value, CallError> {
        self.client.call(method, &self.with_session(params)).await
    }

    /// [`Client::call_wire`] with the session before `params`.
    pub async fn call_wire(&self, method: &str, params: &[Value]) -> Result<WireValue, CallError> {
        self.client.call_wire(method, &self.with_session(params)).await
    }

    pub async fn logout(self) -> Result<(), CallError> {
        self.call("session.logout", &[]).await.map(drop)
    }

    fn with_session(&self, params: &[Value]) -> Vec<Value> {
        std::iter::once(session_param(&self.session))
            .chain(params.iter().cloned())
            .collect()
    }

    async fn follow(first: &Endpoint, user: &str, password: &str) -> Result<Session, CallError> {
        let mut endpoint = first.clone();
        for _ in 0..MAX_HOPS {
            let client = Client::connect(endpoint.clone()).await?;
            let params = [user, password, VERSION, ORIGINATOR].map(Value::text);
            match client.call("session.login_with_password", &params).await {
                Ok(Value::Ref(session)) => return Ok(Session { client, session }),
                Ok(_) => {
                    return Err(CallError::Api(ApiError::internal("a login without a session")));
                }
                Err(CallError::Api(error)) if error.code == "HOST_IS_SLAVE" && !error.params.is_empty() => {
                    endpoint = endpoint.at(&error.params[0]);
                }
                Err(e) => return Err(e),
            }
        }
        Err(CallError::TooManyHops(MAX_HOPS))
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// A wrong password is wrong on every host of the pool: asking on would only lock the account.
fn refused(error: &CallError) -> bool {
    error.api().is_some_and(|e| e.code == "SESSION_AUTHENTICATION_FAILED")
}
