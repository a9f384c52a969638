//! What a daemon and its simulated machine say to each other: one JSON line each way, over a unix socket.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use xenith_xen_port::{FactsError, HostFacts, HostFactsPort};

/// Longest line either side reads: facts of a machine with thousands of CPUs fit.
pub(crate) const LINE_BYTES_MAX: u64 = 4 << 20;
/// A machine that does not answer in this time is taken for dead.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Question {
    HostFacts,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Answer {
    HostFacts(Box<HostFacts>),
    Refused(String),
}

/// The daemon's end: a machine behind a socket.
pub struct SimulatedHost {
    socket: PathBuf,
}

impl SimulatedHost {
    pub fn new(socket: PathBuf) -> SimulatedHost {
        SimulatedHost { socket }
    }

    async fn ask(&self, question: &Question) -> Result<Answer, FactsError> {
        let unreadable = |what: &str, cause: String| FactsError::Unreadable(format!("{what}: {cause}"));
        let exchange = async {
            let stream = UnixStream::connect(&self.socket)
                .await
                .map_err(|cause| unreadable("the simulated machine does not answer", cause.to_string()))?;
            exchange(stream, question)
                .await
                .map_err(|cause| unreadable("the simulated machine's answer", cause.to_string()))
        };
        tokio::time::timeout(ANSWER_WITHIN, exchange)
            .await
            .map_err(|_| unreadable("the simulated machine", "no answer in time".to_owned()))?
    }
}

#[async_trait]
impl HostFactsPort for SimulatedHost {
    async fn host_facts(&self) -> Result<HostFacts, FactsError> {
        match self.ask(&Question::HostFacts).await? {
            Answer::HostFacts(facts) => Ok(*facts),
            Answer::Refused(reason) => Err(FactsError::Unreadable(reason)),
        }
    }
}

async fn exchange(stream: UnixStream, question: &Question) -> std::io::Result<Answer> {
    let (read, mut write) = stream.into_split();
    let mut line = serde_json::to_vec(question)?;
    line.push(b'\n');
    write.write_all(&line).await?;
    let mut answer = String::new();
    BufReader::new(read.take(LINE_BYTES_MAX)).read_line(&mut answer).await?;
    Ok(serde_json::from_str(&answer)?)
}
