//! The disk's floor: 4 KiB appended and made durable, again and again.

use crate::latency::Latencies;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

pub fn appends(dir: &Path, during: Duration) -> Latencies {
    let mut file = std::fs::File::create(dir.join("floor")).expect("a file");
    let mut latencies = Latencies::default();
    let end = Instant::now() + during;
    while Instant::now() < end {
        let begin = Instant::now();
        file.write_all(&[7; 4096]).expect("writes");
        file.sync_data().expect("syncs");
        latencies.add(begin.elapsed());
    }
    latencies
}
