//! The messages that planners cannot answer: they take time, passwords or other hosts.

use crate::call::{Asked, Client, Committed, Typed};
use crate::emergency::no_pool_secret;
use crate::ids::SystemIds;
use crate::limits;
use crate::node::Node;
use crate::peers::{Answer, Question};
use crate::role::{Kind, Place, no_coordinator};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::{info, warn};
use xenith_classes::task::{Header, begin_task, finish_task};
use xenith_classes::{Caller, NOT_BUILT, PlanCx, rbac};
use xenith_datamodel::{ApiError, CallMode, Method, Ref, Value, class};
use xenith_pooldb::{Transaction, View};
use xenith_raft::HandOverError;
use xenith_wire::{Call, Origin, Reply};

/// The longest hand-over: catch-up is waited for up to 30 s (B5), the rest is far below a second. Calls are forwarded
/// during it as they are after it.
const LONGEST_HAND_OVER: Duration = Duration::from_secs(40);
/// A task that ended with a change of coordinator is told to the new one for this long.
const FINISH_TASK_WITHIN: Duration = Duration::from_secs(10);

impl Node {
    /// Messages of [`xenith_classes::How::Runtime`].
    pub(crate) async fn run(
        self: &Arc<Node>,
        method: Method,
        mut asked: Asked,
        deadline: Instant,
    ) -> Result<Reply, ApiError> {
        let Typed { session, params } = asked.typed(&method)?;
        let Asked { call, client, .. } = asked;
        if let Some(session) = &session
            && method.mode == CallMode::Sync
            && method.class.name() == "event"
        {
            // Any session may follow what it may read: the authority is that of a session.
            return match method.message.name {
                "from" => self.event_from(session, &params).await.map(Reply::Pieces),
                "next" => self.event_next(session).await.map(Reply::Pieces),
                "register" => self
                    .event_register(session, &params)
                    .await
                    .map(|()| Reply::Success(Value::Void)),
                _ => self
                    .event_unregister(session, &params)
                    .await
                    .map(|()| Reply::Success(Value::Void)),
            };
        }
        let ran = self.run_method(method, (session, params), call, (client, deadline));
        ran.await.map(Reply::Success)
    }

