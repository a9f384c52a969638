//! `SDN_controller`: see the class.

use crate::macros::words::*;

class! {
    sdn_controller "SDN_controller", Published "falcon" {}

    fields {
        UUID uuid [string], Runtime, Published "falcon";
        ADDRESS address [string] = text(""), Constructor, Published "falcon";
        PORT port [int] = int(0), Constructor, Published "falcon";
        PROTOCOL protocol [enum SdnControllerProtocol] = text("ssl"), Constructor, Published "falcon";
    }

    messages {
        forget(self [ref "SDN_controller"]) -> [void], PoolOperator, Published "falcon";
        introduce(protocol [enum SdnControllerProtocol] = text("ssl"), address [string] = text(""), port [int] = int(0)) -> [ref "SDN_controller"], PoolOperator, Published "falcon";
    }
}

enumeration! {
    SdnControllerProtocol "sdn_controller_protocol" { Ssl "ssl", Pssl "pssl" }
}
