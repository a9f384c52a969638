//! One multiplexed mutual-TLS connection per pair of hosts; many independent streams on it.
//!
//! Owns: identities (self-signed key pair), pins, handshake (A1), reconnect with back-off, per-stream deadlines.
//! Must not: know what the streams carry.
