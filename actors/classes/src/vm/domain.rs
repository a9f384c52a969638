//! Between a VM's rows and the domain on its host: what it is built from, and what its rows say when it runs or has stopped.

use super::{consoles, guest};
use crate::cx::date_time;
use crate::operation::Lock;
use crate::{placement, rows, session, vbd, vdi, vif};
use sha2::{Digest, Sha256};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};
use xenith_xen_port::{AfterStop, Boot, DomainConfig, DomainKind, EffectError, Nic, VmId};

/// What cannot be done at once while something is cleaned up is tried again this often.
pub const TRIES: u8 = 3;

pub fn id(view: &View, vm: &Ref) -> Result<VmId, ApiError> {
    rows::text(view, "VM", vm, "uuid").map(VmId)
}

/// What the VM's domain is built from, by its rows as they are now.
pub fn config(view: &View, vm: &Ref) -> Result<DomainConfig, ApiError> {
    let text = |field| rows::text(view, "VM", vm, field);
    let int = |field| rows::int(view, "VM", vm, field);
    let map = |field| rows::value(view, "VM", vm, field).map(|value| super::lifecycle::pairs(&value));
    Ok(DomainConfig {
        vm: id(view, vm)?,
        name_label: text("name_label")?,
        kind: match text("domain_type")?.as_str() {
            "pv" => DomainKind::Pv,
            "pvh" | "pv_in_pvh" => DomainKind::Pvh,
            _ => DomainKind::Hvm,
        },
        memory_max_bytes: int("memory_static_max")?,
        memory_target_bytes: placement::memory_wanted(view, vm)? - int("memory_overhead")?,
        memory_overhead_bytes: int("memory_overhead")?,
        vcpus_max: int("VCPUs_max")?,
        vcpus_at_start: int("VCPUs_at_startup")?,
        boot: boot(view, vm)?,
        platform: map("platform")?,
        xenstore_data: map("xenstore_data")?,
        disks: super::disks::list(view, vm)?,
        nics: nics(view, vm)?,
        after_shutdown: after(&text("actions_after_shutdown")?),
        after_reboot: after(&text("actions_after_reboot")?),
        after_crash: after(&text("actions_after_crash")?),
    })
}

fn boot(view: &View, vm: &Ref) -> Result<Boot, ApiError> {
    let text = |field| rows::text(view, "VM", vm, field);
    let given = |field| text(field).map(|value| Some(value).filter(|value| !value.is_empty()));
    let param = |key| rows::map_text(view, "VM", vm, "HVM_boot_params", key);
    Ok(Boot {
        kernel: given("PV_kernel")?,
        ramdisk: given("PV_ramdisk")?,
        arguments: text("PV_args")?,
        bootloader: given("PV_bootloader")?,
        bootloader_arguments: text("PV_bootloader_args")?,
        firmware: param("firmware")?,
        order: param("order")?,
    })
}

fn nics(view: &View, vm: &Ref) -> Result<Vec<Nic>, ApiError> {
    let mut nics = Vec::new();
    for vif in rows::references(view, "VM", vm, "VIFs")? {
        let network = rows::reference(view, "VIF", &vif, "network")?;
        nics.push(Nic {
            number: rows::text(view, "VIF", &vif, "device")?.parse().unwrap_or_default(),
            mac: rows::text(view, "VIF", &vif, "MAC")?,
            mtu: rows::int(view, "VIF", &vif, "MTU")?,
            bridge: rows::text(view, "network", &network, "bridge")?,
        });
    }
    Ok(nics)
}

pub(super) fn after(action: &str) -> AfterStop {
    match action {
        "restart" | "coredump_and_restart" | "rename_restart" => AfterStop::Restart,
        "preserve" => AfterStop::Preserve,
        _ => AfterStop::Destroy,
    }
}

/// Locks on the VM and all its devices of these classes.
pub fn locks(view: &View, vm: &Ref, operation: &str, devices: &[&str]) -> Result<Vec<Lock>, ApiError> {
    let mut locks = vec![Lock::new("VM", vm, operation)];
    for (class, device) in devices_of(view, vm)? {
        if devices.contains(&class) {
            locks.push(Lock::new(class, &device, "attach"));
        }
    }
    Ok(locks)
}

pub fn devices_of(view: &View, vm: &Ref) -> Result<Vec<(&'static str, Ref)>, ApiError> {
    let mut devices = Vec::new();
    for (field, class) in [("VBDs", "VBD"), ("VIFs", "VIF")] {
        for device in rows::references(view, "VM", vm, field)? {
            devices.push((class, device));
        }
    }
    Ok(devices)
}

