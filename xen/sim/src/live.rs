//! The machine's coat of time: one task advances it when something is due, and tells who waits.

use crate::machine::{Behaviour, Happening, Images, Machine, Parcel};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use xenith_storage_port::Attachment;
use xenith_xen_port::{
    Attention, Cancel, Domain, Done, Effect, EffectError, FactsError, HostFacts, HostFactsPort, Hypervisor, StopReason,
    VmId,
};

/// Effects that may be in work at a time; more are refused.
const EFFECTS_MAX: usize = 4_096;

/// Takes a parcel to the machine of this address, or loses it; must not wait.
pub type Courier = Box<dyn Fn(String, Parcel) + Send + Sync>;

type EffectResult = Result<Done, EffectError>;

/// A machine that lives in real (or tokio's paused) time while [`Live::run`] runs.
pub struct Live {
    shared: Mutex<Shared>,
    changed: Notify,
    start: Instant,
    courier: Courier,
}

struct Shared {
    machine: Machine,
    images: Box<dyn Images + Send>,
    next_ticket: u64,
    waiting: BTreeMap<u64, oneshot::Sender<EffectResult>>,
    watchers: Vec<Weak<Watching>>,
}

/// An effect that was begun.
pub struct Begun {
    pub ticket: u64,
    pub end: oneshot::Receiver<EffectResult>,
}

impl Live {
    pub fn new(machine: Machine, images: Box<dyn Images + Send>, courier: Courier) -> Arc<Live> {
        Arc::new(Live {
            shared: Mutex::new(Shared {
                machine,
                images,
                next_ticket: 1,
                waiting: BTreeMap::new(),
                watchers: Vec::new(),
            }),
            changed: Notify::new(),
            start: Instant::now(),
            courier,
        })
    }

    /// Advances the machine for ever.
    pub async fn run(&self) {
        loop {
            let wait_ms = self.advance();
            match wait_ms {
                None => self.changed.notified().await,
                Some(wait_ms) => {
                    let wait = Duration::from_millis(wait_ms);
                    // Woken or due: the next turn finds out.
                    drop(tokio::time::timeout(wait, self.changed.notified()).await);
                }
            }
        }
    }

    pub fn begin(&self, effect: Effect) -> Result<Begun, EffectError> {
        let now_ms = self.now_ms();
        let mut shared = self.lock();
        if shared.waiting.len() >= EFFECTS_MAX {
            return Err(EffectError::Failed("too many effects are in work".to_owned()));
        }
        let ticket = shared.next_ticket;
        shared.next_ticket += 1;
        let (tell, end) = oneshot::channel();
        shared.waiting.insert(ticket, tell);
        shared.machine.begin(now_ms, ticket, effect);
        self.changed.notify_one();
        Ok(Begun { ticket, end })
    }

    pub fn cancel(&self, ticket: u64) {
        self.lock().machine.cancel(self.now_ms(), ticket);
        self.changed.notify_one();
    }

    pub fn deliver(&self, from: &str, parcel: Parcel) {
        self.lock().machine.deliver(self.now_ms(), from, parcel);
        self.changed.notify_one();
    }

    pub fn domains(&self) -> Vec<Domain> {
        self.lock().machine.domains()
    }

    pub fn attachments(&self) -> Vec<Attachment> {
        self.lock().machine.attachments()
    }

    pub fn free_bytes(&self) -> i64 {
        self.lock().machine.free_bytes()
    }

    pub fn behave(&self, behaviour: Behaviour) {
        self.lock().machine.behave(behaviour);
    }

    pub fn guest_stops(&self, vm: &VmId, reason: StopReason) -> bool {
        let stopped = self.lock().machine.guest_stops(self.now_ms(), vm, reason);
        self.changed.notify_one();
        stopped
    }

    /// Sees changes from now on, and first of all every domain that is there.
    pub fn watch(&self) -> Watcher {
        let mut shared = self.lock();
        let there = shared.machine.domains().into_iter().map(|domain| domain.vm);
        let watching = Arc::new(Watching {
            changed: Mutex::new(there.collect()),
            wake: Notify::new(),
        });
        shared.watchers.push(Arc::downgrade(&watching));
        Watcher(watching)
    }

    /// Milliseconds until something is due.
    fn advance(&self) -> Option<u64> {
        let now_ms = self.now_ms();
        let mut shared = self.lock();
        let Shared { machine, images, .. } = &mut *shared;
        for happening in machine.advance(now_ms, images.as_mut()) {
            match happening {
                Happening::Finished { ticket, result } => {
                    if let Some(tell) = shared.waiting.remove(&ticket) {
                        // Who asked may have gone.
                        let _ = tell.send(result);
                    }
                }
                Happening::Attention(vm) => shared.watchers.retain(|watcher| match watcher.upgrade() {
                    Some(watching) => {
                        watching.add(vm.clone());
                        true
                    }
                    None => false,
                }),
                Happening::Send { to, parcel } => (self.courier)(to, parcel),
            }
        }
        shared.machine.next_due().map(|due| due.saturating_sub(now_ms))
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// VMs that changed and were not told yet: one entry a VM, however often.
struct Watching {
    changed: Mutex<BTreeSet<VmId>>,
    wake: Notify,
}

impl Watching {
    fn add(&self, vm: VmId) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).insert(vm);
        self.wake.notify_one();
    }
}

/// Sees which domains change; forgotten when dropped.
pub struct Watcher(Arc<Watching>);

impl Watcher {
    pub async fn next(&self) -> VmId {
        loop {
            let next = self
                .0
                .changed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_first();
            match next {
                Some(vm) => return vm,
                None => self.0.wake.notified().await,
            }
        }
    }
}

/// A live machine in the same process, as its toolstack sees it.
pub struct LiveHost {
    live: Arc<Live>,
    watcher: Watcher,
    facts: HostFacts,
}

impl LiveHost {
    pub fn new(live: Arc<Live>, facts: HostFacts) -> LiveHost {
        LiveHost {
            watcher: live.watch(),
            live,
            facts,
        }
    }
}

#[async_trait::async_trait]
impl HostFactsPort for LiveHost {
    async fn host_facts(&self) -> Result<HostFacts, FactsError> {
        Ok(self.facts.clone())
    }
}

#[async_trait::async_trait]
impl Hypervisor for LiveHost {
    async fn work(&self, effect: Effect, cancel: Cancel) -> EffectResult {
        let Begun { ticket, mut end } = self.live.begin(effect)?;
        let result = tokio::select! {
            result = &mut end => result,
            () = cancel => {
                self.live.cancel(ticket);
                end.await
            }
        };
        result.unwrap_or_else(|_| Err(EffectError::NotKnown("the machine is gone".to_owned())))
    }

    async fn domains(&self) -> Result<Vec<Domain>, EffectError> {
        Ok(self.live.domains())
    }

    async fn attachments(&self) -> Result<Vec<Attachment>, EffectError> {
        Ok(self.live.attachments())
    }

    async fn attention(&self) -> Result<Attention, EffectError> {
        Ok(Attention(self.watcher.next().await))
    }
}
