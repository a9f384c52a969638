//! Sessions of this host alone (`session.slave_local_login_with_password`): kept in memory, so that an operator can talk to a
//! host that has no coordinator. They are gone with the daemon, as in xapi.
//!
//! Invariants: only hashes of the secrets are kept (A9); at most [`MOST`] at a time, the oldest goes; unused ones expire.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use xenith_classes::session::row_ref;
use xenith_datamodel::Ref;

/// An operator needs one; scripts that never log out must not grow without end.
const MOST: usize = 200;
/// As sessions of the pool.
const EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Default)]
pub(crate) struct LocalSessions {
    /// Hash of the secret → user and last use.
    held: Mutex<BTreeMap<Ref, (String, Instant)>>,
}

impl LocalSessions {
    pub(crate) fn add(&self, secret: &Ref, user: &str, now: Instant) {
        let mut held = self.held();
        held.retain(|_, (_, used)| now.duration_since(*used) < EXPIRY);
        if held.len() >= MOST
            && let Some(oldest) = held
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(hash, _)| hash.clone())
        {
            held.remove(&oldest);
        }
        held.insert(row_ref(secret), (user.to_owned(), now));
    }

    /// The user of a session that is there; its use is noted.
    pub(crate) fn user_of(&self, secret: &Ref, now: Instant) -> Option<String> {
        let mut held = self.held();
        if held.is_empty() {
            // The usual case: no hash is computed for it.
            return None;
        }
        let (user, used) = held.get_mut(&row_ref(secret))?;
        if now.duration_since(*used) >= EXPIRY {
            return None;
        }
        *used = now;
        Some(user.clone())
    }

    /// True if there was such a session.
    pub(crate) fn remove(&self, secret: &Ref) -> bool {
        self.held().remove(&row_ref(secret)).is_some()
    }

    /// No code panics while it holds the lock half-changed.
    fn held(&self) -> MutexGuard<'_, BTreeMap<Ref, (String, Instant)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(number: usize) -> Ref {
        Ref::new(format!("OpaqueRef:{number}"))
    }

    #[tokio::test(start_paused = true)]
    async fn they_end_by_logout_age_and_number() {
        let sessions = LocalSessions::default();
        let start = Instant::now();
        sessions.add(&secret(0), "root", start);
        assert_eq!(sessions.user_of(&secret(0), start).as_deref(), Some("root"));
        assert_eq!(
            sessions.user_of(&row_ref(&secret(0)), start),
            None,
            "a hash opens nothing"
        );
        assert!(sessions.remove(&secret(0)) && !sessions.remove(&secret(0)));
        for number in 0..=MOST {
            sessions.add(&secret(number), "root", start + Duration::from_secs(number as u64));
        }
        let later = start + Duration::from_secs(MOST as u64);
        assert_eq!(sessions.user_of(&secret(0), later), None, "the oldest had to go");
        assert!(sessions.user_of(&secret(1), later).is_some());
        assert_eq!(sessions.user_of(&secret(1), later + EXPIRY), None);
    }
}
