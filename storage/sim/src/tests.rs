//! The port's conformance suite on two machines that share a folder, and what is the simulator's own.

use crate::{Behaviour, Disk, Folder, Kind, Medium, Rule, Storage};
use std::collections::BTreeMap;
use std::sync::Mutex;
use xenith_storage_port::conformance::{Lab, conformance};
use xenith_storage_port::{
    Attachment, Cancel, Found, SrId, StorageDriver, StorageEffect, StorageError, StorageFacts, Use, VdiId,
};

const MIB: i64 = 1 << 20;

fn facts() -> StorageFacts {
    StorageFacts {
        sr: SrId("sr".to_owned()),
        name_label: "shared".to_owned(),
        kind: "nfs".to_owned(),
        shared: true,
        size_bytes: 100 * MIB,
        device_config: Vec::new(),
        capabilities: Vec::new(),
    }
}

fn other_facts() -> StorageFacts {
    StorageFacts {
        sr: SrId("sr-other".to_owned()),
        ..facts()
    }
}

fn storage(behaviour: Behaviour) -> Storage {
    Storage::new(&[facts(), other_facts()], behaviour, 1)
}

/// A machine whose time goes as fast as it can.
struct Driver(Mutex<(Storage, Folder)>);

impl Driver {
    fn on(dir: &std::path::Path) -> Driver {
        Driver(Mutex::new((storage(Behaviour::lifelike()), Folder::new(dir))))
    }
}

#[async_trait::async_trait]
impl StorageDriver for Driver {
    async fn work(&self, effect: StorageEffect, _: Cancel) -> Result<Option<Found>, StorageError> {
        let mut guard = self.0.lock().unwrap();
        let (storage, folder) = &mut *guard;
        storage.begin(0, 1, effect);
        let due = storage.next_due().unwrap();
        storage.advance(due, folder).remove(0).result
    }

    async fn attachments(&self) -> Result<Vec<Attachment>, StorageError> {
        Ok(self.0.lock().unwrap().0.attachments())
    }
}

#[async_trait::async_trait]
impl StorageDriver for &Driver {
    async fn work(&self, effect: StorageEffect, cancel: Cancel) -> Result<Option<Found>, StorageError> {
        (**self).work(effect, cancel).await
    }

    async fn attachments(&self) -> Result<Vec<Attachment>, StorageError> {
        (**self).attachments().await
    }
}

struct TwoMachines(&'static Driver, &'static Driver);

impl Lab for TwoMachines {
    type Driver = &'static Driver;

    fn driver(&self) -> &'static Driver {
        self.0
    }

    fn sr(&self) -> SrId {
        facts().sr
    }

    fn other_sr(&self) -> Option<SrId> {
        Some(other_facts().sr)
    }

    fn peer(&self) -> Option<&'static Driver> {
        Some(self.1)
    }
}

#[tokio::test]
async fn it_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let machine = || -> &'static Driver { Box::leak(Box::new(Driver::on(dir.path()))) };
    conformance(&TwoMachines(machine(), machine())).await.unwrap();
}

fn vdi() -> VdiId {
    VdiId {
        sr: facts().sr,
        location: "disk".to_owned(),
    }
}

fn on() -> Use {
    Use {
        vdi: vdi(),
        by: "vm".to_owned(),
    }
}

fn work(storage: &mut Storage, medium: &mut dyn Medium, effect: StorageEffect) -> Result<Option<Found>, StorageError> {
    storage.begin(0, 1, effect);
    let due = storage.next_due().unwrap();
    storage.advance(due, medium).remove(0).result
}

fn make_active(storage: &mut Storage, medium: &mut dyn Medium) {
    let (vdi, size_bytes) = (vdi(), MIB);
    work(storage, medium, StorageEffect::VdiCreate { vdi, size_bytes }).unwrap();
    let attach = StorageEffect::VdiAttach {
        on: on(),
        read_only: false,
    };
    work(storage, medium, attach).unwrap();
    work(storage, medium, StorageEffect::VdiActivate(on())).unwrap();
}

#[test]
fn a_machine_without_power_holds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut here = (storage(Behaviour::default()), Folder::new(dir.path()));
    make_active(&mut here.0, &mut here.1);
    let mut there = (storage(Behaviour::default()), Folder::new(dir.path()));
    let attach = StorageEffect::VdiAttach {
        on: on(),
        read_only: false,
    };
    work(&mut there.0, &mut there.1, attach).unwrap();
    let activate = || StorageEffect::VdiActivate(on());
    assert!(matches!(
        work(&mut there.0, &mut there.1, activate()),
        Err(StorageError::InUse(_))
    ));
    drop(here);
    work(&mut there.0, &mut there.1, activate()).unwrap();
}

