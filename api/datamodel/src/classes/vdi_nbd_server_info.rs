//! `vdi_nbd_server_info`: its fields.
class! {
    /// Where and how a disk can be read over NBD.
    vdi_nbd_server_info "vdi_nbd_server_info", Published "inverness" { in_database: false, events: false, persist: false, get_all: false }

    fields {
        /// Address of the server.
        ADDRESS address [string], Runtime, Published "inverness";
        /// Certificate the server presents, as PEM.
        CERT cert [string], Runtime, Published "inverness";
        /// Name to ask for.
        EXPORTNAME exportname [string], Runtime, Published "inverness";
        /// TCP port of the server.
        PORT port [int], Runtime, Published "inverness";
        /// A name the certificate is valid for.
        SUBJECT subject [string], Runtime, Published "inverness";
    }

    messages {
    }
}
