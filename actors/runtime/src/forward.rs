//! Calls on their way to the coordinator, from a member that is none.

use crate::call::{Asked, Client, RETRY_PAUSE};
use crate::node::Node;
use crate::peers::{Answer, Question};
use crate::role::{Kind, Place, no_coordinator};
use std::sync::Arc;
use tokio::time::Instant;
use xenith_classes::{How, how};
use xenith_datamodel::{ApiError, CallMode, Ref, Value};
use xenith_raft::NodeId;
use xenith_wire::{Call, Reply};

impl Node {
    /// A call of a session that could not be answered here after all.
    pub(crate) async fn elsewhere(
        self: &Arc<Node>,
        place: Place,
        call: Call,
        deadline: Instant,
    ) -> Result<Value, ApiError> {
        match place {
            Place::Here => Err(no_coordinator()),
            Place::Redirect { address } => Err(ApiError::host_is_slave(&address)),
            Place::Forward(node) => match self.forward(node, call, deadline).await? {
                Reply::Success(value) | Reply::Bare(value) => Ok(value),
                Reply::Pieces(piece) => Ok(piece.to_value()),
                Reply::Failure(error) => Err(error),
            },
        }
    }

    /// Work that takes long is asked for as a task, and waited for here: an answer of the link is not waited for as long.
    pub(crate) async fn forward(
        self: &Arc<Node>,
        node: NodeId,
        mut call: Call,
        deadline: Instant,
    ) -> Result<Reply, ApiError> {
        let work = xenith_datamodel::method(&call.method)
            .filter(|method| method.mode == CallMode::Sync && how(method) == How::Operate);
        let Some(method) = work else {
            return self.forward_as_it_is(node, call, deadline).await;
        };
        call.method = format!("Async.{}", call.method);
        let task = match self.forward_as_it_is(node, call, deadline).await? {
            Reply::Success(Value::Ref(task)) => task,
            Reply::Success(Value::Text(task)) => Ref::new(task),
            Reply::Failure(error) => return Ok(Reply::Failure(error)),
            Reply::Success(_) | Reply::Bare(_) | Reply::Pieces(_) => {
                return Err(ApiError::internal("a task was to be answered"));
            }
        };
        self.outcome_of_forwarded(&method, &task).await.map(Reply::Success)
    }

    /// Sends the call to the coordinator; looks for another one, which may be this host, while the asked host says that
    /// it is none.
    async fn forward_as_it_is(
        self: &Arc<Node>,
        mut node: NodeId,
        call: Call,
        deadline: Instant,
    ) -> Result<Reply, ApiError> {
        let origin = call.origin.clone();
        let question = Question::Call(Box::new(call));
        loop {
            self.metrics.forwarded();
            match self.ask(node, &question).await {
                Ok(Answer::Reply(reply)) => return Ok(reply),
                Ok(Answer::NotCoordinator) => {}
                Ok(Answer::Joined(_) | Answer::Done | Answer::Refused(_)) => {
                    return Err(ApiError::internal("an answer to another question"));
                }
                Err(error) if error.nothing_was_done() => {}
                Err(error) => return Err(ApiError::internal(error.to_string())),
            }
            if Instant::now() >= deadline {
                return Err(no_coordinator());
            }
            tokio::time::sleep(RETRY_PAUSE).await;
            match self.place(&origin, Kind::InSession, deadline).await? {
                Place::Forward(other) => node = other,
                Place::Redirect { address } => return Err(ApiError::host_is_slave(&address)),
                Place::Here => break,
            }
        }
        // Coordination came to this host in between, and nothing was done elsewhere.
        let Question::Call(call) = question else {
            return Err(no_coordinator());
        };
        let method = xenith_datamodel::method(&call.method);
        let asked = Asked {
            call: *call,
            client: Client::of(&origin),
            typed: None,
        };
        Box::pin(self.answer(method, asked, deadline)).await
    }
}