/// The VM has a claim on the host's memory from now on.
pub fn schedule(tx: &mut Transaction, vm: &Ref, host: &Ref) -> Result<(), ApiError> {
    rows::set(tx, "VM", vm, "scheduled_to_be_resident_on", host)
}

/// What a machine says of itself when nobody has said otherwise: fixed with its first start, as in xapi.
const BIOS_STRINGS: &[(&str, &str)] = &[
    ("bios-vendor", "Xen"),
    ("bios-version", ""),
    ("system-manufacturer", "Xen"),
    ("system-product-name", "HVM domU"),
    ("system-version", ""),
    ("system-serial-number", ""),
    ("baseboard-manufacturer", ""),
    ("baseboard-product-name", ""),
    ("baseboard-version", ""),
    ("baseboard-serial-number", ""),
    ("baseboard-asset-tag", ""),
    ("baseboard-location-in-chassis", ""),
    ("enclosure-asset-tag", ""),
    ("hp-rombios", ""),
    ("oem-1", "Xen"),
    ("oem-2", "MS_VM_CERT/SHA1/bdbeb6e0a816d43fa6d3fe8aaef04c2bad9d3e3d"),
];

/// What a first start settles in the rows.
pub fn settle(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    let held = rows::value(view, "VM", vm, "bios_strings")?;
    if held.as_map().is_none_or(<[_]>::is_empty) {
        rows::set(
            tx,
            "VM",
            vm,
            "bios_strings",
            Value::text_map(BIOS_STRINGS.iter().copied()),
        )?;
    }
    let is_hvm = !rows::text(view, "VM", vm, "HVM_boot_policy")?.is_empty();
    if is_hvm && rows::map_text(view, "VM", vm, "platform", "device-model")?.is_none() {
        let platform = rows::column("VM", "platform")?;
        let key = Some(Value::text("device-model"));
        tx.add(vm, platform, key, Value::text("qemu-upstream-compat"));
    }
    Ok(())
}

/// Its domain has been built on the host.
pub fn set_running(
    view: &View,
    tx: &mut Transaction,
    vm: &Ref,
    (host, domid, power_state): (&Ref, i64, &str),
) -> Result<(), ApiError> {
    set_placed(tx, vm, host, domid)?;
    rows::set(tx, "VM", vm, "power_state", power_state)?;
    if domid >= 0 {
        super::built::is_there(view, tx, vm)?;
    }
    for (class, device) in super::built::devices(view, vm)? {
        rows::set(tx, class, &device, "currently_attached", true)?;
    }
    set_begun(view, tx, vm)
}

/// A guest has rebooted by itself: another domain runs in the place of its old one.
pub fn set_rebuilt(view: &View, tx: &mut Transaction, vm: &Ref, domid: i64) -> Result<(), ApiError> {
    rows::set(tx, "VM", vm, "domid", domid)?;
    set_begun(view, tx, vm)
}

/// Its guest begins anew: what the last one said is void, and its metrics are those of a start.
fn set_begun(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    guest::begin(view, tx, vm)?;
    let metrics = rows::reference(view, "VM", vm, "metrics")?;
    if !view.contains(rows::class("VM_metrics")?, &metrics) {
        return Ok(());
    }
    let now = date_time(tx.time_ms);
    let platform = |key| rows::map_text(view, "VM", vm, "platform", key).map(|text| is_true(text.as_deref()));
    let kind = rows::text(view, "VM", vm, "domain_type")?;
    let memory = placement::memory_of(view, vm)? - rows::int(view, "VM", vm, "memory_overhead")?;
    let fields = [
        ("start_time", Value::from(now)),
        ("last_updated", Value::from(now)),
        ("VCPUs_number", rows::value(view, "VM", vm, "VCPUs_at_startup")?),
        ("memory_actual", Value::Int(memory)),
        ("hvm", Value::Bool(kind == "hvm")),
        ("nomigrate", Value::Bool(platform("nomigrate")?)),
        ("nested_virt", Value::Bool(platform("nested-virt")?)),
        ("current_domain_type", Value::from(kind)),
    ];
    for (field, value) in fields {
        rows::set(tx, "VM_metrics", &metrics, field, value)?;
    }
    Ok(())
}

