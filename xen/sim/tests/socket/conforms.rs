//! The conformance suite, over the sockets and in one process.

use super::pool::{HANGS, Pool, address, guest};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use xenith_xen_port::DomainConfig;
use xenith_xen_port::conformance::{Lab, conformance};
use xenith_xen_sim::facts::machine_facts;
use xenith_xen_sim::machine::{Behaviour, Image, Images, Machine};
use xenith_xen_sim::{Courier, Live, LiveHost, SimulatedHost};

struct Sockets(Pool);

impl Lab for Sockets {
    type Host = SimulatedHost;

    fn host(&self) -> SimulatedHost {
        self.0.host(1)
    }

    fn guest(&self, vm: &str) -> DomainConfig {
        guest(vm)
    }

    fn image(&self, name: &str) -> String {
        name.to_owned()
    }

    fn peer(&self) -> Option<(SimulatedHost, String)> {
        Some((self.0.host(2), address(2)))
    }
}

#[tokio::test]
async fn over_the_socket_with_instant_guests() {
    let lab = Sockets(Pool::start(2, &Behaviour::instant()).await);
    tokio::time::timeout(HANGS, conformance(&lab))
        .await
        .expect("it hangs")
        .unwrap();
}

#[tokio::test]
async fn over_the_socket_with_guests_that_take_their_time() {
    let slow = Behaviour {
        build_ms: 20,
        boot_ms: 30,
        agent_ms: 20,
        switch_ms: 5,
        obey_ms: 20,
        suspend_ms: 10,
        save_ms: 20,
        restore_ms: 20,
        destroy_ms: 10,
        migrate_ms: 50,
        jitter_percent: 50,
        ..Behaviour::instant()
    };
    let lab = Sockets(Pool::start(2, &slow).await);
    tokio::time::timeout(HANGS, conformance(&lab))
        .await
        .expect("it hangs")
        .unwrap();
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, Image>>>);

impl Images for Memory {
    fn read(&self, name: &str) -> Result<Option<Image>, String> {
        Images::read(&*self.0.lock().unwrap(), name)
    }

    fn write(&mut self, name: &str, image: &Image) -> Result<(), String> {
        self.0.lock().unwrap().write(name, image)
    }

    fn delete(&mut self, name: &str) -> Result<(), String> {
        self.0.lock().unwrap().delete(name)
    }
}

/// Two machines "0" and "1" on tokio's paused time.
struct InProcess(Vec<Arc<Live>>);

impl InProcess {
    fn start() -> InProcess {
        let images = Memory::default();
        let all: Arc<OnceLock<Vec<Arc<Live>>>> = Arc::default();
        let live = |number: usize| {
            let machine = Machine::new(8 << 30, Behaviour::lifelike(), number as u64);
            let all = all.clone();
            let courier: Courier = Box::new(move |to, parcel| {
                let live = all.get().unwrap()[to.parse::<usize>().unwrap()].clone();
                let from = number.to_string();
                tokio::spawn(async move { live.deliver(&from, parcel) });
            });
            Live::new(machine, Box::new(images.clone()), courier)
        };
        let machines = vec![live(0), live(1)];
        for machine in machines.clone() {
            tokio::spawn(async move { machine.run().await });
        }
        assert!(all.set(machines.clone()).is_ok());
        InProcess(machines)
    }
}

impl Lab for InProcess {
    type Host = LiveHost;

    fn host(&self) -> LiveHost {
        LiveHost::new(self.0[0].clone(), machine_facts(1, "127.0.0.1", 0))
    }

    fn guest(&self, vm: &str) -> DomainConfig {
        guest(vm)
    }

    fn image(&self, name: &str) -> String {
        name.to_owned()
    }

    fn peer(&self) -> Option<(LiveHost, String)> {
        Some((
            LiveHost::new(self.0[1].clone(), machine_facts(2, "127.0.0.2", 0)),
            "1".to_owned(),
        ))
    }
}

#[tokio::test(start_paused = true)]
async fn in_one_process_on_paused_time() {
    conformance(&InProcess::start()).await.unwrap();
}
