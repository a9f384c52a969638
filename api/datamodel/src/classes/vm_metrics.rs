//! `VM_metrics`: see the class.

use super::vm::DomainType;
use crate::macros::words::*;

class! {
    vm_metrics "VM_metrics", Published "rio" { writer: at(VmAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        MEMORY_ACTUAL memory_actual [int], Runtime, Published "rio" { db: Some("memory__actual"), persist: false };
        VCPUS_NUMBER VCPUs_number [int], Runtime, Published "rio" { db: Some("VCPUs__number") };
        VCPUS_UTILISATION VCPUs_utilisation [map [int] [float]] = map(&[]), Runtime, Removed "rio" { db: Some("VCPUs__utilisation"), persist: false };
        VCPUS_CPU VCPUs_CPU [map [int] [int]], Runtime, Published "rio" { db: Some("VCPUs__CPU"), persist: false };
        VCPUS_PARAMS VCPUs_params [map [string] [string]], Runtime, Published "rio" { db: Some("VCPUs__params"), persist: false };
        VCPUS_FLAGS VCPUs_flags [map [int] [set [string]]], Runtime, Published "rio" { db: Some("VCPUs__flags"), persist: false };
        STATE state [set [string]], Runtime, Published "rio" { persist: false };
        START_TIME start_time [datetime], Runtime, Published "rio";
        INSTALL_TIME install_time [datetime], Runtime, Published "rio";
        LAST_UPDATED last_updated [datetime], Runtime, Published "rio" { persist: false };
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando" { persist: false };
        HVM hvm [bool] = flag(false), Runtime, Published "ely" { persist: false };
        NESTED_VIRT nested_virt [bool] = flag(false), Runtime, Published "ely" { persist: false };
        NOMIGRATE nomigrate [bool] = flag(false), Runtime, Published "ely" { persist: false };
        CURRENT_DOMAIN_TYPE current_domain_type [enum DomainType] = text("unspecified"), Runtime, Published "kolkata";
        NUMA_OPTIMISED numa_optimised [bool] = flag(false), Constructor, Prototyped "26.2.0" { in_2024_dump: false };
        NUMA_NODES numa_nodes [int] = int(0), Constructor, Prototyped "26.2.0" { in_2024_dump: false };
        NUMA_NODE_MEMORY numa_node_memory [map [int] [int]] = map(&[]), Runtime, Prototyped "26.2.0" { in_2024_dump: false };
    }

    messages {
    }
}
