//! The daemon's end of a machine's socket.

use crate::machine::Behaviour;
use crate::protocol::{Answer, Lines, Question, SILENCE_MAX, WORKS_MAX, tell};
use async_trait::async_trait;
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Mutex, Semaphore};
use xenith_storage_port::Attachment;
use xenith_xen_port::{
    Attention, Cancel, Domain, Done, Effect, EffectError, FactsError, HostFacts, HostFactsPort, Hypervisor, StopReason,
    VmId,
};

/// A machine behind a socket. Every effect has a connection of its own.
pub struct SimulatedHost {
    socket: PathBuf,
    places: Semaphore,
    watch: Mutex<Option<Connection>>,
}

/// Why a machine could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("the simulated machine does not answer: {0}")]
    Connection(std::io::Error),
    #[error("the simulated machine refuses: {0}")]
    Refused(String),
}

impl From<AskError> for EffectError {
    fn from(cause: AskError) -> EffectError {
        EffectError::NotKnown(cause.to_string())
    }
}

impl SimulatedHost {
    pub fn new(socket: PathBuf) -> SimulatedHost {
        SimulatedHost {
            socket,
            places: Semaphore::new(WORKS_MAX),
            watch: Mutex::new(None),
        }
    }

    /// For who plays fate: how the machine behaves from now on.
    pub async fn behave(&self, behaviour: Behaviour) -> Result<(), AskError> {
        ask(&self.socket, &Question::Behave(Box::new(behaviour)))
            .await
            .map(drop)
    }

    /// For who plays fate: the guest stops by itself. Refused, if it does not run.
    pub async fn guest_stops(&self, vm: VmId, reason: StopReason) -> Result<(), AskError> {
        ask(&self.socket, &Question::GuestStops { vm, reason }).await.map(drop)
    }

    async fn next_attention(&self, watch: &mut Option<Connection>) -> Result<Attention, AskError> {
        let connection = match watch {
            Some(connection) => connection,
            None => {
                let mut connection = Connection::open(&self.socket).await?;
                connection.say(&Question::Watch).await?;
                watch.insert(connection)
            }
        };
        loop {
            match connection.hear().await? {
                Answer::Attention(vm) => return Ok(Attention(vm)),
                Answer::Working => {}
                other => return Err(unexpected(other)),
            }
        }
    }
}

#[async_trait]
impl HostFactsPort for SimulatedHost {
    async fn host_facts(&self) -> Result<HostFacts, FactsError> {
        match ask(&self.socket, &Question::HostFacts).await {
            Ok(Answer::HostFacts(facts)) => Ok(*facts),
            Ok(other) => Err(FactsError::Unreadable(unexpected(other).to_string())),
            Err(cause) => Err(FactsError::Unreadable(cause.to_string())),
        }
    }
}

#[async_trait]
impl Hypervisor for SimulatedHost {
    async fn work(&self, effect: Effect, cancel: Cancel) -> Result<Done, EffectError> {
        let mut cancel = Some(cancel);
        let Some(_place) = place(&self.places, &mut cancel).await else {
            return Err(EffectError::Cancelled);
        };
        let mut connection = Connection::open(&self.socket).await?;
        connection.say(&Question::Work(Box::new(effect))).await?;
        loop {
            let answer = tokio::select! {
                answer = connection.hear() => answer?,
                () = given_up(&mut cancel) => {
                    cancel = None;
                    connection.say(&Question::Cancel).await?;
                    continue;
                }
            };
            match answer {
                Answer::Working => {}
                Answer::Finished(result) => return result,
                other => return Err(unexpected(other).into()),
            }
        }
    }

    async fn domains(&self) -> Result<Vec<Domain>, EffectError> {
        match ask(&self.socket, &Question::Domains).await? {
            Answer::Domains(domains) => Ok(domains),
            other => Err(unexpected(other).into()),
        }
    }

    async fn attachments(&self) -> Result<Vec<Attachment>, EffectError> {
        match ask(&self.socket, &Question::Attachments).await? {
            Answer::Attachments(attached) => Ok(attached),
            other => Err(unexpected(other).into()),
        }
    }

    /// After every new connection each domain is told once, so nothing is missed while there was none.
    async fn attention(&self) -> Result<Attention, EffectError> {
        let mut watch = self.watch.lock().await;
        let next = self.next_attention(&mut watch).await;
        if next.is_err() {
            *watch = None;
        }
        Ok(next?)
    }
}

/// A place in the queue to the machine; nothing, if the effect is given up before.
async fn place<'a>(places: &'a Semaphore, cancel: &mut Option<Cancel>) -> Option<tokio::sync::SemaphorePermit<'a>> {
    tokio::select! {
        place = places.acquire() => place.ok(),
        () = given_up(cancel) => None,
    }
}

/// Never, once it was heard.
async fn given_up(cancel: &mut Option<Cancel>) {
    match cancel {
        Some(cancel) => cancel.await,
        None => std::future::pending().await,
    }
}

fn unexpected(answer: Answer) -> AskError {
    match answer {
        Answer::Refused(reason) => AskError::Refused(reason),
        other => AskError::Refused(format!("an answer to another question: {other:?}")),
    }
}

/// One question, one answer.
pub(crate) async fn ask(socket: &Path, question: &Question) -> Result<Answer, AskError> {
    let mut connection = Connection::open(socket).await?;
    connection.say(question).await?;
    match connection.hear().await? {
        Answer::Refused(reason) => Err(AskError::Refused(reason)),
        answer => Ok(answer),
    }
}

struct Connection {
    lines: Lines<OwnedReadHalf>,
    write: OwnedWriteHalf,
}

impl Connection {
    async fn open(socket: &Path) -> Result<Connection, AskError> {
        let stream = tokio::time::timeout(SILENCE_MAX, UnixStream::connect(socket)).await;
        let stream = stream
            .unwrap_or_else(|late| Err(late.into()))
            .map_err(AskError::Connection)?;
        let (read, write) = stream.into_split();
        Ok(Connection {
            lines: Lines::new(read),
            write,
        })
    }

    async fn say(&mut self, question: &Question) -> Result<(), AskError> {
        tell(&mut self.write, question).await.map_err(AskError::Connection)
    }

    async fn hear(&mut self) -> Result<Answer, AskError> {
        let line = tokio::time::timeout(SILENCE_MAX, self.lines.next()).await;
        let line = line
            .unwrap_or_else(|late| Err(late.into()))
            .map_err(AskError::Connection)?;
        let answer = line.ok_or_else(|| AskError::Connection(std::io::ErrorKind::UnexpectedEof.into()))?;
        answer.map_err(|malformed| AskError::Connection(malformed.into()))
    }
}
