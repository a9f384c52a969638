//! An actor for each pool object that something is asked of: what concerns one object is planned in the order in which it came.
//!
//! Invariants: an actor keeps nothing that the pool database does not hold, so one that ended by a fault is simply made anew; one that
//! nobody has asked for a while is let go.

use actix::{Actor, Addr, ArbiterHandle, Context, Handler, Message, ResponseFuture};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tracing::error;
use xenith_datamodel::{Ref, Value};
use xenith_raft::{CommitError, Plan, PoolLog};

/// An actor that was not asked for so long is let go of.
const IDLE: Duration = Duration::from_secs(30);
/// With fewer actors nobody looks for idle ones.
const FEW: usize = 256;

/// The admission half of one object: host, VM, SR, VDI, network or pool.
pub(crate) struct ObjectActor {
    log: Arc<dyn PoolLog>,
}

impl Actor for ObjectActor {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "Result<Value, CommitError>")]
struct Propose(Plan);

impl Handler<Propose> for ObjectActor {
    type Result = ResponseFuture<Result<Value, CommitError>>;

    fn handle(&mut self, Propose(plan): Propose, _: &mut Context<Self>) -> Self::Result {
        // Planned here and now; only the commit is waited for beside other messages.
        self.log.propose(plan)
    }
}

/// From an object to its actor.
pub(crate) struct Router {
    log: Arc<dyn PoolLog>,
    arbiter: ArbiterHandle,
    objects: Mutex<Objects>,
}

#[derive(Default)]
struct Objects {
    known: BTreeMap<Ref, Known>,
    /// With so many, idle ones are looked for: twice as many as the last look left, so that looking costs no more than making.
    look_at: usize,
}

struct Known {
    actor: Addr<ObjectActor>,
    asked: Instant,
}

impl Router {
    pub fn new(log: Arc<dyn PoolLog>, arbiter: ArbiterHandle) -> Router {
        Router {
            log,
            arbiter,
            objects: Mutex::default(),
        }
    }

    /// Has the object's actor plan and propose.
    pub async fn propose(&self, object: &Ref, plan: Plan) -> Result<Value, CommitError> {
        let actor = self.actor(object);
        match actor.send(Propose(plan)).await {
            Ok(proposed) => proposed,
            Err(fault) => {
                error!(object = object.as_str(), %fault, "an object's actor ended by a fault");
                Err(CommitError::Unknown)
            }
        }
    }

    fn actor(&self, object: &Ref) -> Addr<ObjectActor> {
        let now = Instant::now();
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = objects.known.get_mut(object).filter(|known| known.actor.connected()) {
            known.asked = now;
            return known.actor.clone();
        }
        if objects.known.len() >= objects.look_at.max(FEW) {
            // Dropped, an actor ends after what is in its mailbox.
            let is_used = |known: &Known| known.actor.connected() && now.duration_since(known.asked) < IDLE;
            objects.known.retain(|_, known| is_used(known));
            objects.look_at = 2 * objects.known.len();
        }
        let log = Arc::clone(&self.log);
        let actor = ObjectActor::start_in_arbiter(&self.arbiter, |_| ObjectActor { log });
        let known = Known {
            actor: actor.clone(),
            asked: now,
        };
        objects.known.insert(object.clone(), known);
        actor
    }
}

#[cfg(test)]
mod tests {
    use super::super::actors::Actors;
    use super::*;
    use xenith_datamodel::ApiError;
    use xenith_pooldb::{Transaction, View};
    use xenith_raft::MemoryLog;

    fn answer(value: i64) -> Plan {
        Box::new(move |view| Ok((Transaction::new(view.pool_time_ms()), Value::Int(value))))
    }

    #[tokio::test]
    async fn a_plan_that_panics_ends_its_actor_and_nothing_else() {
        let actors = Actors::start();
        let log = Arc::new(MemoryLog::new(View::default()));
        let router = Router::new(log, actors.arbiter());
        let (one, other) = (Ref::new("one"), Ref::new("other"));
        assert!(matches!(router.propose(&one, answer(1)).await, Ok(Value::Int(1))));
        let fault: Plan = Box::new(|_| panic!("a fault of ours"));
        assert!(matches!(router.propose(&one, fault).await, Err(CommitError::Unknown)));
        assert!(matches!(router.propose(&other, answer(2)).await, Ok(Value::Int(2))));
        assert!(matches!(router.propose(&one, answer(3)).await, Ok(Value::Int(3))));
        let refused: Plan = Box::new(|_| Err(ApiError::plain("SOME_ERROR")));
        assert!(matches!(router.propose(&one, refused).await, Err(CommitError::Api(_))));
        actors.stop().await;
        assert!(matches!(
            router.propose(&one, answer(4)).await,
            Err(CommitError::Unknown)
        ));
    }
}
