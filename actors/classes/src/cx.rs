//! What a planner is given and what it returns.

use crate::Rows;
use std::collections::BTreeSet;
use xenith_datamodel::{DateTime, Ref, Role, Value, Zone};
use xenith_pooldb::{Transaction, View};

/// The inputs of a planner. Everything that is not in the view is named here.
pub struct PlanCx<'a> {
    /// The coordinator's speculative head for a write, a linearizable view for a read (CORRECTNESS B1, C1).
    pub view: &'a View,
    pub caller: &'a Caller,
    /// Pool time, milliseconds since 1970 (A8).
    pub now_ms: i64,
    pub ids: &'a mut dyn Ids,
    /// The host row of the coordinator that plans.
    pub this_host: Ref,
    /// Hosts that the coordinator has not heard for a while (no rows say so: it knows). Nothing new is asked of them.
    pub silent: &'a BTreeSet<Ref>,
}

/// For plans that ask nothing of hosts.
pub static ALL_HEARD: BTreeSet<Ref> = BTreeSet::new();

/// Makes the ids a plan needs. The runtime draws them from the system, the simulator from its seed.
pub trait Ids {
    /// A fresh version 4 uuid in lower-case text form.
    fn uuid(&mut self) -> String;
}

/// What to do for a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// Answer this; nothing changes.
    Reply(Value),
    /// Answer these records; nothing changes.
    Show(Rows),
    /// Commit this, then answer that.
    Commit(Transaction, Value),
}

/// Who calls, as the session says. Made by [`crate::session::check`] or [`Caller::root`].
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The session's row (never the secret); `None` for the toolstack itself and for calls without a session.
    pub session: Option<Ref>,
    pub user_name: String,
    pub user_sid: String,
    pub subject: Ref,
    /// A session of another member of the pool.
    pub is_pool: bool,
    pub rights: Rights,
}

/// What a session may do. Fixed at login (semantics.md §6).
#[derive(Clone, Debug, PartialEq)]
pub enum Rights {
    /// Local superuser, pool session, or local session of one host: no check is made.
    Everything,
    /// The highest role that the subject had at login; roles are a strict ladder.
    Role(Role),
}

impl Caller {
    /// The toolstack itself, and the trusted unix socket.
    pub fn root() -> Caller {
        Caller {
            session: None,
            user_name: "root".to_owned(),
            user_sid: String::new(),
            subject: Ref::null(),
            is_pool: false,
            rights: Rights::Everything,
        }
    }
}

impl PlanCx<'_> {
    pub fn now(&self) -> DateTime {
        date_time(self.now_ms)
    }

    /// A new ref and the uuid that goes with its row. The two are independent, as in xapi (semantics.md §7).
    pub fn new_row(&mut self) -> (Ref, String) {
        new_row(self.ids)
    }

    pub fn transaction(&self) -> Transaction {
        Transaction::new(self.now_ms)
    }
}

pub(crate) fn new_row(ids: &mut dyn Ids) -> (Ref, String) {
    let reference = Ref::from_uuid_text(&ids.uuid());
    (reference, ids.uuid())
}

pub(crate) fn date_time(now_ms: i64) -> DateTime {
    DateTime {
        wall_seconds: now_ms.div_euclid(1000),
        zone: Zone::Utc,
    }
}

/// 1970-01-01T00:00:00Z: "never".
pub(crate) const EPOCH: DateTime = DateTime {
    wall_seconds: 0,
    zone: Zone::Utc,
};
