//! Operations on their way: from a call to its operation's row, from rows to orders for hosts, from hosts back to rows.
//!
//! ```text
//!  coordinator                                                      owning host
//!  call ─► ObjectActor ─► commit ─► view ─► Dispatcher ══ orders ══► HostAgent ─► DomainActor ─► hypervisor
//!              ▲                                                        │
//!              └──────────── hear_reports ◄══════════ reports ══════════┘ Teller
//! ```
//!
//! All decisions are the rooms' (`xenith_classes::{operation, agent}`); what is here carries them out.
//! Invariants: orders are read from applied views only (C2); what an agent keeps is on disk before anything follows from it (C3);
//! nothing said is relied on to arrive: what is not answered is said again. A fault in an actor ends that actor's work, never the daemon.

mod actors;
mod agent;
mod dispatcher;
mod domain;
mod envelope;
mod journal;
mod object;
mod one_thread;
mod operate;
mod reports;
mod silence;
mod teller;

pub use envelope::OPERATION_SERVICE;
pub use journal::JournalError;
pub use one_thread::{ActorsHere, OneThread};

use crate::node::Node;
use actors::Actors;
use agent::HostAgent;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use xenith_datamodel::Ref;
use xenith_raft::PoolLog;
use xenith_xen_port::Machine;

/// What is not answered is said again after so long.
const AGAIN: Duration = Duration::from_secs(2);
/// Said together at most.
const BATCH: usize = 256;

/// The machine under this daemon.
pub struct ThisMachine {
    pub machine: Arc<dyn Machine>,
    /// Which boot it was in when the daemon started (see `HostFacts::boot_id`).
    pub boot_id: String,
    /// The folder of what this host keeps about its work for this pool.
    pub journal: PathBuf,
}

/// This host's share of the pool's operations.
pub(crate) struct Operations {
    actors: Actors,
    objects: object::Router,
    /// Set with [`Operations::work`]; a host without a machine (as in tests of the edge) has none.
    agent: OnceLock<actix::Addr<HostAgent>>,
    /// Tasks whose callers have their answer: they go together.
    answered: Mutex<Vec<Ref>>,
    has_answered: Notify,
    again: Mutex<dispatcher::Again>,
    has_again: Notify,
    silent: Mutex<Arc<BTreeSet<Ref>>>,
}

impl Operations {
    /// `here`: where the actors live; on a thread of their own if nothing is given.
    pub fn start(log: Arc<dyn PoolLog>, here: Option<&ActorsHere>) -> Operations {
        let actors = here.map_or_else(Actors::start, Actors::here);
        Operations {
            objects: object::Router::new(log, actors.arbiter()),
            actors,
            agent: OnceLock::new(),
            answered: Mutex::default(),
            has_answered: Notify::new(),
            again: Mutex::default(),
            has_again: Notify::new(),
            silent: Mutex::default(),
        }
    }

    /// Ends all actors and waits for their thread. Actors that have no thread of their own end with the one that they are on.
    pub async fn stop(&self) {
        self.actors.stop().await;
    }

    fn answered(&self, task: Ref) {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).push(task);
        self.has_answered.notify_one();
    }

    fn take_answered(&self) -> Vec<Ref> {
        std::mem::take(&mut *self.answered.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Starts what goes on beside calls: this host's agent, if it has a machine, and what a coordinator does.
pub(crate) fn start(
    node: &Arc<Node>,
    machine: Option<ThisMachine>,
    background: &mut JoinSet<()>,
) -> Result<(), JournalError> {
    if let Some(machine) = machine {
        let (teller, heard) = teller::channel();
        let rows = agent::Rows {
            applied: {
                let (log, uuid) = (Arc::clone(&node.log), node.host.uuid.clone());
                Box::new(move || {
                    let view = log.applied();
                    let host = xenith_raft::host_of(&view, &uuid).unwrap_or_else(Ref::null);
                    (view, host)
                })
            },
            now_ms: {
                let clock = Arc::clone(&node.clock);
                Box::new(move || clock.now_ms().unsigned_abs())
            },
        };
        let agent = HostAgent::start(machine, rows, teller, node.operations.actors.arbiter())?;
        background.spawn(teller::run(Arc::clone(node), agent.clone(), heard));
        // The only one.
        drop(node.operations.agent.set(agent));
    }
    background.spawn(dispatcher::run(Arc::clone(node)));
    background.spawn(silence::run(Arc::clone(node)));
    background.spawn(operate::destroy_answered(Arc::clone(node)));
    Ok(())
}
