//! `PGPU`: its fields, messages and enumerations.

use super::pci::PciDom0Access;
use crate::macros::words::*;

class! {
    /// A physical GPU of a host.
    pgpu "PGPU", Published "boston" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "boston";
        /// The group it is in.
        GPU_GROUP GPU_group [ref "GPU_group"] = null(), Constructor, Published "boston";
        /// Its PCI device.
        PCI PCI [ref "PCI"] = null(), Constructor, Published "boston";
        /// What migration compares between two GPUs.
        COMPATIBILITY_METADATA compatibility_metadata [map [string] [string]] = map(&[]), Runtime, Published "inverness";
        /// Whether the control domain has the GPU, now and after the next boot.
        DOM0_ACCESS dom0_access [enum PciDom0Access] = text("enabled"), Runtime, Deprecated "cream";
        /// Kinds of virtual GPU it may run.
        ENABLED_VGPU_TYPES enabled_VGPU_types [set [ref "VGPU_type"]], Runtime, Published "vgpu-tech-preview";
        /// The host it is in.
        HOST host [ref "host"] = null(), Runtime, Published "boston";
        /// True if the host's console is shown on it.
        IS_SYSTEM_DISPLAY_DEVICE is_system_display_device [bool] = flag(false), Runtime, Published "cream";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "boston";
        /// Virtual GPUs running on it.
        RESIDENT_VGPUS resident_VGPUs [set [ref "VGPU"]], Runtime, Published "vgpu-tech-preview";
        /// Abstract capacity that virtual GPUs draw on.
        SIZE size [int] = int(1_048_576), Constructor, Published "vgpu-tech-preview" { internal: true };
        /// How many of each kind it can run when it runs no other.
        SUPPORTED_VGPU_MAX_CAPACITIES supported_VGPU_max_capacities [map [ref "VGPU_type"] [int]] = map(&[]), Runtime, Published "vgpu-productisation";
        /// Kinds of virtual GPU it can run.
        SUPPORTED_VGPU_TYPES supported_VGPU_types [set [ref "VGPU_type"]], Runtime, Published "vgpu-tech-preview";
    }

    messages {
        /// Allow one more kind of virtual GPU.
        add_enabled_VGPU_types(self [ref "PGPU"], value [ref "VGPU_type"]) -> [void], PoolOperator, Published "vgpu-tech-preview";
        /// Hide the GPU from the control domain from the next boot.
        disable_dom0_access(self [ref "PGPU"]) -> [enum PciDom0Access], PoolOperator, Deprecated "cream" { route: Route::OwningHost, runs_on: "PGPU.host" };
        /// Give the GPU back to the control domain from the next boot.
        enable_dom0_access(self [ref "PGPU"]) -> [enum PciDom0Access], PoolOperator, Deprecated "cream" { route: Route::OwningHost, runs_on: "PGPU.host" };
        /// How many more virtual GPUs of a kind it could run.
        get_remaining_capacity(self [ref "PGPU"], vgpu_type [ref "VGPU_type"]) -> [int], ReadOnly, Published "vgpu-tech-preview";
        /// Forbid a kind of virtual GPU that is not running.
        remove_enabled_VGPU_types(self [ref "PGPU"], value [ref "VGPU_type"]) -> [void], PoolOperator, Published "vgpu-tech-preview";
        /// Move it to another group; none of its virtual GPUs may run.
        set_GPU_group(self [ref "PGPU"], value [ref "GPU_group"]) -> [void], PoolOperator, Published "vgpu-tech-preview";
        /// Replace the kinds of virtual GPU allowed.
        set_enabled_VGPU_types(self [ref "PGPU"], value [set [ref "VGPU_type"]]) -> [void], PoolOperator, Published "vgpu-tech-preview";
    }
}
