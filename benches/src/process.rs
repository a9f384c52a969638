//! What the kernel says of a process, and processes that end with the bench.

use rustix::process::{Pid, Signal};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

/// The kernel counts a process's time in ticks of 10 ms (USER_HZ).
const TICK_US: u64 = 10_000;

/// Time on a processor since its start, in µs: user and system.
pub fn cpu_us(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold blanks; utime and stime are the 12th and 13th field after it.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum::<u64>()
        * TICK_US
}

pub fn cpu_of_all(pids: &[u32]) -> u64 {
    pids.iter().map(|pid| cpu_us(*pid)).sum()
}

/// All threads of the process, present and future, on that core only.
pub fn pin(pid: u32, core: u8) -> Result<(), crate::Failure> {
    run_on(pid, &core.to_string())
}

pub fn unpin(pid: u32) -> Result<(), crate::Failure> {
    run_on(pid, "0-1023")
}

fn run_on(pid: u32, cores: &str) -> Result<(), crate::Failure> {
    let arguments = ["-a", "-p", "-c", cores, &pid.to_string()];
    let done = std::process::Command::new("taskset")
        .args(arguments)
        .stdout(std::process::Stdio::null())
        .status()?;
    match done.success() {
        true => Ok(()),
        false => Err("taskset failed".into()),
    }
}

pub fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB"))
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

pub fn threads(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Threads:"));
    line.and_then(|line| line.trim().parse().ok()).unwrap_or(0)
}

pub fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // Gone already is fine: that is what was wanted.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// A child that is killed when it is dropped.
pub struct Owned(pub Child);

impl Owned {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// SIGTERM, and after a while SIGKILL.
    pub fn stop(&mut self) {
        signal(self.pid(), Signal::TERM);
        for _ in 0..200 {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}

/// The build's folder for binaries: this program lies in its `deps`.
pub fn build_dir() -> PathBuf {
    let exe = std::env::current_exe().expect("a path of this program");
    exe.parent().and_then(Path::parent).expect("a build folder").to_owned()
}

/// A folder of its own beside the build: on a real disk, where /tmp may be memory. Removed when dropped.
pub fn data_dir(name: &str) -> tempfile::TempDir {
    let parent = build_dir().join("../bench-data");
    std::fs::create_dir_all(&parent).expect("a folder for data");
    let parent = parent.canonicalize().expect("a folder for data");
    tempfile::Builder::new()
        .prefix(name)
        .tempdir_in(parent)
        .expect("a folder for data")
}

/// A free port on 127.0.0.1 to 127.0.0.3, below the range that outgoing connections take theirs from.
pub fn free_port(start: u16) -> u16 {
    let spread = u16::try_from(std::process::id() % 3_000).unwrap_or(0);
    let free = |port: &u16| {
        (1..=3).all(|host| std::net::TcpListener::bind(std::net::SocketAddr::from(([127, 0, 0, host], *port))).is_ok())
    };
    (start + spread..start + spread + 1_000)
        .find(free)
        .expect("a free port")
}

/// A thousand watchers take a thousand connections, here and in the daemon, which inherits the limit.
pub fn allow_many_files() -> Result<(), crate::Failure> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = getrlimit(Resource::Nofile).maximum;
    Ok(setrlimit(
        Resource::Nofile,
        Rlimit {
            current: most,
            maximum: most,
        },
    )?)
}
