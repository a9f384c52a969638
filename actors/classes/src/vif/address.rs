//! MAC addresses.

use crate::{PlanCx, rows};
use md5::{Digest, Md5};
use xenith_datamodel::{ApiError, Ref};

/// Six bytes in hexadecimal with colons, not of a group.
pub fn check_mac(mac: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = mac.split(':').collect();
    let is_byte = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let first = parts
        .first()
        .and_then(|part| u8::from_str_radix(part, 16).ok())
        .unwrap_or(1);
    if parts.len() == 6 && parts.iter().all(is_byte) && first & 1 == 0 {
        return Ok(());
    }
    Err(ApiError::new("MAC_INVALID", [mac]))
}

/// The address of a VM's device; without a seed of the VM a fresh one.
pub fn generate(cx: &mut PlanCx<'_>, vm: &Ref, device: &str) -> Result<String, ApiError> {
    let seed = match rows::map_text(cx.view, "VM", vm, "other_config", "mac_seed")? {
        Some(seed) => seed,
        None => cx.ids.uuid(),
    };
    Ok(from_seed(&seed, device))
}

/// A locally administered address that is the same for a seed and a device at any time, and the same as xapi's: a VIF made again is the
/// same to the guest, before and after the pool has changed over.
pub fn from_seed(seed: &str, device: &str) -> String {
    let mut first = Md5::digest(seed);
    // A number that no device has in xapi must not cost its rule's time.
    let rounds = match device.parse::<u8>() {
        Ok(device) => u32::from(device) * 2,
        Err(_) => {
            first = Md5::digest(format!("{seed}/{device}"));
            0
        }
    };
    for _ in 0..rounds {
        first = Md5::digest(first);
    }
    let second = Md5::digest(first);
    // Bit 1: locally administered; bit 0: not a group.
    let bytes = [
        (first[0] | 0b10) & !0b1,
        first[1],
        first[2],
        first[3],
        second[1],
        second[2],
    ];
    bytes.map(|byte| format!("{byte:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use super::{check_mac, from_seed};

    #[test]
    fn addresses() {
        for mac in ["02:00:00:00:00:05", "02:00:00:00:00:0A", "00:00:00:00:00:00"] {
            assert!(check_mac(mac).is_ok(), "{mac}");
        }
        for mac in [
            "",
            "xx",
            "02-00-00-00-00-05",
            "02:00:00:00:00",
            "01:00:00:00:00:00",
            "02:00:00:00:00:0",
        ] {
            assert_eq!(check_mac(mac).unwrap_err().params, [mac], "{mac}");
        }
    }

    /// Worked out by another implementation of xapi's rule.
    #[test]
    fn addresses_of_a_seed_are_xapis() {
        let seed = "5ad6b56b-9dbb-4e22-a9f2-c9f6dd2c5e68";
        for (device, mac) in [
            ("0", "f6:51:97:23:0d:04"),
            ("1", "7a:da:c8:f5:25:fc"),
            ("7", "fa:f3:ab:c6:88:56"),
        ] {
            assert_eq!(from_seed(seed, device), mac, "{device}");
        }
    }
}
