//! `PGPU`: see the class.

use super::pci::PciDom0Access;
use crate::macros::words::*;

class! {
    pgpu "PGPU", Published "boston" {}

    fields {
        UUID uuid [string], Runtime, Published "boston";
        GPU_GROUP GPU_group [ref "GPU_group"] = null(), Constructor, Published "boston";
        PCI PCI [ref "PCI"] = null(), Constructor, Published "boston";
        COMPATIBILITY_METADATA compatibility_metadata [map [string] [string]] = map(&[]), Runtime, Published "inverness";
        DOM0_ACCESS dom0_access [enum PciDom0Access] = text("enabled"), Runtime, Deprecated "cream";
        ENABLED_VGPU_TYPES enabled_VGPU_types [set [ref "VGPU_type"]], Runtime, Published "vgpu-tech-preview";
        HOST host [ref "host"] = null(), Runtime, Published "boston";
        IS_SYSTEM_DISPLAY_DEVICE is_system_display_device [bool] = flag(false), Runtime, Published "cream";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "boston";
        RESIDENT_VGPUS resident_VGPUs [set [ref "VGPU"]], Runtime, Published "vgpu-tech-preview";
        SIZE size [int] = int(1_048_576), Constructor, Published "vgpu-tech-preview" { internal: true };
        SUPPORTED_VGPU_MAX_CAPACITIES supported_VGPU_max_capacities [map [ref "VGPU_type"] [int]] = map(&[]), Runtime, Published "vgpu-productisation";
        SUPPORTED_VGPU_TYPES supported_VGPU_types [set [ref "VGPU_type"]], Runtime, Published "vgpu-tech-preview";
    }

    messages {
        add_enabled_VGPU_types(self [ref "PGPU"], value [ref "VGPU_type"]) -> [void], PoolOperator, Published "vgpu-tech-preview";
        disable_dom0_access(self [ref "PGPU"]) -> [enum PciDom0Access], PoolOperator, Deprecated "cream" { route: Route::OwningHost, runs_on: "PGPU.host" };
        enable_dom0_access(self [ref "PGPU"]) -> [enum PciDom0Access], PoolOperator, Deprecated "cream" { route: Route::OwningHost, runs_on: "PGPU.host" };
        get_remaining_capacity(self [ref "PGPU"], vgpu_type [ref "VGPU_type"]) -> [int], ReadOnly, Published "vgpu-tech-preview";
        remove_enabled_VGPU_types(self [ref "PGPU"], value [ref "VGPU_type"]) -> [void], PoolOperator, Published "vgpu-tech-preview";
        set_GPU_group(self [ref "PGPU"], value [ref "GPU_group"]) -> [void], PoolOperator, Published "vgpu-tech-preview";
        set_enabled_VGPU_types(self [ref "PGPU"], value [set [ref "VGPU_type"]]) -> [void], PoolOperator, Published "vgpu-tech-preview";
    }
}
