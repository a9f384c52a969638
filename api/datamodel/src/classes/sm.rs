//! `SM`: see the class.

use crate::macros::words::*;

class! {
    sm "SM", Published "rio" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), Runtime, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), Runtime, Published "rio" { db: Some("name__description") };
        CAPABILITIES capabilities [set [string]] = set(&[]), Runtime, Deprecated "miami";
        CONFIGURATION configuration [map [string] [string]], Runtime, Published "rio";
        COPYRIGHT copyright [string], Runtime, Published "rio";
        DRIVER_FILENAME driver_filename [string] = text(""), Runtime, Published "orlando";
        FEATURES features [map [string] [int]] = map(&[]), Runtime, Published "clearwater";
        HOST_PENDING_FEATURES host_pending_features [map [ref "host"] [set [string]]] = map(&[]), Runtime, Prototyped "24.37.0" { internal: true };
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        REQUIRED_API_VERSION required_api_version [string], Runtime, Published "rio";
        REQUIRED_CLUSTER_STACK required_cluster_stack [set [string]] = set(&[]), Runtime, Published "dundee";
        SUPPORTED_IMAGE_FORMATS supported_image_formats [set [enum ImageFormatType]] = set(&[]), Runtime, Prototyped "26.15.0" { in_2024_dump: false };
        TYPE type [string], Runtime, Published "rio";
        VENDOR vendor [string], Runtime, Published "rio";
        VERSION version [string], Runtime, Published "rio";
    }

    messages {
    }
}

enumeration! {
    ImageFormatType "image_format_type" { Raw "raw", Vhd "vhd", Qcow2 "qcow2" }
}
