//! `PVS_site`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A set of VMs booted from the network by common streaming servers.
    pvs_site "PVS_site", Published "ely" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "ely";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "ely" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "ely" { db: Some("name__description") };
        /// Identifier that the streaming servers use.
        PVS_UUID PVS_uuid [string] = text(""), Constructor, Published "ely";
        /// Where its hosts keep caches.
        CACHE_STORAGE cache_storage [set [ref "PVS_cache_storage"]] = set(&[]), Runtime, Published "ely" { ignore_foreign_key: true };
        /// Its proxies.
        PROXIES proxies [set [ref "PVS_proxy"]], Runtime, Published "ely";
        /// Its servers.
        SERVERS servers [set [ref "PVS_server"]], Runtime, Published "ely";
    }

    messages {
        /// Drop the record; no server or proxy may be left.
        forget(self [ref "PVS_site"]) -> [void], PoolOperator, Published "ely" { errors: &["PVS_SITE_CONTAINS_RUNNING_PROXIES", "PVS_SITE_CONTAINS_SERVERS"] };
        /// Take note of a site.
        introduce(name_label [string], name_description [string], PVS_uuid [string]) -> [ref "PVS_site"], PoolOperator, Published "ely";
        /// Record the identifier that the servers use.
        set_PVS_uuid(self [ref "PVS_site"], value [string]) -> [void], PoolOperator, Published "ely";
    }
}
