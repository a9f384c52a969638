//! `PVS_site`: see the class.

use crate::macros::words::*;

class! {
    pvs_site "PVS_site", Published "ely" {}

    fields {
        UUID uuid [string], Runtime, Published "ely";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "ely" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "ely" { db: Some("name__description") };
        PVS_UUID PVS_uuid [string] = text(""), Constructor, Published "ely";
        CACHE_STORAGE cache_storage [set [ref "PVS_cache_storage"]] = set(&[]), Runtime, Published "ely" { ignore_foreign_key: true };
        PROXIES proxies [set [ref "PVS_proxy"]], Runtime, Published "ely";
        SERVERS servers [set [ref "PVS_server"]], Runtime, Published "ely";
    }

    messages {
        forget(self [ref "PVS_site"]) -> [void], PoolOperator, Published "ely" { errors: &["PVS_SITE_CONTAINS_RUNNING_PROXIES", "PVS_SITE_CONTAINS_SERVERS"] };
        introduce(name_label [string], name_description [string], PVS_uuid [string]) -> [ref "PVS_site"], PoolOperator, Published "ely";
        set_PVS_uuid(self [ref "PVS_site"], value [string]) -> [void], PoolOperator, Published "ely";
    }
}
