//! `xenith up`: a development pool of real daemons on simulated machines.
//!
//! Owns: the folders, configurations and processes of the pool's hosts. It forms the pool by the path that operators
//! use (a token and a join) and restarts nothing that dies: tests kill its children on purpose.

mod form;
mod host_dir;
mod pool_file;
mod processes;

pub use processes::{MachineArguments, machine};

use crate::commands::CommandError;
use clap::{Args, ValueEnum};
use pool_file::PoolFile;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{Signal, SignalKind, signal};
use xenith_xen_sim::SharedDir;
use xenith_xen_sim::machine::Behaviour;

/// Hosts are 127.0.0.1 to 127.0.0.N.
const HOSTS_MAX: u8 = 64;

#[derive(Args, Clone)]
pub struct UpArguments {
    /// How many hosts.
    #[arg(long, default_value_t = 3)]
    pub hosts: u8,
    /// The pool's folder; one that holds a pool is started again.
    #[arg(long, default_value = "./.xenith")]
    pub dir: PathBuf,
    #[arg(long, default_value_t = 8080)]
    pub http_port: u16,
    #[arg(long, default_value_t = 8443)]
    pub tls_port: u16,
    /// Port of the link between hosts.
    #[arg(long, default_value_t = 8444)]
    pub link_port: u16,
    /// root's password.
    #[arg(long, default_value = "xenith")]
    pub password: String,
    /// `key.path=value` for every host's configuration, `{k}` in it being the host's number; may be given more than once.
    #[arg(long = "config-set", value_name = "KEY=VALUE")]
    pub config_set: Vec<String>,
    /// How fast simulated machines and their guests are; a folder keeps what it was given last.
    #[arg(long)]
    pub guests: Option<Guests>,
    /// Start only host K of an existing pool again.
    #[arg(long, value_name = "K")]
    pub host: Option<u8>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Guests {
    /// Nothing takes time; without this option, too.
    Instant,
    /// Seconds, as on a small real host.
    Lifelike,
}

impl Guests {
    /// Machines of the pool at `dir` that start from now on are so fast.
    fn keep_in(self, dir: &Path) -> Result<(), CommandError> {
        let behaviour = match self {
            Guests::Instant => Behaviour::instant(),
            Guests::Lifelike => Behaviour::lifelike(),
        };
        let shared = host_dir::shared(dir);
        SharedDir::open(&shared)
            .and_then(|folder| folder.set_behaviour(&behaviour))
            .map_err(|cause| CommandError::file(&shared, cause))
    }
}

pub fn up(arguments: &UpArguments) -> Result<(), CommandError> {
    if !(1..=HOSTS_MAX).contains(&arguments.hosts) {
        return Err(CommandError::Usage(format!("--hosts must be 1 to {HOSTS_MAX}")));
    }
    std::fs::create_dir_all(&arguments.dir).map_err(|cause| CommandError::file(&arguments.dir, cause))?;
    let dir = arguments
        .dir
        .canonicalize()
        .map_err(|cause| CommandError::file(&arguments.dir, cause))?;
    if let Some(guests) = arguments.guests {
        guests.keep_in(&dir)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| CommandError::file(&dir, cause))?;
    let existing = PoolFile::load(&dir)?;
    runtime.block_on(async {
        // Before anything runs: a signal must find its way to what was started.
        let mut signals = Signals::install()?;
        let start = async {
            match (arguments.host, existing) {
                (Some(number), Some(pool)) => form::start_one_host(&dir, pool, number).await,
                (Some(_), None) => Err(CommandError::Usage(format!("{} holds no pool", dir.display()))),
                (None, Some(pool)) => form::start_again(&dir, pool).await,
                (None, None) => form::form_pool(&dir, arguments).await,
            }
        };
        let hosts = tokio::select! {
            hosts = start => hosts?,
            // What was started so far is killed with the future that started it.
            () = signals.stop() => return Ok(()),
        };
        form::serve_until(signals.stop(), hosts).await;
        Ok(())
    })
}

/// Of this process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install() -> Result<Signals, CommandError> {
        let install = |kind| signal(kind).map_err(|cause| CommandError::Other(Box::new(cause)));
        Ok(Signals {
            terminate: install(SignalKind::terminate())?,
            interrupt: install(SignalKind::interrupt())?,
        })
    }

    /// Returns at Ctrl-C or SIGTERM.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
