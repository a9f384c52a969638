//! Shared by the tests of every room: a pool of one with callers, counted ids and a clock that stands still.

mod agent;
mod audit;
mod birth;
mod callers;
mod copies;
mod devices;
mod events;
mod generic;
mod guests;
mod images;
mod not_built;
mod operations;
mod placing;
mod recovered;
mod remains;
mod reverting;
mod rights;
mod sessions;
mod silence;
mod storage;
mod storm;
mod subjects;
mod tables;
mod tasks;
mod unsure;
mod vms;

use crate::birth::{HostBirth, PoolBirth, new_pool};
use crate::{Caller, Ids, Plan, PlanCx, plan, rows};
use xenith_datamodel::{ApiError, CallMode, Method, Ref, Value};
use xenith_pooldb::{ApplyError, Transaction, View};
use xenith_storage_port::{Capability, SrId, StorageFacts};
use xenith_xen_port::{CpuFacts, HostFacts, NicFacts};

/// 2026-08-21T02:00:00Z
pub const NOW_MS: i64 = 1_787_277_600_000;

/// Ids in the order they are asked for.
#[derive(Default)]
pub struct CountedIds(pub u128);

impl Ids for CountedIds {
    fn uuid(&mut self) -> String {
        self.0 += 1;
        crate::session::uuid_text(self.0.to_be_bytes())
    }
}

/// A pool that is planned and committed at once.
pub struct Pool {
    pub view: View,
    pub ids: CountedIds,
    pub now_ms: i64,
    pub caller: Caller,
}

impl Pool {
    /// One host, nothing else.
    pub fn of_one() -> Pool {
        static BORN: std::sync::LazyLock<(View, u128)> = std::sync::LazyLock::new(born);
        Pool {
            view: BORN.0.clone(),
            ids: CountedIds(BORN.1),
            ..Pool::empty()
        }
    }

    pub fn empty() -> Pool {
        Pool {
            view: View::default(),
            ids: CountedIds::default(),
            now_ms: NOW_MS,
            caller: Caller::root(),
        }
    }

    pub fn plan(&mut self, name: &str, params: Vec<Value>) -> Result<Plan, ApiError> {
        let method = method(name);
        let caller = self.caller.clone();
        let mut cx = context(&self.view, &mut self.ids, &caller, self.now_ms);
        plan(&mut cx, &method, params)
    }

    /// Plans, commits and answers.
    pub fn call(&mut self, name: &str, params: Vec<Value>) -> Result<Value, ApiError> {
        match self.plan(name, params)? {
            Plan::Reply(value) => Ok(value),
            Plan::Show(rows) => Ok(rows.value(&self.view)),
            Plan::Commit(tx, value) => self.commit(&tx).map(|()| value),
        }
    }

    pub fn commit(&mut self, tx: &Transaction) -> Result<(), ApiError> {
        match self.view.apply(tx) {
            Ok((view, _)) => {
                self.view = view;
                Ok(())
            }
            Err(ApplyError::Api(error)) => Err(error),
            Err(error @ ApplyError::Conflict { .. }) => panic!("{error}"),
        }
    }

    pub fn context(&mut self, run: impl FnOnce(&mut PlanCx<'_>) -> Result<(Transaction, Value), ApiError>) -> Value {
        let caller = self.caller.clone();
        let planned = run(&mut context(&self.view, &mut self.ids, &caller, self.now_ms));
        let (tx, value) = planned.unwrap();
        self.commit(&tx).unwrap();
        value
    }

    pub fn first(&self, class: &str) -> Ref {
        rows::all(&self.view, class).unwrap().first().unwrap().clone()
    }

    pub fn get(&mut self, field: &str, of: &Ref) -> Value {
        let (class, field) = field.split_once('.').unwrap();
        self.call(&format!("{class}.get_{field}"), vec![of.into()]).unwrap()
    }
}

/// The database of a fresh pool and how many ids it took.
pub fn born() -> (View, u128) {
    let mut ids = CountedIds::default();
    let birth = PoolBirth {
        pool_uuid: "pool-uuid",
        name_label: "",
        host: host_birth(&FACTS),
    };
    let tx = new_pool(&mut ids, NOW_MS, birth).unwrap();
    let (view, _) = View::default().apply(&tx).unwrap();
    (view, ids.0)
}

pub fn context<'a>(view: &'a View, ids: &'a mut CountedIds, caller: &'a Caller, now_ms: i64) -> PlanCx<'a> {
    let host = rows::all(view, "host")
        .unwrap()
        .first()
        .cloned()
        .unwrap_or_else(Ref::null);
    PlanCx {
        view,
        caller,
        now_ms,
        ids,
        this_host: host,
        silent: &crate::ALL_HEARD,
    }
}

