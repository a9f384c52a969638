//! MAC addresses.

use crate::{PlanCx, rows};
use sha2::{Digest, Sha256};
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

/// A locally administered address that is the same for a VM's seed and device at any time, so that a VIF made again is the
/// same to the guest; without a seed a fresh one.
pub fn generate(cx: &mut PlanCx<'_>, vm: &Ref, device: &str) -> Result<String, ApiError> {
    let seed = match rows::map_text(cx.view, "VM", vm, "other_config", "mac_seed")? {
        Some(seed) => seed,
        None => cx.ids.uuid(),
    };
    let digest: [u8; 32] = Sha256::digest(format!("{seed}/{device}").as_bytes()).into();
    let mut bytes = [0; 6];
    bytes.copy_from_slice(&digest[..6]);
    // Bit 1: locally administered; bit 0: not a group.
    bytes[0] = (bytes[0] | 0b10) & !0b1;
    Ok(bytes.map(|byte| format!("{byte:02x}")).join(":"))
}

#[cfg(test)]
mod tests {
    use super::check_mac;

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
}
