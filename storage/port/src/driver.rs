//! The trait that a driver implements.

use crate::{Found, StorageEffect, StorageError, Use};
use serde::{Deserialize, Serialize};

/// A disk that is attached on this host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub on: Use,
    pub read_only: bool,
    pub is_active: bool,
    /// Where a domain of this host finds the disk. Means nothing on another host, so it never goes into the database.
    pub source: String,
}

/// The storage of one host.
#[async_trait::async_trait]
pub trait StorageDriver: Send + Sync {
    /// Works one step to its end. May take minutes; `cancel` ends it early with [`StorageError::Cancelled`] when that still can be
    /// done without harm.
    async fn work(&self, effect: StorageEffect, cancel: Cancel) -> Result<Option<Found>, StorageError>;

    /// Everything attached here. A daemon that starts finds by it what its predecessor left.
    async fn attachments(&self) -> Result<Vec<Attachment>, StorageError>;
}

/// Ends when the step should be given up.
pub type Cancel = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
