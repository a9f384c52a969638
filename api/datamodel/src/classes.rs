//! The tables, one file a class.

use crate::class::Class;
use crate::types::Enumeration;

pub mod auth;
pub mod blob;
pub mod bond;
pub mod caller;
pub mod certificate;
pub mod cluster;
pub mod cluster_host;
pub mod console;
pub mod crashdump;
pub mod data_source;
pub mod diagnostics;
pub mod dr_task;
pub mod driver_variant;
pub mod event;
pub mod feature;
pub mod gpu_group;
pub mod host;
pub mod host_cpu;
pub mod host_crashdump;
pub mod host_driver;
pub mod host_metrics;
pub mod host_patch;
pub mod internal;
pub mod lvhd;
pub mod message;
pub mod network;
pub mod network_sriov;
pub mod observer;
pub mod pbd;
pub mod pci;
pub mod pgpu;
pub mod pif;
pub mod pif_metrics;
pub mod pool;
pub mod pool_patch;
pub mod pool_update;
pub mod probe_result;
pub mod pusb;
pub mod pvs_cache_storage;
pub mod pvs_proxy;
pub mod pvs_server;
pub mod pvs_site;
pub mod rate_limit;
mod relations;
pub mod repository;
pub mod role;
pub mod sdn_controller;
pub mod secret;
pub mod session;
pub mod sm;
pub mod sr;
pub mod sr_stat;
pub mod subject;
pub mod task;
pub mod tunnel;
pub mod usb_group;
pub mod user;
pub mod vbd;
pub mod vbd_metrics;
pub mod vdi;
pub mod vdi_nbd_server_info;
pub mod vgpu;
pub mod vgpu_type;
pub mod vif;
pub mod vif_metrics;
pub mod vlan;
pub mod vm;
pub mod vm_appliance;
pub mod vm_group;
pub mod vm_guest_metrics;
pub mod vm_metrics;
pub mod vmpp;
pub mod vmss;
pub mod vtpm;
pub mod vusb;

pub(crate) use relations::RELATIONS;

/// Lists the tables; `ClassId` is the place in this list, the internal ones after the others.
macro_rules! tables {
    (api { $($module:ident)* } internal { $($ours:ident)* } enumerations { $($home:ident::$enumeration:ident)* }) => {
        #[allow(non_camel_case_types)]
        pub(crate) enum Id { $($module,)* $($ours,)* }

        pub static CLASSES: &[&Class] = &[$(&$module::DESCRIPTOR),*];
        pub static INTERNAL_CLASSES: &[&Class] = &[$(&internal::$ours::DESCRIPTOR),*];
        pub static ENUMERATIONS: &[Enumeration] = &[$($home::$enumeration::ENUMERATION),*];
    };
}

tables! {
    api {
        bond caller certificate cluster cluster_host dr_task diagnostics driver_variant feature gpu_group
        host_driver lvhd observer pbd pci pgpu pif pif_metrics pusb pvs_cache_storage pvs_proxy pvs_server
        pvs_site rate_limit repository sdn_controller sm sr usb_group vbd vbd_metrics vdi vgpu vgpu_type vif
        vif_metrics vlan vm vmpp vmss vm_appliance vm_group vm_guest_metrics vm_metrics vtpm vusb auth blob
        console crashdump data_source event host host_cpu host_crashdump host_metrics host_patch message
        network network_sriov pool pool_patch pool_update probe_result role secret session sr_stat subject
        task tunnel user vdi_nbd_server_info
    }
    internal { xenith_account xenith_join_token xenith_member xenith_operation xenith_host_state xenith_domain }
    enumerations {
        pool_patch::AfterApplyGuidance
        gpu_group::AllocationAlgorithm
        bond::BondMode
        certificate::CertificatePurpose
        certificate::CertificateType
        message::Cls
        cluster_host::ClusterHostOperation
        cluster::ClusterOperation
        console::ConsoleProtocol
        vm::DomainType
        event::EventOperation
        pool::HelloReturn
        host::HostAllowedOperations
        host::HostDisplay
        host::HostNtpMode
        host::HostNumaAffinityPolicy
        host::HostSchedGran
        sm::ImageFormatType
        pif::IpConfigurationMode
        pif::Ipv6ConfigurationMode
        host::LatestSyncedUpdatesAppliedState
        pool_update::LivepatchStatus
        network::NetworkDefaultLockingMode
        network::NetworkOperations
        network::NetworkPurpose
        vdi::OnBoot
        vm::OnCrashBehaviour
        vm::OnNormalExit
        vm::OnSoftrebootBehavior
        repository::Origin
        pci::PciDom0Access
        vtpm::PersistenceBackend
        pif::PifIgmpStatus
        vm_group::PlacementPolicy
        pool::PoolAllowedOperations
        pool::PoolGuestSecurebootReadiness
        pif::PrimaryAddressType
        pvs_proxy::PvsProxyStatus
        sdn_controller::SdnControllerProtocol
        sr_stat::SrHealth
        network_sriov::SriovConfigurationMode
        sr::StorageOperations
        task::TaskAllowedOperations
        task::TaskStatusType
        pool::TelemetryFrequency
        vm_guest_metrics::TristateType
        tunnel::TunnelProtocol
        pool_update::UpdateAfterApplyGuidance
        vm::UpdateGuidances
        vm::UpdateStatus
        pool::UpdateSyncFrequency
        vbd::VbdMode
        vbd::VbdOperations
        vbd::VbdType
        vdi::VdiOperations
        vdi::VdiType
        vgpu_type::VgpuTypeImplementation
        vif::VifIpv4ConfigurationMode
        vif::VifIpv6ConfigurationMode
        vif::VifLockingMode
        vif::VifOperations
        vm_appliance::VmApplianceOperation
        vm::VmOperations
        vm::VmPowerState
        vm::VmSecurebootCertificatesState
        vm::VmSecurebootReadiness
        vm::VmUefiMode
        vmpp::VmppArchiveFrequency
        vmpp::VmppArchiveTargetType
        vmpp::VmppBackupFrequency
        vmpp::VmppBackupType
        vmss::VmssFrequency
        vmss::VmssType
        vtpm::VtpmOperations
        vusb::VusbOperations
    }
}
