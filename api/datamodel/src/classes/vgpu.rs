//! `VGPU`: see the class.

use crate::macros::words::*;

class! {
    vgpu "VGPU", Published "boston" {}

    fields {
        UUID uuid [string], Runtime, Published "boston";
        GPU_GROUP GPU_group [ref "GPU_group"], Runtime, Published "boston";
        PCI PCI [ref "PCI"] = null(), Runtime, Published "quebec";
        VM VM [ref "VM"], Runtime, Published "boston";
        COMPATIBILITY_METADATA compatibility_metadata [map [string] [string]] = map(&[]), Runtime, Published "inverness";
        CURRENTLY_ATTACHED currently_attached [bool] = flag(false), Runtime, Published "boston";
        DEVICE device [string] = text("0"), Runtime, Published "boston";
        EXTRA_ARGS extra_args [string] = text(""), ReadWrite, Published "quebec";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "boston";
        RESIDENT_ON resident_on [ref "PGPU"] = null(), Runtime, Published "vgpu-tech-preview";
        SCHEDULED_TO_BE_RESIDENT_ON scheduled_to_be_resident_on [ref "PGPU"] = null(), Runtime, Published "dundee";
        TYPE type [ref "VGPU_type"] = null(), Runtime, Published "vgpu-tech-preview";
    }

    messages {
        atomic_set_resident_on(self [ref "VGPU"], value [ref "PGPU"]) -> [void], LocalRoot, Published "dundee" { hidden: true, pool_internal: true };
        create(VM [ref "VM"], GPU_group [ref "GPU_group"], device [string] = text("0"), other_config [map [string] [string]] = map(&[]), type [ref "VGPU_type"] = null()) -> [ref "VGPU"], PoolOperator, Published "boston";
        destroy(self [ref "VGPU"]) -> [void], PoolOperator, Published "boston";
    }
}
