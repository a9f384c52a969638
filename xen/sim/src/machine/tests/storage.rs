//! Disks between the steps of a domain.

use super::*;
use xenith_storage_port::{SrId, StorageEffect, StorageError, Use, VdiId};
use xenith_storage_sim::Disk as DiskOfMedium;

const MIB: i64 = 1 << 20;

/// Images and disks that two machines share.
#[derive(Default)]
struct Shelf {
    images: BTreeMap<String, Image>,
    disks: BTreeMap<VdiId, DiskOfMedium>,
}

impl Images for Shelf {
    fn read(&self, name: &str) -> Result<Option<Image>, String> {
        self.images.read(name)
    }

    fn write(&mut self, name: &str, image: &Image) -> Result<(), String> {
        self.images.write(name, image)
    }

    fn delete(&mut self, name: &str) -> Result<(), String> {
        Images::delete(&mut self.images, name)
    }

    fn disks(&mut self) -> Option<&mut dyn Medium> {
        Some(&mut self.disks)
    }
}

struct Lab {
    machine: Machine,
    shelf: Shelf,
}

impl Lab {
    fn new() -> Lab {
        let facts = crate::facts::machine_storage(1);
        Lab {
            machine: Machine::new(8 * GIB, Behaviour::instant(), 1).with_storage(&facts, 1),
            shelf: Shelf::default(),
        }
    }

    fn work(&mut self, effect: Effect) -> Result<Done, EffectError> {
        self.machine.begin(0, 1, effect);
        for _ in 0..100 {
            let due = self.machine.next_due().unwrap();
            for happening in self.machine.advance(due, &mut self.shelf) {
                if let Happening::Finished { result, .. } = happening {
                    return result;
                }
            }
        }
        panic!("it never ends");
    }

    fn storage(&mut self, step: StorageEffect) -> Result<Done, EffectError> {
        self.work(Effect::Storage(step))
    }
}

fn vdi(name: &str) -> VdiId {
    VdiId {
        sr: SrId(crate::facts::machine_storage(1)[0].sr.0.clone()),
        location: name.to_owned(),
    }
}

fn on(name: &str) -> Use {
    Use {
        vdi: vdi(name),
        by: vm("a").0,
    }
}

fn with_disk() -> DomainConfig {
    let Effect::DomainCreate(mut config) = create("a") else {
        panic!("create creates");
    };
    config.disks[0].vdi = Some(vdi("disk"));
    *config
}

fn make(lab: &mut Lab, name: &str) {
    let (vdi, size_bytes) = (vdi(name), MIB);
    lab.storage(StorageEffect::VdiCreate { vdi, size_bytes }).unwrap();
    let (on, read_only) = (on(name), false);
    lab.storage(StorageEffect::VdiAttach { on, read_only }).unwrap();
}

fn bad_state(result: Result<Done, EffectError>) {
    assert!(matches!(result, Err(EffectError::BadState(_))), "{result:?}");
}

#[test]
fn a_domain_runs_with_disks_that_are_active_for_it() {
    let mut lab = Lab::new();
    let build = || Effect::DomainCreate(Box::new(with_disk()));
    bad_state(lab.work(build()));
    make(&mut lab, "disk");
    bad_state(lab.work(build()));
    lab.storage(StorageEffect::VdiActivate(on("disk"))).unwrap();
    lab.work(build()).unwrap();
    lab.storage(StorageEffect::VdiDeactivate(on("disk"))).unwrap();
    bad_state(lab.work(Effect::DomainUnpause(vm("a"))));
    lab.storage(StorageEffect::VdiActivate(on("disk"))).unwrap();
    lab.work(Effect::DomainUnpause(vm("a"))).unwrap();
    let destroy = lab.storage(StorageEffect::VdiDestroy(vdi("disk")));
    assert!(matches!(destroy, Err(EffectError::Storage(StorageError::InUse(_)))));
}

#[test]
fn an_image_is_a_disk_that_is_active() {
    let mut lab = Lab::new();
    make(&mut lab, "disk");
    lab.storage(StorageEffect::VdiActivate(on("disk"))).unwrap();
    lab.work(Effect::DomainCreate(Box::new(with_disk()))).unwrap();
    lab.work(Effect::DomainUnpause(vm("a"))).unwrap();
    make(&mut lab, "image");
    let save = || Effect::DomainSave {
        vm: vm("a"),
        image: vdi("image").to_string(),
    };
    bad_state(lab.work(save()));
    lab.storage(StorageEffect::VdiActivate(on("image"))).unwrap();
    lab.work(save()).unwrap();
    assert_eq!(lab.shelf.images.len(), 1);
}
