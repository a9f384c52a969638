//! `VTPM`: see the class.

use crate::macros::words::*;

class! {
    vtpm "VTPM", Prototyped "22.26.0" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        ALLOWED_OPERATIONS allowed_operations [set [enum VtpmOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum VtpmOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        VM VM [ref "VM"], Constructor, Published "rio";
        BACKEND backend [ref "VM"] = null(), Runtime, Published "rio";
        CONTENTS contents [ref "secret"], Runtime, Prototyped "22.26.0" { internal: true };
        IS_PROTECTED is_protected [bool] = flag(false), Runtime, Prototyped "22.26.0";
        IS_UNIQUE is_unique [bool] = flag(false), Constructor, Prototyped "22.26.0";
        PERSISTENCE_BACKEND persistence_backend [enum PersistenceBackend] = text("xapi"), Runtime, Prototyped "22.26.0";
    }

    messages {
        create(vM [ref "VM"], is_unique [bool]) -> [ref "VTPM"], VmAdmin, Prototyped "22.26.0" { locks: &["VM:create_vtpm"] };
        destroy(self [ref "VTPM"]) -> [void], VmAdmin, Prototyped "22.26.0";
        get_contents(self [ref "VTPM"]) -> [string], LocalRoot, Prototyped "22.26.0" { hidden: true, secret: true };
        set_contents(self [ref "VTPM"], contents [string]) -> [void], LocalRoot, Prototyped "22.26.0" { hidden: true, secret: true };
    }
}

enumeration! {
    PersistenceBackend "persistence_backend" { Xapi "xapi" }
}

enumeration! {
    VtpmOperations "vtpm_operations" { Destroy "destroy" }
}
