//! Names of a VM's disks: `3`, `xvdd`, `hdd` and `sdd` are one and the same place.

use crate::rows;
use std::collections::BTreeSet;
use xenith_datamodel::{ApiError, Ref};
use xenith_pooldb::View;

/// Places that `autodetect` and VM.get_allowed_VBD_devices offer (seen on the wire: 0 to 254).
const PLACES: i64 = 255;

pub enum Device {
    /// As the client wrote it.
    Given(String),
    Found(i64),
}

/// The device of a new VBD: what was asked for if it is one and free, or the first free place for `autodetect`.
pub fn resolve(view: &View, vm: &Ref, asked: &str) -> Result<Device, ApiError> {
    if asked == "autodetect" {
        let full = || ApiError::new("INVALID_DEVICE", [asked]);
        return free_devices(view, vm)?
            .first()
            .copied()
            .map(Device::Found)
            .ok_or_else(full);
    }
    let place = place_of(asked).ok_or_else(|| ApiError::new("INVALID_DEVICE", [asked]))?;
    if taken(view, vm)?.contains(&place) {
        return Err(ApiError::new("DEVICE_ALREADY_EXISTS", [asked]));
    }
    Ok(Device::Given(asked.to_owned()))
}

pub fn free_devices(view: &View, vm: &Ref) -> Result<Vec<i64>, ApiError> {
    let taken = taken(view, vm)?;
    Ok((0..PLACES).filter(|place| !taken.contains(place)).collect())
}

fn taken(view: &View, vm: &Ref) -> Result<BTreeSet<i64>, ApiError> {
    let mut places = BTreeSet::new();
    for vbd in rows::references(view, "VM", vm, "VBDs")? {
        places.extend(place_of(&rows::text(view, "VBD", &vbd, "userdevice")?));
    }
    Ok(places)
}

/// A whole number, or `xvd`, `hd` or `sd` with letters (a = 0, z = 25, aa = 26) and maybe a partition.
pub(super) fn place_of(device: &str) -> Option<i64> {
    if let Ok(number) = device.parse::<i64>() {
        return (!device.starts_with('+')).then_some(number);
    }
    let rest = ["xvd", "hd", "sd"]
        .into_iter()
        .find_map(|prefix| device.strip_prefix(prefix))?;
    let letters = rest.trim_end_matches(|digit: char| digit.is_ascii_digit());
    if letters.is_empty() || letters.len() > 3 || !letters.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let number = letters
        .bytes()
        .fold(0, |number, byte| number * 26 + i64::from(byte - b'a') + 1);
    Some(number - 1)
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn names_of_one_place() {
        for (name, place) in [
            ("1", 1),
            ("xvdb", 1),
            ("hdb", 1),
            ("sdb1", 1),
            ("xvdaa", 26),
            ("-1", -1),
            ("300", 300),
        ] {
            assert_eq!(place_of(name), Some(place), "{name}");
        }
        for name in ["", "foo", " 1", "+1", "xvd", "xvd1", "xvdA", "hd?"] {
            assert_eq!(place_of(name), None, "{name}");
        }
    }
}
