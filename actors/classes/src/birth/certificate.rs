//! The row of the certificate that a host shows to clients. Another certificate is another row, as in xapi.

use super::{HostBirth, Maker, facts};
use crate::rows;
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, DateTime, Ref, Value};
use xenith_pooldb::View;

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCertificate {
    /// The certificate alone, without chain and key.
    pub pem: String,
    pub sha256: [u8; 32],
    pub sha1: [u8; 20],
    /// Seconds since 1970.
    pub not_before: i64,
    pub not_after: i64,
}

pub fn row(maker: &mut Maker<'_>, host: &Ref, certificate: &ServerCertificate) -> Result<(), ApiError> {
    let sha256 = facts::fingerprint(&certificate.sha256);
    let fields = vec![
        ("host", Value::from(host)),
        ("type", Value::text("host")),
        ("name", Value::text("")),
        ("fingerprint", Value::text(&sha256)),
        ("fingerprint_sha256", Value::text(&sha256)),
        ("fingerprint_sha1", Value::text(facts::fingerprint(&certificate.sha1))),
        ("not_before", Value::from(DateTime::from_unix(certificate.not_before))),
        ("not_after", Value::from(DateTime::from_unix(certificate.not_after))),
    ];
    maker.row("Certificate", fields).map(|_| ())
}

/// The rows become that of the certificate that the host has now: none if it has none.
pub fn refresh(view: &View, maker: &mut Maker<'_>, host: &Ref, birth: HostBirth<'_>) -> Result<(), ApiError> {
    let wanted = birth
        .certificate
        .map(|certificate| facts::fingerprint(&certificate.sha256));
    let mut is_there = false;
    for row in server_certificates(view, host)? {
        if Some(rows::text(view, "Certificate", &row, "fingerprint_sha256")?) == wanted {
            is_there = true;
        } else {
            rows::destroy(&mut maker.tx, "Certificate", &row)?;
        }
    }
    match birth.certificate {
        Some(certificate) if !is_there => row(maker, host, certificate),
        Some(_) | None => Ok(()),
    }
}

/// Rows of type `host` of a host: one, or none if it serves no TLS.
pub fn server_certificates(view: &View, host: &Ref) -> Result<Vec<Ref>, ApiError> {
    let mut found = Vec::new();
    for row in rows::references(view, "host", host, "certificates")? {
        if rows::text(view, "Certificate", &row, "type")? == "host" {
            found.push(row);
        }
    }
    Ok(found)
}
