//! What a VM may do: one function decides both what is advertised in `allowed_operations` and what is admitted, so that
//! the two cannot disagree (allowed_operations.md, VM).
//!
//! ```text
//!            start            suspend
//!   Halted ---------> Running ---------> Suspended
//!     ^  <---------    |   ^  <---------    |
//!     |    shutdown    v   |    resume      |
//!     |              Paused                 |
//!     +------------------- shutdown --------+
//! ```

use super::lifecycle_table::OPERATIONS;
use crate::room::done;
use crate::{Args, PlanCx, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};

/// A row of the table.
#[derive(Debug)]
pub struct Operation {
    name: &'static str,
    states: [bool; 4],
    beside: Beside,
    template: Template,
    snapshot: bool,
    control_domain: Domain,
    advertised: bool,
}

/// The operations that may already be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    Nothing,
    Snapshots,
    SnapshotsOnly,
    Copies,
    MigrateSend,
    NotHardShutdown,
    NotHardStops,
    GetBootRecord,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    Yes,
    No,
    UnlessDefault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    Yes,
    No,
    NotDomain0,
}

/// What the decision looks at. Made from a row, or by hand for a row that is being made or changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub vm: Ref,
    pub power_state: String,
    pub is_a_template: bool,
    pub is_default_template: bool,
    pub is_a_snapshot: bool,
    pub is_control_domain: bool,
    pub is_domain_0: bool,
    pub blocked: Vec<(String, String)>,
    /// (task, operation)
    pub current: Vec<(String, String)>,
    /// Keys of the guest's metrics that say what it can do; empty without an agent.
    pub guest: Vec<(String, String)>,
    pub has_pv_drivers: bool,
    /// Its kernel is one that can do what drivers are needed for otherwise.
    pub is_paravirtual: bool,
    pub is_immobile: bool,
    pub has_nested_virt: bool,
    pub in_appliance: bool,
    pub in_snapshot_schedule: bool,
    pub is_system_domain: bool,
    pub vtpms: usize,
    pub has_vusbs: bool,
    pub has_vgpus: bool,
    pub has_pcis: bool,
    /// A disk of its forgets what was written with each start; and it is kept in a cache of its host beside.
    pub resets_on_boot: bool,
    pub resets_a_cache: bool,
    /// The pool lets suspended VMs be cloned.
    pub clones_suspended: bool,
}

const STATES: [&str; 4] = ["Halted", "Paused", "Suspended", "Running"];

impl Operation {
    pub(super) const fn new(
        name: &'static str,
        states: [bool; 4],
        beside: Beside,
        (template, snapshot): (Template, bool),
        (control_domain, advertised): (Domain, bool),
    ) -> Operation {
        Operation {
            name,
            states,
            beside,
            template,
            snapshot,
            control_domain,
            advertised,
        }
    }
}

impl Facts {
    /// A halted VM without devices.
    pub fn halted(vm: &Ref) -> Facts {
        Facts {
            vm: vm.clone(),
            power_state: "Halted".to_owned(),
            is_a_template: false,
            is_default_template: false,
            is_a_snapshot: false,
            is_control_domain: false,
            is_domain_0: false,
            blocked: Vec::new(),
            current: Vec::new(),
            guest: Vec::new(),
            has_pv_drivers: false,
            is_paravirtual: false,
            is_immobile: false,
            has_nested_virt: false,
            in_appliance: false,
            in_snapshot_schedule: false,
            is_system_domain: false,
            vtpms: 0,
            has_vusbs: false,
            has_vgpus: false,
            has_pcis: false,
            resets_on_boot: false,
            resets_a_cache: false,
            clones_suspended: false,
        }
    }

    /// The value of the field `allowed_operations`.
    pub fn allowed_operations(&self) -> Value {
        let allowed = OPERATIONS
            .iter()
            .filter(|row| row.advertised && self.check(row.name, true).is_ok());
        Value::set(allowed.map(|row| Value::text(row.name)))
    }

    /// Every check in its order; the first that fails is the error. `strict` asks the guest too, as all do that are not forced.
    pub fn check(&self, operation: &str, strict: bool) -> Result<(), ApiError> {
        let row = row(operation)?;
        self.check_blocked(row)?;
        self.check_power_state(row)?;
        self.check_beside(row)?;
        self.check_kind(row)?;
        self.check_mobility(row, strict)?;
        self.check_control_domain(row)?;
        self.check_guest(row, strict)?;
        self.check_devices(row)
    }

