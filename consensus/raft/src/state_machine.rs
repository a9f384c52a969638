//! The replicated state: the newest [`View`] and what else the log decides (who has opened, who is awaited).
//!
//! Invariants: the state after an index is the same on every host (CORRECTNESS A7); a new view is published before the proposer is
//! answered and before the applied index rises (B1); an entry that cannot be understood, or a state hash that differs, quarantines this
//! host: it applies nothing more, serves nothing and does not vote. It is in memory only: rebuilt from snapshot and log at start.

mod building;

pub use building::SnapshotBuilder;

use crate::codec::CodecError;
use crate::entry::{Body, Opened, Record, StateHash, SyncSet};
use crate::pool_log::NodeId;
use crate::snapshot::{self, SnapshotFile, SnapshotHead, SnapshotStore};
use crate::types::{LogId, SnapshotMeta, StoredMembership, TypeConfig};
use building::{blocking, publish_when_there_is_room};
use futures::{Stream, StreamExt};
use openraft::storage::{ApplyResponder, EntryResponder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use xenith_pooldb::{ApplyError, Transaction, View};

/// Entries applied before the view is published and the proposers are answered: bounds the wait of the first of a long batch.
const PUBLISH_EVERY: usize = 128;

/// States kept for comparing hashes: a hash entry comes at most a few checkpoints after its state.
const CHECKPOINTS_KEPT: usize = 4;

/// What applying an entry came to. The same on every host.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    Done,
    /// Nothing was changed.
    Refused(ApplyError),
    /// This host is quarantined: it did not apply the entry. Others did.
    Quarantined,
}

/// The newest "opened" entry: who coordinates, and the effect fence (C3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedAt {
    pub at: LogId,
    pub node: NodeId,
    pub host_uuid: String,
}

/// How far this host has applied.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    pub applied: Option<LogId>,
    /// Quarantined: nothing more is applied.
    pub halted: bool,
}

/// What the log decides beside the view, and whether this host can be believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    pub opened: Option<OpenedAt>,
    pub sync: SyncSet,
    /// Why this host serves nothing, if so.
    pub quarantine: Option<String>,
}

/// What the state machine tells the rest of the node.
pub struct Published {
    view: watch::Sender<Arc<View>>,
    /// The newest view that watchers may see: see [`crate::shown`].
    shown: watch::Sender<Arc<View>>,
    /// Nothing newer is in `view`: raised before a view is shown.
    newest: AtomicU64,
    progress: watch::Sender<Progress>,
    standing: watch::Sender<Standing>,
    checkpoint: watch::Sender<Option<(u64, View)>>,
}

impl Published {
    pub fn new() -> Arc<Published> {
        Arc::new(Published {
            view: watch::Sender::new(Arc::new(View::default())),
            shown: watch::Sender::new(Arc::new(View::default())),
            newest: AtomicU64::new(0),
            progress: watch::Sender::new(Progress::default()),
            standing: watch::Sender::new(Standing::default()),
            checkpoint: watch::Sender::new(None),
        })
    }

    pub fn view(&self) -> Arc<View> {
        self.view.borrow().clone()
    }

    /// A view and an index that is not below what is in it.
    pub fn view_up_to(&self) -> (Arc<View>, u64) {
        let view = self.view();
        (view, self.newest.load(Ordering::SeqCst))
    }

    pub fn watch_view(&self) -> watch::Receiver<Arc<View>> {
        self.view.subscribe()
    }

    pub fn watch_shown(&self) -> watch::Receiver<Arc<View>> {
        self.shown.subscribe()
    }

    /// Watchers may see this view; one that is no newer than what they see is passed over.
    pub fn show(&self, view: &Arc<View>) {
        self.shown.send_if_modified(|shown| {
            let newer = view.token() != shown.token() && view.token().covers(shown.token());
            if newer {
                *shown = Arc::clone(view);
            }
            newer
        });
    }

    pub fn watch_progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    pub fn watch_standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// The newest state whose hash is to be compared, with its index.
    pub fn watch_checkpoint(&self) -> watch::Receiver<Option<(u64, View)>> {
        self.checkpoint.subscribe()
    }

    /// Whether a change is acknowledged only when a learner has it (E1).
    pub fn awaits_learners(&self) -> bool {
        !self.standing.borrow().sync.learners.is_empty()
    }