pub fn method(name: &str) -> Method {
    let found = xenith_datamodel::method(name).unwrap_or_else(|| panic!("no method {name}"));
    assert!(found.mode == CallMode::Sync || name.starts_with("Async"));
    found
}

pub fn host_birth(facts: &HostFacts) -> HostBirth<'_> {
    HostBirth {
        facts,
        host_uuid: "host-uuid-1",
        address: "127.0.0.1",
        certificate_sha256: [7; 32],
        certificate: None,
        https_only: false,
    }
}

/// What a client sends, as JSON: enough types for the tests.
pub fn record(fields: &[(&str, Value)]) -> Value {
    Value::record(fields.iter().map(|(name, value)| (*name, value.clone())))
}

pub fn code(result: Result<Value, ApiError>) -> String {
    result.unwrap_err().to_string()
}

pub static FACTS: std::sync::LazyLock<HostFacts> = std::sync::LazyLock::new(|| facts_of(1));

pub fn facts_of(number: usize) -> HostFacts {
    let nic = |at: usize, management: bool| NicFacts {
        device: format!("eth{at}"),
        mac: format!("02:00:00:00:0{number}:0{at}"),
        mtu: 1500,
        carrier: true,
        speed_mbit: 10_000,
        ip: management.then(|| format!("127.0.0.{number}")),
        netmask: management.then(|| "255.0.0.0".to_owned()),
        gateway: None,
        management,
    };
    let cpu = |number| CpuFacts {
        number,
        vendor: "GenuineIntel".to_owned(),
        model_name: "Simulated".to_owned(),
        speed_mhz: 3000,
        family: 6,
        model: 85,
        stepping: "4".to_owned(),
        flags: "fpu".to_owned(),
        features: "0000".to_owned(),
    };
    HostFacts {
        hostname: format!("host-{number}"),
        memory_total_bytes: 64 << 30,
        memory_free_bytes: 60 << 30,
        memory_overhead_bytes: 1 << 30,
        control_domain_memory_bytes: 2 << 30,
        cpus: (0..4).map(cpu).collect(),
        sockets: 1,
        nics: vec![nic(0, true), nic(1, false)],
        bios_strings: vec![("bios-vendor".to_owned(), "Xenith".to_owned())],
        boot_time_unix_seconds: 1_787_000_000,
        boot_id: "boot".to_owned(),
        xen_version: "4.17.5".to_owned(),
        kernel_version: "6.12".to_owned(),
        iscsi_iqn: format!("iqn.2026-08.org.xenith:{number}"),
        storage: storage_of(number),
    }
}

/// A repository of its own, and one that all hosts share.
fn storage_of(number: usize) -> Vec<StorageFacts> {
    let sr = |uuid: String, kind: &str, shared| StorageFacts {
        sr: SrId(uuid),
        name_label: format!("{kind} storage"),
        kind: kind.to_owned(),
        shared,
        size_bytes: 1 << 40,
        device_config: Vec::new(),
        capabilities: Capability::DISKS.to_vec(),
    };
    vec![
        sr(format!("sr-uuid-{number}"), "file", false),
        sr("sr-uuid-shared".to_owned(), "nfs", true),
    ]
}