    fn check_blocked(&self, row: &Operation) -> Result<(), ApiError> {
        match self.blocked.iter().find(|(operation, _)| operation == row.name) {
            Some((_, reason)) => Err(self.error("OPERATION_BLOCKED", [reason.as_str()])),
            None => Ok(()),
        }
    }

    fn check_power_state(&self, row: &Operation) -> Result<(), ApiError> {
        let excepted = match row.name {
            "clone" | "copy" => self.power_state == "Suspended" && (self.is_a_snapshot || self.clones_suspended),
            "changing_static_range" | "changing_memory_limits" | "changing_VCPUs" => {
                self.power_state == "Running" && self.is_control_domain
            }
            _ => false,
        };
        let states = || STATES.iter().zip(row.states);
        if excepted || states().any(|(state, allowed)| allowed && *state == self.power_state) {
            return Ok(());
        }
        let expected: Vec<String> = states()
            .filter(|(_, ok)| *ok)
            .map(|(state, _)| state.to_lowercase())
            .collect();
        Err(self.error(
            "VM_BAD_POWER_STATE",
            [expected.join(", ").as_str(), &self.power_state.to_lowercase()],
        ))
    }

    /// Only whether it goes beside what is under way.
    pub fn check_current(&self, operation: &str) -> Result<(), ApiError> {
        self.check_beside(row(operation)?)
    }

    fn check_beside(&self, row: &Operation) -> Result<(), ApiError> {
        let all = |names: &[&str]| {
            self.current
                .iter()
                .all(|(_, operation)| names.contains(&operation.as_str()))
        };
        let only = |name: &str| self.current.len() == 1 && all(&[name]);
        let none = |names: &[&str]| {
            !self
                .current
                .iter()
                .any(|(_, operation)| names.contains(&operation.as_str()))
        };
        let free = self.current.is_empty()
            || match row.beside {
                Beside::Nothing => false,
                Beside::Snapshots => all(&["snapshot", "checkpoint"]) || only("snapshot_with_quiesce"),
                Beside::SnapshotsOnly => all(&["snapshot", "checkpoint"]),
                Beside::Copies => all(&["clone", "copy", "export"]),
                Beside::MigrateSend => only("migrate_send"),
                Beside::NotHardShutdown => none(&["hard_shutdown"]),
                Beside::NotHardStops => none(&["hard_shutdown", "hard_reboot"]),
                Beside::GetBootRecord => all(&["get_boot_record"]),
            };
        if free {
            return Ok(());
        }
        let (tasks, operations): (Vec<&str>, Vec<&str>) = self
            .current
            .iter()
            .map(|(task, operation)| (task.as_str(), operation.as_str()))
            .unzip();
        let listed = |names: Vec<&str>| match names.as_slice() {
            [one] => (*one).to_owned(),
            many => format!("{{{}}}", many.join(",")),
        };
        let params = [
            "VM".to_owned(),
            self.vm.as_str().to_owned(),
            listed(operations),
            listed(tasks),
        ];
        Err(ApiError::new("OTHER_OPERATION_IN_PROGRESS", params))
    }

    fn check_kind(&self, row: &Operation) -> Result<(), ApiError> {
        if self.is_a_template && !self.is_a_snapshot {
            let allowed = match row.template {
                Template::Yes => true,
                Template::No => false,
                Template::UnlessDefault => !self.is_default_template,
            };
            if !allowed {
                return Err(self.error("VM_IS_TEMPLATE", [row.name]));
            }
        }
        if self.is_a_snapshot && !row.snapshot {
            // Two of the names xapi does not know itself (seen on the wire).
            let name = match row.name {
                "changing_memory_limits" | "changing_VCPUs" => "(unknown operation)",
                name => name,
            };
            return Err(self.error("VM_IS_SNAPSHOT", [name]));
        }
        match row.name {
            "provision" if !self.is_a_template => Err(ApiError::plain("PROVISION_ONLY_ALLOWED_ON_TEMPLATE")),
            "revert" if !self.is_a_snapshot => Err(ApiError::plain("REVERT_ONLY_ALLOWED_ON_SNAPSHOT")),
            _ => Ok(()),
        }
    }

    fn check_mobility(&self, row: &Operation, strict: bool) -> Result<(), ApiError> {
        if strict && self.is_immobile && moves(row.name) {
            return Err(self.error("VM_IS_IMMOBILE", []));
        }
        if strict && self.has_nested_virt && row.name == "changing_dynamic_range" {
            return Err(self.error("VM_IS_USING_NESTED_VIRT", []));
        }
        Ok(())
    }

