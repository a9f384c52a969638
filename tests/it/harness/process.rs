//! `xenith up` as a child of the test.

use super::LIVELY;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const STOPS_WITHIN: Duration = Duration::from_secs(45);

pub struct Up {
    child: Child,
    lines: Receiver<String>,
    said: String,
}

impl Up {
    pub fn start(dir: &Path, arguments: &[String]) -> Up {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xenith"));
        command.arg("up").arg("--dir").arg(dir).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = child_lines(&mut child);
        Up {
            child,
            lines,
            said: String::new(),
        }
    }

    pub async fn wait_ready(&mut self) {
        let ready = tokio::task::block_in_place(|| self.hear(|line| line == "ready"));
        assert!(ready, "`xenith up` did not become ready; it said:\n{}", self.said);
    }

    fn hear(&mut self, wanted: impl Fn(&str) -> bool) -> bool {
        let until = Instant::now() + 2 * LIVELY;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said.push_str(&line);
                    self.said.push('\n');
                    if wanted(&line) {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => return false,
            }
        }
    }

    pub fn terminate(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let pid = Pid::from_child(&self.child);
            // It may end between the look and the signal.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    pub async fn wait_stopped(&mut self) {
        tokio::task::block_in_place(|| self.wait_stopped_blocking());
    }

    pub fn wait_stopped_blocking(&mut self) {
        let until = Instant::now() + STOPS_WITHIN;
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() > until {
                eprintln!("`xenith up` does not stop; killing it");
                drop(self.child.kill());
                drop(self.child.wait());
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// What a child says on both its outputs, line by line, until both are closed.
pub fn child_lines(child: &mut Child) -> Receiver<String> {
    let (tell, lines) = channel();
    let outputs: [Box<dyn std::io::Read + Send>; 2] = [
        Box::new(child.stdout.take().unwrap()),
        Box::new(child.stderr.take().unwrap()),
    ];
    for output in outputs {
        let tell = tell.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody listens after the test.
                drop(tell.send(line));
            }
        });
    }
    lines
}

/// Is this pid alive and of the pool in `dir`? A zombie has no command line.
pub fn pid_is_ours(pid: i32, dir: &Path) -> bool {
    let dir = dir.to_string_lossy();
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| {
        line.split(|byte| *byte == 0)
            .any(|word| String::from_utf8_lossy(word).contains(&*dir))
    })
}
