//! `GPU_group`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// Physical GPUs of one kind that can stand in for one another across the pool.
    gpu_group "GPU_group", Published "boston" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "boston";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "boston" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "boston" { db: Some("name__description") };
        /// Vendor and device ids of the GPUs it may hold.
        GPU_TYPES GPU_types [set [string]] = set(&[]), Runtime, Published "boston";
        /// Physical GPUs in the group.
        PGPUS PGPUs [set [ref "PGPU"]], Runtime, Published "boston";
        /// Virtual GPUs that draw on it.
        VGPUS VGPUs [set [ref "VGPU"]], Runtime, Published "boston";
        /// How virtual GPUs are spread over the physical ones.
        ALLOCATION_ALGORITHM allocation_algorithm [enum AllocationAlgorithm] = text("depth_first"), ReadWrite, Published "vgpu-tech-preview";
        /// Kinds that at least one GPU of the group has enabled.
        ENABLED_VGPU_TYPES enabled_VGPU_types [set [ref "VGPU_type"]], Runtime, Published "vgpu-productisation";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "boston";
        /// Kinds that at least one GPU of the group can run.
        SUPPORTED_VGPU_TYPES supported_VGPU_types [set [ref "VGPU_type"]], Runtime, Published "vgpu-productisation";
    }

    messages {
        /// Make an empty group.
        create(name_label [string] = text(""), name_description [string] = text(""), other_config [map [string] [string]] = map(&[])) -> [ref "GPU_group"], PoolOperator, Published "boston";
        /// Remove an empty group.
        destroy(self [ref "GPU_group"]) -> [void], PoolOperator, Published "boston";
        /// How many more virtual GPUs of a kind could run.
        get_remaining_capacity(self [ref "GPU_group"], vgpu_type [ref "VGPU_type"]) -> [int], ReadOnly, Published "vgpu-tech-preview";
        /// Recompute the enabled kinds from the GPUs.
        update_enabled_VGPU_types(self [ref "GPU_group"]) -> [void], PoolOperator, Published "vgpu-productisation" { hidden: true };
        /// Recompute the supported kinds from the GPUs.
        update_supported_VGPU_types(self [ref "GPU_group"]) -> [void], PoolOperator, Published "vgpu-productisation" { hidden: true };
    }
}

enumeration! {
    /// Spread virtual GPUs over many physical ones, or fill one after the other.
    AllocationAlgorithm "allocation_algorithm" { BreadthFirst "breadth_first", DepthFirst "depth_first" }
}
