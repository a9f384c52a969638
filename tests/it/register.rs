//! One register that a writer counts up in, and readers at every host that must never see it go back.
//!
//! The rule: a read that begins after number n was acknowledged answers n or more, or a number whose own write has no
//! known outcome (that write may still take effect). Every other answer must be no Success.

use crate::harness::{LIVELY, Outcome, Reach, eventually};
use crate::writers::host_number;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;
use xenith_client::CallError;
use xenith_datamodel::{Ref, Value};

/// Between two writes, and between two reads of one reader: a steady load.
const PAUSE: Duration = Duration::from_millis(10);
/// A write without an answer is given up; its outcome stays unknown.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub struct Register {
    pub reach: Reach,
    pub session: Ref,
    pub vm: Ref,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    acked: AtomicU64,
    reads: AtomicU64,
    unknown: Mutex<BTreeSet<u64>>,
}

/// The tasks of a register in use.
pub struct Running {
    pub register: Register,
    tasks: Vec<JoinHandle<()>>,
}

impl Register {
    /// `readers` readers at each host, half of which open a connection per read.
    pub async fn start(reach: &Reach, readers: usize) -> Running {
        let at = reach.login().await;
        let vm = at.create_vm("register").await;
        at.ok("VM.set_name_description", &[Value::Ref(vm.clone()), Value::text("0")])
            .await;
        let register = Register {
            reach: reach.clone(),
            session: at.session.clone(),
            vm,
            shared: Arc::new(Shared::default()),
        };
        let mut tasks = vec![tokio::spawn(register.clone().write(at.host))];
        for host in 1..=reach.hosts {
            tasks.extend((0..readers).map(|number| tokio::spawn(register.clone().read_on(host, number % 2 == 0))));
        }
        Running { register, tasks }
    }

    async fn write(self, mut host: u8) {
        let mut at = None;
        let mut number = 0;
        while !self.is_over() {
            number += 1;
            if at.is_none() {
                at = self
                    .reach
                    .at(host, &self.session)
                    .await
                    .ok()
                    .map(|at| at.with_deadline(PATIENCE));
            }
            let params = [Value::Ref(self.vm.clone()), Value::text(number.to_string())];
            let outcome = match &at {
                Some(at) => at.change("VM.set_name_description", &params).await,
                None => Outcome::Unreachable(String::new()),
            };
            let elsewhere = match outcome {
                Outcome::Done => {
                    self.shared.acked.store(number, Ordering::SeqCst);
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Outcome::NotDone(error) if error.code == "HOST_IS_SLAVE" => host_number(&error.params[0]),
                Outcome::NotDone(_) | Outcome::Unreachable(_) => None,
                Outcome::Unknown(_) => {
                    self.shared.unknown.lock().unwrap().insert(number);
                    None
                }
            };
            at = None;
            host = elsewhere.unwrap_or(host % self.reach.hosts + 1);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn read_on(self, host: u8, keep: bool) {
        let mut at = None;
        while !self.is_over() {
            if at.is_none() {
                at = self.reach.at(host, &self.session).await.ok();
            }
            if let Some(connected) = &at
                && (self.read(connected).await.is_err_and(|error| error.api().is_none()) || !keep)
            {
                at = None;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One read, held against the rule.
    pub async fn read(&self, at: &crate::harness::At) -> Result<u64, CallError> {
        let floor = self.shared.acked.load(Ordering::SeqCst);
        let value = at
            .call("VM.get_name_description", &[Value::Ref(self.vm.clone())])
            .await?;
        let number: u64 = value.as_text().unwrap().parse().unwrap();
        let excused = number >= floor || self.shared.unknown.lock().unwrap().contains(&number);
        assert!(
            excused,
            "stale read at host {}: {number}, but {floor} was acknowledged before",
            at.host
        );
        self.shared.reads.fetch_add(1, Ordering::SeqCst);
        Ok(number)
    }

    pub async fn wait_for_more(&self, more: u64) {
        let wanted = self.shared.acked.load(Ordering::SeqCst) + more;
        eventually("the register is written to", async || {
            self.shared.acked.load(Ordering::SeqCst) >= wanted
        })
        .await;
    }

    fn is_over(&self) -> bool {
        self.shared.stop.load(Ordering::SeqCst)
    }
}

impl Running {
    /// Fails if any reader saw the register go back. Returns how many reads were answered.
    pub async fn finish(self) -> u64 {
        self.register.shared.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            tokio::time::timeout(2 * LIVELY, task).await.unwrap().unwrap();
        }
        self.register.shared.reads.load(Ordering::SeqCst)
    }
}