#[test]
fn a_script_fails_a_step_and_nothing_of_it_is_left() {
    let behaviour = Behaviour {
        rules: vec![Rule {
            step: Some(Kind::VdiActivate),
            location: Some("disk".to_owned()),
            skip: 0,
            times: Some(1),
            error: StorageError::Failed("a script says so".to_owned()),
        }],
        ..Behaviour::default()
    };
    let (mut storage, mut disks) = (storage(behaviour), BTreeMap::<VdiId, Disk>::new());
    let (vdi, size_bytes) = (vdi(), MIB);
    work(&mut storage, &mut disks, StorageEffect::VdiCreate { vdi, size_bytes }).unwrap();
    let attach = StorageEffect::VdiAttach {
        on: on(),
        read_only: false,
    };
    work(&mut storage, &mut disks, attach).unwrap();
    let activate = || StorageEffect::VdiActivate(on());
    assert!(work(&mut storage, &mut disks, activate()).is_err());
    assert!(!storage.held(&on()).unwrap().is_active);
    work(&mut storage, &mut disks, activate()).unwrap();
    assert!(storage.held(&on()).unwrap().is_active);
}

#[test]
fn the_same_step_is_joined_another_one_waits_for_its_caller() {
    let (mut storage, mut disks) = (storage(Behaviour::lifelike()), BTreeMap::<VdiId, Disk>::new());
    make_active(&mut storage, &mut disks);
    for (ticket, effect) in [
        (2, StorageEffect::VdiDeactivate(on())),
        (3, StorageEffect::VdiDeactivate(on())),
        (4, StorageEffect::VdiActivate(on())),
    ] {
        storage.begin(1_000, ticket, effect);
    }
    let busy = storage.advance(1_000, &mut disks);
    assert!(matches!(busy[..], [ref only] if only.ticket == 4 && only.result.is_err()));
    let ended = storage.advance(10_000, &mut disks);
    assert_eq!(ended.iter().map(|ended| ended.ticket).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn names_that_mean_something_to_a_file_system_are_no_disks() {
    let dir = tempfile::tempdir().unwrap();
    let mut folder = Folder::new(dir.path());
    for name in ["", "..", "a/b", ".disk", "ü", &"x".repeat(200)] {
        let vdi = VdiId {
            location: name.to_owned(),
            ..vdi()
        };
        let disk = Disk {
            size_bytes: 1,
            used_bytes: 1,
            content: 1,
        };
        assert!(folder.write(&vdi, &disk).is_err(), "{name}");
    }
}

#[test]
fn what_is_made_from_a_disk_has_its_content() {
    let (mut storage, mut disks) = (storage(Behaviour::default()), BTreeMap::<VdiId, Disk>::new());
    make_active(&mut storage, &mut disks);
    let at = |sr: &StorageFacts, location: &str| VdiId {
        sr: sr.sr.clone(),
        location: location.to_owned(),
    };
    let filled = at(&other_facts(), "filled");
    let (vdi, size_bytes) = (filled.clone(), MIB);
    work(&mut storage, &mut disks, StorageEffect::VdiCreate { vdi, size_bytes }).unwrap();
    let content = |disks: &BTreeMap<VdiId, Disk>, vdi: &VdiId| disks.get(vdi).unwrap().content;
    let from = self::vdi();
    assert_ne!(content(&disks, &from), content(&disks, &filled));
    let steps = [
        StorageEffect::VdiClone {
            from: from.clone(),
            to: at(&facts(), "clone"),
        },
        StorageEffect::VdiSnapshot {
            from: from.clone(),
            to: at(&facts(), "snapshot"),
        },
        StorageEffect::VdiCopy {
            from: from.clone(),
            to: at(&other_facts(), "copy"),
        },
        StorageEffect::VdiFill {
            from: from.clone(),
            to: filled,
        },
    ];
    for step in steps {
        work(&mut storage, &mut disks, step).unwrap();
    }
    assert_eq!(disks.len(), 5);
    let first = content(&disks, &from);
    assert!(disks.values().all(|disk| disk.content == first));
}
