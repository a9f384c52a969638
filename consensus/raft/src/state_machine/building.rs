//! Snapshots of the state: made beside the log, published when there is room for them.

use super::Current;
use crate::snapshot::{self, SnapshotFile, SnapshotHead, SnapshotStore};
use crate::types::TypeConfig;
use openraft::RaftSnapshotBuilder;
use std::io;
use std::sync::{Arc, PoisonError};
use xenith_pooldb::View;

/// Room for a snapshot comes when somebody makes some: nobody waits for this second.
const LOOK_FOR_ROOM_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Writes a snapshot of the state as it was when the builder was made.
pub struct SnapshotBuilder {
    pub(super) store: Arc<dyn SnapshotStore>,
    pub(super) current: Current,
    pub(super) head: SnapshotHead,
    pub(super) view: View,
}

impl RaftSnapshotBuilder<TypeConfig> for SnapshotBuilder {
    type SnapshotData = Arc<dyn SnapshotFile>;

    async fn build_snapshot(
        &mut self,
    ) -> Result<openraft::type_config::alias::SnapshotOf<TypeConfig, Arc<dyn SnapshotFile>>, io::Error> {
        let (store, current) = (self.store.clone(), self.current.clone());
        let (head, view) = (self.head.clone(), self.view.clone());
        let (head, file) = blocking(move || {
            let file = snapshot::make_snapshot(&head, &view)?;
            Ok((head, file))
        })
        .await?;
        let (head, file) = publish_when_there_is_room(&store, &current, &head, &file).await?;
        Ok(openraft::Snapshot {
            meta: head.meta,
            snapshot: file,
        })
    }
}

/// A full disk is waited out: to openraft any error here is the end of the node, and the log tells its own writers of a full disk.
pub(super) async fn publish_when_there_is_room(
    store: &Arc<dyn SnapshotStore>,
    current: &Current,
    head: &SnapshotHead,
    file: &Arc<dyn SnapshotFile>,
) -> io::Result<(SnapshotHead, Arc<dyn SnapshotFile>)> {
    let mut told = false;
    loop {
        let (store, current, head, file) = (store.clone(), current.clone(), head.clone(), file.clone());
        match blocking(move || publish_newer(&*store, &current, &head, &file)).await {
            Err(error) if is_full(&error) => {
                if !told {
                    tracing::error!(%error, "no room for a snapshot; waiting for some");
                    told = true;
                }
                tokio::time::sleep(LOOK_FOR_ROOM_EVERY).await;
            }
            result => return result,
        }
    }
}

/// The error or one of its causes says so.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>()
            && matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Publishes unless a newer one is there already (built and received snapshots race); gives the one that is now the newest.
fn publish_newer(
    store: &dyn SnapshotStore,
    current: &Current,
    head: &SnapshotHead,
    file: &Arc<dyn SnapshotFile>,
) -> io::Result<(SnapshotHead, Arc<dyn SnapshotFile>)> {
    let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((there, newer)) = current.as_ref()
        && there.meta.last_log_id >= head.meta.last_log_id
    {
        return Ok((there.clone(), newer.clone()));
    }
    let kept = store.publish(file)?;
    *current = Some((head.clone(), kept.clone()));
    Ok((head.clone(), kept))
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    crate::blocking::run(work).await
}
