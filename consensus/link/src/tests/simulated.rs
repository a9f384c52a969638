//! The link over a simulated network: turmoil's TCP, with a partition.

use super::rig::{ECHO, TestDirectory, TestServices, hello};
use crate::*;
use async_trait::async_trait;
use bytes::Bytes;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

struct TurmoilNet;

#[async_trait]
impl Net for TurmoilNet {
    async fn dial(&self, address: &str) -> io::Result<Box<dyn Io>> {
        Ok(Box::new(turmoil::net::TcpStream::connect(address).await?))
    }

    async fn bind(&self, address: &str) -> io::Result<Box<dyn Listener>> {
        Ok(Box::new(TurmoilListener(
            turmoil::net::TcpListener::bind(address).await?,
        )))
    }
}

struct TurmoilListener(turmoil::net::TcpListener);

#[async_trait]
impl Listener for TurmoilListener {
    async fn accept(&mut self) -> io::Result<(Box<dyn Io>, SocketAddr)> {
        let (stream, address) = self.0.accept().await?;
        Ok((Box::new(stream), address))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

async fn start(node: u128, identity: Arc<Identity>, directory: Arc<TestDirectory>) -> Link {
    let mut config = LinkConfig::new("0.0.0.0:7000");
    config.net = Arc::new(TurmoilNet);
    let services = Arc::new(TestServices::default());
    Link::start(config, identity, hello(node), directory, services)
        .await
        .unwrap()
}

#[test]
fn a_partition_heals() {
    let directory = Arc::new(TestDirectory::default());
    let names = ["left", "right"];
    let identities = names.map(|name| Arc::new(Identity::generate(name).unwrap()));
    for (at, name) in names.iter().enumerate() {
        directory.set(at as u128, format!("{name}:7000"), identities[at].fingerprint());
    }
    let mut simulation = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(60))
        .build();
    let [left, right] = identities;
    let known = directory.clone();
    simulation.host("right", move || {
        let (identity, directory) = (right.clone(), known.clone());
        async move {
            let _link = start(1, identity, directory).await;
            std::future::pending().await
        }
    });
    simulation.client("left", async move {
        let link = start(0, left, directory).await;
        let second = Duration::from_secs(1);
        let body = Bytes::from_static(b"over");
        assert_eq!(link.request(1, ECHO, body.clone(), second).await.unwrap(), body);
        for _ in 0..3 {
            turmoil::partition("left", "right");
            assert!(link.request(1, ECHO, body.clone(), second).await.is_err());
            turmoil::repair("left", "right");
            // The old connection has lost bytes for good here; what is still sent on it fails with the keep-alive.
            let mut answered = false;
            for _ in 0..10 {
                answered = answered || link.request(1, ECHO, body.clone(), second).await.is_ok();
            }
            assert!(answered);
        }
        Ok(())
    });
    simulation.run().unwrap();
}
