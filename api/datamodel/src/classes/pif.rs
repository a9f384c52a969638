//! `PIF`: see the class.

use crate::macros::words::*;

class! {
    pif "PIF", Published "rio" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        DNS DNS [string] = text(""), Runtime, Published "miami";
        IP IP [string] = text(""), Runtime, Published "miami";
        IPV6 IPv6 [set [string]] = set(&[]), Runtime, Published "tampa";
        MAC MAC [string], Constructor, Published "rio";
        MTU MTU [int], Constructor, Published "rio";
        PCI PCI [ref "PCI"] = null(), Runtime, Published "kolkata";
        VLAN VLAN [int], Constructor, Published "rio";
        VLAN_MASTER_OF VLAN_master_of [ref "VLAN"] = reference(""), Runtime, Published "miami";
        VLAN_SLAVE_OF VLAN_slave_of [set [ref "VLAN"]], Runtime, Published "miami";
        BOND_MASTER_OF bond_master_of [set [ref "Bond"]], Runtime, Published "miami";
        BOND_SLAVE_OF bond_slave_of [ref "Bond"] = reference(""), Runtime, Published "miami";
        CAPABILITIES capabilities [set [string]] = set(&[]), Runtime, Published "dundee";
        CURRENTLY_ATTACHED currently_attached [bool] = flag(true), Runtime, Published "miami";
        DEVICE device [string], Constructor, Published "rio";
        DEVICE_NAME device_name [string], ReadWrite, Published "rio" { internal: true };
        DISALLOW_UNPLUG disallow_unplug [bool] = flag(false), Runtime, Published "orlando";
        GATEWAY gateway [string] = text(""), Runtime, Published "miami";
        HOST host [ref "host"], Constructor, Published "rio";
        IGMP_SNOOPING_STATUS igmp_snooping_status [enum PifIgmpStatus] = text("unknown"), Runtime, Published "inverness";
        IP_CONFIGURATION_MODE ip_configuration_mode [enum IpConfigurationMode] = text("None"), Runtime, Published "miami";
        IPV6_CONFIGURATION_MODE ipv6_configuration_mode [enum Ipv6ConfigurationMode] = text("None"), Runtime, Published "tampa";
        IPV6_GATEWAY ipv6_gateway [string] = text(""), Runtime, Published "tampa";
        MANAGED managed [bool] = flag(true), Constructor, Published "vgpu-productisation";
        MANAGEMENT management [bool] = flag(false), Runtime, Published "miami";
        METRICS metrics [ref "PIF_metrics"], Runtime, Published "rio";
        NETMASK netmask [string] = text(""), Runtime, Published "miami";
        NETWORK network [ref "network"], Constructor, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        PHYSICAL physical [bool] = flag(false), Runtime, Published "miami";
        PRIMARY_ADDRESS_TYPE primary_address_type [enum PrimaryAddressType] = text("IPv4"), Runtime, Published "tampa";
        PROPERTIES properties [map [string] [string]] = map(&[]), Runtime, Published "creedence";
        SRIOV_LOGICAL_PIF_OF sriov_logical_PIF_of [set [ref "network_sriov"]], Runtime, Published "kolkata";
        SRIOV_PHYSICAL_PIF_OF sriov_physical_PIF_of [set [ref "network_sriov"]], Runtime, Published "kolkata";
        TUNNEL_ACCESS_PIF_OF tunnel_access_PIF_of [set [ref "tunnel"]], Runtime, Published "cowley";
        TUNNEL_TRANSPORT_PIF_OF tunnel_transport_PIF_of [set [ref "tunnel"]], Runtime, Published "cowley";
    }

    messages {
        create_VLAN(device [string], network [ref "network"], host [ref "host"], VLAN [int]) -> [ref "PIF"], PoolOperator, Deprecated "rio" { errors: &["VLAN_TAG_INVALID"], route: Route::OwningHost, runs_on: "host parameter" };
        db_forget(self [ref "PIF"]) -> [void], PoolOperator, Published "orlando";
        db_introduce(device [string], network [ref "network"], host [ref "host"], MAC [string], MTU [int], VLAN [int], physical [bool], ip_configuration_mode [enum IpConfigurationMode], IP [string], netmask [string], gateway [string], DNS [string], bond_slave_of [ref "Bond"], VLAN_master_of [ref "VLAN"], management [bool], other_config [map [string] [string]], disallow_unplug [bool] = flag(false), ipv6_configuration_mode [enum Ipv6ConfigurationMode] = text("None"), IPv6 [set [string]] = set(&[]), ipv6_gateway [string] = text(""), primary_address_type [enum PrimaryAddressType] = text("IPv4"), managed [bool] = flag(true), properties [map [string] [string]] = map(&[])) -> [ref "PIF"], PoolOperator, Published "orlando";
        destroy(self [ref "PIF"]) -> [void], PoolOperator, Deprecated "rio" { errors: &["PIF_IS_PHYSICAL"], route: Route::OwningHost, runs_on: "PIF.host" };
        forget(self [ref "PIF"]) -> [void], PoolOperator, Published "miami" { errors: &["PIF_TUNNEL_STILL_EXISTS", "CLUSTERING_ENABLED"], route: Route::OwningHost, runs_on: "PIF.host" };
        introduce(host [ref "host"], MAC [string], device [string], managed [bool] = flag(true)) -> [ref "PIF"], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host parameter" };
        plug(self [ref "PIF"]) -> [void], PoolOperator, Published "miami" { errors: &["TRANSPORT_PIF_NOT_CONFIGURED"], route: Route::OwningHost, runs_on: "PIF.host" };
        pool_introduce(device [string], network [ref "network"], host [ref "host"], MAC [string], MTU [int], VLAN [int], physical [bool], ip_configuration_mode [enum IpConfigurationMode], IP [string], netmask [string], gateway [string], DNS [string], bond_slave_of [ref "Bond"], VLAN_master_of [ref "VLAN"], management [bool], other_config [map [string] [string]], disallow_unplug [bool] = flag(false), ipv6_configuration_mode [enum Ipv6ConfigurationMode] = text("None"), IPv6 [set [string]] = set(&[]), ipv6_gateway [string] = text(""), primary_address_type [enum PrimaryAddressType] = text("IPv4"), managed [bool] = flag(true), properties [map [string] [string]] = map(&[])) -> [ref "PIF"], PoolOperator, Published "rio" { hidden: true };
        reconfigure_ip(self [ref "PIF"], mode [enum IpConfigurationMode], IP [string], netmask [string], gateway [string], DNS [string]) -> [void], PoolOperator, Published "miami" { errors: &["CLUSTERING_ENABLED"], route: Route::OwningHost, runs_on: "PIF.host" };
        reconfigure_ipv6(self [ref "PIF"], mode [enum Ipv6ConfigurationMode], IPv6 [string], gateway [string], DNS [string]) -> [void], PoolOperator, Published "tampa" { errors: &["CLUSTERING_ENABLED"], route: Route::OwningHost, runs_on: "PIF.host" };
        scan(host [ref "host"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host parameter" };
        set_disallow_unplug(self [ref "PIF"], value [bool]) -> [void], PoolOperator, Published "orlando" { errors: &["OTHER_OPERATION_IN_PROGRESS", "CLUSTERING_ENABLED"] };
        set_primary_address_type(self [ref "PIF"], primary_address_type [enum PrimaryAddressType]) -> [void], PoolOperator, Published "tampa" { route: Route::OwningHost, runs_on: "PIF.host" };
        set_property(self [ref "PIF"], name [string], value [string]) -> [void], PoolOperator, Published "creedence" { route: Route::OwningHost, runs_on: "PIF.host" };
        unplug(self [ref "PIF"]) -> [void], PoolOperator, Published "miami" { errors: &["HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN", "VIF_IN_USE", "PIF_DOES_NOT_ALLOW_UNPLUG", "PIF_HAS_FCOE_SR_IN_USE"], route: Route::OwningHost, runs_on: "PIF.host" };
    }
}

enumeration! {
    IpConfigurationMode "ip_configuration_mode" { None "None", Dhcp "DHCP", Static "Static" }
}

enumeration! {
    Ipv6ConfigurationMode "ipv6_configuration_mode" { None "None", Dhcp "DHCP", Static "Static", Autoconf "Autoconf" }
}

enumeration! {
    PifIgmpStatus "pif_igmp_status" { Enabled "enabled", Disabled "disabled", Unknown "unknown" }
}

enumeration! {
    PrimaryAddressType "primary_address_type" { IPv4 "IPv4", IPv6 "IPv6" }
}
