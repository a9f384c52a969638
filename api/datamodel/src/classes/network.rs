//! `network`: see the class.

use crate::macros::words::*;

class! {
    network "network", Published "rio" { gen_constructor_destructor: true, constructor: at(VmAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        ALLOWED_OPERATIONS allowed_operations [set [enum NetworkOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum NetworkOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        VIFS VIFs [set [ref "VIF"]], Runtime, Published "rio";
        PIFS PIFs [set [ref "PIF"]], Runtime, Published "rio";
        MTU MTU [int] = int(1500), ReadWrite, Published "midnight-ride" { writer: Some(at(VmAdmin)) };
        OTHER_CONFIG other_config [map [string] [string]], ReadWrite, Published "rio" { key_roles: &[("folder", at(VmOperator)), ("XenCenter.CustomFields.*", at(VmOperator)), ("XenCenterCreateInProgress", at(VmOperator))] };
        BRIDGE bridge [string] = text(""), Constructor, Published "rio";
        MANAGED managed [bool] = flag(true), Constructor, Published "falcon";
        BLOBS blobs [map [string] [ref "blob"]] = map(&[]), Runtime, Published "orlando";
        TAGS tags [set [string]] = set(&[]), ReadWrite, Published "orlando" { writer: Some(at(VmOperator)) };
        DEFAULT_LOCKING_MODE default_locking_mode [enum NetworkDefaultLockingMode] = text("unlocked"), Runtime, Published "tampa";
        ASSIGNED_IPS assigned_ips [map [ref "VIF"] [string]] = map(&[]), Runtime, Published "creedence";
        PURPOSE purpose [set [enum NetworkPurpose]] = set(&[]), Runtime, Published "inverness";
    }

    messages {
        add_purpose(self [ref "network"], value [enum NetworkPurpose]) -> [void], PoolAdmin, Published "inverness" { errors: &["NETWORK_INCOMPATIBLE_PURPOSES"] };
        attach(network [ref "network"], host [ref "host"]) -> [void], PoolOperator, Published "miami" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        attach_for_vm(host [ref "host"], vm [ref "VM"]) -> [void], VmPowerAdmin, Published "tampa" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        create_new_blob(network [ref "network"], name [string], mime_type [string], public [bool] = flag(false)) -> [ref "blob"], PoolOperator, Published "orlando";
        detach_for_vm(host [ref "host"], vm [ref "VM"]) -> [void], VmPowerAdmin, Published "tampa" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        pool_introduce(name_label [string], name_description [string], MTU [int], other_config [map [string] [string]], bridge [string], managed [bool], purpose [set [enum NetworkPurpose]]) -> [ref "network"], PoolOperator, Published "rio" { hidden: true };
        remove_purpose(self [ref "network"], value [enum NetworkPurpose]) -> [void], PoolAdmin, Published "inverness";
        set_default_locking_mode(network [ref "network"], value [enum NetworkDefaultLockingMode]) -> [void], PoolOperator, Published "tampa";
    }
}

enumeration! {
    NetworkDefaultLockingMode "network_default_locking_mode" { Unlocked "unlocked", Disabled "disabled" }
}

enumeration! {
    NetworkOperations "network_operations" { Attaching "attaching" }
}

enumeration! {
    NetworkPurpose "network_purpose" { Nbd "nbd", InsecureNbd "insecure_nbd" }
}
