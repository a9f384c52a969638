//! `PIF`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A network interface of a host: physical, VLAN, bond, tunnel or SR-IOV.
    pif "PIF", Published "rio" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name servers, separated by commas.
        DNS DNS [string] = text(""), Runtime, Published "miami";
        /// IPv4 address.
        IP IP [string] = text(""), Runtime, Published "miami";
        /// IPv6 addresses with prefix lengths.
        IPV6 IPv6 [set [string]] = set(&[]), Runtime, Published "tampa";
        /// MAC address.
        MAC MAC [string], Constructor, Published "rio";
        /// Largest frame payload, in bytes.
        MTU MTU [int], Constructor, Published "rio";
        /// The PCI device behind a physical interface.
        PCI PCI [ref "PCI"] = null(), Runtime, Published "kolkata";
        /// VLAN tag; -1 for an untagged interface.
        VLAN VLAN [int], Constructor, Published "rio";
        /// The VLAN this interface is the tagged side of.
        VLAN_MASTER_OF VLAN_master_of [ref "VLAN"] = reference(""), Runtime, Published "miami";
        /// VLANs on top of this interface.
        VLAN_SLAVE_OF VLAN_slave_of [set [ref "VLAN"]], Runtime, Published "miami";
        /// Bonds this interface stands for.
        BOND_MASTER_OF bond_master_of [set [ref "Bond"]], Runtime, Published "miami";
        /// The bond this interface is a member of.
        BOND_SLAVE_OF bond_slave_of [ref "Bond"] = reference(""), Runtime, Published "miami";
        /// What the interface can do, such as fcoe and sriov.
        CAPABILITIES capabilities [set [string]] = set(&[]), Runtime, Published "dundee";
        /// True while plugged in.
        CURRENTLY_ATTACHED currently_attached [bool] = flag(true), Runtime, Published "miami";
        /// Kernel name, such as eth0.
        DEVICE device [string], Constructor, Published "rio";
        /// Kernel name before renaming.
        DEVICE_NAME device_name [string], ReadWrite, Published "rio" { internal: true };
        /// True to refuse unplugging, for storage traffic.
        DISALLOW_UNPLUG disallow_unplug [bool] = flag(false), Runtime, Published "orlando";
        /// IPv4 gateway.
        GATEWAY gateway [string] = text(""), Runtime, Published "miami";
        /// The host it is in.
        HOST host [ref "host"], Constructor, Published "rio";
        /// Whether IGMP snooping is on for its bridge.
        IGMP_SNOOPING_STATUS igmp_snooping_status [enum PifIgmpStatus] = text("unknown"), Runtime, Published "inverness";
        /// Where its IPv4 address comes from.
        IP_CONFIGURATION_MODE ip_configuration_mode [enum IpConfigurationMode] = text("None"), Runtime, Published "miami";
        /// Where its IPv6 addresses come from.
        IPV6_CONFIGURATION_MODE ipv6_configuration_mode [enum Ipv6ConfigurationMode] = text("None"), Runtime, Published "tampa";
        /// IPv6 gateway.
        IPV6_GATEWAY ipv6_gateway [string] = text(""), Runtime, Published "tampa";
        /// True if the toolstack configures it.
        MANAGED managed [bool] = flag(true), Constructor, Published "vgpu-productisation";
        /// True if the host is managed over it.
        MANAGEMENT management [bool] = flag(false), Runtime, Published "miami";
        /// Its figures.
        METRICS metrics [ref "PIF_metrics"], Runtime, Published "rio";
        /// IPv4 netmask.
        NETMASK netmask [string] = text(""), Runtime, Published "miami";
        /// The network it connects to.
        NETWORK network [ref "network"], Constructor, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        /// True for a real interface.
        PHYSICAL physical [bool] = flag(false), Runtime, Published "miami";
        /// Address family used for management.
        PRIMARY_ADDRESS_TYPE primary_address_type [enum PrimaryAddressType] = text("IPv4"), Runtime, Published "tampa";
        /// Settings such as gro.
        PROPERTIES properties [map [string] [string]] = map(&[]), Runtime, Published "creedence";
        /// SR-IOV networks it is the logical side of.
        SRIOV_LOGICAL_PIF_OF sriov_logical_PIF_of [set [ref "network_sriov"]], Runtime, Published "kolkata";
        /// SR-IOV networks it provides.
        SRIOV_PHYSICAL_PIF_OF sriov_physical_PIF_of [set [ref "network_sriov"]], Runtime, Published "kolkata";
        /// Tunnels it is the inner side of.
        TUNNEL_ACCESS_PIF_OF tunnel_access_PIF_of [set [ref "tunnel"]], Runtime, Published "cowley";
        /// Tunnels it carries.
        TUNNEL_TRANSPORT_PIF_OF tunnel_transport_PIF_of [set [ref "tunnel"]], Runtime, Published "cowley";
    }

    messages {
        /// Make a VLAN interface on a host.
        create_VLAN(device [string], network [ref "network"], host [ref "host"], VLAN [int]) -> [ref "PIF"], PoolOperator, Deprecated "rio" { errors: &["VLAN_TAG_INVALID"], route: Route::OwningHost, runs_on: "host parameter" };
        /// Remove the record only.
        db_forget(self [ref "PIF"]) -> [void], PoolOperator, Published "orlando";
        /// Make the record only.
        db_introduce(device [string], network [ref "network"], host [ref "host"], MAC [string], MTU [int], VLAN [int], physical [bool], ip_configuration_mode [enum IpConfigurationMode], IP [string], netmask [string], gateway [string], DNS [string], bond_slave_of [ref "Bond"], VLAN_master_of [ref "VLAN"], management [bool], other_config [map [string] [string]], disallow_unplug [bool] = flag(false), ipv6_configuration_mode [enum Ipv6ConfigurationMode] = text("None"), IPv6 [set [string]] = set(&[]), ipv6_gateway [string] = text(""), primary_address_type [enum PrimaryAddressType] = text("IPv4"), managed [bool] = flag(true), properties [map [string] [string]] = map(&[])) -> [ref "PIF"], PoolOperator, Published "orlando";
        /// Remove a VLAN interface.
        destroy(self [ref "PIF"]) -> [void], PoolOperator, Deprecated "rio" { errors: &["PIF_IS_PHYSICAL"], route: Route::OwningHost, runs_on: "PIF.host" };
        /// Drop a physical interface that is no longer used.
        forget(self [ref "PIF"]) -> [void], PoolOperator, Published "miami" { errors: &["PIF_TUNNEL_STILL_EXISTS", "CLUSTERING_ENABLED"], route: Route::OwningHost, runs_on: "PIF.host" };
        /// Take note of a physical interface by its MAC address.
        introduce(host [ref "host"], MAC [string], device [string], managed [bool] = flag(true)) -> [ref "PIF"], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Bring the interface up.
        plug(self [ref "PIF"]) -> [void], PoolOperator, Published "miami" { errors: &["TRANSPORT_PIF_NOT_CONFIGURED"], route: Route::OwningHost, runs_on: "PIF.host" };
        /// Make the record for a host that joins the pool.
        pool_introduce(device [string], network [ref "network"], host [ref "host"], MAC [string], MTU [int], VLAN [int], physical [bool], ip_configuration_mode [enum IpConfigurationMode], IP [string], netmask [string], gateway [string], DNS [string], bond_slave_of [ref "Bond"], VLAN_master_of [ref "VLAN"], management [bool], other_config [map [string] [string]], disallow_unplug [bool] = flag(false), ipv6_configuration_mode [enum Ipv6ConfigurationMode] = text("None"), IPv6 [set [string]] = set(&[]), ipv6_gateway [string] = text(""), primary_address_type [enum PrimaryAddressType] = text("IPv4"), managed [bool] = flag(true), properties [map [string] [string]] = map(&[])) -> [ref "PIF"], PoolOperator, Published "rio" { hidden: true };
        /// Change the IPv4 configuration.
        reconfigure_ip(self [ref "PIF"], mode [enum IpConfigurationMode], IP [string], netmask [string], gateway [string], DNS [string]) -> [void], PoolOperator, Published "miami" { errors: &["CLUSTERING_ENABLED"], route: Route::OwningHost, runs_on: "PIF.host" };
        /// Change the IPv6 configuration.
        reconfigure_ipv6(self [ref "PIF"], mode [enum Ipv6ConfigurationMode], IPv6 [string], gateway [string], DNS [string]) -> [void], PoolOperator, Published "tampa" { errors: &["CLUSTERING_ENABLED"], route: Route::OwningHost, runs_on: "PIF.host" };
        /// Take note of all physical interfaces of a host not yet known.
        scan(host [ref "host"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Refuse or allow unplugging.
        set_disallow_unplug(self [ref "PIF"], value [bool]) -> [void], PoolOperator, Published "orlando" { errors: &["OTHER_OPERATION_IN_PROGRESS", "CLUSTERING_ENABLED"] };
        /// Choose the address family used for management.
        set_primary_address_type(self [ref "PIF"], primary_address_type [enum PrimaryAddressType]) -> [void], PoolOperator, Published "tampa" { route: Route::OwningHost, runs_on: "PIF.host" };
        /// Change one setting of the interface.
        set_property(self [ref "PIF"], name [string], value [string]) -> [void], PoolOperator, Published "creedence" { route: Route::OwningHost, runs_on: "PIF.host" };
        /// Take the interface down.
        unplug(self [ref "PIF"]) -> [void], PoolOperator, Published "miami" { errors: &["HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN", "VIF_IN_USE", "PIF_DOES_NOT_ALLOW_UNPLUG", "PIF_HAS_FCOE_SR_IN_USE"], route: Route::OwningHost, runs_on: "PIF.host" };
    }
}

enumeration! {
    /// Where an IPv4 address comes from.
    IpConfigurationMode "ip_configuration_mode" { None "None", Dhcp "DHCP", Static "Static" }
}

enumeration! {
    /// Where IPv6 addresses come from.
    Ipv6ConfigurationMode "ipv6_configuration_mode" { None "None", Dhcp "DHCP", Static "Static", Autoconf "Autoconf" }
}

enumeration! {
    /// Whether IGMP snooping is on.
    PifIgmpStatus "pif_igmp_status" { Enabled "enabled", Disabled "disabled", Unknown "unknown" }
}

enumeration! {
    /// Address family used for management.
    PrimaryAddressType "primary_address_type" { IPv4 "IPv4", IPv6 "IPv6" }
}
