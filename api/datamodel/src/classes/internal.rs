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
