//! The processes of one host of a development pool: its simulated machine and its daemon.

use crate::commands::CommandError;
use clap::Args;
use std::fs::OpenOptions;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::process::{Child, Command};

/// How long a daemon may take to stop cleanly before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// A simulated machine only has to bind its socket.
const MACHINE_ANSWERS_WITHIN: Duration = Duration::from_secs(10);

#[derive(Args)]
pub struct MachineArguments {
    /// The host's folder.
    #[arg(long)]
    pub dir: PathBuf,
    /// The folder that all machines of the pool share.
    #[arg(long)]
    pub shared: PathBuf,
    #[arg(long)]
    pub number: u8,
    #[arg(long)]
    pub address: Ipv4Addr,
}

/// `xenith sim-machine`: stands for the machine until it is killed.
pub fn machine(arguments: &MachineArguments) -> Result<(), CommandError> {
    let boot_time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|age| age.as_secs())
        .unwrap_or_default();
    let facts = xenith_xen_port::HostFacts {
        storage: xenith_xen_sim::facts::machine_storage(arguments.number),
        boot_id: uuid::Uuid::new_v4().to_string(),
        ..xenith_xen_sim::facts::machine_facts(
            arguments.number,
            &arguments.address.to_string(),
            i64::try_from(boot_time).unwrap_or_default(),
        )
    };
    let config = xenith_xen_sim::MachineConfig {
        socket: arguments.dir.join("machine.sock"),
        facts,
        shared: arguments.shared.clone(),
        // Another one for every machine and boot.
        seed: boot_time << 8 | u64::from(arguments.number),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| CommandError::file(&arguments.dir, cause))?;
    runtime
        .block_on(xenith_xen_sim::run_machine(config))
        .map_err(|cause| CommandError::Other(Box::new(cause)))
}

/// A process that `up` started.
pub struct Running {
    pub pid: u32,
    child: Child,
}

/// `dir` is the host's, `shared` the pool's.
pub fn start_machine(dir: &Path, shared: &Path, number: u8, address: Ipv4Addr) -> Result<Running, CommandError> {
    let mut command = own_program()?;
    command.arg("sim-machine").arg("--dir").arg(dir);
    command.arg("--shared").arg(shared);
    command
        .arg("--number")
        .arg(number.to_string())
        .arg("--address")
        .arg(address.to_string());
    let running = start(command, &dir.join("machine.log"))?;
    wait_until_it_answers(&dir.join("machine.sock"))?;
    Ok(running)
}

/// A daemon asks its machine at start, once. The socket of an earlier machine may still be there: only a connection counts.
fn wait_until_it_answers(socket: &Path) -> Result<(), CommandError> {
    let give_up = Instant::now() + MACHINE_ANSWERS_WITHIN;
    while let Err(cause) = std::os::unix::net::UnixStream::connect(socket) {
        if Instant::now() >= give_up {
            return Err(CommandError::file(socket, cause));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

pub fn start_daemon(dir: &Path) -> Result<Running, CommandError> {
    let mut command = own_program()?;
    command.arg("host").arg("--config").arg(dir.join("xenith.toml"));
    start(command, &dir.join("xenith.log"))
}

fn own_program() -> Result<Command, CommandError> {
    let path = std::env::current_exe().map_err(|cause| CommandError::file(Path::new("xenith"), cause))?;
    Ok(Command::new(path))
}

fn start(mut command: Command, log: &Path) -> Result<Running, CommandError> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .map_err(|cause| CommandError::file(log, cause))?;
    let copy = file.try_clone().map_err(|cause| CommandError::file(log, cause))?;
    // A group of its own: Ctrl-C reaches `up` alone, which then stops its children in order.
    command.stdin(Stdio::null()).stdout(file).stderr(copy).process_group(0);
    // If `up` fails half-way, nothing of the pool stays behind.
    command.kill_on_drop(true);
    let child = command.spawn().map_err(|cause| CommandError::file(log, cause))?;
    let pid = child.id().unwrap_or_default();
    Ok(Running { pid, child })
}

impl Running {
    /// True when the process has ended.
    pub fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGTERM, then SIGKILL if it takes too long.
    pub async fn stop(mut self) {
        if let Some(pid) = self.child.id() {
            terminate(pid);
        }
        if tokio::time::timeout(STOP_WITHIN, self.child.wait()).await.is_err() {
            eprintln!("process {} does not stop; killing it", self.pid);
            drop(self.child.kill().await);
        }
    }
}

/// The child is not reaped yet, so the pid cannot belong to another process.
fn terminate(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        // An error means that it has ended already.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}
