//! One host's daemon: built from its parts, run until it is stopped, built anew when it has joined another pool.
//!
//! Owns: start and stop order, the state folder, and the client's half of a join. No logic of the pool itself.

mod certificate;
mod door;
mod guard;
mod join;
mod rejoin;
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
        "this host's store cannot be trusted ({why}) and was kept aside as {aside}. No other member of its pool is known that \
         could take it back, so nothing runs here. To give up what it held and start as a blank host, run `xenith start-anew`"
    )]
    StoreSetAside { why: String, aside: String },
    #[error(
        "the pool has not taken this host back, whose store was kept aside as {aside}; the log above says why. Start it again \
         to go on trying, or run `xenith start-anew` to leave the pool for good and start as a blank host"
    )]
    NotTakenBack { aside: String },
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

/// Why a node has to be built again from what is on disk.
#[derive(Clone, Debug)]
pub(crate) enum Again {
    /// It has joined another pool.
    Joined,
    /// Its state cannot be trusted, and why.
    SetAside(String),
    /// The pool has put it out: it is a pool of one again.
    Ejected,
    /// Its log cannot go on (a full or broken disk): what is on disk is the truth.
    LogFailed(String),
}

enum Ended {
    Stopped,
    Again(Again),
}

/// `xenith start-anew`: gives up a store that was set aside. Says where it is kept; nothing when none was.
pub fn start_anew(config: &Config) -> Result<Option<PathBuf>, NodeError> {
    let state = state_dir::StateDir::open(&config.dir)?;
    Ok(state.start_anew()?.map(|rejoin| rejoin.aside))
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
            Ok(Ended::Again(Again::LogFailed(why))) => {
                tracing::error!(why, "the pool's log has stopped on this host; starting again");
                failed_at = Some(Instant::now());
            }
            Ok(Ended::Again(why)) => {
                tracing::info!(?why, "starting anew");
                continue;
            }
            Err(error @ (NodeError::StoreSetAside { .. } | NodeError::NotTakenBack { .. })) => return Err(error),
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
    // A start may take long: a host whose store was set aside asks its pool to take it back.
    let mut node = tokio::select! {
        started = RunningNode::start(config) => started?,
        () = signals.stop() => return Ok(Ended::Stopped),
    };
    tell_service_manager(sd_notify::NotifyState::Ready);
    let ended = tokio::select! {
        () = signals.stop() => Ended::Stopped,
        again = node.ended() => Ended::Again(again),
    };
    tell_service_manager(sd_notify::NotifyState::Stopping);
    node.stop().await;
    match &ended {
        Ended::Stopped | Ended::Again(Again::Joined | Again::LogFailed(_)) => {}
        Ended::Again(Again::Ejected) => drop(state_dir::StateDir::open(&config.dir)?.set_member_aside()?),
        Ended::Again(Again::SetAside(why)) => wire_up::set_aside(config, why)?,
    }
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
