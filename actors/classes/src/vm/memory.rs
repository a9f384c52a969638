//! Memory limits of a VM, and what it costs beyond its own memory.
//!
//! Invariant of every setter: static_min <= dynamic_min <= dynamic_max <= static_max, all not negative.

use super::lifecycle::{self, Facts};
use crate::room::done;
use crate::{Args, PlanCx, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

const MIB: i64 = 1 << 20;
/// Xen's own pages and those of the device model, beside the page tables.
const OVERHEAD_HVM_MIB: i64 = 3;
const OVERHEAD_PV_MIB: i64 = 2;
/// Pages of 4 KiB in a MiB.
const PAGES_PER_MIB: i64 = 256;

type Planned = Result<(Transaction, Value), ApiError>;

/// The four limits, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub static_min: i64,
    pub dynamic_min: i64,
    pub dynamic_max: i64,
    pub static_max: i64,
}

impl Limits {
    pub fn of(view: &View, vm: &Ref) -> Result<Limits, ApiError> {
        let int = |field| rows::int(view, "VM", vm, field);
        Ok(Limits {
            static_min: int("memory_static_min")?,
            dynamic_min: int("memory_dynamic_min")?,
            dynamic_max: int("memory_dynamic_max")?,
            static_max: int("memory_static_max")?,
        })
    }

    pub fn check(self) -> Result<(), ApiError> {
        let order = [0, self.static_min, self.dynamic_min, self.dynamic_max, self.static_max];
        if order.is_sorted() {
            return Ok(());
        }
        let text = "Memory limits must satisfy: static_min <= dynamic_min <= dynamic_max <= static_max";
        Err(ApiError::new("MEMORY_CONSTRAINT_VIOLATION", [text]))
    }
}

/// Bytes that the VM costs its host beyond its memory: page tables and the domain's own structures.
pub fn overhead_bytes(is_hvm: bool, memory_bytes: i64, vcpus: i64, shadow_multiplier: f64) -> i64 {
    let memory_mib = memory_bytes.div_euclid(MIB);
    let pages = vcpus
        .saturating_mul(PAGES_PER_MIB)
        .saturating_add(memory_mib.saturating_mul(2));
    let tables_mib = pages.saturating_add(PAGES_PER_MIB - 1).div_euclid(PAGES_PER_MIB).max(1);
    let scaled = (tables_mib as f64 * shadow_multiplier.max(1.0)).ceil() as i64;
    let fixed = if is_hvm { OVERHEAD_HVM_MIB } else { OVERHEAD_PV_MIB };
    scaled.saturating_add(fixed).saturating_mul(MIB)
}

/// The value of `memory_overhead` for a VM with this memory.
pub(super) fn overhead_of(view: &View, vm: &Ref, static_max: i64) -> Result<i64, ApiError> {
    let is_hvm = matches!(
        rows::text(view, "VM", vm, "domain_type")?.as_str(),
        "hvm" | "pvh" | "pv_in_pvh"
    );
    let vcpus = rows::int(view, "VM", vm, "VCPUs_max")?;
    let multiplier = rows::value(view, "VM", vm, "HVM_shadow_multiplier")?
        .as_float()
        .unwrap_or(1.0);
    Ok(overhead_bytes(is_hvm, static_max, vcpus, multiplier))
}

pub fn compute_memory_overhead(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let vm = args.reference(0)?;
    let limits = Limits::of(cx.view, vm)?;
    overhead_of(cx.view, vm, limits.static_max).map(Value::Int)
}

/// The most memory that fits into `total` together with what it costs; `approximate` rounds down to the safe side anyway.
pub fn maximise_memory(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let (vm, total) = (args.reference(0)?, args.int(1)?);
    rows::check(cx.view, "VM", vm)?;
    let (mut low, mut high) = (0, total.max(0) / MIB);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let bytes = middle * MIB;
        if bytes + overhead_of(cx.view, vm, bytes)? <= total {
            low = middle
        } else {
            high = middle - 1
        }
    }
    Ok(Value::Int(low * MIB))
}

pub fn set_memory(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let vm = args.reference(0)?;
    let bytes = args.int(1)?;
    check_halted(cx.view, vm, "changing_memory_limits")?;
    let held = Limits::of(cx.view, vm)?;
    let limits = Limits {
        dynamic_min: bytes,
        dynamic_max: bytes,
        static_max: bytes,
        ..held
    };
    write(cx, vm, limits)
}

pub fn set_memory_limits(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let vm = args.reference(0)?;
    check_halted(cx.view, vm, "changing_memory_limits")?;
    let limits = Limits {
        static_min: args.int(1)?,
        static_max: args.int(2)?,
        dynamic_min: args.int(3)?,
        dynamic_max: args.int(4)?,
    };
    write(cx, vm, limits)
}

pub fn set_memory_static_range(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (min, max) = (args.int(1)?, args.int(2)?);
    change(cx, args, "changing_static_range", |held| Limits {
        static_min: min,
        static_max: max,
        ..held
    })
}

pub fn set_memory_static_min(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let min = args.int(1)?;
    change(cx, args, "changing_static_range", |held| Limits {
        static_min: min,
        ..held
    })
}

pub fn set_memory_static_max(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let max = args.int(1)?;
    change(cx, args, "changing_static_range", |held| Limits {
        static_max: max,
        ..held
    })
}

pub fn set_memory_dynamic_range(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let (min, max) = (args.int(1)?, args.int(2)?);
    change(cx, args, "changing_dynamic_range", |held| Limits {
        dynamic_min: min,
        dynamic_max: max,
        ..held
    })
}

pub fn set_memory_dynamic_min(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let min = args.int(1)?;
    change(cx, args, "changing_dynamic_range", |held| Limits {
        dynamic_min: min,
        ..held
    })
}

pub fn set_memory_dynamic_max(cx: &mut PlanCx<'_>, args: Args<'_>) -> Planned {
    let max = args.int(1)?;
    change(cx, args, "changing_dynamic_range", |held| Limits {
        dynamic_max: max,
        ..held
    })
}

fn change(cx: &mut PlanCx<'_>, args: Args<'_>, operation: &str, with: impl FnOnce(Limits) -> Limits) -> Planned {
    let vm = args.reference(0)?;
    check_halted(cx.view, vm, operation)?;
    let limits = with(Limits::of(cx.view, vm)?);
    write(cx, vm, limits)
}

/// Admission, and beyond it: a running domain's memory needs an effect on its host, which comes with the operations.
fn check_halted(view: &View, vm: &Ref, operation: &str) -> Result<(), ApiError> {
    lifecycle::check(view, vm, operation)?;
    if Facts::of(view, vm)?.power_state == "Halted" {
        return Ok(());
    }
    Err(ApiError::new(
        crate::NOT_BUILT,
        [format!("{operation} of a VM that is not halted")],
    ))
}

fn write(cx: &PlanCx<'_>, vm: &Ref, limits: Limits) -> Planned {
    limits.check()?;
    let mut tx = cx.transaction();
    let mut set = |field: &str, value: i64| rows::set(&mut tx, "VM", vm, field, value);
    set("memory_static_min", limits.static_min)?;
    set("memory_dynamic_min", limits.dynamic_min)?;
    set("memory_dynamic_max", limits.dynamic_max)?;
    set("memory_static_max", limits.static_max)?;
    set("memory_target", limits.dynamic_max)?;
    set("memory_overhead", overhead_of(cx.view, vm, limits.static_max)?)?;
    done(tx)
}
