//! `Observer`: see the class.

use crate::macros::words::*;

class! {
    observer "Observer", Prototyped "23.14.0" {
        gen_constructor_destructor: true,
        writer: at(PoolAdmin),
        constructor: at(PoolAdmin),
        implicit: &[
            Implicit { name: "create", route: Route::FanOut, runs_on: "DB record on the coordinator, then register on every observed host", locks: &[] },
            Implicit { name: "destroy", route: Route::FanOut, runs_on: "observed hosts, then DB", locks: &[] },
        ],
    }

    fields {
        UUID uuid [string], Runtime, Prototyped "23.14.0";
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        ATTRIBUTES attributes [map [string] [string]] = map(&[]), Constructor, Prototyped "23.14.0";
        COMPONENTS components [set [string]] = set(&[]), Constructor, Prototyped "23.14.0";
        ENABLED enabled [bool] = flag(false), Constructor, Prototyped "23.14.0";
        ENDPOINTS endpoints [set [string]] = set(&[]), Constructor, Prototyped "23.14.0";
        HOSTS hosts [set [ref "host"]] = set(&[]), Constructor, Prototyped "23.14.0" { ignore_foreign_key: true };
    }

    messages {
        register(self [ref "Observer"], host [ref "host"]) -> [void], PoolAdmin, Prototyped "23.14.0" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        set_attributes(self [ref "Observer"], value [map [string] [string]]) -> [void], PoolAdmin, Prototyped "23.14.0" { route: Route::FanOut, runs_on: "observed hosts" };
        set_components(self [ref "Observer"], value [set [string]]) -> [void], PoolAdmin, Prototyped "23.14.0" { route: Route::FanOut, runs_on: "observed hosts" };
        set_enabled(self [ref "Observer"], value [bool]) -> [void], PoolAdmin, Prototyped "23.14.0" { route: Route::FanOut, runs_on: "observed hosts" };
        set_endpoints(self [ref "Observer"], value [set [string]]) -> [void], PoolAdmin, Prototyped "23.14.0" { route: Route::FanOut, runs_on: "observed hosts" };
        set_hosts(self [ref "Observer"], value [set [ref "host"]]) -> [void], PoolAdmin, Prototyped "23.14.0" { route: Route::FanOut, runs_on: "added and removed hosts" };
        unregister(self [ref "Observer"], host [ref "host"]) -> [void], PoolAdmin, Prototyped "23.14.0" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
    }
}
