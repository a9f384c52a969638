//! What clients ask for, by chance.

use super::coordinator::Proposal;
use super::world::World;
use xenith_classes::task::Header;
use xenith_classes::{Plan, operation, plan, room};
use xenith_datamodel::{Ref, Value};

const MESSAGES: &[(&str, u64)] = &[
    ("start", 30),
    ("start_on", 10),
    ("hard_shutdown", 15),
    ("clean_shutdown", 12),
    ("shutdown", 5),
    ("hard_reboot", 8),
    ("clean_reboot", 8),
    ("pause", 6),
    ("unpause", 8),
    ("pool_migrate", 20),
    ("suspend", 12),
    ("resume", 14),
    ("resume_on", 6),
];

/// A halted VM without devices, committed at once.
pub fn make_vm(world: &mut World, name: &str, memory_bytes: i64) -> Ref {
    let null = || Value::Ref(Ref::null());
    let memory = || Value::Int(memory_bytes);
    let mut fields: Vec<(&str, Value)> = vec![
        ("name_label", name.into()),
        ("affinity", null()),
        ("memory_static_max", memory()),
        ("memory_dynamic_max", memory()),
        ("memory_dynamic_min", memory()),
        ("memory_static_min", memory()),
        ("memory_target", memory()),
        ("VCPUs_max", 1.into()),
        ("VCPUs_at_startup", 1.into()),
        ("user_version", 1.into()),
        ("is_a_template", false.into()),
        ("actions_after_shutdown", "destroy".into()),
        ("actions_after_reboot", "restart".into()),
        ("actions_after_crash", "restart".into()),
        ("HVM_boot_policy", "".into()),
        ("HVM_shadow_multiplier", 1.0.into()),
    ];
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
    ] {
        fields.push((text, "".into()));
    }
    for map in ["VCPUs_params", "HVM_boot_params", "platform", "other_config"] {
        fields.push((map, Value::map([])));
    }
    let record = Value::record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let method = xenith_datamodel::method("VM.create").expect("a message of the tables");
    let committed = world.committed.clone();
    match world.plan(&committed, |cx| plan(cx, &method, vec![record])) {
        Ok(Plan::Commit(tx, Value::Ref(vm))) => {
            world.commit(&tx, Proposal::Other);
            world.coordinator = super::coordinator::Coordinator::new(&world.committed);
            vm
        }
        other => panic!("a VM cannot be made: {other:?}"),
    }
}

pub fn call(world: &mut World) {
    if world.random.percent(15) {
        return cancel(world);
    }
    let total = MESSAGES.iter().map(|(_, weight)| weight).sum();
    let mut drawn = world.random.below(total);
    let message = MESSAGES.iter().find(|(_, weight)| {
        let found = drawn < *weight;
        drawn = drawn.saturating_sub(*weight);
        found
    });
    let (message, _) = message.copied().unwrap_or(("start", 0));
    let vm = world.vms[world.random.index(world.vms.len())].clone();
    let host = world.hosts[world.random.index(world.hosts.len())].row.clone();
    let params = match message {
        "start" => vec![Value::Ref(vm), world.random.percent(10).into(), false.into()],
        "resume" => vec![Value::Ref(vm), world.random.percent(10).into(), false.into()],
        "start_on" | "resume_on" => vec![Value::Ref(vm), Value::Ref(host), false.into(), false.into()],
        "pool_migrate" => vec![Value::Ref(vm), Value::Ref(host), Value::map([])],
        _ => vec![Value::Ref(vm)],
    };
    ask(world, message, &params);
}

fn ask(world: &mut World, message: &str, params: &[Value]) {
    let asker = room::asker("VM", message).expect("an operation");
    let head = match world.plant {
        super::PoolPlant::NoClaims => world.committed.clone(),
        _ => world.coordinator.head.clone(),
    };
    let method = format!("VM.{message}");
    let label = format!("Async.{method}");
    let header = Header::default();
    let admitted = world.plan(&head, |cx| {
        operation::admit(cx, (&method, asker, params), (&label, &header))
    });
    match admitted {
        Ok(admitted) => {
            world.say(|| format!("{method} {params:?}: {}", admitted.task.as_str()));
            world.probes.hit("call_admitted");
            world.propose(admitted.tx, Proposal::Task(admitted.task));
        }
        Err(error) => {
            world.say(|| format!("{method} {params:?} refused: {error}"));
            world.probes.hit("call_refused");
        }
    }
}

fn cancel(world: &mut World) {
    let Some(task) = world.tasks.last().cloned() else {
        return;
    };
    let head = world.coordinator.head.clone();
    let method = xenith_datamodel::method("task.cancel").expect("a message of the tables");
    if let Ok(Plan::Commit(tx, _)) = world.plan(&head, |cx| plan(cx, &method, vec![Value::Ref(task)])) {
        world.probes.hit("cancelled");
        world.propose(tx, Proposal::Other);
    }
}
