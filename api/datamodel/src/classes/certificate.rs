//! `Certificate`: its fields and enumerations.

use crate::macros::words::*;

class! {
    /// An X.509 certificate that a host presents or the pool trusts.
    certificate "Certificate", Published "stockholm" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "stockholm";
        /// SHA-256 fingerprint, under its older name.
        FINGERPRINT fingerprint [string] = text(""), Constructor, Deprecated "stockholm";
        /// SHA-1 fingerprint, colon-separated hexadecimal.
        FINGERPRINT_SHA1 fingerprint_sha1 [string] = text(""), Constructor, Prototyped "24.20.0" { in_2024_dump: false };
        /// SHA-256 fingerprint, colon-separated hexadecimal.
        FINGERPRINT_SHA256 fingerprint_sha256 [string] = text(""), Constructor, Prototyped "24.20.0" { in_2024_dump: false };
        /// The host that presents it; null for a trusted certificate.
        HOST host [ref "host"] = null(), Constructor, Published "stockholm";
        /// File name of a trusted certificate; empty for a host's own.
        NAME name [string] = text(""), Runtime, Published "1.294.0";
        /// End of its validity.
        NOT_AFTER not_after [datetime] = date("19700101T00:00:00Z"), Constructor, Published "stockholm";
        /// Start of its validity.
        NOT_BEFORE not_before [datetime] = date("19700101T00:00:00Z"), Constructor, Published "stockholm";
        /// What it is trusted for; empty for everything.
        PURPOSE purpose [set [enum CertificatePurpose]] = set(&[]), Constructor, Prototyped "26.13.0" { in_2024_dump: false };
        /// Trusted root, host's own, host's own inside the pool, or pinned.
        TYPE type [enum CertificateType] = text("host"), Runtime, Published "1.294.0";
    }

    messages {
    }
}

enumeration! {
    /// What a trusted certificate may vouch for.
    CertificatePurpose "certificate_purpose" { Licensing "licensing", Ldaps "ldaps" }
}

enumeration! {
    /// Part that a certificate plays.
    CertificateType "certificate_type" { Ca "ca", Host "host", HostInternal "host_internal", Pinned "pinned" }
}
