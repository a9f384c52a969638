//! `SDN_controller`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// The controller that the virtual switches obey.
    sdn_controller "SDN_controller", Published "falcon" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "falcon";
        /// Its IP address.
        ADDRESS address [string] = text(""), Constructor, Published "falcon";
        /// Its TCP port.
        PORT port [int] = int(0), Constructor, Published "falcon";
        /// Whether the switch connects or waits.
        PROTOCOL protocol [enum SdnControllerProtocol] = text("ssl"), Constructor, Published "falcon";
    }

    messages {
        /// Stop using it.
        forget(self [ref "SDN_controller"]) -> [void], PoolOperator, Published "falcon";
        /// Start using it.
        introduce(protocol [enum SdnControllerProtocol] = text("ssl"), address [string] = text(""), port [int] = int(0)) -> [ref "SDN_controller"], PoolOperator, Published "falcon";
    }
}

enumeration! {
    /// Whether a switch connects to its controller or waits for it.
    SdnControllerProtocol "sdn_controller_protocol" { Ssl "ssl", Pssl "pssl" }
}
