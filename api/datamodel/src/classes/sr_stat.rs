//! `sr_stat`: its fields and enumerations.
class! {
    /// Figures of a storage repository, as its driver tells them.
    sr_stat "sr_stat", Published "lima" { in_database: false, events: false, persist: false, get_all: false }

    fields {
        /// Its uuid, if it has one.
        UUID uuid [option [string]], Runtime, Published "lima";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string], Runtime, Published "lima";
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string], Runtime, Published "lima";
        /// True if it needs a running cluster.
        CLUSTERED clustered [bool], Runtime, Published "lima";
        /// Free space, in bytes.
        FREE_SPACE free_space [int], Runtime, Published "lima";
        /// Whether it can be used.
        HEALTH health [enum SrHealth], Runtime, Published "lima";
        /// Total space, in bytes.
        TOTAL_SPACE total_space [int], Runtime, Published "lima";
    }

    messages {
    }
}

enumeration! {
    /// Whether storage can be used.
    SrHealth "sr_health" { Healthy "healthy", Recovering "recovering", Unreachable "unreachable", Unavailable "unavailable" }
}
