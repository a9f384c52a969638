//! Watchers: each keeps a copy of the database by event tokens alone, asking one host after the other.

use crate::checkers::tokens_complete::Replica;
use crate::random::Random;
use crate::shared::{Door, Shared, lock};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use xenith_pooldb::View;
use xenith_raft::PoolLog;

/// Longest rest between two questions.
const REST_MS: u64 = 150;
const PATIENCE: Duration = Duration::from_secs(3);

pub struct Watcher {
    number: usize,
    shared: Arc<Shared>,
    replica: Mutex<Replica>,
}

impl Watcher {
    pub fn new(number: usize, shared: Arc<Shared>) -> Arc<Watcher> {
        Arc::new(Watcher {
            number,
            shared,
            replica: Mutex::default(),
        })
    }

    /// Until the run stops the clients.
    pub async fn run(self: Arc<Watcher>, mut random: Random) {
        while !self.shared.stopping() {
            tokio::time::sleep(Duration::from_millis(random.below(REST_MS))).await;
            let doors = self.shared.doors();
            let Some(door) = doors.get(random.index(doors.len())).cloned() else {
                continue;
            };
            if let Some(view) = view_of(&door, random.percent(50)).await {
                self.follow(&view, door.host, false);
            }
        }
    }

    /// Resumes the token on this view. `last`: the whole copy is compared.
    pub fn follow(&self, view: &View, host: usize, last: bool) {
        let mut replica = lock(&self.replica);
        if replica.is_ahead_of(view) {
            // The host is behind the token: it must make the watcher wait, as event.from does.
            drop(replica);
            return self.shared.probe("watcher_ahead_of_host");
        }
        let told = replica.follow(view);
        let text = replica.compare(view, last).err();
        drop(replica);
        self.shared
            .trace(format!("watcher {} on host {host}: {told} changes", self.number));
        if let Some(text) = text {
            self.shared
                .violation(format!("watcher {} on host {host}: {text}", self.number));
        }
    }
}

/// The host's newest view: by a linearizable read, or as it is.
async fn view_of(door: &Door, linearizable: bool) -> Option<Arc<View>> {
    let node = door.node.clone();
    let reading = door.runtime.spawn(async move {
        match linearizable {
            true => node.read().await.ok(),
            false => Some(node.applied()),
        }
    });
    tokio::time::timeout(PATIENCE, reading).await.ok()?.ok()?
}
