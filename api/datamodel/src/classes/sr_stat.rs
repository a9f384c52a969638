//! `sr_stat`: see the class.
class! {
    sr_stat "sr_stat", Published "lima" { in_database: false, events: false, persist: false, get_all: false }

    fields {
        UUID uuid [option [string]], Runtime, Published "lima";
        NAME_LABEL name_label [string], Runtime, Published "lima";
        NAME_DESCRIPTION name_description [string], Runtime, Published "lima";
        CLUSTERED clustered [bool], Runtime, Published "lima";
        FREE_SPACE free_space [int], Runtime, Published "lima";
        HEALTH health [enum SrHealth], Runtime, Published "lima";
        TOTAL_SPACE total_space [int], Runtime, Published "lima";
    }

    messages {
    }
}

enumeration! {
    SrHealth "sr_health" { Healthy "healthy", Recovering "recovering", Unreachable "unreachable", Unavailable "unavailable" }
}
