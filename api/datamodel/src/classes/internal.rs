//! Classes of our own: rows of the pool database that never leave the pool and have no place on the wire.

pub mod xenith_account {
    //! A local account that may log in to the pool.

    use crate::macros::words::*;

    class! {
        /// A local account that may log in to the pool.
        xenith_account "xenith_account", Published "xenith" { internal: true, events: false, reader: at(LocalRoot), writer: at(LocalRoot) }

        fields {
            /// Unique identifier.
            UUID uuid [string], Runtime, Published "xenith";
            /// Login name.
            NAME name [string] = text(""), Constructor, Published "xenith";
            /// Salted hash of the password, in PHC text form.
            PASSWORD_HASH password_hash [string] = text(""), Constructor, Published "xenith";
        }

        messages {}
    }
}

pub mod xenith_join_token {
    //! An invitation for one host to join the pool.

    use crate::macros::words::*;

    class! {
        /// An invitation for one host to join the pool.
        xenith_join_token "xenith_join_token", Published "xenith" { internal: true, events: false, reader: at(LocalRoot), writer: at(LocalRoot) }

        fields {
            /// Unique identifier.
            UUID uuid [string], Runtime, Published "xenith";
            /// Hash of the secret that the joining host presents; the secret itself is not kept.
            SECRET_HASH secret_hash [string] = text(""), Constructor, Published "xenith";
            /// When the invitation ends, in milliseconds since the epoch.
            EXPIRES_MS expires_ms [int] = int(0), Constructor, Published "xenith";
            /// Who made the invitation.
            CREATED_BY created_by [string] = text(""), Constructor, Published "xenith";
        }

        messages {}
    }
}

pub mod xenith_member {
    //! A host as the other members of the pool reach and recognise it.

    use crate::macros::words::*;

    class! {
        /// A host as the other members of the pool reach and recognise it.
        xenith_member "xenith_member", Published "xenith" { internal: true, events: false, reader: at(LocalRoot), writer: at(LocalRoot) }

        fields {
            /// Unique identifier.
            UUID uuid [string], Runtime, Published "xenith";
            /// The host's uuid; plain text, so that the row may be there before and after the host's own.
            HOST_UUID host_uuid [string] = text(""), Constructor, Published "xenith";
            /// Where the host listens for links from other members: `address:port`.
            LINK_ADDRESS link_address [string] = text(""), Constructor, Published "xenith";
            /// SHA-256 of the host's certificate, in lower-case hexadecimal digits.
            CERTIFICATE_SHA256 certificate_sha256 [string] = text(""), Constructor, Published "xenith";
            /// What the host shows to clients, in PEM; empty if it serves no TLS.
            SERVER_CERTIFICATE server_certificate [string] = text(""), Constructor, Published "xenith";
        }

        messages {}
    }
}

pub mod xenith_operation {
    //! Work that takes more than one transaction: what is done, what comes next, which objects it holds.

    use crate::macros::words::*;

    class! {
        /// Work that takes more than one transaction, or waits for its objects. Its ref is that of its task.
        xenith_operation "xenith_operation", Published "xenith" { internal: true, events: false, reader: at(LocalRoot), writer: at(LocalRoot) }

        fields {
            /// Unique identifier.
            UUID uuid [string], Runtime, Published "xenith";
            /// Which state machine it is, of the table of kinds; `waiting` while its objects are busy.
            KIND kind [string] = text(""), Constructor, Published "xenith";
            /// Version of the form of its state.
            VERSION version [int] = int(1), Constructor, Published "xenith";
            /// Where it stands, as JSON in the form that its kind gives it.
            STATE state [string] = text(""), Constructor, Published "xenith";
            /// The objects it holds or waits for, as JSON.
            LOCKS locks [string] = text(""), Constructor, Published "xenith";
            /// Counts the orders that it has given to hosts.
            SEQUENCE sequence [int] = int(0), Constructor, Published "xenith";
            /// The host that works its newest order; null when it waits for something else.
            HOST host [ref "host"] = null(), Constructor, Published "xenith";
            /// The effects of its newest order, as JSON.
            EFFECTS effects [string] = text(""), Constructor, Published "xenith";
            /// Whether its newest order may be given up half-way.
            CANCELLABLE cancellable [bool] = flag(false), Constructor, Published "xenith";
            /// Whether somebody has asked to give it up.
            CANCELLED cancelled [bool] = flag(false), Constructor, Published "xenith";
            /// Whether its newest order is the one before once more, because nobody knows what became of that.
            AGAIN again [bool] = flag(false), Constructor, Published "xenith";
            /// When it ends by itself if it still waits, or when its order goes to `later_host`, in milliseconds since the epoch.
            DEADLINE_MS deadline_ms [int] = int(0), Constructor, Published "xenith";
            /// The host that gets its newest order after a pause; null when it does not pause.
            LATER_HOST later_host [ref "host"] = null(), Constructor, Published "xenith";
            /// What it may have left of a VM on a host, as JSON; empty when nothing.
            REMAINS remains [string] = text(""), Constructor, Published "xenith";
            /// Refs of the objects it waits for; empty once it holds them.
            WAITS_FOR waits_for [set [string]] = set(&[]), Constructor, Published "xenith";
            /// Whether the host of its newest order has not been heard for long: callers do not wait for it any more.
            UNHEARD unheard [bool] = flag(false), Constructor, Published "xenith";
        }

        messages {}
    }
}

pub mod xenith_domain {
    //! What the domain of a VM was built from.

    use crate::macros::words::*;

    class! {
        /// What the domain of a VM was built from, while it has one. Its ref is that of the VM.
        xenith_domain "xenith_domain", Published "xenith" { internal: true, events: false, reader: at(LocalRoot), writer: at(LocalRoot) }

        fields {
            /// That of the VM.
            UUID uuid [string], Runtime, Published "xenith";
            /// The configuration, as JSON.
            CONFIG config [string] = text(""), Constructor, Published "xenith";
            /// What the domain takes from its host's memory, in bytes.
            MEMORY_BYTES memory_bytes [int] = int(0), Constructor, Published "xenith";
        }

        messages {}
    }
}

pub mod xenith_host_state {
    //! What the pool knows of a host's machine beyond its API rows.

    use crate::macros::words::*;

    class! {
        /// What the pool knows of a host's machine beyond its API rows.
        xenith_host_state "xenith_host_state", Published "xenith" { internal: true, events: false, reader: at(LocalRoot), writer: at(LocalRoot) }

        fields {
            /// Unique identifier.
            UUID uuid [string], Runtime, Published "xenith";
            /// The host.
            HOST host [ref "host"] = null(), Constructor, Published "xenith";
            /// Which boot of the machine the rows speak of; domains of an earlier one are gone.
            BOOT_ID boot_id [string] = text(""), Constructor, Published "xenith";
            /// Its number as the host counts its boots: a report of an earlier one is old.
            BOOT boot [int] = int(0), Constructor, Published "xenith";
            /// Which journal the host works by. A host whose journal was lost has another: no coordinator but one that can write this welcomes it.
            JOURNAL journal [string] = text(""), Constructor, Published "xenith";
            /// Whether another journal of this boot was lost: what was asked before may have been worked.
            JOURNAL_LOST journal_lost [bool] = flag(false), Constructor, Published "xenith";
            /// Declared dead, and not come back since.
            DEAD dead [bool] = flag(false), Constructor, Published "xenith";
        }

        messages {}
    }
}
