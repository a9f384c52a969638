//! `GPU_group`: see the class.

use crate::macros::words::*;

class! {
    gpu_group "GPU_group", Published "boston" {}

    fields {
        UUID uuid [string], Runtime, Published "boston";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "boston" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "boston" { db: Some("name__description") };
        GPU_TYPES GPU_types [set [string]] = set(&[]), Runtime, Published "boston";
        PGPUS PGPUs [set [ref "PGPU"]], Runtime, Published "boston";
        VGPUS VGPUs [set [ref "VGPU"]], Runtime, Published "boston";
        ALLOCATION_ALGORITHM allocation_algorithm [enum AllocationAlgorithm] = text("depth_first"), ReadWrite, Published "vgpu-tech-preview";
        ENABLED_VGPU_TYPES enabled_VGPU_types [set [ref "VGPU_type"]], Runtime, Published "vgpu-productisation";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "boston";
        SUPPORTED_VGPU_TYPES supported_VGPU_types [set [ref "VGPU_type"]], Runtime, Published "vgpu-productisation";
    }

    messages {
        create(name_label [string] = text(""), name_description [string] = text(""), other_config [map [string] [string]] = map(&[])) -> [ref "GPU_group"], PoolOperator, Published "boston";
        destroy(self [ref "GPU_group"]) -> [void], PoolOperator, Published "boston";
        get_remaining_capacity(self [ref "GPU_group"], vgpu_type [ref "VGPU_type"]) -> [int], ReadOnly, Published "vgpu-tech-preview";
        update_enabled_VGPU_types(self [ref "GPU_group"]) -> [void], PoolOperator, Published "vgpu-productisation" { hidden: true };
        update_supported_VGPU_types(self [ref "GPU_group"]) -> [void], PoolOperator, Published "vgpu-productisation" { hidden: true };
    }
}

enumeration! {
    AllocationAlgorithm "allocation_algorithm" { BreadthFirst "breadth_first", DepthFirst "depth_first" }
}
