//! Calls that take a host's work, on one host over a log in memory, with a simulated machine in this process.

use super::{Host, code, reference, started, text};
use crate::{ActorsHere, RuntimeConfig, SystemIds, ThisMachine, Toolstack};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use xenith_classes::birth::{HostBirth, PoolBirth, new_pool};
use xenith_classes::{Caller, Plan, PlanCx, plan};
use xenith_datamodel::{ApiError, Ref, Value, class};
use xenith_pooldb::View;
use xenith_raft::{MemoryLog, PoolLog as _};
use xenith_wire::WireValue;
use xenith_xen_port::{
    Attachment, Attention, Cancel, Domain, Done, Effect, EffectError, FactsError, HostFacts, HostFactsPort, Hypervisor,
};
use xenith_xen_sim::facts::machine_facts;
use xenith_xen_sim::machine::{Behaviour, EffectKind, Image, Machine, Rule, Trouble};
use xenith_xen_sim::{Live, LiveHost};

const HOST_UUID: &str = "11111111-1111-4111-8111-111111111111";

/// A machine whose driver has a fault of its own: so many creations panic.
struct Faulty {
    host: LiveHost,
    panics: AtomicU32,
}

#[async_trait]
impl Hypervisor for Faulty {
    async fn work(&self, effect: Effect, cancel: Cancel) -> Result<Done, EffectError> {
        let is_create = matches!(effect, Effect::DomainCreate(_));
        let left = |left: u32| left.checked_sub(1);
        if is_create
            && self
                .panics
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
                .is_ok()
        {
            panic!("a fault of the driver");
        }
        self.host.work(effect, cancel).await
    }

    async fn domains(&self) -> Result<Vec<Domain>, EffectError> {
        self.host.domains().await
    }

    async fn attachments(&self) -> Result<Vec<Attachment>, EffectError> {
        self.host.attachments().await
    }

    async fn attention(&self) -> Result<Attention, EffectError> {
        self.host.attention().await
    }
}

#[async_trait]
impl HostFactsPort for Faulty {
    async fn host_facts(&self) -> Result<HostFacts, FactsError> {
        self.host.host_facts().await
    }
}

/// The machine, the log and the folder outlive daemons.
pub struct Lab {
    log: MemoryLog,
    live: Arc<Live>,
    dir: tempfile::TempDir,
}

