//! The process that stands for a machine: answers at a unix socket until it is killed (= power-off).

use crate::client::ask;
use crate::live::{Begun, Live, Watcher};
use crate::machine::{Machine, Parcel};
use crate::protocol::{Answer, BEAT, CONNECTIONS_MAX, Lines, Question, tell};
use crate::shared::SharedDir;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use xenith_xen_port::{Effect, EffectError, HostFacts};

/// Parcels on their way at a time; more are lost, which senders bear.
const PARCELS_MAX: usize = 64;
/// A pause after a connection that could not be taken.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    #[error("the machine's socket {path} could not be opened")]
    Socket { path: String, source: std::io::Error },
    #[error("the folder {path} that machines share could not be used")]
    Shared { path: String, source: std::io::Error },
}

/// What a machine is made of.
pub struct MachineConfig {
    pub socket: PathBuf,
    pub facts: HostFacts,
    /// See [`SharedDir`].
    pub shared: PathBuf,
    /// For the made-up numbers.
    pub seed: u64,
}

struct Host {
    facts: HostFacts,
    live: Arc<Live>,
}

/// Serves the machine for ever. A socket left by an earlier machine is replaced.
pub async fn run_machine(config: MachineConfig) -> Result<(), MachineError> {
    let MachineConfig {
        socket,
        facts,
        shared,
        seed,
    } = config;
    let no_folder = |source| MachineError::Shared {
        path: shared.display().to_string(),
        source,
    };
    let folder = SharedDir::open(&shared).map_err(no_folder)?;
    let behaviour = folder.behaviour().map_err(no_folder)?;
    let listener = listen(&socket)?;
    let address = own_address(&facts, &socket);
    if !address.contains('/') {
        folder.register(&address, &socket).map_err(no_folder)?;
    }
    let machine = Machine::new(facts.memory_free_bytes, behaviour, seed).with_storage(&facts.storage, seed);
    let live = Live::new(machine, Box::new(folder.shelf()), courier(address, folder));
    let host = Arc::new(Host { facts, live });
    tokio::select! {
        () = host.live.run() => {}
        () = serve_all(listener, &host) => {}
    }
    Ok(())
}

fn listen(socket: &Path) -> Result<UnixListener, MachineError> {
    let failed = |source| MachineError::Socket {
        path: socket.display().to_string(),
        source,
    };
    match std::fs::remove_file(socket) {
        Ok(()) => {}
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {}
        Err(other) => return Err(failed(other)),
    }
    UnixListener::bind(socket).map_err(failed)
}

/// By which other machines answer: the management address; the socket's path without one.
fn own_address(facts: &HostFacts, socket: &Path) -> String {
    let management = facts.nics.iter().find(|nic| nic.management);
    let address = management.and_then(|nic| nic.ip.clone());
    address.unwrap_or_else(|| socket.display().to_string())
}

/// Takes parcels to an address, or to a socket's path.
fn courier(from: String, folder: SharedDir) -> crate::live::Courier {
    let places = Arc::new(Semaphore::new(PARCELS_MAX));
    Box::new(move |to: String, parcel: Parcel| {
        let Ok(place) = places.clone().try_acquire_owned() else {
            eprintln!("machine: a parcel for {to} is lost: too many are on their way");
            return;
        };
        let (from, folder) = (from.clone(), folder.clone());
        tokio::spawn(async move {
            if let Err(lost) = carry(from, &to, parcel, &folder).await {
                eprintln!("machine: a parcel for {to} is lost: {lost}");
            }
            drop(place);
        });
    })
}

async fn carry(
    from: String,
    to: &str,
    parcel: Parcel,
    folder: &SharedDir,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let socket = match to.contains('/') {
        true => PathBuf::from(to),
        false => folder.socket_of(to)?,
    };
    let question = Question::Parcel {
        from,
        parcel: Box::new(parcel),
    };
    ask(&socket, &question).await?;
    Ok(())
}

async fn serve_all(listener: UnixListener, host: &Arc<Host>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(cause) => {
                // No more files, or a peer that has gone: the machine does not die of it.
                eprintln!("machine: a connection could not be taken: {cause}");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let host = host.clone();
        tokio::spawn(async move {
            // A daemon that went away in mid-question needs no answer.
            if let Err(gone) = serve(stream, &host).await {
                eprintln!("machine: a connection ended: {gone}");
            }
            drop(place);
        });
    }
}

async fn serve(stream: UnixStream, host: &Host) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = Lines::new(read);
    while let Some(question) = lines.next().await? {
        let answer = match question {
            Err(malformed) => Answer::Refused(format!("not a question: {malformed}")),
            Ok(Question::Watch) => return watch(&mut lines, &mut write, host.live.watch()).await,
            Ok(Question::Work(effect)) => match work(&mut lines, &mut write, host, *effect).await? {
                Some(result) => Answer::Finished(result),
                None => return Ok(()),
            },
            Ok(other) => host.answer(other),
        };
        tell(&mut write, &answer).await?;
    }
    Ok(())
}

impl Host {
    fn answer(&self, question: Question) -> Answer {
        match question {
            Question::HostFacts => {
                let mut facts = self.facts.clone();
                facts.memory_free_bytes = self.live.free_bytes();
                Answer::HostFacts(Box::new(facts))
            }
            Question::Domains => Answer::Domains(self.live.domains()),
            Question::Attachments => Answer::Attachments(self.live.attachments()),
            Question::Parcel { from, parcel } => {
                self.live.deliver(&from, *parcel);
                Answer::Taken
            }
            Question::Behave(behaviour) => {
                self.live.behave(*behaviour);
                Answer::Taken
            }
            Question::GuestStops { vm, reason } => match self.live.guest_stops(&vm, reason) {
                true => Answer::Taken,
                false => Answer::Refused("that guest does not run".to_owned()),
            },
            Question::Work(_) | Question::Watch | Question::Cancel => {
                Answer::Refused("nothing is being worked on this connection".to_owned())
            }
        }
    }
}

type Worked = Result<xenith_xen_port::Done, EffectError>;

/// To the effect's end; nothing, if the daemon goes away before. The machine goes on with it.
async fn work(
    lines: &mut Lines<OwnedReadHalf>,
    write: &mut OwnedWriteHalf,
    host: &Host,
    effect: Effect,
) -> std::io::Result<Option<Worked>> {
    let Begun { ticket, mut end } = match host.live.begin(effect) {
        Ok(begun) => begun,
        Err(refused) => return Ok(Some(Err(refused))),
    };
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            result = &mut end => return Ok(result.ok()),
            _ = beat.tick() => tell(write, &Answer::Working).await?,
            line = lines.next() => match line? {
                None => return Ok(None),
                Some(Ok(Question::Cancel)) => host.live.cancel(ticket),
                Some(_) => tell(write, &Answer::Refused("an effect is being worked on this connection".to_owned())).await?,
            },
        }
    }
}

async fn watch(lines: &mut Lines<OwnedReadHalf>, write: &mut OwnedWriteHalf, watcher: Watcher) -> std::io::Result<()> {
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            vm = watcher.next() => tell(write, &Answer::Attention(vm)).await?,
            _ = beat.tick() => tell(write, &Answer::Working).await?,
            line = lines.next::<Question>() => match line? {
                None => return Ok(()),
                Some(_) => tell(write, &Answer::Refused("this connection only watches".to_owned())).await?,
            },
        }
    }
}
