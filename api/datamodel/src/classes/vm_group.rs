//! `VM_group`: its fields and enumerations.

use crate::macros::words::*;

class! {
    /// VMs that are placed with regard to each other.
    vm_group "VM_group", Prototyped "24.19.1" { gen_constructor_destructor: true, in_2024_dump: false, writer: at(VmAdmin), constructor: at(VmAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio" { in_2024_dump: false };
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label"), in_2024_dump: false };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description"), in_2024_dump: false };
        /// VMs in it.
        VMS VMs [set [ref "VM"]], Runtime, Prototyped "24.19.1" { in_2024_dump: false };
        /// Whether they are kept on different hosts.
        PLACEMENT placement [enum PlacementPolicy] = text("normal"), Constructor, Prototyped "24.19.1" { in_2024_dump: false };
    }

    messages {
    }
}

enumeration! {
    /// How the VMs of a group are placed.
    PlacementPolicy "placement_policy" { AntiAffinity "anti_affinity", Normal "normal" }
}
