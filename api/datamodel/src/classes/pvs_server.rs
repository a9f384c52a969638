//! `PVS_server`: its fields, messages.

use crate::macros::words::*;

class! {
    /// Servers that stream disks to the VMs of a provisioning site.
    pvs_server "PVS_server", Published "ely" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "ely";
        /// IPv4 addresses of the servers.
        ADDRESSES addresses [set [string]] = set(&[]), Constructor, Published "ely";
        /// First UDP port.
        FIRST_PORT first_port [int] = int(0), Constructor, Published "ely";
        /// Last UDP port.
        LAST_PORT last_port [int] = int(0), Constructor, Published "ely";
        /// The provisioning site.
        SITE site [ref "PVS_site"] = null(), Constructor, Published "ely";
    }

    messages {
        /// Drop the record.
        forget(self [ref "PVS_server"]) -> [void], PoolOperator, Published "ely";
        /// Take note of servers of a site.
        introduce(addresses [set [string]], first_port [int], last_port [int], site [ref "PVS_site"]) -> [ref "PVS_server"], PoolOperator, Published "ely";
    }
}
