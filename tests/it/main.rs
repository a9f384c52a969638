//! One integration binary: real daemons on loopback.