    fn check_control_domain(&self, row: &Operation) -> Result<(), ApiError> {
        let refuse = |what: &str| {
            Err(ApiError::new(
                "OPERATION_NOT_ALLOWED",
                [format!("This operation is not allowed on {what}")],
            ))
        };
        match row.control_domain {
            Domain::NotDomain0 if self.is_domain_0 => refuse("dom0"),
            Domain::No if self.is_control_domain => refuse("a control domain"),
            Domain::No | Domain::NotDomain0 | Domain::Yes => Ok(()),
        }
    }

    fn check_guest(&self, row: &Operation, strict: bool) -> Result<(), ApiError> {
        let live = self.power_state == "Running" || self.power_state == "Paused";
        let feature = |key: &str| self.guest.iter().any(|(held, value)| held == key && value == "1");
        if moves(row.name) {
            let reason = self.guest.iter().find(|(key, _)| key == "data-cant-suspend-reason");
            if let Some((_, reason)) = reason {
                return Err(self.error("VM_NON_SUSPENDABLE", [reason.as_str()]));
            }
        }
        let implicit = !live || self.has_pv_drivers || self.is_paravirtual;
        let able = implicit
            || match row.name {
                "suspend" | "checkpoint" | "pool_migrate" | "migrate_send" => feature("feature-suspend"),
                "clean_shutdown" => feature("feature-shutdown") || feature("feature-poweroff"),
                "clean_reboot" => feature("feature-shutdown") || feature("feature-reboot"),
                "changing_VCPUs_live" => feature("feature-vcpu-hotplug"),
                _ => true,
            };
        if strict && !able {
            Err(self.error("VM_LACKS_FEATURE", []))
        } else {
            Ok(())
        }
    }

    fn check_devices(&self, row: &Operation) -> Result<(), ApiError> {
        let spares_vgpus = matches!(
            (row.name, self.power_state.as_str()),
            ("migrate_send", "Halted") | ("checkpoint", "Suspended")
        );
        match row.name {
            "snapshot_with_quiesce" => Err(self.error("VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED", [])),
            "checkpoint" | "snapshot" | "suspend" if self.resets_on_boot => {
                Err(ApiError::plain("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"))
            }
            "pool_migrate" if self.resets_a_cache => {
                Err(ApiError::plain("VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"))
            }
            name if self.has_pcis && moves(name) => Err(self.error("VM_HAS_PCI_ATTACHED", [])),
            name if self.has_vgpus && moves(name) && !spares_vgpus => Err(self.error("VM_HAS_VGPU", [])),
            name if self.has_vusbs && (moves(name) || name == "snapshot") => Err(self.error("VM_HAS_VUSBS", [])),
            "make_into_template" if self.in_appliance => Err(self.error("VM_IS_PART_OF_AN_APPLIANCE", [])),
            "make_into_template" if self.in_snapshot_schedule => {
                Err(self.error("VM_ASSIGNED_TO_SNAPSHOT_SCHEDULE", []))
            }
            "query_services" if !self.is_system_domain => Err(self.error("NOT_SYSTEM_DOMAIN", [])),
            "create_vtpm" if self.vtpms > 0 => Err(ApiError::new("VTPM_MAX_AMOUNT_REACHED", [self.vtpms.to_string()])),
            _ => Ok(()),
        }
    }

    fn error<const N: usize>(&self, code: &'static str, params: [&str; N]) -> ApiError {
        ApiError::new(code, std::iter::once(self.vm.as_str()).chain(params))
    }
}

fn row(operation: &str) -> Result<&'static Operation, ApiError> {
    let row = OPERATIONS.iter().find(|row| row.name == operation);
    row.ok_or_else(|| ApiError::internal(format!("no VM operation {operation}")))
}

/// Refuses an operation on a VM as it stands.
pub fn check(view: &View, vm: &Ref, operation: &str) -> Result<(), ApiError> {
    Facts::of(view, vm)?.check(operation, true)
}

pub fn assert_operation_valid(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    Facts::of(cx.view, args.reference(0)?)?.check(args.text(1)?, true)?;
    Ok(Value::Void)
}

pub fn update_allowed_operations(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let vm = args.reference(0)?;
    let mut tx = cx.transaction();
    rows::set(
        &mut tx,
        "VM",
        vm,
        "allowed_operations",
        Facts::of(cx.view, vm)?.allowed_operations(),
    )?;
    done(tx)
}

/// The operations that need the VM to be movable.
fn moves(operation: &str) -> bool {
    matches!(operation, "suspend" | "checkpoint" | "pool_migrate" | "migrate_send")
}

pub(super) fn pairs(map: &Value) -> Vec<(String, String)> {
    let pairs = map.as_map().unwrap_or_default();
    let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    pairs.iter().map(|(key, value)| (text(key), text(value))).collect()
}
