//! `VGPU_type`: see the class.

use crate::macros::words::*;

class! {
    vgpu_type "VGPU_type", Published "vgpu-tech-preview" {}

    fields {
        UUID uuid [string], Runtime, Published "vgpu-tech-preview";
        VGPUS VGPUs [set [ref "VGPU"]], Runtime, Published "vgpu-tech-preview";
        COMPATIBLE_TYPES_IN_VM compatible_types_in_vm [set [ref "VGPU_type"]] = set(&[]), Runtime, Published "quebec" { ignore_foreign_key: true };
        COMPATIBLE_TYPES_ON_PGPU compatible_types_on_pgpu [set [ref "VGPU_type"]] = set(&[]), Runtime, Published "quebec" { ignore_foreign_key: true, internal: true };
        ENABLED_ON_GPU_GROUPS enabled_on_GPU_groups [set [ref "GPU_group"]], Runtime, Published "vgpu-productisation";
        ENABLED_ON_PGPUS enabled_on_PGPUs [set [ref "PGPU"]], Runtime, Published "vgpu-tech-preview";
        EXPERIMENTAL experimental [bool] = flag(false), Constructor, Published "dundee";
        FRAMEBUFFER_SIZE framebuffer_size [int] = int(0), Constructor, Published "vgpu-tech-preview";
        IDENTIFIER identifier [string] = text(""), Constructor, Published "dundee";
        IMPLEMENTATION implementation [enum VgpuTypeImplementation] = text("passthrough"), Constructor, Published "dundee";
        INTERNAL_CONFIG internal_config [map [string] [string]] = map(&[]), Constructor, Published "vgpu-tech-preview" { internal: true };
        MAX_HEADS max_heads [int] = int(0), Constructor, Published "vgpu-tech-preview";
        MAX_RESOLUTION_X max_resolution_x [int] = int(0), Constructor, Published "vgpu-productisation";
        MAX_RESOLUTION_Y max_resolution_y [int] = int(0), Constructor, Published "vgpu-productisation";
        MODEL_NAME model_name [string] = text(""), Constructor, Published "vgpu-tech-preview";
        SIZE size [int] = int(0), Constructor, Published "vgpu-tech-preview" { internal: true };
        SUPPORTED_ON_GPU_GROUPS supported_on_GPU_groups [set [ref "GPU_group"]], Runtime, Published "vgpu-productisation";
        SUPPORTED_ON_PGPUS supported_on_PGPUs [set [ref "PGPU"]], Runtime, Published "vgpu-tech-preview";
        VENDOR_NAME vendor_name [string] = text(""), Constructor, Published "vgpu-tech-preview";
    }

    messages {
    }
}

enumeration! {
    VgpuTypeImplementation "vgpu_type_implementation" {
        Passthrough "passthrough", Nvidia "nvidia", NvidiaSriov "nvidia_sriov", GvtG "gvt_g", Mxgpu "mxgpu",
    }
}
