//! Calls that make and replace disks: VMs that are made from others, templates that get their disks, VMs that are reverted.

use super::calls::ask;
use super::coordinator::Proposal;
use super::world::World;
use xenith_classes::{Plan, plan};
use xenith_datamodel::{Ref, Value, class};
use xenith_pooldb::Transaction;
use xenith_xen_sim::facts::machine_storage;

/// Two disks, one that all hosts see and one that only the first does.
fn asked_disks() -> String {
    let disk = |place: usize| {
        let sr = &machine_storage(1)[place].sr.0;
        format!(r#"<disk device="{place}" size="1073741824" sr="{sr}" bootable="true" type="system"/>"#)
    };
    format!("<provision>{}{}</provision>", disk(0), disk(1))
}

/// A template that asks for disks; committed at once.
pub fn make_template(world: &mut World) {
    let vm = super::calls::make_vm(world, "template", super::world::GIB);
    let column = |field| {
        class("VM")
            .and_then(|vms| vms.column(field))
            .expect("a field of the tables")
    };
    let mut tx = Transaction::new(world.now_ms);
    tx.set_value(&vm, column("is_a_template"), true.into());
    let config = Value::text_map([("disks", asked_disks())]);
    tx.set_value(&vm, column("other_config"), config);
    world.commit(&tx, Proposal::Other);
    world.coordinator = super::coordinator::Coordinator::new(&world.committed);
}

/// Not so many that a run is about nothing else.
const VMS_MAX: usize = 40;

pub fn call(world: &mut World) {
    world.probes.hit("image_call");
    let vm = world.vms[world.random.index(world.vms.len())].clone();
    let is_full = class("VM").is_some_and(|vms| world.coordinator.head.refs(vms).count() > VMS_MAX);
    match world.random.below(if is_full { 4 } else { 10 }) {
        0 | 1 => revert(world),
        2 => of_disk(world),
        3 => destroy(world),
        4 => ask_of(world, "clone", vm),
        5 => {
            let sr = match world.random.percent(50) {
                true => repository(world, 1),
                false => Ref::null(),
            };
            ask(world, ("VM", "copy"), &[Value::Ref(vm), "copy".into(), Value::Ref(sr)]);
        }
        6 => provision(world),
        7 => {
            if let Some(snapshot) = any_vm(world, |flag| flag("is_a_snapshot")) {
                ask_of(world, "clone", snapshot);
            }
        }
        _ => ask(
            world,
            ("VM", "snapshot"),
            &[Value::Ref(vm), "snapshot".into(), Value::set([])],
        ),
    }
}

fn ask_of(world: &mut World, message: &str, vm: Ref) {
    ask(world, ("VM", message), &[Value::Ref(vm), "made".into()]);
}

fn revert(world: &mut World) {
    let Some(snapshot) = any_vm(world, |flag| flag("is_a_snapshot")) else {
        return;
    };
    let of = class("VM").and_then(|vms| world.coordinator.head.value(&snapshot, vms.column("snapshot_of")?));
    let of = of.and_then(|of| of.as_ref().cloned());
    world.acked.reverted.extend(of);
    ask(world, ("VM", "revert"), &[Value::Ref(snapshot)]);
}

/// A clone of the template, or the template itself: then there is one less of it to clone.
fn provision(world: &mut World) {
    let Some(template) = any_vm(world, |flag| flag("is_a_template") && !flag("is_a_snapshot")) else {
        return make_template_later(world);
    };
    match world.random.percent(50) {
        true => ask_of(world, "clone", template),
        false => ask(world, ("VM", "provision"), &[Value::Ref(template)]),
    }
}

/// Its XML is the clients' to write.
fn make_template_later(world: &mut World) {
    let Some(vm) = any_vm(world, |flag| !flag("is_a_template")) else {
        return;
    };
    if world.vms.contains(&vm) {
        return;
    }
    let vm = || Value::Ref(vm.clone());
    for (name, params) in [
        ("VM.set_is_a_template", vec![vm(), true.into()]),
        (
            "VM.add_to_other_config",
            vec![vm(), "disks".into(), asked_disks().into()],
        ),
    ] {
        one_step(world, name, params);
    }
}

fn of_disk(world: &mut World) {
    let Some(disk) = any(world, "VDI") else { return };
    let null = || Value::Ref(Ref::null());
    let disk = Value::Ref(disk);
    match world.random.below(4) {
        0 => ask(world, ("VDI", "clone"), &[disk, Value::map([])]),
        1 => ask(world, ("VDI", "snapshot"), &[disk, Value::map([])]),
        2 => {
            let sr = repository(world, 1);
            ask(world, ("VDI", "copy"), &[disk, Value::Ref(sr), null(), null()]);
        }
        // One that a VM of the run has stays: the others' disks come and go.
        _ => {
            let is_used =
                class("VDI").and_then(|vdis| world.coordinator.head.value(disk.as_ref()?, vdis.column("VBDs")?));
            if is_used.is_some_and(|vbds| vbds.as_set().is_some_and(<[Value]>::is_empty)) {
                ask(world, ("VDI", "destroy"), &[disk]);
            }
        }
    }
}

/// Of what was made from others: its rows only.
fn destroy(world: &mut World) {
    let made = any_vm(world, |_| true).filter(|vm| !world.vms.contains(vm));
    if let Some(vm) = made {
        one_step(world, "VM.destroy", vec![Value::Ref(vm)]);
    }
}

fn one_step(world: &mut World, name: &str, params: Vec<Value>) {
    let method = xenith_datamodel::method(name).expect("a message of the tables");
    let head = world.coordinator.head.clone();
    if let Ok(Plan::Commit(tx, _)) = world.plan(&head, |cx| plan(cx, &method, params)) {
        world.propose(tx, Proposal::Other);
    }
}

/// Of the first machine: its own (0), or that of all (1).
fn repository(world: &World, place: usize) -> Ref {
    let class = class("SR").expect("a class of the tables");
    let row = world.coordinator.head.by_uuid(class, &machine_storage(1)[place].sr.0);
    row.expect("the pool is born with it")
}

fn any(world: &mut World, name: &str) -> Option<Ref> {
    let rows: Vec<Ref> = world.coordinator.head.refs(class(name)?).cloned().collect();
    rows.get(world.random.index(rows.len())).cloned()
}

/// Of those that are no control domain, nor a template that everybody has.
fn any_vm(world: &mut World, is_it: impl Fn(&dyn Fn(&str) -> bool) -> bool) -> Option<Ref> {
    let (vms, head) = (class("VM")?, world.coordinator.head.clone());
    let fits = |vm: &&Ref| {
        let flag = |field: &str| {
            let value = vms.column(field).and_then(|column| head.value(vm, column));
            value == Some(Value::Bool(true))
        };
        !flag("is_control_domain") && !flag("is_default_template") && is_it(&flag)
    };
    let rows: Vec<Ref> = head.refs(vms).filter(fits).cloned().collect();
    rows.get(world.random.index(rows.len())).cloned()
}
