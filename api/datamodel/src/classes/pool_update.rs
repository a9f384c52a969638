//! `pool_update`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// An update for the hosts, delivered as one disk.
    pool_update "pool_update", Published "ely" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), Constructor, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), Constructor, Published "rio" { db: Some("name__description") };
        /// What must restart afterwards.
        AFTER_APPLY_GUIDANCE after_apply_guidance [set [enum UpdateAfterApplyGuidance]] = set(&[]), Constructor, Published "ely";
        /// True if every host must have it.
        ENFORCE_HOMOGENEITY enforce_homogeneity [bool] = flag(false), Constructor, Published "inverness";
        /// Hosts that have it.
        HOSTS hosts [set [ref "host"]], Runtime, Published "ely";
        /// Space it needs, in bytes.
        INSTALLATION_SIZE installation_size [int] = int(0), Constructor, Published "ely";
        /// Name of the key that signs it.
        KEY key [string] = text(""), Constructor, Published "ely";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "inverness";
        /// Disk that holds it.
        VDI vdi [ref "VDI"], Constructor, Published "rio";
        /// Its version.
        VERSION version [string] = text(""), Constructor, Published "ely";
    }

    messages {
        /// Install it on a host.
        apply(self [ref "pool_update"], host [ref "host"]) -> [void], PoolOperator, Published "ely" { effect: false, forward_to: Some("host_extension:pool_update.apply"), route: Route::OwningHost, runs_on: "host parameter" };
        /// Make its files available; answers where.
        attach(self [ref "pool_update"], use_localhost_proxy [bool] = flag(false)) -> [string], PoolOperator, Published "ely" { hidden: true, route: Route::AnySuitableHost, runs_on: "SR host of pool_update.vdi" };
        /// Remove its record; it must not be installed.
        destroy(self [ref "pool_update"]) -> [void], PoolOperator, Published "ely";
        /// Make its files unavailable.
        detach(self [ref "pool_update"]) -> [void], PoolOperator, Published "ely" { hidden: true, route: Route::AnySuitableHost, runs_on: "SR host of pool_update.vdi" };
        /// Take note of an update on a disk.
        introduce(vdi [ref "VDI"]) -> [ref "pool_update"], PoolOperator, Published "ely" { route: Route::AnySuitableHost, runs_on: "SR host of the vdi parameter" };
        /// Install it on every host.
        pool_apply(self [ref "pool_update"]) -> [void], PoolOperator, Published "ely";
        /// Remove its disk, and keep the record.
        pool_clean(self [ref "pool_update"]) -> [void], PoolOperator, Published "ely" { route: Route::AnySuitableHost, runs_on: "SR host of pool_update.vdi" };
        /// Try whether it could be installed on a host.
        precheck(self [ref "pool_update"], host [ref "host"]) -> [enum LivepatchStatus], PoolOperator, Published "ely" { effect: false, forward_to: Some("host_extension:pool_update.precheck"), route: Route::OwningHost, runs_on: "host parameter" };
        /// Record again which updates a host has.
        resync_host(host [ref "host"]) -> [void], PoolOperator, Published "ely" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
    }
}

enumeration! {
    /// What an update's live patches would leave undone.
    LivepatchStatus "livepatch_status" { OkLivepatchComplete "ok_livepatch_complete", OkLivepatchIncomplete "ok_livepatch_incomplete", Ok "ok" }
}

enumeration! {
    /// What must restart after an update.
    UpdateAfterApplyGuidance "update_after_apply_guidance" {
        RestartHVM "restartHVM", RestartPV "restartPV", RestartHost "restartHost", RestartXAPI "restartXAPI",
    }
}
