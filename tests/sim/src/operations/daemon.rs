//! A host's toolstack, put together as the daemon does, but for the link, the HTTP server and the accounts.

use super::site::{Site, address};
use crate::net::{Lost, SimNet};
use async_trait::async_trait;
use bytes::Bytes;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use xenith_raft::{Member, NodeId, RaftNode, WallClock};
use xenith_runtime::{
    ActorsHere, AuditLimits, AuditLog, AuthError, Authenticator, Clock, HostStart, Identity, Parts, PeerError, Peers,
    RaftMembership, RuntimeConfig, SupporterCalls, ThisHost, Toolstack,
};

const AUDIT: AuditLimits = AuditLimits {
    file_bytes: 1 << 20,
    old_files: 1,
};
/// Before a host tells of its start again.
const TELL_AGAIN: Duration = Duration::from_millis(500);

/// What a toolstack needs beside its node.
pub struct Daemon {
    pub site: Arc<Site>,
    pub here: ActorsHere,
    pub host: usize,
    pub member: Member,
    pub net: SimNet,
    pub clock: WallClock,
}

impl Daemon {
    /// Called on the host's runtime.
    pub fn start(self, node: &Arc<RaftNode>) -> Result<Arc<Toolstack>, Box<dyn Error + Send + Sync>> {
        let start = HostStart {
            member: self.member.clone(),
            address: address(self.host),
            facts: self.site.facts(self.host),
            certificate: None,
            https_only: false,
        };
        let audit = AuditLog::open(&self.site.folder(self.host)?.join("audit.log"), AUDIT)?;
        let parts = Parts {
            log: node.clone(),
            peers: Arc::new(SimPeers {
                net: self.net,
                me: self.member.node,
            }),
            accounts: Arc::new(NoAccounts),
            membership: Arc::new(RaftMembership {
                node: node.clone(),
                incarnation: 1,
            }),
            clock: Arc::new(HostClock(self.clock)),
            audit: Arc::new(audit),
            host: ThisHost {
                uuid: self.member.host_uuid,
                link_address: self.member.link_address,
                certificate_sha256: self.member.certificate_sha256,
            },
            config: RuntimeConfig {
                supporter_calls: SupporterCalls::Forward,
                ..RuntimeConfig::default()
            },
            machine: Some(self.site.machine(self.host)?),
        };
        let toolstack = Arc::new(Toolstack::start_here(parts, &self.here)?);
        tokio::spawn(tell_start(toolstack.clone(), start));
        Ok(toolstack)
    }
}

/// Until the coordinator has heard it.
async fn tell_start(toolstack: Arc<Toolstack>, start: HostStart) {
    while toolstack.host_started(&start).await.is_err() {
        tokio::time::sleep(TELL_AGAIN).await;
    }
}

struct HostClock(WallClock);

impl Clock for HostClock {
    fn now_ms(&self) -> i64 {
        (self.0)()
    }
}

/// Clients come by the local socket, where nobody is asked for a password.
struct NoAccounts;

#[async_trait]
impl Authenticator for NoAccounts {
    async fn verify(&self, _: &str, _: &str) -> Result<Identity, AuthError> {
        Err(AuthError::Denied)
    }

    async fn set_password(&self, _: &str, _: &str) -> Result<String, AuthError> {
        Err(AuthError::Denied)
    }

    async fn keep_hash(&self, _: &str, _: &str) -> Result<(), AuthError> {
        Err(AuthError::Denied)
    }
}

struct SimPeers {
    net: SimNet,
    me: NodeId,
}

#[async_trait]
impl Peers for SimPeers {
    async fn ask(&self, node: NodeId, service: u16, body: Bytes, within: Duration) -> Result<Bytes, PeerError> {
        let asked = self.net.ask((self.me, node), service, body, within).await;
        asked.map_err(|lost| match lost {
            Lost::NotSent(why) => PeerError::NotSent(why.to_owned()),
            Lost::Unknown(why) => PeerError::Unknown(why.to_owned()),
            Lost::Refused(why) => PeerError::Unknown(why),
            Lost::Late => PeerError::Unknown("no answer in time".to_owned()),
        })
    }
}
