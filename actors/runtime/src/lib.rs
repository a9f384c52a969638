//! The toolstack of one host: calls in, plans through the pool's log, answers out.
//!
//! Owns: the order of a call, sessions' admission, event.from, forwarding between members, hand-over, background work and
//! the server's half of a join, the audit log. the actors of objects and domains. The only crate that names actix.
//! Invariants: reads are linearizable (B1, B2), writes are planned and proposed in one step (C1) and never proposed twice
//! blindly; every wait is bounded; passwords, session refs and tokens are never logged.
//! Must not: decide what a message means (that is `xenith-classes`) or how the log works (`xenith-raft`).

mod accounts;
mod audit;
mod background;
mod call;
mod config;
mod crowd;
mod emergency;
mod events;
mod forward;
mod fragments;
mod handlers;
mod ids;
mod limits;
mod liveness;
mod local_sessions;
mod login;
mod membership;
mod metrics;
mod node;
mod operations;
mod passwords;
mod peers;
mod penalty;
mod role;
mod run;
mod sessions;
mod tasks;
mod touch;

pub use accounts::{AccountsError, AuthError, Authenticator, FileAuthenticator, Identity, set_password};
pub use audit::{AuditError, AuditLimits, AuditLog};
pub use config::{RuntimeConfig, SupporterCalls};
pub use ids::{Clock, NoRandomness, SystemClock, SystemIds, seed_ids};
pub use membership::{
    HostStart, JOIN_VERSION, JoinPool, JoinReply, JoinRequest, JoinToken, Membership, MembershipError, Proof,
    RaftMembership, TokenError, add_member_row, join_error, says_not_a_member,
};
pub use node::{Parts, ThisHost, Toolstack};
pub use operations::{ActorsHere, JournalError, OPERATION_SERVICE, OneThread, ThisMachine};
pub use peers::{EnvelopeError, LinkPeers, PEER_SERVICE, PeerError, Peers};

#[cfg(test)]
mod tests;
