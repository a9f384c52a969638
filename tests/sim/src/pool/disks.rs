//! The disks of a run: what outlives the machines, and which VM has which.

use super::coordinator::{Coordinator, Proposal};
use super::troubles::effects_fail_percent;
use super::world::{GIB, World};
use std::collections::BTreeMap;
use xenith_classes::{Plan, plan};
use xenith_datamodel::{Ref, Value};
use xenith_pooldb::Transaction;
use xenith_storage_port::{SrId, StorageEffect, VdiId};
use xenith_storage_sim::{Disk, Kind, Medium, Rule};
use xenith_xen_port::Effect;
use xenith_xen_sim::facts::machine_storage;
use xenith_xen_sim::machine::{Image, Images};

/// Images and disks, seen by every machine.
#[derive(Clone, Default)]
pub struct Shelf {
    images: BTreeMap<String, Image>,
    pub disks: BTreeMap<VdiId, Disk>,
}

impl Images for Shelf {
    fn read(&self, name: &str) -> Result<Option<Image>, String> {
        Images::read(&self.images, name)
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

/// Every VM has a disk that all hosts see, but two have the same one, one only reads its disk, and one has a disk of the first host instead.
pub fn make(world: &mut World) {
    let vms = world.vms.clone();
    let sr_of = |at: usize| machine_storage(1)[at].sr.clone();
    let (local, shared) = (sr_of(0), sr_of(1));
    let mut last = None;
    for (at, vm) in vms.iter().enumerate() {
        let sr = if at == 0 { &local } else { &shared };
        let vdi = match (at, last) {
            (4, Some(last)) => last,
            _ => make_vdi(world, sr, &format!("disk-{at}")),
        };
        make_vbd(world, vm, &vdi, if at == 2 { "RO" } else { "RW" });
        last = Some(vdi);
    }
}

fn make_vdi(world: &mut World, sr: &SrId, name: &str) -> Ref {
    let class = |name| xenith_datamodel::class(name).expect("a class of the tables");
    let place = VdiId {
        sr: sr.clone(),
        location: name.to_owned(),
    };
    let disk = Disk {
        size_bytes: GIB,
        used_bytes: GIB,
        content: 1,
    };
    world.images.disks.insert(place, disk);
    let row = world
        .committed
        .by_uuid(class("SR"), &sr.0)
        .expect("the pool is born with it");
    let reference = Ref::new(format!("OpaqueRef:{name}"));
    let fields: Vec<(&str, Value)> = vec![
        ("uuid", name.into()),
        ("location", name.into()),
        ("SR", Value::Ref(row)),
        ("type", "user".into()),
        ("managed", true.into()),
        ("virtual_size", GIB.into()),
    ];
    let column = |field| class("VDI").column(field).expect("a field of the tables");
    let mut tx = Transaction::new(world.now_ms);
    let fields = fields
        .into_iter()
        .map(|(field, value)| (column(field), value))
        .collect();
    tx.create(class("VDI"), &reference, fields);
    world.commit(&tx, Proposal::Other);
    reference
}

fn make_vbd(world: &mut World, vm: &Ref, vdi: &Ref, mode: &str) {
    let fields = [
        ("VM", Value::from(vm)),
        ("VDI", vdi.into()),
        ("userdevice", "0".into()),
        ("bootable", true.into()),
        ("mode", mode.into()),
        ("type", "Disk".into()),
        ("empty", false.into()),
        ("other_config", Value::map([])),
        ("qos_algorithm_type", "".into()),
        ("qos_algorithm_params", Value::map([])),
    ];
    let record = Value::record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let method = xenith_datamodel::method("VBD.create").expect("a message of the tables");
    let committed = world.committed.clone();
    match world.plan(&committed, |cx| plan(cx, &method, vec![record])) {
        Ok(Plan::Commit(tx, _)) => world.commit(&tx, Proposal::Other),
        other => panic!("a VBD cannot be made: {other:?}"),
    }
    world.coordinator = Coordinator::new(&world.committed);
}

/// Some steps of this boot fail, once each.
pub fn troubles(world: &mut World) -> xenith_storage_sim::Behaviour {
    let mut rules = Vec::new();
    let chance = effects_fail_percent(world);
    let kinds = [
        Kind::VdiCreate,
        Kind::VdiAttach,
        Kind::VdiActivate,
        Kind::VdiDeactivate,
        Kind::VdiDetach,
        Kind::VdiDestroy,
        Kind::VdiClone,
        Kind::VdiSnapshot,
        Kind::VdiCopy,
    ];
    for kind in kinds {
        if world.trouble && world.random.percent(chance) {
            rules.push(Rule {
                step: Some(kind),
                location: None,
                skip: world.random.below(4) as u32,
                times: Some(1),
                error: xenith_storage_port::StorageError::Failed("a script says so".to_owned()),
            });
        }
    }
    xenith_storage_sim::Behaviour {
        rules,
        ..xenith_storage_sim::Behaviour::lifelike()
    }
}

/// A planted bug: what is to be removed stays.
pub fn keep_images(effects: &mut Vec<Effect>) {
    effects.retain(|effect| !matches!(effect, Effect::Storage(StorageEffect::VdiDestroy(_))));
}

/// A planted bug: what was sent runs on, with its disks.
pub fn undo_what_was_sent(effects: &mut Vec<Effect>) {
    if let Some(Effect::MigrationSend { vm, .. }) = effects.first().cloned() {
        effects.truncate(1);
        effects.push(Effect::MigrationUndo(vm));
    }
}

/// A planted bug: what comes in is written before the source has let go of it.
pub fn activate_early(effects: &mut Vec<Effect>) {
    if !effects
        .iter()
        .any(|effect| matches!(effect, Effect::MigrationReceive { .. }))
    {
        return;
    }
    let attached = effects.iter().filter_map(|effect| match effect {
        Effect::Storage(StorageEffect::VdiAttach { on, .. }) => Some(on.clone()),
        _ => None,
    });
    let early: Vec<Effect> = attached
        .map(|on| Effect::Storage(StorageEffect::VdiActivate(on)))
        .collect();
    let at = effects.len() - 1;
    effects.splice(at..at, early);
}
