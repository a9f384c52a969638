//! `Observer`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A rule for what parts of the toolstack send their traces where.
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
        /// Unique identifier.
        UUID uuid [string], Runtime, Prototyped "23.14.0";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), ReadWrite, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), ReadWrite, Published "rio" { db: Some("name__description") };
        /// Keys and values added to each trace.
        ATTRIBUTES attributes [map [string] [string]] = map(&[]), Constructor, Prototyped "23.14.0";
        /// Parts of the toolstack observed; empty for all.
        COMPONENTS components [set [string]] = set(&[]), Constructor, Prototyped "23.14.0";
        /// True while traces are sent.
        ENABLED enabled [bool] = flag(false), Constructor, Prototyped "23.14.0";
        /// Where traces go: URLs, or a directory of the host.
        ENDPOINTS endpoints [set [string]] = set(&[]), Constructor, Prototyped "23.14.0";
        /// Hosts observed; empty for all.
        HOSTS hosts [set [ref "host"]] = set(&[]), Constructor, Prototyped "23.14.0" { ignore_foreign_key: true };
    }

    messages {
        /// Start the rule on a host.
        register(self [ref "Observer"], host [ref "host"]) -> [void], PoolAdmin, Prototyped "23.14.0" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
        /// Replace the added keys and values.
        set_attributes(self [ref "Observer"], value [map [string] [string]]) -> [void], PoolAdmin, Prototyped "23.14.0" { route: Route::FanOut, runs_on: "observed hosts" };
        /// Choose the parts observed.
        set_components(self [ref "Observer"], value [set [string]]) -> [void], PoolAdmin, Prototyped "23.14.0" { route: Route::FanOut, runs_on: "observed hosts" };
        /// Switch the rule on or off.
        set_enabled(self [ref "Observer"], value [bool]) -> [void], PoolAdmin, Prototyped "23.14.0" { route: Route::FanOut, runs_on: "observed hosts" };
        /// Choose where traces go.
        set_endpoints(self [ref "Observer"], value [set [string]]) -> [void], PoolAdmin, Prototyped "23.14.0" { route: Route::FanOut, runs_on: "observed hosts" };
        /// Choose the hosts observed.
        set_hosts(self [ref "Observer"], value [set [ref "host"]]) -> [void], PoolAdmin, Prototyped "23.14.0" { route: Route::FanOut, runs_on: "added and removed hosts" };
        /// Stop the rule on a host.
        unregister(self [ref "Observer"], host [ref "host"]) -> [void], PoolAdmin, Prototyped "23.14.0" { hidden: true, route: Route::OwningHost, runs_on: "host parameter" };
    }
}
