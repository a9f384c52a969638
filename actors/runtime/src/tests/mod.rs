//! The toolstack over a log in memory, called as the HTTP edge calls it and through a real server.

mod audit;
mod calls;
mod events;
mod http;
mod joins;
mod limits;
mod one_thread;
mod operations;
mod people;
mod places;

use crate::accounts::{AuthError, Authenticator, Identity};
use crate::membership::{Membership, MembershipError};
use crate::peers::{PeerError, Peers};
use crate::{Clock, Parts, RuntimeConfig, ThisHost, ThisMachine, Toolstack};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use xenith_datamodel::{ApiError, Ref, Value, class};
use xenith_pooldb::{Transaction, View};
use xenith_raft::{Member, MemoryLog, NodeId, PoolLog as _, Role};
use xenith_wire::{Call, Dispatch as _, Origin, Reply, WireValue};

pub const HOST_UUID: &str = "11111111-1111-1111-1111-111111111111";

/// The password is `x` until it is changed; `vm-admin` is an account of that role, all others are local superusers.
struct OnePassword(Mutex<String>);

#[async_trait]
impl Authenticator for OnePassword {
    async fn verify(&self, user: &str, password: &str) -> Result<Identity, AuthError> {
        if password != *self.0.lock().unwrap() {
            return Err(AuthError::Denied);
        }
        Ok(Identity {
            user: user.to_owned(),
            role: (user == "vm-admin").then_some(xenith_datamodel::Role::VmAdmin),
        })
    }

    async fn set_password(&self, _user: &str, password: &str) -> Result<String, AuthError> {
        password.clone_into(&mut self.0.lock().unwrap());
        Ok(password.to_owned())
    }

    async fn keep_hash(&self, user: &str, hash: &str) -> Result<(), AuthError> {
        self.set_password(user, hash).await.map(|_| ())
    }
}

/// Members that can be asked, by node.
#[derive(Default)]
pub struct FakePeers {
    members: Mutex<Vec<(NodeId, Arc<Toolstack>)>>,
}

impl FakePeers {
    pub fn add(&self, node: NodeId, toolstack: Arc<Toolstack>) {
        self.members.lock().unwrap().push((node, toolstack));
    }

    /// Nobody can be reached.
    pub fn clear(&self) {
        self.members.lock().unwrap().clear();
    }
}

#[async_trait]
impl Peers for FakePeers {
    async fn ask(&self, node: NodeId, service: u16, body: Bytes, _within: Duration) -> Result<Bytes, PeerError> {
        let found = self
            .members
            .lock()
            .unwrap()
            .iter()
            .find(|(id, _)| *id == node)
            .map(|(_, t)| Arc::clone(t));
        let toolstack = found.ok_or_else(|| PeerError::NotSent("no such member".to_owned()))?;
        let answer = match service {
            crate::OPERATION_SERVICE => toolstack.answer_operation(NodeId(99), body).await,
            _ => toolstack.answer_peer(NodeId(99), body).await,
        };
        answer.map_err(|refusal| PeerError::Unknown(refusal.to_string()))
    }
}

#[derive(Default)]
pub struct FakeMembership {
    pub members: Mutex<Vec<Member>>,
}

#[async_trait]
impl Membership for FakeMembership {
    async fn add_member(&self, member: Member) -> Result<(), MembershipError> {
        let mut members = self.members.lock().unwrap();
        if !members.contains(&member) {
            members.push(member);
        }
        Ok(())
    }

    async fn remove_member(&self, node: NodeId) -> Result<(), MembershipError> {
        self.members.lock().unwrap().retain(|member| member.node != node);
        Ok(())
    }

    async fn update_member(&self, member: Member) -> Result<(), MembershipError> {
        self.remove_member(member.node).await?;
        self.add_member(member).await
    }

    fn members(&self) -> Vec<Member> {
        self.members.lock().unwrap().clone()
    }

    fn incarnation(&self) -> u64 {
        5
    }
}

/// Time that stands still until a test moves it.
pub struct TestClock(pub AtomicI64);

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// One host of a test.
pub struct Host {
    pub log: MemoryLog,
    pub peers: Arc<FakePeers>,
    pub membership: Arc<FakeMembership>,
    pub clock: Arc<TestClock>,
    pub toolstack: Arc<Toolstack>,
    /// Holds the audit log.
    pub dir: tempfile::TempDir,
}

const AUDIT: crate::AuditLimits = crate::AuditLimits {
    file_bytes: 1 << 20,
    old_files: 1,
};

