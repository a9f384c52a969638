//! A development pool for one test: `xenith up` in a folder of its own, stopped and removed when the test is over.
//!
//! When it is over no log of it may hold a secret (see `leaks`).
//!
//! Invariants: at most two pools run at a time on the machine (a file lock, since each test may be a process of its own);
//! only processes of this pool are ever signalled, by pid, after a look at their command line.

mod calls;
mod leaks;
mod process;
mod slot;

pub use calls::{At, Outcome, Reach, outcome};
pub use leaks::{Secrets, logs};
pub use process::pid_is_ours;

use process::Up;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use slot::Slot;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use xenith_datamodel::Ref;

/// Liveness only: a pool on a machine that is busy with other things does everything well within this.
pub const LIVELY: Duration = Duration::from_secs(60);
/// Between two looks at something that will come true.
pub const LOOK_EVERY: Duration = Duration::from_millis(20);
pub const PASSWORD: &str = "correct horse";
/// As much as can be logged, so that what must not stand in a log is looked for in all of it. openraft alone would log megabytes a second.
const LOGGED: &str = "log.filter=debug,openraft=info";
/// For tests that are not about elections: on a busy machine, too, coordination moves only when it is told to.
pub const PATIENT: [&str; 4] = [
    "--config-set",
    "raft.election_max_ms=2000",
    "--config-set",
    "raft.election_min_ms=1500",
];

/// The long forms of tests are wanted.
pub fn long() -> bool {
    std::env::var_os("XENITH_IT_LONG").is_some()
}

/// The part of `pool.json` that tests use.
#[derive(Deserialize)]
pub struct Facts {
    pub hosts: Vec<HostFacts>,
}

#[derive(Deserialize)]
pub struct HostFacts {
    pub uuid: String,
    pub pid: Option<i32>,
    pub sim_pid: Option<i32>,
}

/// A pool that runs. Calls to it go through [`Reach`], which tasks may clone.
pub struct Pool {
    reach: Reach,
    dir: PathBuf,
    ups: Vec<Up>,
    /// Given back last.
    slot: Arc<Slot>,
}

impl Deref for Pool {
    type Target = Reach;

    fn deref(&self) -> &Reach {
        &self.reach
    }
}

impl Pool {
    /// A new pool of `hosts` hosts that is ready. `extra`: further arguments of `xenith up`.
    pub async fn start(hosts: u8, extra: &[&str]) -> Pool {
        Pool::start_with(hosts, extra, |_| {}).await
    }

    /// `prepare` is called before any daemon starts.
    pub async fn start_with(hosts: u8, extra: &[&str], prepare: impl FnOnce(&Reach)) -> Pool {
        Pool::start_in(Arc::new(Slot::take().await), hosts, extra, prepare).await
    }

    /// A pool of one on this pool's place.
    pub async fn start_beside(&self) -> Pool {
        Pool::start_in(self.slot.clone(), 1, &[], |_| {}).await
    }

    async fn start_in(slot: Arc<Slot>, hosts: u8, extra: &[&str], prepare: impl FnOnce(&Reach)) -> Pool {
        let [http_port, tls_port, link_port] = slot.free_ports(hosts);
        let dir = tempfile::Builder::new().prefix("xenith-it-").tempdir().unwrap().keep();
        let reach = Reach {
            hosts,
            http_port,
            tls_port,
            link_port,
            dir: dir.clone(),
            secrets: Secrets::default(),
        };
        prepare(&reach);
        let mut pool = Pool {
            reach,
            dir,
            ups: Vec::new(),
            slot,
        };
        let ports = [
            ("--http-port", http_port),
            ("--tls-port", tls_port),
            ("--link-port", link_port),
        ];
        let mut arguments = vec![
            "--hosts".to_owned(),
            hosts.to_string(),
            "--password".into(),
            PASSWORD.into(),
            "--config-set".into(),
            LOGGED.into(),
        ];
        arguments.extend(
            ports
                .iter()
                .flat_map(|(name, port)| [(*name).to_owned(), port.to_string()]),
        );
        arguments.extend(extra.iter().map(|argument| (*argument).to_owned()));
        pool.up(&arguments).await;
        pool
    }

