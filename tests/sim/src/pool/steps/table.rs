//! The operations that are tried, and from where.

use super::VM;
use crate::pool::world::{GIB, World};
use xenith_datamodel::{Ref, Value, class};

/// An operation, and what the VM is before.
pub struct Case {
    pub name: &'static str,
    /// Messages to the VM that bring it there.
    pub before: &'static [&'static str],
    pub class: &'static str,
    pub message: &'static str,
    pub params: fn(&World) -> Vec<Value>,
    /// One blow, a dead host excepted, must not end the guest, or lose its memory.
    pub keeps_guest: bool,
}

const fn of_vm(
    name: &'static str,
    before: &'static [&'static str],
    params: fn(&World) -> Vec<Value>,
    keeps_guest: bool,
) -> Case {
    Case {
        name,
        before,
        class: "VM",
        message: name,
        params,
        keeps_guest,
    }
}

const fn of_disk(class: &'static str, message: &'static str, params: fn(&World) -> Vec<Value>) -> Case {
    Case {
        name: message,
        before: &[],
        class,
        message,
        params,
        keeps_guest: false,
    }
}

pub const CASES: &[Case] = &[
    of_vm("start", &[], |world| params_of(world, "start"), false),
    of_vm(
        "start_on",
        &[],
        |world| vec![vm(world), another(world), true.into(), false.into()],
        false,
    ),
    of_vm("hard_shutdown", &["start"], alone, false),
    of_vm("clean_shutdown", &["start"], alone, false),
    of_vm("shutdown", &["start"], alone, false),
    Case {
        name: "hard_shutdown of a suspended VM",
        ..of_vm("hard_shutdown", &["start", "suspend"], alone, false)
    },
    of_vm("hard_reboot", &["start"], alone, false),
    of_vm("clean_reboot", &["start"], alone, false),
    of_vm("pause", &["start"], alone, true),
    of_vm("unpause", &["start", "pause"], alone, true),
    of_vm("suspend", &["start"], alone, true),
    of_vm("resume", &["start", "suspend"], |world| params_of(world, "start"), true),
    of_vm(
        "resume_on",
        &["start", "suspend"],
        |world| vec![vm(world), another(world), true.into(), false.into()],
        true,
    ),
    of_vm("pool_migrate", &["start"], migration, true),
    of_vm("clone", &[], named, false),
    of_vm(
        "copy",
        &[],
        |world| vec![vm(world), "copy".into(), Ref::null().into()],
        false,
    ),
    of_vm(
        "snapshot",
        &["start"],
        |world| vec![vm(world), "copy".into(), Value::set([])],
        true,
    ),
    of_disk("VDI", "create", new_disk),
    of_disk("VDI", "clone", |world| vec![disk(world).into(), Value::map([])]),
    of_disk("VDI", "copy", |world| {
        let none = || Value::Ref(Ref::null());
        vec![disk(world).into(), repository(world).into(), none(), none()]
    }),
    of_disk("VDI", "resize", |world| vec![disk(world).into(), (2 * GIB).into()]),
    of_disk("VDI", "destroy", |world| vec![disk(world).into()]),
    of_disk("SR", "scan", |world| vec![repository(world).into()]),
    of_disk("SR", "update", |world| vec![repository(world).into()]),
];

/// Of a message that only prepares.
pub fn params_of(world: &World, message: &str) -> Vec<Value> {
    match message {
        "start" | "resume" => vec![vm(world), false.into(), false.into()],
        _ => alone(world),
    }
}

fn alone(world: &World) -> Vec<Value> {
    vec![vm(world)]
}

fn named(world: &World) -> Vec<Value> {
    vec![vm(world), "copy".into()]
}

fn migration(world: &World) -> Vec<Value> {
    vec![vm(world), another(world), Value::text_map([("force", "false")])]
}

fn vm(world: &World) -> Value {
    Value::from(&world.vms[VM])
}

fn link(world: &World, (name, row): (&str, &Ref), field: &str) -> Ref {
    let column = class(name).and_then(|class| class.column(field));
    let value = column.and_then(|column| world.committed.value(row, column));
    value
        .and_then(|value| value.as_ref().cloned())
        .unwrap_or_else(Ref::null)
}

/// A host on which the VM is not.
fn another(world: &World) -> Value {
    let here = link(world, ("VM", &world.vms[VM]), "resident_on");
    let there = world.hosts.iter().rev().find(|host| host.row != here);
    there.map_or_else(|| Ref::null().into(), |host| Value::from(&host.row))
}

/// The VM's, which is halted.
fn disk(world: &World) -> Ref {
    let column = class("VM").and_then(|class| class.column("VBDs"));
    let vbds = column.and_then(|column| world.committed.value(&world.vms[VM], column));
    let first = vbds.as_ref().and_then(|vbds| vbds.as_set()?.first()?.as_ref().cloned());
    first.map_or_else(Ref::null, |vbd| link(world, ("VBD", &vbd), "VDI"))
}

fn repository(world: &World) -> Ref {
    link(world, ("VDI", &disk(world)), "SR")
}

fn new_disk(world: &World) -> Vec<Value> {
    let fields = [
        ("name_label", "disk".into()),
        ("name_description", "".into()),
        ("SR", repository(world).into()),
        ("virtual_size", GIB.into()),
        ("type", "user".into()),
        ("sharable", false.into()),
        ("read_only", false.into()),
        ("other_config", Value::map([])),
    ];
    vec![Value::record(
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)),
    )]
}
