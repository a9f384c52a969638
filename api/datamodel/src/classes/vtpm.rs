//! `VTPM`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A virtual TPM of a VM.
    vtpm "VTPM", Prototyped "22.26.0" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum VtpmOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum VtpmOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// The VM.
        VM VM [ref "VM"], Constructor, Published "rio";
        /// The domain that provides it.
        BACKEND backend [ref "VM"] = null(), Runtime, Published "rio";
        /// Its state.
        CONTENTS contents [ref "secret"], Runtime, Prototyped "22.26.0" { internal: true };
        /// True if its state is encrypted.
        IS_PROTECTED is_protected [bool] = flag(false), Runtime, Prototyped "22.26.0";
        /// True if copies of the VM must not have its state.
        IS_UNIQUE is_unique [bool] = flag(false), Constructor, Prototyped "22.26.0";
        /// Where its state is kept.
        PERSISTENCE_BACKEND persistence_backend [enum PersistenceBackend] = text("xapi"), Runtime, Prototyped "22.26.0";
    }

    messages {
        /// Give a VM a TPM.
        create(vM [ref "VM"], is_unique [bool]) -> [ref "VTPM"], VmAdmin, Prototyped "22.26.0" { locks: &["VM:create_vtpm"] };
        /// Take the TPM and its state away.
        destroy(self [ref "VTPM"]) -> [void], VmAdmin, Prototyped "22.26.0";
        /// Its state, base64.
        get_contents(self [ref "VTPM"]) -> [string], LocalRoot, Prototyped "22.26.0" { hidden: true, secret: true };
        /// Replace its state.
        set_contents(self [ref "VTPM"], contents [string]) -> [void], LocalRoot, Prototyped "22.26.0" { hidden: true, secret: true };
    }
}

enumeration! {
    /// Where the state of a TPM is kept.
    PersistenceBackend "persistence_backend" { Xapi "xapi" }
}

enumeration! {
    /// Operations on a virtual TPM.
    VtpmOperations "vtpm_operations" { Destroy "destroy" }
}
