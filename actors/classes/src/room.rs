//! What a room's table holds: a function a message.

use crate::operation::Request;
use crate::{Args, PlanCx};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// What to commit, and what to answer then.
pub type Planned = Result<(Transaction, Value), ApiError>;

/// One explicit message's planner.
#[derive(Clone, Copy)]
pub enum Planner {
    /// Only looks: may be answered from any linearizable view.
    Read(fn(&PlanCx<'_>, Args<'_>) -> Result<Value, ApiError>),
    /// Changes: must run against the speculative head.
    Write(fn(&mut PlanCx<'_>, Args<'_>) -> Planned),
}

/// The planner of a message that takes more than one transaction: which objects it holds, and what it does with them.
pub type Asker = fn(&View, Args<'_>) -> Result<Request, ApiError>;

/// The planner of an operation by class and message.
pub fn asker(class: &str, message: &str) -> Option<Asker> {
    match class {
        "SR" => crate::sr::asker(message),
        "VDI" => crate::vdi::asker(message),
        "VM" => crate::vm::asker(message),
        _ => None,
    }
}

/// The planner of a class's message, if one is written. A table and nothing else.
pub type Lookup = fn(&str) -> Option<Planner>;

/// Room by class name.
pub fn of_class(class: &str) -> Option<Lookup> {
    Some(match class {
        "Caller" => crate::caller::lookup,
        "PBD" => crate::pbd::lookup,
        "Rate_limit" => crate::rate_limit::lookup,
        "SR" => crate::sr::lookup,
        "VBD" => crate::vbd::lookup,
        "VDI" => crate::vdi::lookup,
        "VIF" => crate::vif::lookup,
        "VM" => crate::vm::lookup,
        "VM_appliance" => crate::appliance::lookup,
        "auth" => crate::subject::lookup_auth,
        "event" => crate::event::lookup,
        "host" => crate::host::lookup,
        "message" => crate::message::lookup,
        "network" => crate::network::lookup,
        "pool" => crate::pool::lookup,
        "role" => crate::role::lookup,
        "session" => crate::session::lookup,
        "subject" => crate::subject::lookup,
        "task" => crate::task::lookup,
        _ => return None,
    })
}

/// The result of a write that answers nothing.
pub fn done(transaction: Transaction) -> Planned {
    Ok((transaction, Value::Void))
}

/// The result of a write that answers the new object.
pub fn created(transaction: Transaction, reference: &Ref) -> Planned {
    Ok((transaction, Value::from(reference)))
}