/// A pool and this host's row, by hand: what is needed here and no more.
pub fn born() -> View {
    let mut tx = Transaction::new(1_000_000);
    for (name, uuid) in [("host", HOST_UUID), ("pool", "22222222-2222-2222-2222-222222222222")] {
        let class = class(name).unwrap();
        tx.create(
            class,
            &Ref::from_uuid_text(uuid),
            vec![(class.column("uuid").unwrap(), Value::text(uuid))],
        );
    }
    View::default().apply(&tx).unwrap().0
}

pub fn host() -> Host {
    host_with(RuntimeConfig::default())
}

pub fn host_with(config: RuntimeConfig) -> Host {
    host_of(RuntimeConfig {
        login_failure_delay: Duration::from_millis(1),
        ..config
    })
}

pub fn host_that_waits(login_failure_delay: Duration) -> Host {
    host_of(RuntimeConfig {
        login_failure_delay,
        ..RuntimeConfig::default()
    })
}

fn host_of(config: RuntimeConfig) -> Host {
    host_on((MemoryLog::new(born()), HOST_UUID), config, None)
}

/// A daemon over this log.
pub fn host_on(log: (MemoryLog, &str), config: RuntimeConfig, machine: Option<ThisMachine>) -> Host {
    started(log, config, machine, Toolstack::start)
}

pub fn started(
    (log, uuid): (MemoryLog, &str),
    config: RuntimeConfig,
    machine: Option<ThisMachine>,
    start: impl FnOnce(Parts) -> Result<Toolstack, crate::JournalError>,
) -> Host {
    let dir = tempfile::tempdir().unwrap();
    let (peers, membership) = (Arc::new(FakePeers::default()), Arc::new(FakeMembership::default()));
    let clock = Arc::new(TestClock(AtomicI64::new(2_000_000)));
    let toolstack = start(Parts {
        log: Arc::new(log.clone()),
        peers: peers.clone(),
        accounts: Arc::new(OnePassword(Mutex::new("x".to_owned()))),
        membership: membership.clone(),
        clock: clock.clone(),
        audit: Arc::new(crate::AuditLog::open(&dir.path().join("audit.log"), AUDIT).unwrap()),
        host: ThisHost {
            uuid: uuid.to_owned(),
            link_address: "127.0.0.1:1".to_owned(),
            certificate_sha256: [3; 32],
        },
        config,
        machine,
    });
    let toolstack = toolstack.unwrap();
    Host {
        log,
        peers,
        membership,
        clock,
        toolstack: Arc::new(toolstack),
        dir,
    }
}

pub fn tcp() -> Origin {
    Origin::Tcp {
        peer: "192.0.2.1:1".parse().unwrap(),
        tls: true,
    }
}

pub fn call(method: &str, params: Vec<WireValue>, origin: Origin) -> Call {
    Call {
        method: method.to_owned(),
        params,
        origin,
        task_id: None,
        subtask_of: None,
        task_other_config: Vec::new(),
        user_agent: None,
    }
}

pub fn text(text: &str) -> WireValue {
    WireValue::Text(text.to_owned())
}

impl Host {
    pub async fn from(&self, origin: Origin, method: &str, params: Vec<WireValue>) -> Result<Value, ApiError> {
        match self.toolstack.call(call(method, params, origin)).await {
            Reply::Success(value) | Reply::Bare(value) => Ok(value),
            Reply::Pieces(piece) => Ok(piece.to_value()),
            Reply::Failure(error) => Err(error),
        }
    }

    pub async fn ask(&self, method: &str, params: Vec<WireValue>) -> Result<Value, ApiError> {
        self.from(tcp(), method, params).await
    }

    pub async fn asks(&self, method: &str, params: &[&str]) -> Result<Value, ApiError> {
        self.ask(method, params.iter().map(|param| text(param)).collect()).await
    }

    pub async fn login(&self) -> String {
        reference(self.asks("session.login_with_password", &["root", "x"]).await)
    }

    pub fn set_supporter(&self, node: NodeId) {
        self.log.set_role(Role::Supporter {
            coordinator: node,
            address: "192.0.2.9".to_owned(),
        });
    }

    /// What another coordinator committed.
    pub fn copy_from(&self, other: &Host) {
        self.log.publish((*other.log.applied()).clone());
    }
}

pub fn reference(result: Result<Value, ApiError>) -> String {
    result.unwrap().as_ref().unwrap().as_str().to_owned()
}

pub fn code(result: Result<Value, ApiError>) -> String {
    result.unwrap_err().code.into_owned()
}
