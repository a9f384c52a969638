//! The HTTP edge: actix-web on plain HTTP, TLS and the local unix socket, all in front of one [`xenith_wire::Dispatch`].
//!
//! Owns: which paths, methods and content types exist, the limits on what a client may send, and CORS.
//! Invariants: a call's origin comes from the kind of its socket, never from what the client says; a client that goes away
//! drops the future of its call; every client can hold only what the named limits in [`Limits`] allow.
//! Must not: know a class, a session or the pool.

mod budget;
mod compress;
mod fair;
#[doc(hidden)]
pub mod fuzz;
mod handle;
mod handlers;
mod limits;
mod pages;
mod reply;
mod rpc;
mod serve;
mod turns;

pub use limits::Limits;
pub use serve::{RunningServer, ServeError, ServerConfig, serve};

#[cfg(test)]
mod tests;
