//! What the toolstack asks of storage, in the words of the storage manager API: a small trait and plain types, no driver.
//!
//! Owns: the steps that may be asked ([`StorageEffect`]), their errors, what a repository can do ([`Capability`]), and the
//! conformance suite of drivers.
//! Must not: know domains, the database or XenAPI.

#[cfg(feature = "conformance")]
pub mod conformance;
mod driver;
mod effect;
mod facts;

pub use driver::{Attachment, Cancel, StorageDriver};
pub use effect::{Found, SrId, SrNow, StorageEffect, StorageError, Use, VdiId, VdiNow};
pub use facts::{Capability, StorageFacts};
