//! `VM_group`: see the class.

use crate::macros::words::*;

class! {
    vm_group "VM_group", Prototyped "24.19.1" { gen_constructor_destructor: true, in_2024_dump: false, writer: at(VmAdmin), constructor: at(VmAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "rio" { in_2024_dump: false };
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label"), in_2024_dump: false };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description"), in_2024_dump: false };
        VMS VMs [set [ref "VM"]], Runtime, Prototyped "24.19.1" { in_2024_dump: false };
        PLACEMENT placement [enum PlacementPolicy] = text("normal"), Constructor, Prototyped "24.19.1" { in_2024_dump: false };
    }

    messages {
    }
}

enumeration! {
    PlacementPolicy "placement_policy" { AntiAffinity "anti_affinity", Normal "normal" }
}
