//! `pool_update`: see the class.

use crate::macros::words::*;

class! {
    pool_update "pool_update", Published "ely" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        AFTER_APPLY_GUIDANCE after_apply_guidance [set [enum UpdateAfterApplyGuidance]] = set(&[]), Constructor, Published "ely";
        ENFORCE_HOMOGENEITY enforce_homogeneity [bool] = flag(false), Constructor, Published "inverness";
        HOSTS hosts [set [ref "host"]], Runtime, Published "ely";
        INSTALLATION_SIZE installation_size [int] = int(0), Constructor, Published "ely";
        KEY key [string] = text(""), Constructor, Published "ely";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "inverness";
        VDI vdi [ref "VDI"], Constructor, Published "rio";
        VERSION version [string] = text(""), Constructor, Published "ely";
    }

    messages {
        apply(self [ref "pool_update"], host [ref "host"]) -> [void], PoolOperator, Published "ely" { effect: false, forward_to: Some("host_extension:pool_update.apply"), route: Route::OwningHost, runs_on: "host parameter" };
        attach(self [ref "pool_update"], use_localhost_proxy [bool] = flag(false)) -> [string], PoolOperator, Published "ely" { hidden: true, route: Route::AnySuitableHost, runs_on: "SR host of pool_update.vdi" };
        destroy(self [ref "pool_update"]) -> [void], PoolOperator, Published "ely";
        detach(self [ref "pool_update"]) -> [void], PoolOperator, Published "ely" { hidden: true, route: Route::AnySuitableHost, runs_on: "SR host of pool_update.vdi" };
        introduce(vdi [ref "VDI"]) -> [ref "pool_update"], PoolOperator, Published "ely" { route: Route::AnySuitableHost, runs_on: "SR host of the vdi parameter" };
        pool_apply(self [ref "pool_update"]) -> [void], PoolOperator, Published "ely";
        pool_clean(self [ref "pool_update"]) -> [void], PoolOperator, Published "ely" { route: Route::AnySuitableHost, runs_on: "SR host of pool_update.vdi" };
        precheck(self [ref "pool_update"], host [ref "host"]) -> [enum LivepatchStatus], PoolOperator, Published "ely" { effect: false, forward_to: Some("host_extension:pool_update.precheck"), route: Route::OwningHost, runs_on: "host parameter" };
        resync_host(host [ref "host"]) -> [void], PoolOperator, Published "ely" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
    }
}

enumeration! {
    LivepatchStatus "livepatch_status" { OkLivepatchComplete "ok_livepatch_complete", OkLivepatchIncomplete "ok_livepatch_incomplete", Ok "ok" }
}

enumeration! {
    UpdateAfterApplyGuidance "update_after_apply_guidance" {
        RestartHVM "restartHVM", RestartPV "restartPV", RestartHost "restartHost", RestartXAPI "restartXAPI",
    }
}