impl Lab {
    pub fn new(rules: Vec<Rule>) -> Lab {
        let facts = machine_facts(1, "127.0.0.1", 1);
        let birth = PoolBirth {
            pool_uuid: "22222222-2222-4222-8222-222222222222",
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
        let behaviour = Behaviour {
            rules,
            ..Behaviour::instant()
        };
        let images: BTreeMap<String, Image> = BTreeMap::new();
        let live = Live::new(
            Machine::new(16 << 30, behaviour, 1),
            Box::new(images),
            Box::new(|_, _| {}),
        );
        let runs = live.clone();
        tokio::spawn(async move { runs.run().await });
        Lab {
            log: MemoryLog::new(View::default().apply(&tx).unwrap().0),
            live,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// A daemon on this machine; `panics`: so many creations of domains end in a fault of the driver.
    fn daemon(&self, panics: u32) -> Host {
        self.daemon_at(panics, None)
    }

    pub fn daemon_here(&self, here: &ActorsHere) -> Host {
        self.daemon_at(0, Some(here))
    }

    fn daemon_at(&self, panics: u32, here: Option<&ActorsHere>) -> Host {
        let facts = machine_facts(1, "127.0.0.1", 1);
        let machine = ThisMachine {
            boot_id: facts.boot_id.clone(),
            machine: Arc::new(Faulty {
                host: LiveHost::new(self.live.clone(), facts),
                panics: AtomicU32::new(panics),
            }),
            journal: self.dir.path().join("agent"),
        };
        let log = (self.log.clone(), HOST_UUID);
        started(log, RuntimeConfig::default(), Some(machine), |parts| match here {
            None => Toolstack::start(parts),
            Some(here) => Toolstack::start_here(parts, here),
        })
    }

    /// A halted VM, by its row alone.
    pub fn vm(&self) -> String {
        let memory = || Value::Int(64 << 20);
        let mut fields: Vec<(&str, Value)> = vec![
            ("name_label", "a".into()),
            ("affinity", Value::Ref(Ref::null())),
            ("VCPUs_max", 1.into()),
            ("VCPUs_at_startup", 1.into()),
            ("user_version", 1.into()),
            ("is_a_template", false.into()),
            ("actions_after_shutdown", "destroy".into()),
            ("actions_after_reboot", "restart".into()),
            ("actions_after_crash", "restart".into()),
            ("HVM_shadow_multiplier", 1.0.into()),
        ];
        fields
            .extend(["static_max", "dynamic_max", "dynamic_min", "static_min", "target"].map(|name| (name, memory())));
        let mut record = Vec::new();
        for (name, value) in fields {
            let is_memory = value == memory();
            let name = if is_memory {
                format!("memory_{name}")
            } else {
                name.to_owned()
            };
            record.push((name, value));
        }
        for text in [
            "name_description",
            "PV_bootloader",
            "PV_kernel",
            "PV_ramdisk",
            "PV_args",
            "PV_bootloader_args",
            "PV_legacy_args",
            "PCI_bus",
            "recommendations",
            "HVM_boot_policy",
        ] {
            record.push((text.to_owned(), "".into()));
        }
        for map in ["VCPUs_params", "HVM_boot_params", "platform", "other_config"] {
            record.push((map.to_owned(), Value::map([])));
        }
        let (view, method) = (self.log.applied(), xenith_datamodel::method("VM.create").unwrap());
        let caller = Caller::root();
        let mut cx = PlanCx {
            view: &view,
            caller: &caller,
            now_ms: view.pool_time_ms(),
            ids: &mut SystemIds,
            this_host: Ref::null(),
            silent: &xenith_classes::ALL_HEARD,
        };
        match plan(&mut cx, &method, vec![Value::record(record)]) {
            Ok(Plan::Commit(tx, Value::Ref(vm))) => {
                self.log.commit(&tx).unwrap();
                vm.as_str().to_owned()
            }
            other => panic!("{other:?}"),
        }
    }

    pub fn field(&self, vm: &str, field: &str) -> Value {
        let column = class("VM").unwrap().column(field).unwrap();
        self.log.applied().value(&Ref::new(vm), column).unwrap()
    }

    pub fn domains(&self) -> usize {
        self.live.domains().len()
    }

    /// Nobody else holds the machine.
    pub fn is_alone(&self) -> bool {
        Arc::strong_count(&self.live) == 1
    }

    /// Off, with nothing left of anything: rows, claims and domains.
    fn assert_off(&self, vm: &str) {
        assert_eq!(self.field(vm, "power_state").as_text(), Some("Halted"));
        assert_eq!(self.field(vm, "current_operations").as_map(), Some(&[][..]));
        for field in ["resident_on", "scheduled_to_be_resident_on"] {
            assert!(self.field(vm, field).as_ref().unwrap().is_null(), "{field}");
        }
        assert_eq!(self.live.domains(), []);
    }
}

pub async fn start(host: &Host, session: &str, vm: &str) -> Result<Value, ApiError> {
    let flags = [WireValue::Bool(false), WireValue::Bool(false)];
    let params = [text(session), text(vm)].into_iter().chain(flags);
    host.ask("VM.start", params.collect()).await
}

async fn start_async(host: &Host, session: &str, vm: &str) -> String {
    let flags = [WireValue::Bool(false), WireValue::Bool(false)];
    let params = [text(session), text(vm)].into_iter().chain(flags);
    reference(host.ask("Async.VM.start", params.collect()).await)
}

pub fn slow(by_ms: u64) -> Vec<Rule> {
    vec![Rule::always(EffectKind::DomainCreate, Trouble::Slow { by_ms })]
}

/// Waits, for a minute at most.
async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..6_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not in a minute: {what}");
}

async fn status(host: &Host, session: &str, task: &str) -> String {
    let status = host.asks("task.get_status", &[session, task]).await.unwrap();
    status.as_text().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_driver_that_panics_fails_its_operation_and_nothing_else() {
    let lab = Lab::new(Vec::new());
    let host = lab.daemon(1);
    let (session, vm) = (host.login().await, lab.vm());
    assert_eq!(code(start(&host, &session, &vm).await), "INTERNAL_ERROR");
    lab.assert_off(&vm);
    start(&host, &session, &vm).await.unwrap();
    assert_eq!(lab.field(&vm, "power_state").as_text(), Some("Running"));
    host.asks("VM.hard_shutdown", &[&session, &vm]).await.unwrap();
    lab.assert_off(&vm);
    host.toolstack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_starts_again_goes_on_with_what_it_was_at() {
    let lab = Lab::new(slow(600));
    let host = lab.daemon(0);
    let (session, vm) = (host.login().await, lab.vm());
    let task = start_async(&host, &session, &vm).await;
    eventually("the domain is being built", async || !lab.live.domains().is_empty()).await;
    host.toolstack.stop().await;
    drop(host);
    let host = lab.daemon(0);
    eventually("the task ends", async || {
        status(&host, &session, &task).await == "success"
    })
    .await;
    let domains = lab.live.domains();
    assert_eq!(domains.len(), 1);
    assert_eq!(lab.field(&vm, "domid").as_int(), Some(domains[0].domid));
    host.toolstack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_is_cancelled_leaves_nothing() {
    let lab = Lab::new(slow(60_000));
    let host = lab.daemon(0);
    let (session, vm) = (host.login().await, lab.vm());
    let task = start_async(&host, &session, &vm).await;
    eventually("the domain is being built", async || !lab.live.domains().is_empty()).await;
    host.asks("task.cancel", &[&session, &task]).await.unwrap();
    eventually("the task ends", async || {
        status(&host, &session, &task).await == "cancelled"
    })
    .await;
    lab.assert_off(&vm);
    host.toolstack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_for_a_busy_vm_have_their_turn() {
    let lab = Lab::new(slow(100));
    let host = lab.daemon(0);
    let (session, vm) = (host.login().await, lab.vm());
    start(&host, &session, &vm).await.unwrap();
    let reboot = async || host.asks("VM.clean_reboot", &[&session, &vm]).await.unwrap();
    tokio::join!(reboot(), reboot(), reboot());
    assert_eq!(lab.field(&vm, "power_state").as_text(), Some("Running"));
    // One domain for the start, and one for each reboot: none of them was another's.
    assert_eq!(lab.field(&vm, "domid").as_int(), Some(4));
    eventually("tasks of answered calls go", async || {
        lab.log.applied().count(class("task").unwrap()) == 0
    })
    .await;
    host.toolstack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_takes_nothing_with_it() {
    let lab = Lab::new(slow(300));
    let host = lab.daemon(0);
    let (session, vm) = (host.login().await, lab.vm());
    let given_up = tokio::time::timeout(Duration::from_millis(100), start(&host, &session, &vm)).await;
    assert!(given_up.is_err());
    eventually("it runs", async || {
        lab.field(&vm, "power_state").as_text() == Some("Running")
    })
    .await;
    host.toolstack.stop().await;
}
