//! How much memory this process holds.

use std::io;

/// Linux tells it in pages of this size on every machine that Xenith runs on.
const PAGE_BYTES: u64 = 4096;

pub fn resident_bytes() -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages
        .map(|pages| pages * PAGE_BYTES)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/self/statm is not understood"))
}
