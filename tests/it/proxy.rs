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

    /// Nobody when the connection is gone already.
    async fn dialler(&self, peer: SocketAddr) -> Option<u8> {
        for _ in 0..5 {
            let inode = inode_of(peer)?;
            let facts = self.reach.try_facts()?;
            let found = (1..)
                .zip(facts.hosts)
                .find(|(_, host)| host.pid.is_some_and(|pid| holds(pid, &inode)));
            if let Some((k, _)) = found {
                return Some(k);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        None
    }
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

/// The socket with this local address, as /proc/net/tcp tells it.
fn inode_of(local: SocketAddr) -> Option<String> {
    let SocketAddr::V4(local) = local else { return None };
    let wanted = format!("{:08X}:{:04X}", u32::from_le_bytes(local.ip().octets()), local.port());
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let row = table
        .lines()
        .find(|line| line.split_whitespace().nth(1) == Some(&wanted))?;
    row.split_whitespace()
        .nth(9)
        .filter(|inode| *inode != "0")
        .map(str::to_owned)
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