    /// Stops all as an operator does (SIGTERM to `up`) and returns when nothing runs any more.
    pub async fn stop_all(&mut self) {
        for up in &mut self.ups {
            up.terminate();
        }
        for mut up in self.ups.drain(..) {
            up.wait_stopped().await;
        }
    }

    /// `up` in the folder of an existing pool.
    pub async fn start_all_again(&mut self) {
        self.up(&[]).await;
    }

    /// Starts host `k`'s daemon again (and its machine, if that is gone); returns when it serves.
    pub async fn start_again(&mut self, k: u8) {
        self.begin_again(k);
        let last = self.ups.len() - 1;
        self.ups[last].wait_ready().await;
    }

    /// As [`Pool::start_again`] without waiting.
    pub fn begin_again(&mut self, k: u8) {
        self.ups
            .push(Up::start(&self.dir, &["--host".to_owned(), k.to_string()]));
    }

    async fn up(&mut self, arguments: &[String]) {
        self.ups.push(Up::start(&self.dir, arguments));
        let last = self.ups.len() - 1;
        self.ups[last].wait_ready().await;
    }

    /// For tasks.
    pub fn reach(&self) -> Reach {
        self.reach.clone()
    }

    /// Signals host `k`'s daemon.
    pub fn kill(&self, k: u8, signal: Signal) {
        let pid = self.facts().hosts[usize::from(k) - 1].pid.unwrap();
        self.signal(pid, signal);
    }

    fn signal(&self, pid: i32, signal: Signal) {
        if pid_is_ours(pid, &self.dir) {
            // It may end between the look and the signal.
            let _ = kill_process(Pid::from_raw(pid).unwrap(), signal);
        }
    }

    /// Signals host `k`'s machine, and waits until it is gone.
    pub async fn kill_machine(&self, k: u8, signal: Signal) {
        let pid = self.facts().hosts[usize::from(k) - 1].sim_pid.unwrap();
        self.signal(pid, signal);
        eventually("the machine is gone", async || !pid_is_ours(pid, &self.dir)).await;
    }

    /// Has `k`'s daemon ended (killed or by itself)?
    pub fn has_ended(&self, k: u8) -> bool {
        !self.facts().hosts[usize::from(k) - 1]
            .pid
            .is_some_and(|pid| pid_is_ours(pid, &self.dir))
    }

    /// kill -9, then waits until the process is gone.
    pub async fn kill_hard(&self, k: u8) {
        self.kill(k, Signal::KILL);
        eventually("the daemon is gone", async || self.has_ended(k)).await;
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(facts) = self.reach.try_facts() {
            for pid in facts.hosts.iter().flat_map(|host| [host.pid, host.sim_pid]).flatten() {
                self.signal(pid, Signal::CONT);
                self.signal(pid, Signal::KILL);
            }
        }
        for up in &mut self.ups {
            up.terminate();
        }
        for up in &mut self.ups {
            up.wait_stopped_blocking();
        }
        let leaks = match std::thread::panicking() {
            true => Vec::new(),
            false => self.reach.leaks(),
        };
        if std::thread::panicking() || !leaks.is_empty() {
            eprintln!("the pool's folder and logs are kept in {}", self.dir.display());
        } else if let Err(error) = std::fs::remove_dir_all(&self.dir) {
            eprintln!("{} could not be removed: {error}", self.dir.display());
        }
        assert!(leaks.is_empty(), "secrets in logs: {leaks:#?}");
    }
}

/// Waits until `holds`, for [`LIVELY`] at most.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + LIVELY;
    while !holds().await {
        assert!(Instant::now() < until, "not within {LIVELY:?}: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A ref from its text.
pub fn reference(text: &str) -> Ref {
    Ref::new(text)
}