    async fn run_method(
        self: &Arc<Node>,
        method: Method,
        (session, params): (Option<Ref>, Vec<Value>),
        call: Call,
        (client, deadline): (Client, Instant),
    ) -> Result<Value, ApiError> {
        let name = format!("{}.{}", method.class.name(), method.message.name);
        let Some(session) = session else {
            return match name.as_str() {
                "session.login_with_password" => self.login(&params, call, client, deadline).await,
                "session.slave_login" => {
                    let host = params
                        .first()
                        .and_then(Value::as_ref)
                        .cloned()
                        .unwrap_or_else(Ref::null);
                    Err(no_pool_secret(host.as_str()))
                }
                _ => Err(ApiError::new(NOT_BUILT, [name])),
            };
        };
        let caller = self.caller(&session).await?;
        rbac::check(&caller, &method, &params)?;
        if method.mode != CallMode::Sync && !method.message.is_async {
            return Err(ApiError::new(
                "Fault",
                [format!("No async mode for this operation (rpc: {name})")],
            ));
        }
        let node = Arc::clone(self);
        let first = params
            .first()
            .and_then(Value::as_ref)
            .cloned()
            .unwrap_or_else(Ref::null);
        let work: BoxFuture<'static, Result<Value, ApiError>> = match name.as_str() {
            "Caller.query_all_usage"
            | "Caller.query_call_count"
            | "Caller.query_group_call_count"
            | "Caller.query_group_token_usage"
            | "Caller.query_token_usage" => {
                Box::pin(async move { limits::query(&node, method.message.name, &params).await })
            }
            "event.register" => nothing(async move { node.event_register(&session, &params).await }),
            "event.unregister" => nothing(async move { node.event_unregister(&session, &params).await }),
            "session.change_password" => Box::pin(node.change_password(caller.clone(), params)),
            "pool.designate_new_master" => nothing(async move { node.hand_over(&first).await }),
            "pool.eject" => nothing(async move { node.eject(first).await }),
            "pool.join" | "pool.join_force" => nothing(async move { node.join_by_password(&params).await }),
            _ => return Err(ApiError::new(NOT_BUILT, [name])),
        };
        self.work(work, (method.mode, caller), call, deadline).await
    }

    /// Goes on when the client goes away: half of such work is none. Async: a task's ref is the answer.
    async fn work(
        self: &Arc<Node>,
        work: impl Future<Output = Result<Value, ApiError>> + Send + 'static,
        (mode, caller): (CallMode, Caller),
        call: Call,
        deadline: Instant,
    ) -> Result<Value, ApiError> {
        match mode {
            CallMode::Sync => {
                let ended = tokio::spawn(work).await;
                ended.unwrap_or_else(|_| Err(ApiError::internal("the work ended by a fault")))
            }
            CallMode::Async | CallMode::InternalAsync => self.work_async(work, caller, &call, deadline).await,
        }
    }

    async fn work_async(
        self: &Arc<Node>,
        work: impl Future<Output = Result<Value, ApiError>> + Send + 'static,
        caller: Caller,
        call: &Call,
        deadline: Instant,
    ) -> Result<Value, ApiError> {
        let name = call
            .method
            .rsplit_once("sync.")
            .map_or(call.method.as_str(), |(_, name)| name);
        let (label, header) = (format!("Async.{name}"), crate::tasks::header(call));
        let build = || self.begin(label.clone(), header.clone(), caller.clone());
        let task = match self.commit(build, &call.origin, Kind::InSession, deadline).await? {
            Committed::Value(task) => task,
            Committed::Elsewhere(Place::Redirect { address }) => return Err(ApiError::host_is_slave(&address)),
            Committed::Elsewhere(Place::Forward(_) | Place::Here) => return Err(no_coordinator()),
        };
        let (node, reference) = (Arc::clone(self), task.as_ref().cloned().unwrap_or_else(Ref::null));
        tokio::spawn(async move {
            let outcome = work.await.map(|value| xenith_wire::xmlrpc::encode_value(&value));
            if let Err(error) = node.finish_somewhere(reference, outcome).await {
                warn!(%error, "the end of a task could not be written; it is reaped later");
            }
        });
        Ok(task)
    }

    /// `pool.join`, `pool.join_force`: address, user, password. There is nothing to force: no check depends on it.
    async fn join_by_password(self: &Arc<Node>, params: &[Value]) -> Result<(), ApiError> {
        let text = |at: usize| params.get(at).and_then(Value::as_text).unwrap_or_default();
        let joiner = self
            .joiner
            .get()
            .ok_or_else(|| ApiError::new(NOT_BUILT, ["pool.join"]))?;
        joiner.join_by_password(text(0), text(1), text(2)).await
    }

    fn begin(self: &Arc<Node>, label: String, header: Header, caller: Caller) -> xenith_raft::Plan {
        let node = Arc::clone(self);
        Box::new(move |view: &View| {
            let mut ids = SystemIds;
            let now_ms = Node::pool_now_ms(&*node.clock, view);
            let this_host = node.host_ref(view);
            let mut cx = PlanCx {
                view,
                caller: &caller,
                now_ms,
                ids: &mut ids,
                this_host,
                silent: &xenith_classes::ALL_HEARD,
            };
            let mut tx = cx.transaction();
            let task = begin_task(&mut cx, &mut tx, &label, &header)?;
            Ok((tx, Value::Ref(task)))
        })
    }

    async fn hand_over(self: &Arc<Node>, target: &Ref) -> Result<(), ApiError> {
        let Ok(_alone) = Arc::clone(&self.handing_over).try_acquire_owned() else {
            return Err(ApiError::plain("DESIGNATE_NEW_MASTER_IN_PROGRESS"));
        };
        let view = self.linearizable().await?;
        let uuid = class("host")
            .and_then(|host| host.column("uuid"))
            .and_then(|uuid| view.value(target, uuid))
            .and_then(|uuid| uuid.as_text().map(str::to_owned))
            .ok_or_else(|| ApiError::handle_invalid("host", target))?;
        if uuid == self.host.uuid {
            return Ok(());
        }
        if !is_enabled(&view, target) {
            return Err(ApiError::new("HOST_DISABLED", [target.as_str()]));
        }
        drop(view);
        // Open before the role changes: no call of a session may fall between.
        self.open_window(LONGEST_HAND_OVER + self.config.hand_over_forward);
        info!(host = uuid, "handing over coordination");
        match self.log.hand_over(&uuid).await {
            Ok(()) => {
                self.open_window(self.config.hand_over_forward);
                Ok(())
            }
            Err(error) => {
                match &error {
                    HandOverError::Refused(_) => self.window.close(),
                    // The target may take over yet: its votes are on their way.
                    HandOverError::Undone => self.open_window(self.config.hand_over_forward),
                }
                warn!(host = uuid, %error, "coordination was not handed over");
                Err(refused(&error))
            }
        }
    }

    fn open_window(&self, length: Duration) {
        let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        self.window.open(self.uptime_ms().saturating_add(length));
    }

    /// Writes the end of a task here or, when coordination went elsewhere, there.
    async fn finish_somewhere(self: &Arc<Node>, task: Ref, outcome: Result<String, ApiError>) -> Result<(), ApiError> {
        let deadline = Instant::now() + FINISH_TASK_WITHIN;
        let build = || finish(Arc::clone(self), task.clone(), outcome.clone());
        // As the unix socket: by whoever leads.
        match self
            .commit(build, &Origin::UnixSocket, Kind::InSession, deadline)
            .await?
        {
            Committed::Value(_) => Ok(()),
            Committed::Elsewhere(Place::Forward(node)) => {
                let question = Question::FinishTask { task, outcome };
                match self.ask(node, &question).await {
                    Ok(Answer::Done) => Ok(()),
                    Ok(_) => Err(no_coordinator()),
                    Err(error) => Err(ApiError::internal(error.to_string())),
                }
            }
            Committed::Elsewhere(Place::Here | Place::Redirect { .. }) => Err(no_coordinator()),
        }
    }

    /// Another member's task, whose work ended there.
    pub(crate) async fn finish_task_here(self: &Arc<Node>, task: Ref, outcome: Result<String, ApiError>) -> bool {
        let plan = finish(Arc::clone(self), task, outcome);
        self.log.propose(plan).await.is_ok()
    }
}

/// Work that answers nothing.
fn nothing(
    work: impl Future<Output = Result<(), ApiError>> + Send + 'static,
) -> BoxFuture<'static, Result<Value, ApiError>> {
    Box::pin(async move { work.await.map(|()| Value::Void) })
}

fn is_enabled(view: &View, host: &Ref) -> bool {
    class("host")
        .and_then(|class| view.value(host, class.column("enabled")?))
        .and_then(|enabled| enabled.as_bool())
        .unwrap_or(false)
}

fn finish(node: Arc<Node>, task: Ref, outcome: Result<String, ApiError>) -> xenith_raft::Plan {
    Box::new(move |view: &View| {
        let mut tx = Transaction::new(Node::pool_now_ms(&*node.clock, view));
        finish_task(view, &mut tx, &task, outcome)?;
        Ok((tx, Value::Void))
    })
}

/// XenAPI's code for a hand-over that was refused or undone.
fn refused(error: &HandOverError) -> ApiError {
    match error {
        HandOverError::Refused(reason) => ApiError::new("HA_ABORT_NEW_MASTER", [reason.as_str()]),
        HandOverError::Undone => ApiError::new("HA_ABORT_NEW_MASTER", [error.to_string()]),
    }
}
