//! What decides what a VM may do, read from its rows.

use super::lifecycle::{Facts, pairs};
use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

impl Facts {
    pub fn of(view: &View, vm: &Ref) -> Result<Facts, ApiError> {
        let flag = |field| rows::boolean(view, "VM", vm, field);
        let value = |field| rows::value(view, "VM", vm, field);
        let not_null = |field| rows::reference(view, "VM", vm, field).map(|reference| !reference.is_null());
        let other_config = value("other_config")?;
        let config_is = |key: &str| other_config.member(key).and_then(Value::as_text) == Some("true");
        let is_control_domain = flag("is_control_domain")?;
        let (guest, has_pv_drivers) = guest_of(view, vm)?;
        let (is_immobile, has_nested_virt) = mobility(view, vm)?;
        let (resets_on_boot, resets_a_cache) = resets(view, vm)?;
        let has_some = |field| rows::references(view, "VM", vm, field).map(|held| !held.is_empty());
        Ok(Facts {
            vm: vm.clone(),
            power_state: rows::text(view, "VM", vm, "power_state")?,
            is_a_template: flag("is_a_template")?,
            is_default_template: flag("is_default_template")? || config_is("default_template"),
            is_a_snapshot: flag("is_a_snapshot")?,
            is_control_domain,
            is_domain_0: is_control_domain && rows::int(view, "VM", vm, "domid")? == 0,
            blocked: pairs(&value("blocked_operations")?),
            current: pairs(&value("current_operations")?),
            guest,
            has_pv_drivers,
            is_paravirtual: is_paravirtual(view, vm)?,
            is_immobile,
            has_nested_virt,
            in_appliance: not_null("appliance")?,
            in_snapshot_schedule: not_null("snapshot_schedule")?,
            is_system_domain: config_is("is_system_domain"),
            vtpms: rows::references(view, "VM", vm, "VTPMs")?.len(),
            has_vusbs: has_some("VUSBs")?,
            has_vgpus: has_some("VGPUs")?,
            has_pcis: has_some("attached_PCIs")?,
            resets_on_boot,
            resets_a_cache,
            clones_suspended: clones_suspended(view)?,
        })
    }
}

fn guest_of(view: &View, vm: &Ref) -> Result<(Vec<(String, String)>, bool), ApiError> {
    let guest = rows::reference(view, "VM", vm, "guest_metrics")?;
    if !view.contains(rows::class("VM_guest_metrics")?, &guest) {
        return Ok((Vec::new(), false));
    }
    let drivers = rows::boolean(view, "VM_guest_metrics", &guest, "PV_drivers_detected")?;
    Ok((pairs(&rows::value(view, "VM_guest_metrics", &guest, "other")?), drivers))
}

/// (may not move, uses nested virtualisation): as its metrics say, and without metrics as its platform says.
fn mobility(view: &View, vm: &Ref) -> Result<(bool, bool), ApiError> {
    let metrics = rows::reference(view, "VM", vm, "metrics")?;
    let (nomigrate, nested) = if view.contains(rows::class("VM_metrics")?, &metrics) {
        let flag = |field| rows::boolean(view, "VM_metrics", &metrics, field);
        (flag("nomigrate")?, flag("nested_virt")?)
    } else {
        let key = |key| rows::map_text(view, "VM", vm, "platform", key).map(|text| text.as_deref() == Some("true"));
        (key("nomigrate")?, key("nested-virt")?)
    };
    Ok((nomigrate || nested, nested))
}

/// As it was started, or would be.
fn is_paravirtual(view: &View, vm: &Ref) -> Result<bool, ApiError> {
    let metrics = rows::reference(view, "VM", vm, "metrics")?;
    let started = match view.contains(rows::class("VM_metrics")?, &metrics) {
        true => rows::text(view, "VM_metrics", &metrics, "current_domain_type")?,
        false => "unspecified".to_owned(),
    };
    let kind = match started.as_str() {
        "unspecified" => rows::text(view, "VM", vm, "domain_type")?,
        _ => started,
    };
    Ok(matches!(kind.as_str(), "pv" | "pvh" | "pv_in_pvh"))
}

/// (some disk forgets with each start, and is cached).
fn resets(view: &View, vm: &Ref) -> Result<(bool, bool), ApiError> {
    let (mut resets, mut cached) = (false, false);
    for vbd in rows::references(view, "VM", vm, "VBDs")? {
        let image = rows::reference(view, "VBD", &vbd, "VDI")?;
        if view.contains(rows::class("VDI")?, &image) && rows::text(view, "VDI", &image, "on_boot")? == "reset" {
            resets = true;
            cached |= rows::boolean(view, "VDI", &image, "allow_caching")?;
        }
    }
    Ok((resets, cached))
}

fn clones_suspended(view: &View) -> Result<bool, ApiError> {
    let Some(pool) = view.refs(rows::class("pool")?).next() else {
        return Ok(false);
    };
    let says = rows::map_text(view, "pool", pool, "other_config", "allow_clone_suspended_vm")?;
    Ok(says.as_deref() == Some("true"))
}
