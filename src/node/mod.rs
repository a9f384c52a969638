//! One host's daemon: built from its parts, run until it is stopped, built anew when it has joined another pool.
//!
//! Owns: start and stop order, the state folder, and the client's half of a join. No logic of the pool itself.

mod door;
mod join;
mod services;
mod state_dir;
mod tls;
mod wire_up;

use crate::config::{Config, LogConfig};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use wire_up::RunningNode;

/// Raft, link and toolstack share these threads; the HTTP server has its own.
const RUNTIME_THREADS: usize = 2;
/// Pause before a node whose log has failed is built again: a full disk stays full for a while.
const START_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// A host that has failed and cannot start for this long ends: the service manager and its operator should know.
const START_AGAIN_WITHIN: Duration = Duration::from_secs(600);

#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error("{path}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{what}")]
    Part {
        what: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(
        "the store has lost something that it had promised ({why}); it was kept aside as {aside}. This host must not vote \
         with it: start it again to run as a blank host, and join it to its pool anew"
    )]
    StoreSetAside { why: String, aside: String },
    #[error("hypervisor.kind = \"xen\" needs a build with real Xen support, which does not exist yet")]
    NoXenYet,
}

impl NodeError {
    pub(crate) fn part<E>(what: &'static str) -> impl FnOnce(E) -> NodeError
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| NodeError::Part {
            what,
            source: source.into(),
        }
    }

    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> NodeError {
        move |source| NodeError::File {
            path: path.to_owned(),
            source,
        }
    }
}

/// Why a running node ended.
enum Ended {
    Stopped,
    /// It has joined another pool: build it again from what is on disk now.
    Joined,
    /// Its log cannot go on (a full or broken disk): what is on disk is the truth, so it is built again from that.
    LogFailed(String),
}

/// `xenith host`: returns after SIGTERM or SIGINT.
pub fn run_until_stopped(config: Config) -> Result<(), NodeError> {
    start_logging(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .enable_all()
        .build()
        .map_err(NodeError::part("the async runtime could not be started"))?;
    runtime.block_on(run_again_and_again(&config))
}

async fn run_again_and_again(config: &Config) -> Result<(), NodeError> {
    let mut signals = Signals::new()?;
    let mut failed_at: Option<Instant> = None;
    loop {
        match run_once(config, &mut signals).await {
            Ok(Ended::Stopped) => return Ok(()),
            Ok(Ended::Joined) => {
                tracing::info!("joined a pool; starting as its member");
                continue;
            }
            Ok(Ended::LogFailed(why)) => {
                tracing::error!(why, "the pool's log has stopped on this host; starting again");
                failed_at = Some(Instant::now());
            }
            Err(error @ NodeError::StoreSetAside { .. }) => return Err(error),
            Err(error) if failed_at.is_some_and(|at| at.elapsed() < START_AGAIN_WITHIN) => {
                tracing::error!(error = crate::with_causes(&error), "this host cannot start again yet");
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = signals.stop() => return Ok(()),
            () = tokio::time::sleep(START_AGAIN_AFTER) => {}
        }
    }
}

/// Kept for the daemon's life: a signal between two nodes must not be missed.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Signals, NodeError> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate()).map_err(NodeError::part("signals"))?,
            interrupt: signal(SignalKind::interrupt()).map_err(NodeError::part("signals"))?,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn run_once(config: &Config, signals: &mut Signals) -> Result<Ended, NodeError> {
    let mut node = RunningNode::start(config).await?;
    tell_service_manager(sd_notify::NotifyState::Ready);
    let ended = tokio::select! {
        () = signals.stop() => Ended::Stopped,
        ended = node.ended() => ended,
    };
    tell_service_manager(sd_notify::NotifyState::Stopping);
    node.stop().await;
    Ok(ended)
}

/// Under systemd it hears of it; elsewhere there is nobody to tell.
fn tell_service_manager(state: sd_notify::NotifyState<'_>) {
    if let Err(cause) = sd_notify::notify(&[state]) {
        tracing::debug!(%cause, "no service manager was told");
    }
}

fn start_logging(config: &LogConfig) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|malformed| {
        eprintln!("log.filter: {malformed}; using `info`");
        EnvFilter::new("info")
    });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    let started = if config.json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
    if let Err(already) = started {
        eprintln!("logging: {already}");
    }
}
