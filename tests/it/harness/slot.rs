//! One of the places for pools on this machine, and ports that belong to it.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// Two cores run two pools well; more would only measure each other.
const PLACES: u16 = 2;
/// Ports of place p: from FIRST_PORT + p * PORTS_EACH. All below the kernel's own range (from 32768), so that no outgoing
/// connection sits on one.
const FIRST_PORT: u16 = 12_000;
const PORTS_EACH: u16 = 9_000;
/// Pools of one process do not reuse a port at once.
const STEP: u16 = 3;

static USED: AtomicU16 = AtomicU16::new(0);

/// Held for the pool's life; the lock goes with the file.
pub struct Slot {
    place: u16,
    _lock: File,
}

impl Slot {
    /// Waits for as long as it takes: other tests have the places.
    pub async fn take() -> Slot {
        loop {
            for place in 0..PLACES {
                let path = std::env::temp_dir().join(format!("xenith-it-place-{place}"));
                let mut options = std::fs::OpenOptions::new();
                let lock = options
                    .create(true)
                    .truncate(false)
                    .write(true)
                    .mode(0o666)
                    .open(path)
                    .unwrap();
                if lock.try_lock().is_ok() {
                    return Slot { place, _lock: lock };
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Three ports that are free on 127.0.0.1 to 127.0.0.`hosts`.
    pub fn free_ports(&self, hosts: u8) -> [u16; 3] {
        let first = FIRST_PORT + self.place * PORTS_EACH;
        let skew = u16::try_from(std::process::id() % 2_000).unwrap_or_default() * STEP;
        loop {
            let offset = (skew + USED.fetch_add(STEP, Ordering::Relaxed)) % (PORTS_EACH - STEP);
            let ports = [0, 1, 2].map(|port| first + offset + port);
            if ports.iter().all(|port| (1..=hosts).all(|host| is_free(host, *port))) {
                return ports;
            }
        }
    }
}

fn is_free(host: u8, port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::new(127, 0, 0, host), port)).is_ok()
}