    pub fn quarantine(&self, why: String) {
        tracing::error!(
            why,
            "this host's state is not the pool's: quarantined until its store is reinstalled"
        );
        self.standing.send_modify(|standing| {
            standing.quarantine.get_or_insert(why);
        });
        self.progress.send_modify(|progress| progress.halted = true);
    }
}

/// A published snapshot with what it is of.
type Current = Arc<Mutex<Option<(SnapshotHead, Arc<dyn SnapshotFile>)>>>;

pub struct StateMachine {
    store: Arc<dyn SnapshotStore>,
    current: Current,
    published: Arc<Published>,
    hash_every: u64,
    view: View,
    /// Whether `view` differs from the published one.
    dirty: bool,
    applied: Option<LogId>,
    opened: Option<OpenedAt>,
    sync: SyncSet,
    membership: StoredMembership,
    checkpoints: VecDeque<(u64, View)>,
}

impl StateMachine {
    /// Blocking: reads the newest snapshot's head.
    pub fn open(store: Arc<dyn SnapshotStore>, published: Arc<Published>, hash_every: u64) -> io::Result<StateMachine> {
        let current = match store.latest()? {
            None => None,
            Some(file) => Some((snapshot::read_head(&mut file.open()?)?, file)),
        };
        Ok(StateMachine {
            store,
            current: Arc::new(Mutex::new(current)),
            published,
            hash_every: hash_every.max(1),
            view: View::default(),
            dirty: false,
            applied: None,
            opened: None,
            sync: SyncSet::default(),
            membership: StoredMembership::default(),
            checkpoints: VecDeque::new(),
        })
    }

    /// What the head of this host made of the very same state is taken as it is: applying is deterministic (A7).
    fn apply_record(&mut self, at: LogId, record: &Record) -> Result<Applied, CodecError> {
        match record.take_foreseen(&self.view) {
            Some(view) => {
                self.view = view;
                self.dirty = true;
                Ok(Applied::Done)
            }
            None => Ok(self.apply_body(at, &*record.body()?)),
        }
    }

    fn apply_body(&mut self, at: LogId, body: &Body) -> Applied {
        match body {
            Body::Transaction(transaction) => self.apply_transaction(transaction),
            Body::Opened(opened) => self.apply_opened(at, opened),
            Body::StateHash(hash) => {
                self.compare(hash);
                Applied::Done
            }
            Body::SyncSet(set) => {
                self.sync = set.clone();
                Applied::Done
            }
        }
    }

    fn apply_transaction(&mut self, transaction: &Transaction) -> Applied {
        match self.view.apply(transaction) {
            Ok((view, _changes)) => {
                self.view = view;
                self.dirty = true;
                Applied::Done
            }
            Err(error) => Applied::Refused(error),
        }
    }

    fn apply_opened(&mut self, at: LogId, opened: &Opened) -> Applied {
        let outcome = self.apply_transaction(&opened.transaction);
        match outcome {
            Applied::Done => {
                let host_uuid = opened.host_uuid.clone();
                self.opened = Some(OpenedAt {
                    at,
                    node: opened.node,
                    host_uuid,
                });
                Applied::Done
            }
            Applied::Refused(_) | Applied::Quarantined => outcome,
        }
    }

    /// Compares in the background: hashing the whole state may take long.
    fn compare(&mut self, expected: &StateHash) {
        let Some((index, view)) = self
            .checkpoints
            .iter()
            .find(|(index, _)| *index == expected.index)
            .cloned()
        else {
            return;
        };
        let (published, expected) = (self.published.clone(), expected.clone());
        crate::blocking::detached(move || {
            if view.state_hash() != expected.hash {
                published.quarantine(format!("the state after entry {index} differs from the coordinator's"));
            }
        });
    }

    fn apply_entry(&mut self, at: LogId, payload: EntryPayload<Record, NodeId, crate::Member>) -> Applied {
        if self.published.progress().halted {
            return Applied::Quarantined;
        }
        let outcome = match payload {
            EntryPayload::Blank => Applied::Done,
            EntryPayload::Membership(membership) => {
                self.membership = StoredMembership::new(Some(at), membership);
                Applied::Done
            }
            EntryPayload::Normal(record) => match self.apply_record(at, &record) {
                Ok(applied) => applied,
                Err(error) => {
                    self.published.quarantine(format!("entry {at} cannot be read: {error}"));
                    return Applied::Quarantined;
                }
            },
        };
        if at.index.is_multiple_of(self.hash_every) {
            self.keep_checkpoint(at.index);
        }
        outcome
    }

