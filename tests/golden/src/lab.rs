//! The server under test, in the state of the recording lab: one host named xapilab, its control domain, and nothing else.

use crate::http::Place;
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use xenith_classes::birth::{HostBirth, PoolBirth, new_pool};
use xenith_datamodel::{Ref, Value, class};
use xenith_pooldb::{Transaction, View};
use xenith_raft::{Member, MemoryLog, NodeId, PoolLog as _};
use xenith_runtime::{
    AuditLimits, AuditLog, AuthError, Authenticator, Identity, Membership, MembershipError, Parts, PeerError, Peers,
    RuntimeConfig, SystemClock, SystemIds, ThisHost, ThisMachine, Toolstack,
};
use xenith_server::{RunningServer, ServerConfig, serve};
use xenith_xen_port::HostFacts;
use xenith_xen_sim::machine::{Behaviour, EffectKind, Image, Machine, Rule, Trouble};
use xenith_xen_sim::{Live, LiveHost};

const HOST_UUID: &str = "11111111-1111-4111-8111-111111111111";
const POOL_UUID: &str = "22222222-2222-4222-8222-222222222222";
const AUDIT: AuditLimits = AuditLimits {
    file_bytes: 1 << 20,
    old_files: 1,
};
/// What the lab has no rows of.
const ABSENT: &[&str] = &["PBD", "SR", "SM", "VDI", "Certificate"];

pub struct Lab {
    log: MemoryLog,
    born: View,
    names: BTreeMap<String, Json>,
    address: std::net::SocketAddr,
    unix: std::path::PathBuf,
    _dir: tempfile::TempDir,
    _machine: tokio::task::JoinHandle<()>,
    _server: RunningServer,
}

impl Lab {
    pub async fn start() -> Lab {
        let born = born();
        let log = MemoryLog::new(born.clone());
        let dir = tempfile::tempdir().unwrap();
        let live = machine();
        let runs = live.clone();
        let machine = tokio::spawn(async move { runs.run().await });
        let audit = AuditLog::open(&dir.path().join("audit.log"), AUDIT).unwrap();
        let toolstack = Toolstack::start(Parts {
            log: Arc::new(log.clone()),
            peers: Arc::new(Nobody),
            accounts: Arc::new(LabAccounts),
            membership: Arc::new(Nobody),
            clock: Arc::new(SystemClock),
            audit: Arc::new(audit),
            host: ThisHost {
                uuid: HOST_UUID.to_owned(),
                link_address: "127.0.0.1:1".to_owned(),
                certificate_sha256: [3; 32],
            },
            config: RuntimeConfig {
                login_failure_delay: Duration::from_millis(1),
                ..RuntimeConfig::default()
            },
            machine: Some(ThisMachine {
                machine: Arc::new(LiveHost::new(live, facts())),
                boot_id: facts().boot_id,
                journal: dir.path().join("agent"),
            }),
        })
        .unwrap();
        let unix = dir.path().join("xapi");
        let config = ServerConfig {
            http: Some("127.0.0.1:0".parse().unwrap()),
            unix: Some(unix.clone()),
            ..ServerConfig::default()
        };
        let server = serve(config, Arc::new(toolstack)).unwrap();
        Lab {
            log,
            names: environment(&born),
            born,
            address: server.http_addr().unwrap(),
            unix,
            _dir: dir,
            _machine: machine,
            _server: server,
        }
    }

    /// The rows before the first case, as of later than all cases so far: what hosts have heard does not go back. Domains of earlier cases
    /// stay on the machine.
    pub fn reset(&self) {
        let passed = self.log.applied().generation();
        self.log.publish(self.born.raise_generations(passed));
    }

    /// What the recording's environment names stand for here.
    pub fn names(&self) -> BTreeMap<String, Json> {
        self.names.clone()
    }

    pub fn place(&self, unix: bool) -> Place {
        if unix {
            Place::Unix(self.unix.clone())
        } else {
            Place::Tcp(self.address)
        }
    }
}

/// Nothing takes time, guests have no agents, and there is room for the domains of all cases.
fn machine() -> Arc<Live> {
    let behaviour = Behaviour {
        rules: vec![Rule::always(EffectKind::DomainCreate, Trouble::NoAgent)],
        ..Behaviour::instant()
    };
    let images: BTreeMap<String, Image> = BTreeMap::new();
    let nobody = Box::new(|_, _| {});
    Live::new(Machine::new(1 << 50, behaviour, 1), Box::new(images), nobody)
}

fn facts() -> HostFacts {
    HostFacts {
        hostname: "xapilab".to_owned(),
        memory_total_bytes: 16 << 30,
        memory_free_bytes: 12 << 30,
        memory_overhead_bytes: 4 << 30,
        control_domain_memory_bytes: 2 << 30,
        cpus: Vec::new(),
        sockets: 1,
        nics: Vec::new(),
        bios_strings: Vec::new(),
        boot_time_unix_seconds: 1_787_000_000,
        boot_id: "boot".to_owned(),
        xen_version: "4.17.5".to_owned(),
        kernel_version: "6.12".to_owned(),
        iscsi_iqn: "iqn.2026-08.org.xenith:lab".to_owned(),
        storage: Vec::new(),
    }
}

