//! Where this process gets time and randomness from: the one place that asks the system for either.

use rand::rngs::{OsRng, StdRng};
use rand::{RngCore as _, SeedableRng as _, TryRngCore as _};
use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};
use xenith_classes::Ids;

/// Time as planners see it. Tests give their own.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970, as this host believes. Pool time is made of it (CORRECTNESS A8).
    fn now_ms(&self) -> i64;
}

pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            // A clock before 1970: pool time then goes by what was committed.
            Err(_) => 0,
        }
    }
}

/// Version 4 uuids from the system's generator: session refs are secrets.
pub struct SystemIds;

impl Ids for SystemIds {
    fn uuid(&mut self) -> String {
        let uuid = match seeded_128() {
            Some(bytes) => uuid::Builder::from_random_bytes(bytes).into_uuid(),
            None => uuid::Uuid::new_v4(),
        };
        uuid.to_string()
    }
}

thread_local! {
    static SEEDED: RefCell<Option<StdRng>> = const { RefCell::new(None) };
}

/// From now on every id and every secret that this thread makes is drawn from the seed, so that a run can be had again. For simulators:
/// whoever knows the seed knows the secrets. Nobody else calls it.
pub fn seed_ids(seed: u64) {
    SEEDED.set(Some(StdRng::seed_from_u64(seed)));
}

fn seeded_128() -> Option<[u8; 16]> {
    SEEDED.with_borrow_mut(|seeded| {
        let mut bytes = [0; 16];
        seeded.as_mut()?.fill_bytes(&mut bytes);
        Some(bytes)
    })
}

#[derive(Debug, thiserror::Error)]
#[error("the system gave no randomness")]
pub struct NoRandomness(#[source] rand::rand_core::OsError);

/// 128 random bits.
pub(crate) fn random_128() -> Result<[u8; 16], NoRandomness> {
    if let Some(bytes) = seeded_128() {
        return Ok(bytes);
    }
    let mut bytes = [0; 16];
    OsRng.try_fill_bytes(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}
