//! `VGPU`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A virtual GPU of a VM.
    vgpu "VGPU", Published "boston" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "boston";
        /// The group it draws on.
        GPU_GROUP GPU_group [ref "GPU_group"], Runtime, Published "boston";
        /// The PCI device it is given, for virtual functions.
        PCI PCI [ref "PCI"] = null(), Runtime, Published "quebec";
        /// The VM.
        VM VM [ref "VM"], Runtime, Published "boston";
        /// What migration compares between two GPUs.
        COMPATIBILITY_METADATA compatibility_metadata [map [string] [string]] = map(&[]), Runtime, Published "inverness";
        /// True while plugged in.
        CURRENTLY_ATTACHED currently_attached [bool] = flag(false), Runtime, Published "boston";
        /// Order among the GPUs of the VM.
        DEVICE device [string] = text("0"), Runtime, Published "boston";
        /// Further arguments for its device model.
        EXTRA_ARGS extra_args [string] = text(""), ReadWrite, Published "quebec";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "boston";
        /// The physical GPU it runs on.
        RESIDENT_ON resident_on [ref "PGPU"] = null(), Runtime, Published "vgpu-tech-preview";
        /// The physical GPU it is promised.
        SCHEDULED_TO_BE_RESIDENT_ON scheduled_to_be_resident_on [ref "PGPU"] = null(), Runtime, Published "dundee";
        /// Its kind.
        TYPE type [ref "VGPU_type"] = null(), Runtime, Published "vgpu-tech-preview";
    }

    messages {
        /// Record the physical GPU if it still has room.
        atomic_set_resident_on(self [ref "VGPU"], value [ref "PGPU"]) -> [void], LocalRoot, Published "dundee" { hidden: true, pool_internal: true };
        /// Give a VM a virtual GPU.
        create(VM [ref "VM"], GPU_group [ref "GPU_group"], device [string] = text("0"), other_config [map [string] [string]] = map(&[]), type [ref "VGPU_type"] = null()) -> [ref "VGPU"], PoolOperator, Published "boston";
        /// Take a virtual GPU away.
        destroy(self [ref "VGPU"]) -> [void], PoolOperator, Published "boston";
    }
}
