//! The process that stands for a machine: answers its daemon at a unix socket until it is killed (= power-off).

use crate::protocol::{Answer, LINE_BYTES_MAX, Question};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use xenith_xen_port::HostFacts;

/// Only this machine's daemon and its tools connect.
const CONNECTIONS_MAX: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    #[error("the machine's socket {path} could not be opened")]
    Socket { path: String, source: std::io::Error },
}

/// Serves the machine at `socket` for ever. A socket left by an earlier machine is replaced.
pub async fn run_machine(socket: &Path, facts: HostFacts) -> Result<(), MachineError> {
    let failed = |source| MachineError::Socket {
        path: socket.display().to_string(),
        source,
    };
    match std::fs::remove_file(socket) {
        Ok(()) => {}
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {}
        Err(other) => return Err(failed(other)),
    }
    let listener = UnixListener::bind(socket).map_err(failed)?;
    let facts = Arc::new(facts);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let (stream, _) = listener.accept().await.map_err(failed)?;
        let Ok(place) = places.clone().acquire_owned().await else {
            return Ok(());
        };
        let facts = facts.clone();
        tokio::spawn(async move {
            // A daemon that went away in mid-question needs no answer.
            if let Err(gone) = answer_all(stream, &facts).await {
                eprintln!("machine: a connection ended: {gone}");
            }
            drop(place);
        });
    }
}

async fn answer_all(stream: UnixStream, facts: &HostFacts) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(LINE_BYTES_MAX));
    let mut line = String::new();
    while lines.read_line(&mut line).await? > 0 {
        let answer = match serde_json::from_str(&line) {
            Ok(Question::HostFacts) => Answer::HostFacts(Box::new(facts.clone())),
            Err(malformed) => Answer::Refused(format!("not a question: {malformed}")),
        };
        let mut bytes = serde_json::to_vec(&answer)?;
        bytes.push(b'\n');
        write.write_all(&bytes).await?;
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SimulatedHost, facts::machine_facts};
    use xenith_xen_port::HostFactsPort;

    #[tokio::test]
    async fn a_daemon_reads_its_machine_and_notices_when_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("machine.sock");
        let facts = machine_facts(3, "127.0.0.3", 1_000);
        let host = SimulatedHost::new(socket.clone());
        assert!(host.host_facts().await.is_err());
        let machine = tokio::spawn({
            let (socket, facts) = (socket.clone(), facts.clone());
            async move { run_machine(&socket, facts).await }
        });
        while !socket.exists() {
            tokio::task::yield_now().await;
        }
        assert_eq!(host.host_facts().await.unwrap(), facts);
        machine.abort();
        drop(machine.await);
        assert!(host.host_facts().await.is_err());
    }

    #[tokio::test]
    async fn nonsense_is_refused_and_the_connection_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("machine.sock");
        let machine = tokio::spawn({
            let socket = socket.clone();
            async move { run_machine(&socket, machine_facts(1, "127.0.0.1", 0)).await }
        });
        while !socket.exists() {
            tokio::task::yield_now().await;
        }
        let (read, mut write) = UnixStream::connect(&socket).await.unwrap().into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"nonsense\n\"host_facts\"\n").await.unwrap();
        assert!(lines.next_line().await.unwrap().unwrap().contains("refused"));
        assert!(lines.next_line().await.unwrap().unwrap().contains("host-1"));
        machine.abort();
    }
}