/// The uuid of something that comes and goes with the VM's domain. New with every state of the database, so that nothing comes back under
/// the name of what was there before.
pub(super) fn new_id(view: &View, vm: &Ref, what: &str) -> String {
    let text = format!("{what}/{}/{}", vm.as_str(), view.generation());
    let digest: [u8; 32] = Sha256::digest(text).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    session::uuid_text(bytes)
}

/// As the keys of `platform` are read.
fn is_true(text: Option<&str>) -> bool {
    matches!(text, Some("true" | "1"))
}

/// Something of its domain may be there and cannot be removed: the VM must not start elsewhere. A hard stop tries again.
pub fn set_stuck(view: &View, tx: &mut Transaction, vm: &Ref, host: &Ref) -> Result<(), ApiError> {
    set_running(view, tx, vm, (host, -1, "Paused"))
}

/// Refuses a VM that [`set_stuck`] has left: what there is of it must not run. It may be restored from an image that is the VM yet.
pub fn check_whole(view: &View, vm: &Ref) -> Result<(), ApiError> {
    if rows::int(view, "VM", vm, "domid")? >= 0 {
        return Ok(());
    }
    let text = "Its domain could not be removed: shut the VM down by force";
    Err(ApiError::new("OPERATION_NOT_ALLOWED", [text]))
}

/// Where its domain is.
pub fn set_placed(tx: &mut Transaction, vm: &Ref, host: &Ref, domid: i64) -> Result<(), ApiError> {
    rows::set(tx, "VM", vm, "resident_on", host)?;
    rows::set(tx, "VM", vm, "scheduled_to_be_resident_on", Ref::null())?;
    rows::set(tx, "VM", vm, "domid", domid)
}

/// Its domain is gone: placement, claims and everything that only a running VM has (allowed_operations.md, VM).
pub fn set_halted(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    set_placed(tx, vm, &Ref::null(), -1)?;
    rows::set(tx, "VM", vm, "power_state", "Halted")?;
    for (class, device) in devices_of(view, vm)? {
        rows::set(tx, class, &device, "currently_attached", false)?;
    }
    let metrics = rows::reference(view, "VM", vm, "metrics")?;
    if view.contains(rows::class("VM_metrics")?, &metrics) {
        rows::set(tx, "VM_metrics", &metrics, "current_domain_type", "unspecified")?;
    }
    guest::forget(view, tx, vm)?;
    super::built::forget(view, tx, vm)
}

/// Its memory is on a disk. It has its devices yet, and what its domain was built from is what it will be restored as.
pub fn set_suspended(view: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    set_placed(tx, vm, &Ref::null(), -1)?;
    rows::set(tx, "VM", vm, "power_state", "Suspended")?;
    guest::forget(view, tx, vm)
}

/// What the VM and its devices may do, and where its consoles are, as `after` has them.
pub(crate) fn refresh_allowed(after: &View, tx: &mut Transaction, vm: &Ref) -> Result<(), ApiError> {
    let allowed = super::lifecycle::Facts::of(after, vm)?.allowed_operations();
    rows::set(tx, "VM", vm, "allowed_operations", allowed)?;
    consoles::follow(after, tx, vm)?;
    for (class, device) in devices_of(after, vm)? {
        let allowed = match class {
            "VBD" => vbd::allowed_now(after, &device)?,
            _ => vif::allowed_now(after, &device)?,
        };
        rows::set(tx, class, &device, "allowed_operations", allowed)?;
        if class == "VBD" {
            let disk = rows::reference(after, "VBD", &device, "VDI")?;
            if after.contains(rows::class("VDI")?, &disk) {
                let allowed = vdi::allowed_now(after, &disk)?;
                crate::birth::set_if_new(after, tx, ("VDI", &disk), "allowed_operations", allowed)?;
            }
        }
    }
    Ok(())
}

/// What a failed effect is for a client.
pub fn error(vm: &Ref, error: &EffectError) -> ApiError {
    match error {
        EffectError::NotEnoughMemory {
            needed_bytes,
            free_bytes,
        } => ApiError::new(
            "HOST_NOT_ENOUGH_FREE_MEMORY",
            [needed_bytes.to_string(), free_bytes.to_string()],
        ),
        EffectError::GuestDidNotAnswer => ApiError::new("VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT", [vm.as_str()]),
        EffectError::Storage(_) => vdi::error(error),
        EffectError::NoDomain
        | EffectError::BadState(_)
        | EffectError::Cancelled
        | EffectError::NoImage
        | EffectError::PeerLost
        | EffectError::NotKnown(_)
        | EffectError::Failed(_) => ApiError::internal(error.to_string()),
    }
}
