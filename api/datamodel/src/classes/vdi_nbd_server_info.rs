//! `vdi_nbd_server_info`: see the class.
class! {
    vdi_nbd_server_info "vdi_nbd_server_info", Published "inverness" { in_database: false, events: false, persist: false, get_all: false }

    fields {
        ADDRESS address [string], Runtime, Published "inverness";
        CERT cert [string], Runtime, Published "inverness";
        EXPORTNAME exportname [string], Runtime, Published "inverness";
        PORT port [int], Runtime, Published "inverness";
        SUBJECT subject [string], Runtime, Published "inverness";
    }

    messages {
    }
}
