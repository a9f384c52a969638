//! A daemon on one thread: its actors live on the caller's own tokio runtime. For simulators and tests, whose runtime has a clock that
//! stands still and choices that come from a seed.
//!
//! Invariant: nothing here or in the actors asks actix which system is the current one: many such daemons share a thread.

use actix::{Arbiter, ArbiterHandle, System, SystemRunner};
use tokio::runtime::{Handle, Runtime};

/// A runtime of one thread that actors can live on. Dropped, everything on it ends where it stands, as by a kill.
pub struct OneThread {
    system: SystemRunner,
    here: ActorsHere,
}

/// The place of actors on such a runtime (see [`Toolstack::start_here`](crate::Toolstack::start_here)).
#[derive(Clone)]
pub struct ActorsHere(pub(super) ArbiterHandle);

impl OneThread {
    /// Of a current-thread runtime. Must not be called from within a runtime.
    pub fn new(runtime: Runtime) -> OneThread {
        let system = System::with_tokio_rt(|| runtime);
        let here = ActorsHere(system.block_on(async { Arbiter::current() }));
        OneThread { system, here }
    }

    pub fn here(&self) -> &ActorsHere {
        &self.here
    }

    pub fn handle(&self) -> &Handle {
        self.system.runtime().tokio_runtime().handle()
    }

    /// The actors and all other tasks of the runtime run meanwhile, and only then.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.system.block_on(future)
    }
}
