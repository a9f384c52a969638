//! Where this process gets time and randomness from: the one place that asks the system for either.

use rand::TryRngCore as _;
use rand::rngs::OsRng;
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
        uuid::Uuid::new_v4().to_string()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the system gave no randomness")]
pub struct NoRandomness(#[source] rand::rand_core::OsError);

/// 128 random bits.
pub(crate) fn random_128() -> Result<[u8; 16], NoRandomness> {
    let mut bytes = [0; 16];
    OsRng.try_fill_bytes(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}
