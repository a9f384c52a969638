//! `VM_metrics`: its fields and enumerations.

use super::vm::DomainType;
use crate::macros::words::*;

class! {
    /// Figures of a VM, as its host sees it.
    vm_metrics "VM_metrics", Published "rio" { writer: at(VmAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Memory it has now, in bytes.
        MEMORY_ACTUAL memory_actual [int], Runtime, Published "rio" { db: Some("memory__actual"), persist: false };
        /// Virtual CPUs it has now.
        VCPUS_NUMBER VCPUs_number [int], Runtime, Published "rio" { db: Some("VCPUs__number") };
        /// Former use of each virtual CPU, 0 to 1.
        VCPUS_UTILISATION VCPUs_utilisation [map [int] [float]] = map(&[]), Runtime, Removed "rio" { db: Some("VCPUs__utilisation"), persist: false };
        /// Former map of virtual to physical CPUs.
        VCPUS_CPU VCPUs_CPU [map [int] [int]], Runtime, Published "rio" { db: Some("VCPUs__CPU"), persist: false };
        /// Former scheduling settings in force.
        VCPUS_PARAMS VCPUs_params [map [string] [string]], Runtime, Published "rio" { db: Some("VCPUs__params"), persist: false };
        /// Former state of each virtual CPU.
        VCPUS_FLAGS VCPUs_flags [map [int] [set [string]]], Runtime, Published "rio" { db: Some("VCPUs__flags"), persist: false };
        /// Former state of the domain.
        STATE state [set [string]], Runtime, Published "rio" { persist: false };
        /// When it last started.
        START_TIME start_time [datetime], Runtime, Published "rio";
        /// When it was installed.
        INSTALL_TIME install_time [datetime], Runtime, Published "rio";
        /// When these figures were last written.
        LAST_UPDATED last_updated [datetime], Runtime, Published "rio" { persist: false };
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "orlando" { persist: false };
        /// True if it runs with hardware virtualisation.
        HVM hvm [bool] = flag(false), Runtime, Published "ely" { persist: false };
        /// True if it may run a hypervisor of its own.
        NESTED_VIRT nested_virt [bool] = flag(false), Runtime, Published "ely" { persist: false };
        /// True if it must not migrate.
        NOMIGRATE nomigrate [bool] = flag(false), Runtime, Published "ely" { persist: false };
        /// Kind of virtualisation it runs with now.
        CURRENT_DOMAIN_TYPE current_domain_type [enum DomainType] = text("unspecified"), Runtime, Published "kolkata";
        /// True if its memory is where its CPUs are.
        NUMA_OPTIMISED numa_optimised [bool] = flag(false), Constructor, Prototyped "26.2.0" { in_2024_dump: false };
        /// NUMA nodes its memory is spread over.
        NUMA_NODES numa_nodes [int] = int(0), Constructor, Prototyped "26.2.0" { in_2024_dump: false };
        /// Memory on each NUMA node, in bytes.
        NUMA_NODE_MEMORY numa_node_memory [map [int] [int]] = map(&[]), Runtime, Prototyped "26.2.0" { in_2024_dump: false };
    }

    messages {
    }
}
