//! `network`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A network that virtual and host interfaces connect to.
    network "network", Published "rio" { gen_constructor_destructor: true, constructor: at(VmAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum NetworkOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum NetworkOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// Virtual interfaces on it.
        VIFS VIFs [set [ref "VIF"]], Runtime, Published "rio";
        /// Host interfaces on it.
        PIFS PIFs [set [ref "PIF"]], Runtime, Published "rio";
        /// Largest frame payload, in bytes.
        MTU MTU [int] = int(1500), ReadWrite, Published "midnight-ride" { writer: Some(at(VmAdmin)) };
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio" { key_roles: &[("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator)), ("XenCenterCreateInProgress", at(VmOperator))] };
        /// Name of the bridge on each host.
        BRIDGE bridge [string] = text(""), Constructor, Published "rio";
        /// True if the toolstack makes the bridge.
        MANAGED managed [bool] = flag(true), Constructor, Published "falcon";
        /// Binary data kept with the object, by name.
        BLOBS blobs [map [string] [ref "blob"]] = map(&[]), Runtime, Published "orlando";
        /// Words given by users to find the object by.
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        /// Locking of interfaces that name none.
        DEFAULT_LOCKING_MODE default_locking_mode [enum NetworkDefaultLockingMode] = text("unlocked"), Runtime, Published "tampa";
        /// Addresses given to interfaces on the host-internal network.
        ASSIGNED_IPS assigned_ips [map [ref "VIF"] [string]] = map(&[]), Runtime, Published "creedence";
        /// What it may be used for, such as NBD.
        PURPOSE purpose [set [enum NetworkPurpose]] = set(&[]), Runtime, Published "inverness";
    }

    messages {
        /// Allow one more use.
        add_purpose(self [ref "network"], value [enum NetworkPurpose]) -> [void], PoolAdmin, Published "inverness" { errors: &["NETWORK_INCOMPATIBLE_PURPOSES"] };
        /// Bring the network up on a host.
        attach(network [ref "network"], host [ref "host"]) -> [void], PoolOperator, Published "miami" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Bring the network up on a host for a VM.
        attach_for_vm(host [ref "host"], vm [ref "VM"]) -> [void], VmPowerAdmin, Published "tampa" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Attach an empty blob under a name.
        create_new_blob(network [ref "network"], name [string], mime_type [string], public [bool] = flag(false)) -> [ref "blob"], PoolOperator, Published "orlando";
        /// Take the network down on a host for a VM.
        detach_for_vm(host [ref "host"], vm [ref "VM"]) -> [void], VmPowerAdmin, Published "tampa" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Make the record for a host that joins the pool.
        pool_introduce(name_label [string], name_description [string], MTU [int], other_config [map [string] [string]], bridge [string], managed [bool], purpose [set [enum NetworkPurpose]]) -> [ref "network"], PoolOperator, Published "rio" { hidden: true };
        /// Forbid a use.
        remove_purpose(self [ref "network"], value [enum NetworkPurpose]) -> [void], PoolAdmin, Published "inverness";
        /// Choose the locking of interfaces that name none.
        set_default_locking_mode(network [ref "network"], value [enum NetworkDefaultLockingMode]) -> [void], PoolOperator, Published "tampa";
    }
}

enumeration! {
    /// Locking of interfaces that name none.
    NetworkDefaultLockingMode "network_default_locking_mode" { Unlocked "unlocked", Disabled "disabled" }
}

enumeration! {
    /// Operations on a network.
    NetworkOperations "network_operations" { Attaching "attaching" }
}

enumeration! {
    /// What a network may be used for.
    NetworkPurpose "network_purpose" { Nbd "nbd", InsecureNbd "insecure_nbd" }
}
