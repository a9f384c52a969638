//! `Certificate`: see the class.

use crate::macros::words::*;

class! {
    certificate "Certificate", Published "stockholm" {}

    fields {
        UUID uuid [string], Runtime, Published "stockholm";
        FINGERPRINT fingerprint [string] = text(""), Constructor, Deprecated "stockholm";
        FINGERPRINT_SHA1 fingerprint_sha1 [string] = text(""), Constructor, Prototyped "24.20.0" { in_2024_dump: false };
        FINGERPRINT_SHA256 fingerprint_sha256 [string] = text(""), Constructor, Prototyped "24.20.0" { in_2024_dump: false };
        HOST host [ref "host"] = null(), Constructor, Published "stockholm";
        NAME name [string] = text(""), Runtime, Published "1.294.0";
        NOT_AFTER not_after [datetime] = date("19700101T00:00:00Z"), Constructor, Published "stockholm";
        NOT_BEFORE not_before [datetime] = date("19700101T00:00:00Z"), Constructor, Published "stockholm";
        PURPOSE purpose [set [enum CertificatePurpose]] = set(&[]), Constructor, Prototyped "26.13.0" { in_2024_dump: false };
        TYPE type [enum CertificateType] = text("host"), Runtime, Published "1.294.0";
    }

    messages {
    }
}

enumeration! {
    CertificatePurpose "certificate_purpose" { Licensing "licensing", Ldaps "ldaps" }
}

enumeration! {
    CertificateType "certificate_type" { Ca "ca", Host "host", HostInternal "host_internal", Pinned "pinned" }
}