    fn keep_checkpoint(&mut self, index: u64) {
        self.checkpoints.push_back((index, self.view.clone()));
        if self.checkpoints.len() > CHECKPOINTS_KEPT {
            self.checkpoints.pop_front();
        }
        self.published.checkpoint.send_replace(Some((index, self.view.clone())));
    }

    /// The view first, then who has opened, then the index, then what watchers see, then the answers: who sees the index or the answer
    /// finds the view (B1).
    fn publish(&mut self, answers: &mut Vec<(ApplyResponder<TypeConfig>, Applied)>) {
        let newest = self.applied.map_or(0, |at| at.index);
        self.published.newest.store(newest, Ordering::SeqCst);
        if std::mem::take(&mut self.dirty) {
            self.published.view.send_replace(Arc::new(self.view.clone()));
        }
        self.published.standing.send_if_modified(|shown| {
            let changed = shown.opened != self.opened || shown.sync != self.sync;
            if changed {
                shown.opened = self.opened.clone();
                shown.sync = self.sync.clone();
            }
            changed
        });
        self.published
            .progress
            .send_modify(|shown| shown.applied = self.applied);
        if self.sync.learners.is_empty() {
            self.published.show(&self.published.view());
        }
        for (responder, applied) in answers.drain(..) {
            responder.send(applied);
        }
    }

    fn head(&self) -> SnapshotHead {
        SnapshotHead {
            meta: SnapshotMeta {
                last_log_id: self.applied,
                last_membership: self.membership.clone(),
            },
            opened: self.opened.clone(),
            sync: self.sync.clone(),
        }
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotData = Arc<dyn SnapshotFile>;
    type SnapshotBuilder = SnapshotBuilder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        Ok((self.applied, self.membership.clone()))
    }

    async fn apply<S>(&mut self, mut entries: S) -> Result<(), io::Error>
    where
        S: Stream<Item = Result<EntryResponder<TypeConfig>, io::Error>> + Unpin + OptionalSend,
    {
        let mut answers = Vec::new();
        let mut unpublished = 0;
        while let Some(next) = entries.next().await {
            let (entry, responder) = next?;
            let applied = self.apply_entry(entry.log_id, entry.payload);
            self.applied = Some(entry.log_id);
            if let Some(responder) = responder {
                answers.push((responder, applied));
            }
            unpublished += 1;
            if unpublished >= PUBLISH_EVERY {
                self.publish(&mut answers);
                unpublished = 0;
            }
        }
        self.publish(&mut answers);
        Ok(())
    }

    /// An error of a builder would end Raft: a quarantined host, whose state must not be kept, puts its snapshots off for good.
    async fn try_create_snapshot_builder(&mut self, _force: bool) -> Option<SnapshotBuilder> {
        match self.published.progress().halted {
            true => None,
            false => Some(self.get_snapshot_builder().await),
        }
    }

    async fn get_snapshot_builder(&mut self) -> SnapshotBuilder {
        SnapshotBuilder {
            store: self.store.clone(),
            current: self.current.clone(),
            head: self.head(),
            view: self.view.clone(),
        }
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, file: Arc<dyn SnapshotFile>) -> Result<(), io::Error> {
        let (store, current, wanted) = (self.store.clone(), self.current.clone(), meta.last_log_id);
        let (head, view, file) = blocking(move || {
            let (head, view) = snapshot::read_snapshot(&*file)?;
            if head.meta.last_log_id != wanted {
                return Err(io::Error::other("the snapshot is not of the state that was announced"));
            }
            Ok((head, view, file))
        })
        .await?;
        publish_when_there_is_room(&store, &current, &head, &file).await?;
        self.view = view;
        self.dirty = true;
        self.membership = head.meta.last_membership;
        self.applied = head.meta.last_log_id;
        self.opened = head.opened;
        self.sync = head.sync;
        self.checkpoints.clear();
        self.publish(&mut Vec::new());
        let index = self.applied.map(|applied| applied.index);
        tracing::info!(index, "the state was taken over from a snapshot");
        Ok(())
    }

    async fn get_current_snapshot(
        &mut self,
    ) -> Result<Option<openraft::type_config::alias::SmSnapshotOf<TypeConfig, Self>>, io::Error> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(current.as_ref().map(|(head, file)| openraft::Snapshot {
            meta: head.meta.clone(),
            snapshot: file.clone(),
        }))
    }
}

#[cfg(test)]
mod tests;
