//! Work that takes long or touches files: on tokio's blocking threads, or inline where a run must repeat exactly.
//!
//! Threads finish in an order that no seed decides, so a simulator asks for [`inline`] before its first node starts; everyone else
//! never does.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

static INLINE: AtomicBool = AtomicBool::new(false);

/// From now on, in the whole process, blocking work is done by the task that needs it. For simulators with stores in memory.
pub fn inline() {
    INLINE.store(true, Ordering::SeqCst);
}

/// An error that is not the work's own: it ended by a fault.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    if INLINE.load(Ordering::SeqCst) {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Nobody waits for the end.
pub(crate) fn detached(work: impl FnOnce() + Send + 'static) {
    if INLINE.load(Ordering::SeqCst) {
        return work();
    }
    tokio::task::spawn_blocking(work);
}
