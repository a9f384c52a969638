//! `pool_patch`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A patch for the hosts; superseded by pool_update.
    pool_patch "pool_patch", Deprecated "miami" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        /// What must restart afterwards.
        AFTER_APPLY_GUIDANCE after_apply_guidance [set [enum AfterApplyGuidance]] = set(&[]), Runtime, Published "miami";
        /// File that holds it.
        FILENAME filename [string] = text(""), Runtime, Published "miami" { internal: true };
        /// Hosts it is on.
        HOST_PATCHES host_patches [set [ref "host_patch"]], Runtime, Published "miami";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        /// True if every host has it.
        POOL_APPLIED pool_applied [bool] = flag(false), Runtime, Published "miami";
        /// The update that takes its place.
        POOL_UPDATE pool_update [ref "pool_update"] = null(), Constructor, Published "ely";
        /// Its size, in bytes.
        SIZE size [int] = int(0), Runtime, Published "miami";
        /// Its version.
        VERSION version [string] = text(""), Constructor, Published "miami";
    }

    messages {
        /// Install it on a host.
        apply(self [ref "pool_patch"], host [ref "host"]) -> [string], PoolOperator, Deprecated "miami" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Remove its file from this host.
        clean(self [ref "pool_patch"]) -> [void], PoolOperator, Deprecated "miami";
        /// Remove its file from a host.
        clean_on_host(self [ref "pool_patch"], host [ref "host"]) -> [void], PoolOperator, Deprecated "tampa" { route: Route::OwningHost, runs_on: "host parameter" };
        /// Remove it from the pool; it must not be installed.
        destroy(self [ref "pool_patch"]) -> [void], PoolOperator, Deprecated "miami";
        /// Install it on every host.
        pool_apply(self [ref "pool_patch"]) -> [void], PoolOperator, Deprecated "miami";
        /// Remove its file from every host.
        pool_clean(self [ref "pool_patch"]) -> [void], PoolOperator, Deprecated "tampa";
        /// Try whether it could be installed on a host.
        precheck(self [ref "pool_patch"], host [ref "host"]) -> [string], PoolOperator, Deprecated "miami" { route: Route::OwningHost, runs_on: "host parameter" };
    }
}

enumeration! {
    /// What must restart after a patch.
    AfterApplyGuidance "after_apply_guidance" { RestartHVM "restartHVM", RestartPV "restartPV", RestartHost "restartHost", RestartXAPI "restartXAPI" }
}