fn born() -> View {
    let facts = facts();
    let birth = PoolBirth {
        pool_uuid: POOL_UUID,
        name_label: "",
        host: HostBirth {
            facts: &facts,
            host_uuid: HOST_UUID,
            address: "127.0.0.1",
            certificate_sha256: [7; 32],
            certificate: None,
            https_only: false,
        },
    };
    let tx = new_pool(&mut SystemIds, 1_787_277_600_000, birth).unwrap();
    let (view, _) = View::default().apply(&tx).unwrap();
    let (view, _) = view.apply(&emptied(&view)).unwrap();
    view
}

/// Takes away what the lab did not have: storage, templates, the certificate.
fn emptied(view: &View) -> Transaction {
    let mut tx = Transaction::new(view.pool_time_ms());
    for name in ABSENT {
        let class = class(name).unwrap();
        for row in all(view, name) {
            tx.destroy(class, &row);
        }
    }
    let vm = class("VM").unwrap();
    for row in view.find_where(vm, "field \"is_a_template\" = \"true\"").unwrap() {
        let metrics = reference(view, "VM", &row, "metrics");
        tx.destroy(class("VM_metrics").unwrap(), &metrics);
        tx.destroy(vm, &row);
    }
    let pool = all(view, "pool").remove(0);
    for field in ["default_SR", "suspend_image_SR", "crash_dump_SR"] {
        let column = class("pool").unwrap().column(field).unwrap();
        tx.set_value(&pool, column, Value::Ref(Ref::null()));
    }
    let host = all(view, "host").remove(0);
    for field in ["suspend_image_sr", "crash_dump_sr"] {
        let column = class("host").unwrap().column(field).unwrap();
        tx.set_value(&host, column, Value::Ref(Ref::null()));
    }
    tx
}

fn environment(view: &View) -> BTreeMap<String, Json> {
    let host = all(view, "host").remove(0);
    let dom0 = reference(view, "host", &host, "control_domain");
    let network = "field \"name__label\" = \"Host internal management network\"";
    let mut names = BTreeMap::new();
    for (name, class_name, row) in [
        ("host", "host", host.clone()),
        ("pool", "pool", all(view, "pool").remove(0)),
        ("dom0", "VM", dom0.clone()),
        (
            "hin",
            "network",
            view.find_where(class("network").unwrap(), network).unwrap().remove(0),
        ),
    ] {
        let uuid = view.value(&row, class(class_name).unwrap().column("uuid").unwrap());
        names.insert(format!("{name}_uuid"), Json::from(uuid.unwrap().as_text().unwrap()));
        names.insert(name.to_owned(), Json::from(row.as_str()));
    }
    let metrics = [
        ("dom0_metrics", reference(view, "VM", &dom0, "metrics")),
        ("host_metrics", reference(view, "host", &host, "metrics")),
    ];
    let consoles = ["dom0_console1", "dom0_console2"].into_iter().zip(all(view, "console"));
    for (name, row) in metrics.into_iter().chain(consoles) {
        names.insert(name.to_owned(), Json::from(row.as_str()));
    }
    names
}

fn all(view: &View, name: &str) -> Vec<Ref> {
    view.find_where(class(name).unwrap(), "true").unwrap()
}

fn reference(view: &View, class_name: &str, row: &Ref, field: &str) -> Ref {
    let column = class(class_name).unwrap().column(field).unwrap();
    view.value(row, column).unwrap().as_ref().unwrap().clone()
}

/// The lab's one account.
struct LabAccounts;

#[async_trait]
impl Authenticator for LabAccounts {
    async fn verify(&self, user: &str, password: &str) -> Result<Identity, AuthError> {
        if (user, password) == ("root", "x") {
            Ok(Identity {
                user: user.to_owned(),
                role: None,
            })
        } else {
            Err(AuthError::Denied)
        }
    }

    async fn set_password(&self, _user: &str, _password: &str) -> Result<String, AuthError> {
        Ok(String::new())
    }

    async fn keep_hash(&self, _user: &str, _hash: &str) -> Result<(), AuthError> {
        Ok(())
    }
}

/// A pool of one has nobody to ask and nobody to add.
struct Nobody;

#[async_trait]
impl Peers for Nobody {
    async fn ask(&self, _node: NodeId, _service: u16, _body: Bytes, _within: Duration) -> Result<Bytes, PeerError> {
        Err(PeerError::NotSent("this pool has one host".to_owned()))
    }
}

#[async_trait]
impl Membership for Nobody {
    async fn add_member(&self, _member: Member) -> Result<(), MembershipError> {
        Ok(())
    }

    async fn update_member(&self, _member: Member) -> Result<(), MembershipError> {
        Ok(())
    }

    async fn remove_member(&self, _node: NodeId) -> Result<(), MembershipError> {
        Ok(())
    }

    fn members(&self) -> Vec<Member> {
        Vec::new()
    }

    fn incarnation(&self) -> u64 {
        1
    }
}
