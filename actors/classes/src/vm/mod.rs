//! Virtual machines: the halves of their messages that only change rows. What runs domains comes with the operations.

mod blob;
pub mod built;
mod consoles;
mod copy;
mod copy_rows;
mod create;
mod destroy;
mod devices;
pub(crate) mod disks;
pub(crate) mod domain;
pub mod guest;
mod hosts;
mod image;
mod images;
pub mod lifecycle;
mod lifecycle_facts;
mod lifecycle_table;
mod maps;
pub mod memory;
mod metadata;
mod migrate;
pub mod observe;
mod pause;
mod provision;
pub mod provision_spec;
mod reboot;
mod resume;
mod revert;
mod revert_rows;
mod setters;
mod start;
mod stop;
mod suspend;
pub(crate) mod told;

pub(crate) use blob::create_for as create_blob_for;
pub use copy::Copy;
pub use create::{NewVm, new_metrics, new_vm};
pub(crate) use domain::refresh_allowed;
pub use migrate::Migrate;
pub use pause::Pause;
pub use provision::Provision;
pub use reboot::Reboot;
pub use resume::Resume;
pub use revert::Revert;
pub(crate) use setters::changes_for_leaving_appliance;
pub use start::Start;
pub use stop::Stop;
pub use suspend::Suspend;

use crate::room::{Asker, Planner};

/// The messages that are operations.
pub fn asker(message: &str) -> Option<Asker> {
    Some(match message {
        "clean_reboot" => reboot::ask_clean,
        "clean_shutdown" => stop::ask_clean,
        "clone" => copy::ask_clone,
        "copy" => copy::ask_copy,
        "hard_reboot" => reboot::ask_hard,
        "hard_shutdown" => stop::ask_hard,
        "pause" => pause::ask_pause,
        "pool_migrate" => migrate::ask,
        "provision" => provision::ask,
        "resume" => resume::ask_resume,
        "resume_on" => resume::ask_resume_on,
        "revert" => revert::ask,
        "shutdown" => stop::ask_either,
        "snapshot" => copy::ask_snapshot,
        "start" => start::ask_start,
        "start_on" => start::ask_start_on,
        "suspend" => suspend::ask,
        "unpause" => pause::ask_unpause,
        _ => return None,
    })
}

pub fn lookup(message: &str) -> Option<Planner> {
    use Planner::{Read, Write};
    Some(match message {
        "add_to_NVRAM" => Write(maps::add_to_nvram),
        "add_to_blocked_operations" => Write(maps::add_to_blocked_operations),
        "add_to_other_config" => Write(maps::add_to_other_config),
        "add_to_platform" => Write(maps::add_to_platform),
        "assert_can_boot_here" => Read(hosts::assert_can_boot_here),
        "assert_operation_valid" => Read(lifecycle::assert_operation_valid),
        "compute_memory_overhead" => Read(memory::compute_memory_overhead),
        "create" => Write(create::create),
        "create_new_blob" => Write(blob::create_new_blob),
        "destroy" => Write(destroy::destroy),
        "get_allowed_VBD_devices" => Read(devices::get_allowed_vbd_devices),
        "get_allowed_VIF_devices" => Read(devices::get_allowed_vif_devices),
        "get_cooperative" => Read(devices::get_cooperative),
        "get_possible_hosts" => Read(hosts::get_possible_hosts),
        "maximise_memory" => Read(memory::maximise_memory),
        "power_state_reset" => Write(hosts::power_state_reset),
        "remove_from_NVRAM" => Write(maps::remove_from_nvram),
        "remove_from_blocked_operations" => Write(maps::remove_from_blocked_operations),
        "remove_from_other_config" => Write(maps::remove_from_other_config),
        "remove_from_platform" => Write(maps::remove_from_platform),
        "set_HVM_boot_policy" => Write(setters::set_hvm_boot_policy),
        "set_HVM_shadow_multiplier" => Write(setters::set_hvm_shadow_multiplier),
        "set_NVRAM" => Write(maps::set_nvram),
        "set_VCPUs_at_startup" => Write(setters::set_vcpus_at_startup),
        "set_VCPUs_max" => Write(setters::set_vcpus_max),
        "set_actions_after_crash" => Write(setters::set_actions_after_crash),
        "set_appliance" => Write(setters::set_appliance),
        "set_bios_strings" => Write(setters::set_bios_strings),
        "set_blocked_operations" => Write(maps::set_blocked_operations),
        "set_domain_type" => Write(setters::set_domain_type),
        "set_groups" => Write(setters::set_groups),
        "set_ha_always_run" => Write(setters::set_ha_always_run),
        "set_ha_restart_priority" => Write(setters::set_ha_restart_priority),
        "set_has_vendor_device" => Write(setters::set_has_vendor_device),
        "set_is_a_template" => Write(setters::set_is_a_template),
        "set_is_default_template" => Write(setters::set_is_default_template),
        "set_memory" => Write(memory::set_memory),
        "set_memory_dynamic_max" => Write(memory::set_memory_dynamic_max),
        "set_memory_dynamic_min" => Write(memory::set_memory_dynamic_min),
        "set_memory_dynamic_range" => Write(memory::set_memory_dynamic_range),
        "set_memory_limits" => Write(memory::set_memory_limits),
        "set_memory_static_max" => Write(memory::set_memory_static_max),
        "set_memory_static_min" => Write(memory::set_memory_static_min),
        "set_memory_static_range" => Write(memory::set_memory_static_range),
        "set_order" => Write(setters::set_order),
        "set_other_config" => Write(maps::set_other_config),
        "set_platform" => Write(maps::set_platform),
        "set_shutdown_delay" => Write(setters::set_shutdown_delay),
        "set_start_delay" => Write(setters::set_start_delay),
        "set_xenstore_data" => Write(maps::set_xenstore_data),
        "update_allowed_operations" => Write(lifecycle::update_allowed_operations),
        _ => return None,
    })
}
