//! `probe_result`: see the class.
class! {
    probe_result "probe_result", Published "lima" { in_database: false, events: false, persist: false, get_all: false }

    fields {
        COMPLETE complete [bool], Runtime, Published "lima";
        CONFIGURATION configuration [map [string] [string]], Runtime, Published "lima";
        EXTRA_INFO extra_info [map [string] [string]], Runtime, Published "lima";
        SR sr [option [record "sr_stat"]], Runtime, Published "lima";
    }

    messages {
    }
}
