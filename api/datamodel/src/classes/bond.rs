//! `Bond`: see the class.

use crate::macros::words::*;

class! {
    bond "Bond", Published "miami" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        AUTO_UPDATE_MAC auto_update_mac [bool] = flag(true), Runtime, Published "quebec";
        LINKS_UP links_up [int] = int(0), Runtime, Published "tampa";
        MASTER master [ref "PIF"] = reference(""), Constructor, Published "miami";
        MODE mode [enum BondMode] = text("balance-slb"), Runtime, Published "boston";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        PRIMARY_SLAVE primary_slave [ref "PIF"] = null(), Runtime, Published "boston";
        PROPERTIES properties [map [string] [string]] = map(&[]), Runtime, Published "tampa";
        SLAVES slaves [set [ref "PIF"]], Runtime, Published "miami";
    }

    messages {
        create(network [ref "network"], members [set [ref "PIF"]], MAC [string], mode [enum BondMode] = text("balance-slb"), properties [map [string] [string]] = map(&[])) -> [ref "Bond"], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "host of the first member PIF" };
        destroy(self [ref "Bond"]) -> [void], PoolOperator, Published "miami" { route: Route::OwningHost, runs_on: "Bond.master.host" };
        set_mode(self [ref "Bond"], value [enum BondMode]) -> [void], PoolOperator, Published "boston" { route: Route::OwningHost, runs_on: "Bond.master.host" };
        set_property(self [ref "Bond"], name [string], value [string]) -> [void], PoolOperator, Published "tampa" { route: Route::OwningHost, runs_on: "Bond.master.host" };
    }
}

enumeration! {
    BondMode "bond_mode" { BalanceSlb "balance-slb", ActiveBackup "active-backup", Lacp "lacp" }
}
