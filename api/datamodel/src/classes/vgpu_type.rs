//! `VGPU_type`: its fields and enumerations.

use crate::macros::words::*;

class! {
    /// A kind of virtual GPU.
    vgpu_type "VGPU_type", Published "vgpu-tech-preview" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "vgpu-tech-preview";
        /// Virtual GPUs of this kind.
        VGPUS VGPUs [set [ref "VGPU"]], Runtime, Published "vgpu-tech-preview";
        /// Kinds that may be in the same VM.
        COMPATIBLE_TYPES_IN_VM compatible_types_in_vm [set [ref "VGPU_type"]] = set(&[]), Runtime, Published "quebec" { ignore_foreign_key: true };
        /// Kinds that may run on the same physical GPU.
        COMPATIBLE_TYPES_ON_PGPU compatible_types_on_pgpu [set [ref "VGPU_type"]] = set(&[]), Runtime, Published "quebec" { ignore_foreign_key: true, internal: true };
        /// Groups that allow it.
        ENABLED_ON_GPU_GROUPS enabled_on_GPU_groups [set [ref "GPU_group"]], Runtime, Published "vgpu-productisation";
        /// Physical GPUs that allow it.
        ENABLED_ON_PGPUS enabled_on_PGPUs [set [ref "PGPU"]], Runtime, Published "vgpu-tech-preview";
        /// True if not fit for production.
        EXPERIMENTAL experimental [bool] = flag(false), Constructor, Published "dundee";
        /// Video memory, in bytes.
        FRAMEBUFFER_SIZE framebuffer_size [int] = int(0), Constructor, Published "vgpu-tech-preview";
        /// Text that stays the same for this kind everywhere.
        IDENTIFIER identifier [string] = text(""), Constructor, Published "dundee";
        /// How it is provided.
        IMPLEMENTATION implementation [enum VgpuTypeImplementation] = text("passthrough"), Constructor, Published "dundee";
        /// Settings for its device model.
        INTERNAL_CONFIG internal_config [map [string] [string]] = map(&[]), Constructor, Published "vgpu-tech-preview" { internal: true };
        /// Most displays.
        MAX_HEADS max_heads [int] = int(0), Constructor, Published "vgpu-tech-preview";
        /// Widest display, in pixels.
        MAX_RESOLUTION_X max_resolution_x [int] = int(0), Constructor, Published "vgpu-productisation";
        /// Highest display, in pixels.
        MAX_RESOLUTION_Y max_resolution_y [int] = int(0), Constructor, Published "vgpu-productisation";
        /// Name of the model.
        MODEL_NAME model_name [string] = text(""), Constructor, Published "vgpu-tech-preview";
        /// Abstract capacity one of this kind takes.
        SIZE size [int] = int(0), Constructor, Published "vgpu-tech-preview" { internal: true };
        /// Groups that can run it.
        SUPPORTED_ON_GPU_GROUPS supported_on_GPU_groups [set [ref "GPU_group"]], Runtime, Published "vgpu-productisation";
        /// Physical GPUs that can run it.
        SUPPORTED_ON_PGPUS supported_on_PGPUs [set [ref "PGPU"]], Runtime, Published "vgpu-tech-preview";
        /// Name of the vendor.
        VENDOR_NAME vendor_name [string] = text(""), Constructor, Published "vgpu-tech-preview";
    }

    messages {
    }
}

enumeration! {
    /// How a virtual GPU is provided.
    VgpuTypeImplementation "vgpu_type_implementation" {
        Passthrough "passthrough", Nvidia "nvidia", NvidiaSriov "nvidia_sriov", GvtG "gvt_g", Mxgpu "mxgpu",
    }
}
