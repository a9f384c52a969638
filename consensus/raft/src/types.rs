//! openraft's type parameters for the pool: what a node, an entry and the runtime are.
//!
//! Invariants: a [`NodeId`] is never reused (CORRECTNESS A1); several leaders may share a term number (openraft's default
//! leader id): then the larger node wins, so a split vote needs no second election. A fence (C3) therefore compares (term, index) of
//! the "opened" entry: a later leader of the same term has a longer log.

use crate::entry::Record;
use crate::pool_log::{Member, NodeId};
use crate::state_machine::Applied;
use openraft::TokioRuntime;
use openraft_rt::deterministic_rng::DeterministicRng;
use std::fmt;

/// Tokio, with openraft's randomness (election timeouts) taken from a seed that travels from task to task. The seed comes from
/// [`crate::RaftConfig::seed`]: chance in production, the run's seed in a simulation. Time is tokio's, so a paused clock drives it.
pub type Runtime = DeterministicRng<TokioRuntime>;

/// The pool's Raft.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Ord, PartialOrd)]
pub struct TypeConfig {}

impl openraft::RaftTypeConfig for TypeConfig {
    type D = Record;
    type R = Applied;
    type NodeId = NodeId;
    type Node = Member;
    type Term = u64;
    type LeaderId = openraft::impls::leader_id_adv::LeaderId<u64, NodeId>;
    type Vote = openraft::impls::Vote<Self::LeaderId>;
    type Payload = openraft::EntryPayload<Record, NodeId, Member>;
    type Entry = openraft::Entry<Self::LeaderId, Self::Payload>;
    type AsyncRuntime = Runtime;
    type Responder<T>
        = crate::responder::Callback<T>
    where
        T: openraft::OptionalSend + 'static;
    type Batch<T>
        = openraft::impls::InlineBatch<T>
    where
        T: openraft::OptionalSend + 'static;
    type ErrorSource = openraft::impls::BoxedErrorSource;
}

pub type LogId = openraft::type_config::alias::LogIdOf<TypeConfig>;
pub type LeaderId = openraft::type_config::alias::LeaderIdOf<TypeConfig>;
pub type Vote = openraft::type_config::alias::VoteOf<TypeConfig>;
pub type Entry = openraft::type_config::alias::EntryOf<TypeConfig>;
pub type Payload = openraft::type_config::alias::PayloadOf<TypeConfig>;
pub type StoredMembership = openraft::type_config::alias::StoredMembershipOf<TypeConfig>;
pub type SnapshotMeta = openraft::type_config::alias::SnapshotMetaOf<TypeConfig>;
pub type Membership = openraft::Membership<NodeId, Member>;

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
