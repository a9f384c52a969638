//! `Repository`: see the class.

use crate::macros::words::*;

class! {
    repository "Repository", Published "1.301.0" { writer: at_or_cert(PoolOperator) }

    fields {
        UUID uuid [string], Runtime, Published "1.301.0";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        BINARY_URL binary_url [string] = text(""), Constructor, Published "1.301.0";
        CERTIFICATE certificate [string] = text(""), Constructor, Prototyped "25.7.0" { in_2024_dump: false };
        GPGKEY_PATH gpgkey_path [string] = text(""), Constructor, Prototyped "22.12.0";
        HASH hash [string] = text(""), Runtime, Published "1.301.0";
        ORIGIN origin [enum Origin] = text("remote"), Constructor, Prototyped "24.23.0" { in_2024_dump: false };
        SOURCE_URL source_url [string] = text(""), Constructor, Published "1.301.0";
        UP_TO_DATE up_to_date [bool] = flag(false), Runtime, Removed "1.301.0";
        UPDATE update [bool] = flag(false), Constructor, Published "1.301.0";
    }

    messages {
        apply(host [ref "host"]) -> [void], PoolOperator + cert, Published "1.301.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        apply_livepatch(host [ref "host"], component [string], base_build_id [string], base_version [string], base_release [string], to_version [string], to_release [string]) -> [void], PoolOperator + cert, Prototyped "22.20.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        forget(self [ref "Repository"]) -> [void], PoolOperator + cert, Published "1.301.0";
        introduce(name_label [string], name_description [string], binary_url [string], source_url [string], update [bool], gpgkey_path [string] = text("")) -> [ref "Repository"], PoolOperator + cert, Published "1.301.0";
        introduce_bundle(name_label [string], name_description [string]) -> [ref "Repository"], PoolOperator + cert, Prototyped "24.23.0" { in_2024_dump: false };
        introduce_remote_pool(name_label [string], name_description [string], binary_url [string], certificate [string]) -> [ref "Repository"], PoolOperator + cert, Prototyped "25.7.0" { in_2024_dump: false };
        set_gpgkey_path(self [ref "Repository"], value [string]) -> [void], PoolOperator + cert, Prototyped "22.12.0";
    }
}

enumeration! {
    Origin "origin" { Remote "remote", Bundle "bundle", RemotePool "remote_pool" }
}
