//! Machines for the tests.

use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinHandle;
use xenith_xen_port::{
    AfterStop, Boot, Cancel, Disk, Domain, DomainConfig, DomainKind, Done, Effect, EffectError, Hypervisor, Nic, VmId,
};
use xenith_xen_sim::facts::machine_facts;
use xenith_xen_sim::machine::Behaviour;
use xenith_xen_sim::{MachineConfig, MachineError, SharedDir, SimulatedHost, run_machine};

pub const VM: &str = "11111111-0000-4000-8000-000000000001";
/// Far beyond what anything here takes; only a test that hangs meets it.
pub const HANGS: Duration = Duration::from_secs(60);

/// Machines 1 to N at addresses 127.0.0.N; they lose their power when this is dropped.
pub struct Pool {
    dir: tempfile::TempDir,
    machines: Vec<JoinHandle<Result<(), MachineError>>>,
}

impl Pool {
    pub async fn start(machines: u8, behaviour: &Behaviour) -> Pool {
        let dir = tempfile::tempdir().unwrap();
        let shared = SharedDir::open(&dir.path().join("shared")).unwrap();
        shared.set_behaviour(behaviour).unwrap();
        let mut pool = Pool {
            dir,
            machines: Vec::new(),
        };
        for number in 1..=machines {
            let machine = pool.start_machine(number).await;
            pool.machines.push(machine);
        }
        pool
    }

    async fn start_machine(&self, number: u8) -> JoinHandle<Result<(), MachineError>> {
        let config = MachineConfig {
            socket: self.socket(number),
            facts: machine_facts(number, &address(number), 0),
            shared: self.dir.path().join("shared"),
            seed: u64::from(number),
        };
        let machine = tokio::spawn(run_machine(config));
        while tokio::net::UnixStream::connect(self.socket(number)).await.is_err() {
            assert!(!machine.is_finished(), "machine {number} does not start");
            tokio::task::yield_now().await;
        }
        machine
    }

    pub fn socket(&self, number: u8) -> PathBuf {
        self.dir.path().join(format!("machine-{number}.sock"))
    }

    pub fn host(&self, number: u8) -> SimulatedHost {
        SimulatedHost::new(self.socket(number))
    }

    pub async fn power_off(&mut self, number: u8) {
        let machine = &mut self.machines[usize::from(number) - 1];
        machine.abort();
        drop(machine.await);
    }

    pub async fn power_on(&mut self, number: u8) {
        let machine = self.start_machine(number).await;
        self.machines[usize::from(number) - 1] = machine;
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for machine in &self.machines {
            machine.abort();
        }
    }
}

pub fn address(number: u8) -> String {
    format!("127.0.0.{number}")
}

pub fn vm() -> VmId {
    VmId(VM.to_owned())
}

pub fn guest(vm: &str) -> DomainConfig {
    DomainConfig {
        vm: VmId(vm.to_owned()),
        name_label: "web".to_owned(),
        kind: DomainKind::Hvm,
        memory_max_bytes: 1 << 30,
        memory_target_bytes: 1 << 30,
        memory_overhead_bytes: 9 << 20,
        vcpus_max: 2,
        vcpus_at_start: 2,
        boot: Boot::default(),
        platform: vec![("acpi".to_owned(), "1".to_owned())],
        xenstore_data: Vec::new(),
        disks: vec![Disk {
            number: 0,
            is_cd: false,
            read_only: false,
            vdi: None,
        }],
        nics: vec![Nic {
            number: 0,
            mac: "02:00:00:00:00:01".to_owned(),
            mtu: 1_500,
            bridge: "xenbr0".to_owned(),
        }],
        after_shutdown: AfterStop::Destroy,
        after_reboot: AfterStop::Restart,
        after_crash: AfterStop::Restart,
    }
}

pub fn create() -> Effect {
    Effect::DomainCreate(Box::new(guest(VM)))
}

pub fn receive() -> Effect {
    Effect::MigrationReceive {
        config: Box::new(guest(VM)),
        migration: "m1".to_owned(),
    }
}

pub fn send(to: &str) -> Effect {
    Effect::MigrationSend {
        vm: vm(),
        migration: "m1".to_owned(),
        to: to.to_owned(),
    }
}

pub async fn work(host: &impl Hypervisor, effect: Effect) -> Result<Done, EffectError> {
    let never: Cancel = Box::pin(std::future::pending());
    tokio::time::timeout(HANGS, host.work(effect, never))
        .await
        .expect("the effect hangs")
}

pub async fn domain(host: &impl Hypervisor) -> Option<Domain> {
    let domains = host.domains().await.unwrap();
    domains.into_iter().find(|domain| domain.vm.0 == VM)
}

/// Waits for changes until the domain is as wanted.
pub async fn until(host: &impl Hypervisor, wanted: impl Fn(Option<&Domain>) -> bool) {
    let wait = async {
        while !wanted(domain(host).await.as_ref()) {
            host.attention().await.unwrap();
        }
    };
    tokio::time::timeout(HANGS, wait)
        .await
        .expect("the domain does not become as wanted");
}

/// A VM whose agent has spoken.
pub async fn running(host: &impl Hypervisor) {
    work(host, create()).await.unwrap();
    work(host, Effect::DomainUnpause(vm())).await.unwrap();
    until(host, |domain| domain.is_some_and(|domain| domain.guest.is_some())).await;
}
