//! `Bond`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// Several network interfaces of a host joined into one.
    bond "Bond", Published "miami" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// True to take the MAC address of the primary member again at each change.
        AUTO_UPDATE_MAC auto_update_mac [bool] = flag(true), Runtime, Published "quebec";
        /// Number of members whose link is up.
        LINKS_UP links_up [int] = int(0), Runtime, Published "tampa";
        /// The interface that stands for the whole bond.
        MASTER master [ref "PIF"] = reference(""), Constructor, Published "miami";
        /// How traffic is spread over the members.
        MODE mode [enum BondMode] = text("balance-slb"), Runtime, Published "boston";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        /// The member whose MAC address and IP configuration the bond took.
        PRIMARY_SLAVE primary_slave [ref "PIF"] = null(), Runtime, Published "boston";
        /// Settings of the mode, such as the LACP hashing algorithm.
        PROPERTIES properties [map [string] [string]] = map(&[]), Runtime, Published "tampa";
        /// The joined interfaces.
        SLAVES slaves [set [ref "PIF"]], Runtime, Published "miami";
    }

    messages {
        /// Join interfaces of one host into a bond on a network.
        create(network [ref "network"], members [set [ref "PIF"]], MAC [string], mode [enum BondMode] = text("balance-slb"), properties [map [string] [string]] = map(&[])) -> [ref "Bond"], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host of the first member PIF" };
        /// Take a bond apart and give its configuration back to the primary member.
        destroy(self [ref "Bond"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "Bond.master.host" };
        /// Change how traffic is spread.
        set_mode(self [ref "Bond"], value [enum BondMode]) -> [void], PoolOperator, Published "boston" { route: Route::OwningHost, runs_on: "Bond.master.host" };
        /// Change one setting of the mode.
        set_property(self [ref "Bond"], name [string], value [string]) -> [void], PoolOperator, Published "tampa" { route: Route::OwningHost, runs_on: "Bond.master.host" };
    }
}

enumeration! {
    /// How a bond spreads its traffic.
    BondMode "bond_mode" { BalanceSlb "balance-slb", ActiveBackup "active-backup", Lacp "lacp" }
}
