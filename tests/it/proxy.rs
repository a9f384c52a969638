//! A network between the hosts whose directions can be cut one by one.
//!
//! Hosts are told to reach each other at 127.0.1.k, where this listens and passes bytes on to 127.0.0.k. Who dialled is found
//! in /proc: the process that holds the other end of the connection.

use crate::harness::Reach;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What makes the hosts reach each other through this.
pub const ADDRESS: &str = "host.address=127.0.1.{k}";

/// Looks for who dialled.
const LOOKS_MAX: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// (from, to): bytes from one host to another are held back.
type Cut = BTreeSet<(u8, u8)>;

/// Runs on a thread of its own: what the test does must not delay the hosts' bytes. Ends with the value.
pub struct Proxy {
    cut: watch::Sender<Cut>,
    hosts: u8,
}

impl Proxy {
    pub fn start(reach: &Reach) -> Proxy {
        let (cut, cuts) = watch::channel(Cut::new());
        let listen = |to| {
            let listener = StdListener::bind((Ipv4Addr::new(127, 0, 1, to), reach.link_port)).unwrap();
            listener.set_nonblocking(true).unwrap();
            (
                Line {
                    to,
                    reach: reach.clone(),
                },
                listener,
            )
        };
        let lines: Vec<(Line, StdListener)> = (1..=reach.hosts).map(listen).collect();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                for (line, listener) in lines {
                    tokio::spawn(line.serve(TcpListener::from_std(listener).unwrap(), cuts.clone()));
                }
                let mut cuts = cuts;
                // Until the sender is dropped.
                while cuts.changed().await.is_ok() {}
            });
        });
        Proxy {
            cut,
            hosts: reach.hosts,
        }
    }

    /// Exactly these directions are cut from now on.
    pub fn cut(&self, pairs: impl IntoIterator<Item = (u8, u8)>) {
        self.cut.send_replace(pairs.into_iter().collect());
    }

    pub fn heal(&self) {
        self.cut([]);
    }

    pub fn all(&self) -> Vec<(u8, u8)> {
        let hosts = 1..=self.hosts;
        hosts
            .clone()
            .flat_map(|from| hosts.clone().map(move |to| (from, to)))
            .filter(|(from, to)| from != to)
            .collect()
    }

    /// Both directions between `k` and everyone else.
    pub fn around(&self, k: u8) -> Vec<(u8, u8)> {
        self.all()
            .into_iter()
            .filter(|(from, to)| *from == k || *to == k)
            .collect()
    }

    /// What `k` sends.
    pub fn from(&self, k: u8) -> Vec<(u8, u8)> {
        self.all().into_iter().filter(|(from, _)| *from == k).collect()
    }

    /// What is sent to `k`.
    pub fn to(&self, k: u8) -> Vec<(u8, u8)> {
        self.all().into_iter().filter(|(_, to)| *to == k).collect()
    }
}

#[derive(Clone)]
struct Line {
    to: u8,
    reach: Reach,
}

impl Line {
    async fn serve(self, listener: TcpListener, cuts: watch::Receiver<Cut>) {
        while let Ok((stream, peer)) = listener.accept().await {
            tokio::spawn(self.clone().connect(stream, peer, cuts.clone()));
        }
    }

    async fn connect(self, stream: TcpStream, peer: SocketAddr, cuts: watch::Receiver<Cut>) {
        let Some(from) = self.dialler(peer).await else { return };
        // A host whose daemon is down refuses: so does this, by closing.
        let Ok(other) = TcpStream::connect((Ipv4Addr::new(127, 0, 0, self.to), self.reach.link_port)).await else {
            return;
        };
        drop((stream.set_nodelay(true), other.set_nodelay(true)));
        let ((near_read, near_write), (far_read, far_write)) = (stream.into_split(), other.into_split());
        tokio::spawn(pass_on((from, self.to), near_read, far_write, cuts.clone()));
        tokio::spawn(pass_on((self.to, from), far_read, near_write, cuts));
    }

    /// Nobody when the connection is gone already. The kernel's tables are not read at one moment, so that what is missing in one look may
    /// be there in the next. They are long, too: read elsewhere, for here the hosts' bytes pass.
    async fn dialler(&self, peer: SocketAddr) -> Option<u8> {
        for _ in 0..LOOKS_MAX {
            let line = self.clone();
            let found = tokio::task::spawn_blocking(move || line.look(peer)).await.ok()?;
            match found {
                Found::Host(k) => return Some(k),
                Found::Gone => return None,
                Found::Nothing => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
        None
    }

    fn look(&self, peer: SocketAddr) -> Found {
        let here = SocketAddr::from((Ipv4Addr::new(127, 0, 1, self.to), self.reach.link_port));
        let (Some(inode), Some(facts)) = (inode_of(peer, here), self.reach.try_facts()) else {
            return Found::Nothing;
        };
        if inode == "0" {
            return Found::Gone;
        }
        let mut hosts = (1..).zip(facts.hosts);
        let holder = hosts.find(|(_, host)| host.pid.is_some_and(|pid| holds(pid, &inode)));
        holder.map_or(Found::Nothing, |(k, _)| Found::Host(k))
    }
}

/// Who dialled, as one look tells.
enum Found {
    Host(u8),
    Gone,
    Nothing,
}

async fn pass_on(pair: (u8, u8), mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut cut: watch::Receiver<Cut>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if cut.wait_for(|cut| !cut.contains(&pair)).await.is_err() || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    // The other side may be gone first.
    drop(to.shutdown().await);
}

/// The socket with these addresses, as /proc/net/tcp tells it. Both are needed: connections to other places may have the same port here.
fn inode_of(local: SocketAddr, remote: SocketAddr) -> Option<String> {
    let (local, remote) = (as_in_table(local)?, as_in_table(remote)?);
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let row = table.lines().find(|line| {
        let mut columns = line.split_whitespace().skip(1);
        columns.next() == Some(&local) && columns.next() == Some(&remote)
    })?;
    row.split_whitespace().nth(9).map(str::to_owned)
}

fn as_in_table(address: SocketAddr) -> Option<String> {
    let SocketAddr::V4(address) = address else { return None };
    let octets = u32::from_le_bytes(address.ip().octets());
    Some(format!("{octets:08X}:{:04X}", address.port()))
}

/// Does the process hold the socket?
fn holds(pid: i32, inode: &str) -> bool {
    let wanted = format!("socket:[{inode}]");
    std::fs::read_dir(format!("/proc/{pid}/fd")).is_ok_and(|files| {
        files
            .flatten()
            .any(|file| file.path().read_link().is_ok_and(|to| to.as_os_str() == &*wanted))
    })
}
