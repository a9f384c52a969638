//! `probe_result`: its fields.
class! {
    /// What a storage driver found at a place.
    probe_result "probe_result", Published "lima" { in_database: false, events: false, persist: false, get_all: false }

    fields {
        /// True if the settings suffice to attach it.
        COMPLETE complete [bool], Runtime, Published "lima";
        /// Settings for a PBD.
        CONFIGURATION configuration [map [string] [string]], Runtime, Published "lima";
        /// Whatever else the driver says.
        EXTRA_INFO extra_info [map [string] [string]], Runtime, Published "lima";
        /// Figures of the SR found, if there is one.
        SR sr [option [record "sr_stat"]], Runtime, Published "lima";
    }

    messages {
    }
}
