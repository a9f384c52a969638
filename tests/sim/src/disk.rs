//! A host's simulated disk: what is on it outlives the host; each fsync takes a seeded time, or stands still for a while.

use crate::plant::{EagerLog, Plant};
use crate::random::Random;
use crate::shared::{Shared, lock};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use xenith_raft::snapshot::MemorySnapshots;
use xenith_raft::store::{DurableLog, Executor, MemDisk, MemLog, OpenError};

/// How often a stalled disk looks whether it may go on.
const STALL_LOOK: Duration = Duration::from_millis(1);
/// Of one healthy fsync.
const FSYNC_US: (u64, u64) = (100, 3_000);

pub struct Disk {
    pub content: MemDisk,
    pub snapshots: Arc<MemorySnapshots>,
    control: Arc<Control>,
}

struct Control {
    random: Mutex<Random>,
    stalled_until_us: AtomicU64,
}

impl Disk {
    pub fn new(random: Random) -> Disk {
        let control = Control {
            random: Mutex::new(random),
            stalled_until_us: AtomicU64::new(0),
        };
        Disk {
            content: MemDisk::new(),
            snapshots: Arc::default(),
            control: Arc::new(control),
        }
    }

    pub fn open(&self, shared: &Arc<Shared>, plant: Plant) -> Result<Arc<dyn DurableLog>, OpenError> {
        let log = MemLog::open(&self.content, self.executor(shared))?;
        Ok(match plant {
            Plant::AckBeforeFsync => Arc::new(EagerLog(log)),
            Plant::None | Plant::StaleReads => Arc::new(log),
        })
    }

    /// No fsync ends before this time.
    pub fn stall_until(&self, us: u64) {
        self.control.stalled_until_us.fetch_max(us, Ordering::Relaxed);
    }

    pub fn unstall(&self) {
        self.control.stalled_until_us.store(0, Ordering::Relaxed);
    }

    /// The power goes; a prefix of what was not fsynced, as the seed wills, is there all the same.
    pub fn crash(&self, random: &mut Random, shared: &Shared) {
        self.content.crash(&mut |unsynced| {
            let kept = random.index(unsynced + 1);
            if kept < unsynced {
                shared.probe("torn_tails");
            }
            shared.trace(format!("disk keeps {kept} of {unsynced} unsynced"));
            kept
        });
    }

    fn executor(&self, shared: &Arc<Shared>) -> Executor {
        let (control, shared) = (self.control.clone(), shared.clone());
        Arc::new(move |job| {
            // No runtime: the host is just being torn down, and this fsync never ends.
            let Ok(runtime) = tokio::runtime::Handle::try_current() else {
                return;
            };
            let takes = Duration::from_micros(lock(&control.random).between(FSYNC_US.0, FSYNC_US.1));
            let (control, shared) = (control.clone(), shared.clone());
            runtime.spawn(async move {
                tokio::time::sleep(takes).await;
                while shared.now_us() < control.stalled_until_us.load(Ordering::Relaxed) {
                    tokio::time::sleep(STALL_LOOK).await;
                }
                job();
            });
        })
    }
}
