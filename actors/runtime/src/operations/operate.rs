//! Calls that take a host's work: taken on by the object's actor, and, unless they are `Async.`, waited for.
//!
//! Invariants: work that was taken on goes on when its caller goes away; a caller waits for the task's row, not for this host's part in it,
//! so it gets its answer over a change of coordinator too.

use crate::background::done_or_nothing;
use crate::call::{Asked, Committed, Typed, Write};
use crate::ids::SystemIds;
use crate::node::Node;
use crate::role::Kind;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::debug;
use xenith_classes::{PlanCx, operation, plan_operation, task};
use xenith_datamodel::{ApiError, CallMode, Method, Ref, Type, Value, class};
use xenith_pooldb::View;
use xenith_raft::{Plan, Role};
use xenith_wire::{typed, xmlrpc};

/// Tasks of answered calls are destroyed together, so often at most.
const TIDY_EVERY: Duration = Duration::from_millis(200);
/// How long a caller waits in a pool without coordinator for its task to go on.
const ALONE_MAX: Duration = Duration::from_secs(60);

impl Node {
    /// Messages of [`xenith_classes::How::Operate`].
    pub(crate) async fn operate(
        self: &Arc<Node>,
        method: Method,
        mut asked: Asked,
        deadline: Instant,
    ) -> Result<Value, ApiError> {
        let Typed { session, params } = asked.typed(&method)?;
        let Asked { call, client, .. } = asked;
        let object = params.iter().find_map(Value::as_ref).cloned().unwrap_or_else(Ref::null);
        let write = Arc::new(Write {
            method,
            session,
            params,
            header: crate::tasks::header(&call),
        });
        let propose = || {
            let (node, write, object) = (Arc::clone(self), Arc::clone(&write), object.clone());
            async move {
                let planner = Arc::clone(&node);
                let plan: Plan = Box::new(move |view| planner.plan_taking_on(view, &write));
                node.operations.objects.propose(&object, plan).await
            }
        };
        let place = self.crowd.enter(client.source).await;
        let committed = self.commit_by(propose, &call.origin, Kind::InSession, deadline).await?;
        drop(place);
        let task = match committed {
            Committed::Value(task) => task,
            Committed::Elsewhere(place) => return Box::pin(self.elsewhere(place, call, deadline)).await,
        };
        match (method.mode, task) {
            (CallMode::Sync, Value::Ref(task)) => self.outcome(&method, &task).await,
            (_, task) => Ok(task),
        }
    }

    fn plan_taking_on(&self, view: &View, write: &Write) -> Result<(xenith_pooldb::Transaction, Value), ApiError> {
        let caller = self.check_session(view, write.session.as_ref())?;
        let mut ids = SystemIds;
        let silent = self.operations.silent();
        let mut cx = PlanCx {
            view,
            caller: &caller,
            now_ms: Node::pool_now_ms(&*self.clock, view),
            ids: &mut ids,
            this_host: self.host_ref(view),
            silent: &silent,
        };
        let taken = plan_operation(&mut cx, &write.method, &write.params, &write.header)?;
        Ok((taken.tx, Value::Ref(taken.task)))
    }

    /// Waits for the task to end; the task goes then.
    async fn outcome(&self, method: &Method, task: &Ref) -> Result<Value, ApiError> {
        let outcome = self.ended(task).await?;
        self.operations.answered(task.clone());
        outcome.and_then(|text| value_of(method, &text))
    }

    /// What a coordinator elsewhere has taken on as an `Async.` call, waited for here: its answer may take longer than a link waits.
    pub(crate) async fn outcome_of_forwarded(&self, method: &Method, task: &Ref) -> Result<Value, ApiError> {
        // So new that it knows the task. That this cannot be had does not mean that nothing was done.
        match self.linearizable().await {
            Ok(_) => self.outcome(method, task).await,
            Err(_) => Err(lost_the_pool(task)),
        }
    }

    async fn ended(&self, task: &Ref) -> Result<Result<String, ApiError>, ApiError> {
        let class = class("task").ok_or_else(|| ApiError::internal("the tables have no tasks"))?;
        let entry = self.hub.enter_object(class, task);
        // Before that the task is not known where watchers look.
        let known_from = self.log.applied().generation();
        let mut alone_since: Option<Instant> = None;
        loop {
            let look = entry.look();
            if look.view.generation() >= known_from
                && let Some(outcome) = task::outcome(&look.view, task)?
            {
                return Ok(outcome);
            }
            if let Some(host) = operation::waits_for_silent(&look.view, task)? {
                // What was asked of it is not lost: it is done, or undone, when the host is back.
                return Err(operation::unheard(&host));
            }
            let is_alone = *self.log.watch_role().borrow() == Role::NoCoordinator;
            let since = is_alone.then(|| alone_since.unwrap_or_else(Instant::now));
            alone_since = since;
            if look.ended || since.is_some_and(|since| since.elapsed() >= ALONE_MAX) {
                return Err(lost_the_pool(task));
            }
            // Without a change it only looks whether anybody coordinates.
            drop(tokio::time::timeout(ALONE_MAX / 4, entry.woken()).await);
        }
    }
}

fn lost_the_pool(task: &Ref) -> ApiError {
    let task = task.as_str();
    ApiError::internal(format!("this host has lost the pool; the work goes on as task {task}"))
}

/// A task's result, as the message's own type.
fn value_of(method: &Method, text: &str) -> Result<Value, ApiError> {
    if method.message.result == Type::Void {
        return Ok(Value::Void);
    }
    let unreadable = |cause: &dyn std::fmt::Display| ApiError::internal(format!("a task's result: {cause}"));
    let wire = xmlrpc::decode_value(text).map_err(|cause| unreadable(&cause))?;
    typed::from_wire(method.message.result, wire).map_err(|cause| unreadable(&format!("{cause:?}")))
}

/// Destroys the tasks of calls that have their answer. What cannot be destroyed here and now is reaped as old tasks are.
pub(super) async fn destroy_answered(node: Arc<Node>) {
    loop {
        node.operations.has_answered.notified().await;
        tokio::time::sleep(TIDY_EVERY).await;
        let tasks = node.operations.take_answered();
        let plan =
            node.plan(move |node, view| task::destroy_answered(view, Node::pool_now_ms(&*node.clock, view), &tasks));
        if let Err(error) = done_or_nothing(node.log.propose(plan).await) {
            debug!(%error, "tasks of answered calls stay until they are reaped");
        }
    }
}
