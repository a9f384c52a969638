//! What the pool's rows say of the certificate that this host shows to clients.
//!
//! Of X.509 only the validity is read: where it stands, and the two forms of a time (RFC 5280, 4.1.2.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::pki_types::CertificateDer;
use xenith_classes::birth::ServerCertificate;
use xenith_datamodel::DateTime;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
/// `[0]`, constructed: the version.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `None` for what is no certificate.
pub fn described(der: &CertificateDer<'_>) -> Option<ServerCertificate> {
    let (not_before, not_after) = validity(der)?;
    Some(ServerCertificate {
        pem: pem(der),
        sha256: xenith_link::fingerprint_of(der),
        sha1: sha1_smol::Sha1::from(der.as_ref()).digest().bytes(),
        not_before: not_before.to_unix(),
        not_after: not_after.to_unix(),
    })
}

/// Lines of 64 characters (RFC 7468).
fn pem(der: &[u8]) -> String {
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in BASE64.encode(der).as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

fn validity(der: &[u8]) -> Option<(DateTime, DateTime)> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    if let Some((_, after)) = element(rest, VERSION) {
        rest = after;
    }
    // Serial number, signature algorithm, issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        (_, rest) = element(rest, tag)?;
    }
    let (times, _) = element(rest, SEQUENCE)?;
    let (not_before, rest) = time(times)?;
    let (not_after, _) = time(rest)?;
    Some((not_before, not_after))
}

/// The contents of the element at the start, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (
                digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)),
                rest,
            )
        }
        _ => return None,
    };
    (*found == tag).then_some(())?;
    rest.split_at_checked(length)
}

/// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`, and what follows.
fn time(bytes: &[u8]) -> Option<(DateTime, &[u8])> {
    let (text, rest, century) = match (element(bytes, UTC_TIME), element(bytes, GENERALIZED_TIME)) {
        (Some((text, rest)), _) if text.first()? < &b'5' => (text, rest, "20"),
        (Some((text, rest)), _) => (text, rest, "19"),
        (None, Some((text, rest))) => (text, rest, ""),
        (None, None) => return None,
    };
    let text = format!("{century}{}", std::str::from_utf8(text).ok()?);
    let (date, clock) = text.split_at_checked("YYYYMMDD".len())?;
    let (hour, rest_of) = clock.split_at_checked(2)?;
    let (minute, second) = rest_of.split_at_checked(2)?;
    let time = DateTime::parse(&format!("{date}T{hour}:{minute}:{second}"))?;
    Some((time, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use rustls::pki_types::pem::PemObject as _;

    fn made(from: (i32, u8, u8), to: (i32, u8, u8)) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["host".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(to.0, to.1, to.2);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn validity_is_read_in_both_forms() {
        for (from, to, texts) in [
            ((1975, 1, 1), (4096, 1, 1), ["19750101T00:00:00Z", "40960101T00:00:00Z"]),
            (
                (2026, 8, 21),
                (2049, 12, 31),
                ["20260821T00:00:00Z", "20491231T00:00:00Z"],
            ),
        ] {
            let found = described(&made(from, to)).unwrap();
            let shown = [found.not_before, found.not_after].map(|time| DateTime::from_unix(time).to_string());
            assert_eq!(shown, texts);
        }
    }

    #[test]
    fn fingerprints_are_of_the_whole_certificate() {
        let der = made((2026, 1, 1), (2036, 1, 1));
        let found = described(&der).unwrap();
        assert_eq!(found.sha1, sha1_smol::Sha1::from(&der[..]).digest().bytes());
        assert_eq!(found.sha256, xenith_link::fingerprint_of(&der));
        // FIPS 180, example 1: that the digest is SHA-1 at all.
        let abc = sha1_smol::Sha1::from(b"abc").digest().to_string();
        assert_eq!(abc, "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn the_text_holds_the_certificate() {
        let der = made((2026, 1, 1), (2036, 1, 1));
        let text = described(&der).unwrap().pem;
        assert_eq!(CertificateDer::from_pem_slice(text.as_bytes()).unwrap(), der);
        assert!(text.lines().all(|line| line.len() <= 64));
    }

    #[test]
    fn what_is_cut_or_changed_is_no_certificate() {
        let der = made((2026, 1, 1), (2036, 1, 1)).to_vec();
        for end in 0..der.len() {
            // A certificate that is cut short is shorter than it says.
            assert_eq!(validity(&der[..end]), None, "{end}");
        }
        for at in 0..der.len() {
            let mut changed = der.clone();
            changed[at] = 0xff;
            let _ = validity(&changed);
        }
    }
}
