//! The thread that all actors of this host live on: actix needs a system of its own beside tokio's many threads.
//! For simulators it is the caller's (see [`OneThread`](super::OneThread)).

use super::ActorsHere;
use actix::{Arbiter, ArbiterHandle, System};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use tracing::error;

pub(super) struct Actors {
    arbiter: ArbiterHandle,
    /// Nothing for actors on another's thread, and when it has ended.
    thread: Mutex<Option<Running>>,
}

struct Running {
    /// Dropped, the thread ends.
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Actors {
    pub fn start() -> Actors {
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, started) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name("actors".to_owned()).spawn(move || {
            let system = System::new();
            system.block_on(async move {
                // Nobody hears it only if the starting thread is gone.
                drop(ready.send(Arbiter::current()));
                drop(stopped.await);
            });
        });
        let running = thread.map(|thread| Running { stop, thread });
        match (running, started.recv()) {
            (Ok(running), Ok(arbiter)) => Actors {
                arbiter,
                thread: Mutex::new(Some(running)),
            },
            // Like a runtime that cannot start its threads: there is no daemon without it.
            (failed, _) => {
                error!(cause = ?failed.err(), "the actors' thread could not be started");
                std::process::abort()
            }
        }
    }

    pub fn here(place: &ActorsHere) -> Actors {
        Actors {
            arbiter: place.0.clone(),
            thread: Mutex::new(None),
        }
    }

    pub fn arbiter(&self) -> ArbiterHandle {
        self.arbiter.clone()
    }

    /// Everything that the actors hold is let go of when this returns.
    pub async fn stop(&self) {
        let running = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { stop, thread }) = running else {
            return;
        };
        drop(stop);
        let ended = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(ended, Ok(Ok(()))) {
            error!("the actors' thread ended by a fault");
        }
    }
}
