//! What is said over a machine's socket: one JSON line a question, one or more lines an answer.
//!
//! ```text
//!  host_facts, domains, behave, guest_stops, parcel      one answer
//!  work       working … working finished                 cancel may be said meanwhile; a connection works one effect at a time
//!  watch      working | attention …                      for ever
//! ```
//! `working` comes at least every second: who hears nothing for [`SILENCE_MAX`] takes the machine for dead. A machine goes on with
//! its effects when the connection ends; who comes back asks for the domains and asks the effects again.

use crate::machine::{Behaviour, Parcel};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{Error, ErrorKind, Result};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use xenith_storage_port::Attachment;
use xenith_xen_port::{Domain, Done, Effect, EffectError, HostFacts, StopReason, VmId};

/// Longest line either side reads: facts of a machine with thousands of CPUs fit, and so do thousands of domains.
const LINE_BYTES_MAX: usize = 4 << 20;
pub(crate) const BEAT: Duration = Duration::from_secs(1);
/// Either side gives up on the other when it says, or takes, nothing for so long.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Connections that a machine serves at a time; others wait.
pub(crate) const CONNECTIONS_MAX: usize = 320;
/// Effects that one daemon has in work at a time; others wait. Leaves connections for all else.
pub(crate) const WORKS_MAX: usize = 256;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Question {
    HostFacts,
    Domains,
    Attachments,
    Work(Box<Effect>),
    Cancel,
    Watch,
    /// From another machine.
    Parcel {
        from: String,
        parcel: Box<Parcel>,
    },
    /// From who plays fate: tests and operators of demonstrations. No daemon asks these two.
    Behave(Box<Behaviour>),
    GuestStops {
        vm: VmId,
        reason: StopReason,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Answer {
    HostFacts(Box<HostFacts>),
    Domains(Vec<Domain>),
    Attachments(Vec<Attachment>),
    Working,
    Finished(std::result::Result<Done, EffectError>),
    Attention(VmId),
    Taken,
    Refused(String),
}

/// Lines of one side. A `next` that is dropped loses nothing.
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub fn new(reader: R) -> Lines<R> {
        Lines {
            reader: BufReader::new(reader),
            line: Vec::new(),
        }
    }

    /// Nothing at the end of the connection. The inner result is whether the line makes sense.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<serde_json::Result<T>>> {
        loop {
            let bytes = self.reader.fill_buf().await?;
            if bytes.is_empty() {
                return match self.line.is_empty() {
                    true => Ok(None),
                    false => Err(ErrorKind::UnexpectedEof.into()),
                };
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(bytes.len(), |end| end + 1);
            self.line.extend_from_slice(&bytes[..taken]);
            self.reader.consume(taken);
            if self.line.len() > LINE_BYTES_MAX {
                return Err(Error::new(ErrorKind::InvalidData, "a line that is too long"));
            }
            if end.is_some() {
                let parsed = serde_json::from_slice(&self.line);
                self.line.clear();
                return Ok(Some(parsed));
            }
        }
    }
}

/// Says one line, to somebody who takes it in time.
pub(crate) async fn tell<T: Serialize>(write: &mut (impl AsyncWrite + Unpin), what: &T) -> Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    tokio::time::timeout(SILENCE_MAX, write.write_all(&line)).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_whole_however_they_are_cut() {
        let (mut write, read) = tokio::io::duplex(16);
        let mut lines = Lines::new(read);
        write.write_all(b"\"taken\"\n\"wor").await.unwrap();
        assert!(matches!(lines.next().await.unwrap(), Some(Ok(Answer::Taken))));
        let cut = tokio::time::timeout(Duration::from_millis(20), lines.next::<Answer>()).await;
        assert!(cut.is_err());
        write.write_all(b"king\"\nnonsense\n").await.unwrap();
        assert!(matches!(lines.next().await.unwrap(), Some(Ok(Answer::Working))));
        assert!(lines.next::<Answer>().await.unwrap().unwrap().is_err());
        write.write_all(b"\"ta").await.unwrap();
        drop(write);
        assert!(lines.next::<Answer>().await.is_err());
    }

    #[tokio::test]
    async fn a_line_without_end_is_cut_off() {
        let (mut write, read) = tokio::io::duplex(1 << 16);
        let writer = tokio::spawn(async move { while write.write_all(&[b'x'; 4_096]).await.is_ok() {} });
        assert!(Lines::new(read).next::<Answer>().await.is_err());
        drop(writer.await);
    }
}
