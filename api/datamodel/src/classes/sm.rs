//! `SM`: its fields and enumerations.

use crate::macros::words::*;

class! {
    /// A storage driver.
    sm "SM", Published "rio" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), Runtime, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), Runtime, Published "rio" { db: Some("name__description") };
        /// Names of what it can do; no longer written.
        CAPABILITIES capabilities [set [string]] = set(&[]), Runtime, Deprecated "miami";
        /// Keys it needs in a PBD, and what they mean.
        CONFIGURATION configuration [map [string] [string]], Runtime, Published "rio";
        /// Owner of its copyright.
        COPYRIGHT copyright [string], Runtime, Published "rio";
        /// Its program.
        DRIVER_FILENAME driver_filename [string] = text(""), Runtime, Published "orlando";
        /// What it can do, by name, with versions.
        FEATURES features [map [string] [int]] = map(&[]), Runtime, Published "clearwater";
        /// Features that some hosts have and others still lack.
        HOST_PENDING_FEATURES host_pending_features [map [ref "host"] [set [string]]] = map(&[]), Runtime, Prototyped "24.37.0" { internal: true };
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        /// Version of the driver interface it speaks.
        REQUIRED_API_VERSION required_api_version [string], Runtime, Published "rio";
        /// Cluster stacks of which one must be running.
        REQUIRED_CLUSTER_STACK required_cluster_stack [set [string]] = set(&[]), Runtime, Published "dundee";
        /// Image formats, the preferred one first.
        SUPPORTED_IMAGE_FORMATS supported_image_formats [set [enum ImageFormatType]] = set(&[]), Runtime, Prototyped "26.15.0" { in_2024_dump: false };
        /// SR type it serves.
        TYPE type [string], Runtime, Published "rio";
        /// Who made it.
        VENDOR vendor [string], Runtime, Published "rio";
        /// Its version.
        VERSION version [string], Runtime, Published "rio";
    }

    messages {
    }
}

enumeration! {
    /// Formats of a disk image.
    ImageFormatType "image_format_type" { Raw "raw", Vhd "vhd", Qcow2 "qcow2" }
}
