//! Clients that write all the time, wherever the coordinator is, and remember what they were told.

use crate::harness::{At, Outcome, Reach};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use xenith_datamodel::{Ref, Value};

/// A writer writes about a hundred times a second: a load, and not all of the machine.
const PAUSE: Duration = Duration::from_millis(8);
/// After an error; the next host is tried.
const AFTER_ERROR: Duration = Duration::from_millis(15);
/// A call without an answer is given up and its outcome is unknown.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one writer was told of each of its keys.
#[derive(Default)]
pub struct Ledger {
    pub acked: BTreeMap<String, String>,
    pub unknown: BTreeMap<String, String>,
    pub not_done: BTreeMap<String, String>,
}

/// Each writer adds keys to the other_config of a VM of its own.
pub struct Writers {
    stop: Arc<AtomicBool>,
    pub acked: Arc<AtomicU64>,
    running: Vec<(Ref, JoinHandle<Ledger>)>,
}

impl Writers {
    /// `at`: a session at the coordinator. All writers use that session.
    pub async fn start(reach: &Reach, at: &At, count: usize) -> Writers {
        let stop = Arc::new(AtomicBool::new(false));
        let acked = Arc::new(AtomicU64::new(0));
        let mut running = Vec::new();
        for number in 0..count {
            let vm = reach.create_vm(&at.session, &format!("writer-{number}")).await;
            let writer = Writer {
                reach: reach.clone(),
                session: at.session.clone(),
                vm: vm.clone(),
                host: at.host,
                at: None,
                ledger: Ledger::default(),
                acked: acked.clone(),
            };
            running.push((vm, tokio::spawn(writer.run(stop.clone()))));
        }
        Writers { stop, acked, running }
    }

    /// Until `more` further writes were acknowledged, by whomever.
    pub async fn wait_for_more(&self, more: u64) {
        let wanted = self.acked.load(Ordering::SeqCst) + more;
        crate::harness::eventually(&format!("{more} more writes are acknowledged"), async || {
            self.acked.load(Ordering::SeqCst) >= wanted
        })
        .await;
    }

    /// Stops all; (VM, what its writer was told).
    pub async fn stop(self) -> Vec<(Ref, Ledger)> {
        self.stop.store(true, Ordering::SeqCst);
        let mut ledgers = Vec::new();
        for (vm, writer) in self.running {
            ledgers.push((vm, writer.await.unwrap()));
        }
        ledgers
    }
}

struct Writer {
    reach: Reach,
    session: Ref,
    vm: Ref,
    host: u8,
    at: Option<At>,
    ledger: Ledger,
    acked: Arc<AtomicU64>,
}

impl Writer {
    async fn run(mut self, stop: Arc<AtomicBool>) -> Ledger {
        let mut number = 0;
        while !stop.load(Ordering::SeqCst) {
            number += 1;
            let (key, value) = (format!("k{number:06}"), format!("v{number:06}"));
            match self.write(&key, &value).await {
                Outcome::Done => {
                    self.acked.fetch_add(1, Ordering::SeqCst);
                    self.ledger.acked.insert(key, value);
                    tokio::time::sleep(PAUSE).await;
                }
                Outcome::NotDone(error) => {
                    let elsewhere = match &*error.code {
                        "HOST_IS_SLAVE" => host_number(&error.params[0]),
                        "HOST_STILL_BOOTING" | "TOO_BUSY" => None,
                        other => panic!("a write was refused by {other}: {error}"),
                    };
                    self.ledger.not_done.insert(key, value);
                    self.go_on(elsewhere).await;
                }
                Outcome::Unreachable(_) => {
                    self.ledger.not_done.insert(key, value);
                    self.go_on(None).await;
                }
                Outcome::Unknown(why) => {
                    self.ledger.unknown.insert(key, why);
                    self.go_on(None).await;
                }
            }
        }
        self.ledger
    }

    async fn write(&mut self, key: &str, value: &str) -> Outcome {
        if self.at.is_none() {
            match self.reach.at(self.host, &self.session).await {
                Ok(at) => self.at = Some(at.with_deadline(PATIENCE)),
                Err(error) => return Outcome::Unreachable(error.to_string()),
            }
        }
        let at = self.at.as_ref().unwrap();
        let params = [Value::Ref(self.vm.clone()), Value::text(key), Value::text(value)];
        at.change("VM.add_to_other_config", &params).await
    }

    async fn go_on(&mut self, to: Option<u8>) {
        self.at = None;
        self.host = to.unwrap_or(self.host % self.reach.hosts + 1);
        tokio::time::sleep(AFTER_ERROR).await;
    }
}

/// 127.0.0.k or 127.0.1.k.
pub fn host_number(address: &str) -> Option<u8> {
    address.rsplit_once('.')?.1.parse().ok()
}

/// Reads each writer's keys at `at`: all that was acknowledged is there, nothing is there that was said not to be done.
/// Returns how many keys were acknowledged.
pub async fn check(at: &At, ledgers: &[(Ref, Ledger)]) -> usize {
    let mut count = 0;
    for (vm, ledger) in ledgers {
        let there: BTreeMap<String, String> = at.other_config(vm).await.into_iter().collect();
        let lost: Vec<_> = ledger
            .acked
            .iter()
            .filter(|(key, value)| there.get(*key) != Some(value))
            .collect();
        assert!(lost.is_empty(), "at host {}: acknowledged and lost: {lost:?}", at.host);
        let risen: Vec<_> = ledger.not_done.keys().filter(|key| there.contains_key(*key)).collect();
        assert!(
            risen.is_empty(),
            "at host {}: said not to be done, and done: {risen:?}",
            at.host
        );
        let known = |key: &String| ledger.acked.contains_key(key) || ledger.unknown.contains_key(key);
        let strange: Vec<_> = there.keys().filter(|key| key.starts_with('k') && !known(key)).collect();
        assert!(
            strange.is_empty(),
            "at host {}: keys that nobody wrote: {strange:?}",
            at.host
        );
        count += ledger.acked.len();
    }
    count
}
