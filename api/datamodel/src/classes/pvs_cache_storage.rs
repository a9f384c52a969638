//! `PVS_cache_storage`: see the class.

use crate::macros::words::*;

class! {
    pvs_cache_storage "PVS_cache_storage", Published "ely" {
        gen_constructor_destructor: true,
        implicit: &[
            Implicit { name: "destroy", route: Route::OwningHost, runs_on: "PVS_cache_storage.host", locks: &[] },
        ],
    }

    fields {
        UUID uuid [string], Runtime, Published "ely";
        SR SR [ref "SR"] = null(), Constructor, Published "ely";
        VDI VDI [ref "VDI"] = null(), Runtime, Published "ely";
        HOST host [ref "host"] = null(), Constructor, Published "ely";
        SITE site [ref "PVS_site"] = null(), Constructor, Published "ely";
        SIZE size [int] = int(21_474_836_480), Constructor, Published "ely";
    }

    messages {
    }
}
