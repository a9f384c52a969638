//! `Repository`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A source of host updates.
    repository "Repository", Published "1.301.0" { writer: at_or_cert(PoolOperator) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "1.301.0";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        /// Base URL of the packages.
        BINARY_URL binary_url [string] = text(""), Constructor, Published "1.301.0";
        /// Certificate that a remote pool presents.
        CERTIFICATE certificate [string] = text(""), Constructor, Prototyped "25.7.0" { in_2024_dump: false };
        /// File of the key that signs it, in the directory of keys.
        GPGKEY_PATH gpgkey_path [string] = text(""), Constructor, Prototyped "22.12.0";
        /// Digest of the metadata last fetched.
        HASH hash [string] = text(""), Runtime, Published "1.301.0";
        /// Where it comes from: a server, an uploaded bundle or another pool.
        ORIGIN origin [enum Origin] = text("remote"), Constructor, Prototyped "24.23.0" { in_2024_dump: false };
        /// Base URL of the source packages.
        SOURCE_URL source_url [string] = text(""), Constructor, Published "1.301.0";
        /// True if the coordinator has all its updates; kept for old clients.
        UP_TO_DATE up_to_date [bool] = flag(false), Runtime, Removed "1.301.0";
        /// True if updates are taken from it.
        UPDATE update [bool] = flag(false), Constructor, Published "1.301.0";
    }

    messages {
        /// Install its updates on a host.
        apply(host [ref "host"]) -> [void], PoolOperator + cert, Published "1.301.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Apply one live patch on a host.
        apply_livepatch(host [ref "host"], component [string], base_build_id [string], base_version [string], base_release [string], to_version [string], to_release [string]) -> [void], PoolOperator + cert, Prototyped "22.20.0" { hidden: true, pool_internal: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Drop it.
        forget(self [ref "Repository"]) -> [void], PoolOperator + cert, Published "1.301.0";
        /// Add a repository on a server.
        introduce(name_label [string], name_description [string], binary_url [string], source_url [string], update [bool], gpgkey_path [string] = text("")) -> [ref "Repository"], PoolOperator + cert, Published "1.301.0";
        /// Add a repository that is filled by upload.
        introduce_bundle(name_label [string], name_description [string]) -> [ref "Repository"], PoolOperator + cert, Prototyped "24.23.0" { in_2024_dump: false };
        /// Add the coordinator of another pool as repository.
        introduce_remote_pool(name_label [string], name_description [string], binary_url [string], certificate [string]) -> [ref "Repository"], PoolOperator + cert, Prototyped "25.7.0" { in_2024_dump: false };
        /// Choose the key that signs it.
        set_gpgkey_path(self [ref "Repository"], value [string]) -> [void], PoolOperator + cert, Prototyped "22.12.0";
    }
}

enumeration! {
    /// Where the updates of a repository come from.
    Origin "origin" { Remote "remote", Bundle "bundle", RemotePool "remote_pool" }
}
