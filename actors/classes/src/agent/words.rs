//! What a coordinator and a host say to each other.

use super::{GuestSeen, Stopped};
use crate::operation::{Order, Outcome};
use serde::{Deserialize, Serialize};
use xenith_datamodel::Ref;

/// Which coordinator speaks: (term, index) of its "opened" entry. A later one's is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fence {
    pub term: u64,
    pub index: u64,
}

/// What a coordinator says to a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signed {
    pub fence: Fence,
    /// The generation of the database in which the coordinator has read this.
    pub as_of: u64,
    pub said: Said,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Said {
    Order(Order),
    /// The outcome has been taken, or is not awaited any more.
    Passed {
        operation: Ref,
        sequence: i64,
    },
    /// The rows say what became of the VM.
    Heard(Stopped),
    /// The rows say this of its guests.
    Noted(Vec<GuestSeen>),
    /// The rows speak of this boot of the machine, and of this journal: it may work.
    Welcome {
        boot_id: String,
        journal: String,
        /// Of the same boot, that was lost: what was asked before may have been worked.
        is_in_place_of_another: bool,
    },
}

/// What a host says to its coordinator. Said again until it is answered by [`Said::Passed`] or [`Said::Heard`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Report {
    Outcome {
        operation: Ref,
        sequence: i64,
        outcome: Outcome,
    },
    /// The order was older than what this host has heard since. If it is awaited yet it should be sent anew.
    TooOld {
        operation: Ref,
        sequence: i64,
    },
    Stopped(Stopped),
    /// Guests of this boot of the machine, as they are now. Said again until [`Said::Noted`].
    Guests {
        boot_id: String,
        seen: Vec<GuestSeen>,
    },
    /// The machine has started anew, or its journal was lost: it works nothing before it is welcome.
    Booted(Boot),
}

/// What a host starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    pub boot_id: String,
    /// Counted by the host.
    pub number: i64,
    /// See [`Journal::id`](super::Journal::id).
    pub journal: String,
}
