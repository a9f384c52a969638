//! The file of the audit log: lines go through a bounded queue to a thread of its own, which writes many at a time.
//!
//! Invariants: the file is its owner's alone (0600); there are never more than `old_files` + 1 files of `file_bytes` each; a line that
//! could not be kept is counted and leaves a line that says so. A kill of the daemon loses what is in the queue (milliseconds), a power
//! loss what the system had not written: calls do not wait for the disk.

use super::line::gap;
use super::read::{Lines, Since};
use crate::ids::{Clock as _, SystemClock};
use prometheus_client::metrics::counter::Counter;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tracing::{error, info, warn};

/// Lines that wait to be written: a second of the busiest pool that was measured.
const QUEUE: usize = 4_096;
/// Written together at most, about 64 KiB.
const BATCH: usize = 256;
/// A call waits so long for a place in the queue; then its line is counted as missing. Only a disk that hangs takes this long.
const PLACE_WITHIN: Duration = Duration::from_secs(5);

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct AuditLimits {
    /// A file that has reached this is set aside.
    pub file_bytes: u64,
    /// Files set aside that are kept: `audit.log.1` is the newest of them.
    pub old_files: u32,
}

/// The audit log of this host. Cheap to share; the thread ends with the last owner.
pub struct AuditLog {
    queue: mpsc::Sender<Order>,
    lost: Counter,
}

enum Order {
    Line(String),
    /// Everything before it is written when this is answered.
    Flush(oneshot::Sender<()>),
    /// The files as they are now, oldest first, to be read.
    Open(oneshot::Sender<io::Result<Vec<(File, u64)>>>),
}

#[derive(Debug, thiserror::Error)]
#[error("the audit log {path} cannot be written")]
pub struct AuditError {
    path: String,
    #[source]
    source: io::Error,
}

impl AuditLog {
    /// Goes on with the file that is there.
    pub fn open(path: &Path, limits: AuditLimits) -> Result<AuditLog, AuditError> {
        let failed = |source| AuditError {
            path: path.display().to_string(),
            source,
        };
        let lost = Counter::default();
        let writer = Writer::open(path, limits, lost.clone()).map_err(failed)?;
        let (queue, orders) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run(orders))
            .map_err(failed)?;
        Ok(AuditLog { queue, lost })
    }

    /// Waits for a place in the queue, not for the disk.
    pub(super) async fn tell(&self, line: String) {
        let mut waiting = Waiting {
            lost: &self.lost,
            sent: false,
        };
        let sent = tokio::time::timeout(PLACE_WITHIN, self.queue.send(Order::Line(line))).await;
        waiting.sent = matches!(sent, Ok(Ok(())));
    }

    /// For callers that cannot wait.
    pub(super) fn tell_now(&self, line: String) {
        if self.queue.try_send(Order::Line(line)).is_err() {
            self.lost.inc();
        }
    }

    /// Returns when what was told before is in the file, or when the disk has hung for as long as a line may wait.
    pub async fn flush(&self) {
        if let Err(cause) = self.ask(Order::Flush).await {
            warn!(%cause, "the audit log was not written to its end");
        }
    }

    /// The lines from `since` on, oldest first (see [`Since`]).
    pub(crate) async fn since(&self, since: &str) -> io::Result<Lines> {
        let files = self.ask(Order::Open).await??;
        Ok(Lines::new(files, Since::parse(since)))
    }

    /// The thread's answer. Errors: it has ended, or its disk hangs.
    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> io::Result<T> {
        let (done, wait) = oneshot::channel();
        let gone = || io::Error::other("the audit log is closed");
        let asked = async {
            self.queue.send(order(done)).await.map_err(|_| gone())?;
            wait.await.map_err(|_| gone())
        };
        let answer = tokio::time::timeout(PLACE_WITHIN, asked).await;
        answer.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the audit log's disk does not answer"))?
    }

    /// Lines that could not be kept.
    pub(crate) fn lost(&self) -> Counter {
        self.lost.clone()
    }
}

/// A line on its way into the queue: counted as lost also when its call goes away while it waits.
struct Waiting<'a> {
    lost: &'a Counter,
    sent: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.sent {
            self.lost.inc();
        }
    }
}

