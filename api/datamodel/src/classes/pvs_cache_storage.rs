//! `PVS_cache_storage`: its fields.

use crate::macros::words::*;

class! {
    /// Where one host keeps the cache of a provisioning site.
    pvs_cache_storage "PVS_cache_storage", Published "ely" {
        gen_constructor_destructor: true,
        implicit: &[
            Implicit { name: "destroy", route: Route::OwningHost, runs_on: "PVS_cache_storage.host", locks: &[] },
        ],
    }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "ely";
        /// Storage that holds the cache.
        SR SR [ref "SR"] = null(), Constructor, Published "ely";
        /// The disk made for the cache.
        VDI VDI [ref "VDI"] = null(), Runtime, Published "ely";
        /// The host.
        HOST host [ref "host"] = null(), Constructor, Published "ely";
        /// The provisioning site.
        SITE site [ref "PVS_site"] = null(), Constructor, Published "ely";
        /// Size of the cache, in bytes.
        SIZE size [int] = int(21_474_836_480), Constructor, Published "ely";
    }

    messages {
    }
}
