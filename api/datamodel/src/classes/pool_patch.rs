//! `pool_patch`: see the class.

use crate::macros::words::*;

class! {
    pool_patch "pool_patch", Deprecated "miami" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        AFTER_APPLY_GUIDANCE after_apply_guidance [set [enum AfterApplyGuidance]] = set(&[]), Runtime, Published "miami";
        FILENAME filename [string] = text(""), Runtime, Published "miami" { internal: true };
        HOST_PATCHES host_patches [set [ref "host_patch"]], Runtime, Published "miami";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        POOL_APPLIED pool_applied [bool] = flag(false), Runtime, Published "miami";
        POOL_UPDATE pool_update [ref "pool_update"] = null(), Constructor, Published "ely";
        SIZE size [int] = int(0), Runtime, Published "miami";
        VERSION version [string] = text(""), Constructor, Published "miami";
    }

    messages {
        apply(self [ref "pool_patch"], host [ref "host"]) -> [string], PoolOperator, Deprecated "miami" { route: Route::OwningHost, runs_on: "host parameter" };
        clean(self [ref "pool_patch"]) -> [void], PoolOperator, Deprecated "miami";
        clean_on_host(self [ref "pool_patch"], host [ref "host"]) -> [void], PoolOperator, Deprecated "tampa" { route: Route::OwningHost, runs_on: "host parameter" };
        destroy(self [ref "pool_patch"]) -> [void], PoolOperator, Deprecated "miami";
        pool_apply(self [ref "pool_patch"]) -> [void], PoolOperator, Deprecated "miami";
        pool_clean(self [ref "pool_patch"]) -> [void], PoolOperator, Deprecated "tampa";
        precheck(self [ref "pool_patch"], host [ref "host"]) -> [string], PoolOperator, Deprecated "miami" { route: Route::OwningHost, runs_on: "host parameter" };
    }
}

enumeration! {
    AfterApplyGuidance "after_apply_guidance" { RestartHVM "restartHVM", RestartPV "restartPV", RestartHost "restartHost", RestartXAPI "restartXAPI" }
}
