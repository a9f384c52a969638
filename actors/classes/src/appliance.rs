//! Appliances: groups of VMs. Starting and stopping them comes with the operations.

use crate::room::{Planned, Planner, done};
use crate::{Args, PlanCx, rows, vm};

pub fn lookup(message: &str) -> Option<Planner> {
    Some(match message {
        "destroy" => Planner::Write(destroy),
        _ => return None,
    })
}

/// The VMs stay and belong to none.
fn destroy(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let appliance = args.reference(0)?;
    let mut tx = cx.transaction();
    for member in rows::references(cx.view, "VM_appliance", appliance, "VMs")? {
        vm::changes_for_leaving_appliance(cx.view, &mut tx, &member)?;
    }
    rows::destroy(&mut tx, "VM_appliance", appliance)?;
    done(tx)
}