struct Writer {
    path: PathBuf,
    limits: AuditLimits,
    file: File,
    bytes: u64,
    lost: Counter,
    /// Of `lost`, those that a line of the file tells of.
    told: u64,
    /// The last write failed: that is logged once, and the file may end in the middle of a line.
    broken: bool,
}

impl Writer {
    fn open(path: &Path, limits: AuditLimits, lost: Counter) -> io::Result<Writer> {
        let (file, bytes) = open_to_append(path)?;
        Ok(Writer {
            path: path.to_owned(),
            limits,
            file,
            bytes,
            lost,
            told: 0,
            broken: false,
        })
    }

    fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut batch = Vec::with_capacity(BATCH);
        while orders.blocking_recv_many(&mut batch, BATCH) > 0 {
            let (mut text, mut lines) = (String::new(), 0);
            for order in batch.drain(..) {
                match order {
                    Order::Line(line) => {
                        text.push_str(&line);
                        text.push('\n');
                        lines += 1;
                    }
                    Order::Flush(done) => {
                        self.keep(&std::mem::take(&mut text), std::mem::take(&mut lines));
                        // Whoever asked may have gone.
                        let _ = done.send(());
                    }
                    Order::Open(done) => {
                        self.keep(&std::mem::take(&mut text), std::mem::take(&mut lines));
                        drop(done.send(self.files()));
                    }
                }
            }
            self.keep(&text, lines);
        }
    }

    fn keep(&mut self, text: &str, lines: u64) {
        let missing = self.lost.get() - self.told;
        if lines == 0 && missing == 0 {
            return;
        }
        let gap = match missing {
            0 => String::new(),
            _ => gap(SystemClock.now_ms(), missing, "the audit log could not be written") + "\n",
        };
        match self.write(&gap, text) {
            Ok(()) => {
                self.told += missing;
                if std::mem::replace(&mut self.broken, false) {
                    info!("the audit log is written again");
                }
            }
            Err(cause) => {
                self.lost.inc_by(lines);
                if !std::mem::replace(&mut self.broken, true) {
                    let path = self.path.display();
                    error!(%path, %cause, "the audit log cannot be written; lines that are missing are counted");
                }
            }
        }
    }

    fn write(&mut self, gap: &str, text: &str) -> io::Result<()> {
        if self.broken {
            // Also mends what made it fail, if that was the file itself.
            (self.file, self.bytes) = open_to_append(&self.path)?;
        }
        if self.bytes > 0 && self.bytes >= self.limits.file_bytes {
            self.set_aside()?;
        }
        let whole = format!("{gap}{text}");
        self.file.write_all(whole.as_bytes())?;
        self.bytes += whole.len() as u64;
        Ok(())
    }

    /// `audit.log` becomes `audit.log.1`, that becomes `.2`, and the oldest goes.
    fn set_aside(&mut self) -> io::Result<()> {
        for number in (1..self.limits.old_files).rev() {
            rename_if_there(&self.old(number), &self.old(number + 1))?;
        }
        rename_if_there(&self.path, &self.old(1))?;
        (self.file, self.bytes) = open_to_append(&self.path)?;
        Ok(())
    }

    fn old(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    /// With their lengths: what is written later is not read.
    fn files(&self) -> io::Result<Vec<(File, u64)>> {
        let old = (1..=self.limits.old_files).rev().map(|number| self.old(number));
        let mut files = Vec::new();
        for path in old.chain([self.path.clone()]) {
            match File::open(&path) {
                Ok(file) => {
                    let length = file.metadata()?.len();
                    files.push((file, length));
                }
                Err(missing) if missing.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(files)
    }
}

/// The file and its length. A line that was cut off by a crash is ended.
fn open_to_append(path: &Path) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).read(true).append(true).mode(0o600).open(path)?;
    // A file that was there may have been opened to others.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    let bytes = file.metadata()?.len();
    if bytes == 0 {
        return Ok((file, 0));
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" {
        return Ok((file, bytes));
    }
    file.write_all(b"\n")?;
    Ok((file, bytes + 1))
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
