//! What clients ask for, by chance.

use super::coordinator::Proposal;
use super::world::World;
use xenith_classes::task::Header;
use xenith_classes::{Plan, operation, plan, room};
use xenith_datamodel::{Ref, Value};
use xenith_pooldb::Transaction;

/// What is asked of a VM in each power state, that it makes sense; now and then anything is asked.
const HALTED: &[(&str, u64)] = &[("start", 3), ("start_on", 1)];
const SUSPENDED: &[(&str, u64)] = &[("resume", 6), ("resume_on", 3), ("hard_shutdown", 1)];
const RUNNING: &[(&str, u64)] = &[
    ("pool_migrate", 45),
    ("hard_shutdown", 10),
    ("clean_shutdown", 10),
    ("shutdown", 4),
    ("hard_reboot", 10),
    ("clean_reboot", 10),
    ("pause", 8),
    ("suspend", 14),
];
const PAUSED: &[(&str, u64)] = &[("unpause", 3), ("hard_shutdown", 1)];

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

/// On the first network that every host has, committed at once.
pub fn make_vif(world: &mut World, vm: &Ref) {
    if let Some(tx) = plan_vif(world, vm) {
        world.commit(&tx, Proposal::Other);
        world.coordinator = super::coordinator::Coordinator::new(&world.committed);
    }
}

fn plan_vif(world: &mut World, vm: &Ref) -> Option<Transaction> {
    let networks = xenith_datamodel::class("network")?;
    let pifs = networks.column("PIFs")?;
    let head = world.coordinator.head.clone();
    let on_all = |network: &&Ref| {
        let found = head.value(network, pifs);
        found.is_some_and(|found| found.as_set().is_some_and(|pifs| pifs.len() >= world.hosts.len()))
    };
    let network = head.refs(networks).find(on_all)?.clone();
    let used = head.value(vm, xenith_datamodel::class("VM")?.column("VIFs")?)?;
    let device = used.as_set().map_or(0, <[Value]>::len).to_string();
    let fields: [(&str, Value); 8] = [
        ("VM", Value::from(vm)),
        ("network", Value::from(&network)),
        ("device", device.into()),
        ("MAC", "".into()),
        ("MTU", 1500.into()),
        ("other_config", Value::map([])),
        ("qos_algorithm_type", "".into()),
        ("qos_algorithm_params", Value::map([])),
    ];
    let record = Value::record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    planned(world, "VIF.create", vec![record])
}

/// A message of one transaction.
fn planned(world: &mut World, name: &str, params: Vec<Value>) -> Option<Transaction> {
    let method = xenith_datamodel::method(name).expect("a message of the tables");
    let head = world.coordinator.head.clone();
    match world.plan(&head, |cx| plan(cx, &method, params)) {
        Ok(Plan::Commit(tx, _)) => Some(tx),
        Ok(_) => None,
        Err(error) => {
            world.say(|| format!("{name} refused: {error}"));
            None
        }
    }
}

pub fn call(world: &mut World) {
    let vm = a_vm(world);
    match world.random.below(100) {
        0..12 => cancel(world),
        12..20 => note(world, &vm),
        20..30 => change(world, &vm),
        92..100 => super::images::call(world),
        _ => operate(world, vm),
    }
}

/// Any; mostly one that runs, if two draws find one: what happens to a running VM is what takes long.
fn a_vm(world: &mut World) -> Ref {
    let (first, second) = (world.random.index(world.vms.len()), world.random.index(world.vms.len()));
    let runs = |world: &World, at: usize| {
        let column = xenith_datamodel::class("VM").and_then(|class| class.column("power_state"));
        let state = column.and_then(|column| world.coordinator.head.value(&world.vms[at], column));
        state.is_some_and(|state| state.as_text() == Some("Running"))
    };
    let at = if runs(world, first) || !runs(world, second) {
        first
    } else {
        second
    };
    world.vms[at].clone()
}

/// Something else of the VM changes while it runs or is worked.
fn change(world: &mut World, vm: &Ref) {
    let memory = world.random.one_of([11, 12, 13]) * super::world::GIB;
    let action = world.random.one_of(["destroy", "restart"]);
    let vm_value = || Value::Ref(vm.clone());
    let (name, params) = match world.random.below(5) {
        0 => ("VM.set_actions_after_crash", vec![vm_value(), action.into()]),
        1 => ("VM.set_actions_after_reboot", vec![vm_value(), action.into()]),
        2 => ("VM.set_name_label", vec![vm_value(), "another".into()]),
        3 => ("VM.set_memory_dynamic_max", vec![vm_value(), Value::Int(memory)]),
        _ => {
            if let Some(tx) = plan_vif(world, vm) {
                world.probes.hit("vif_made");
                world.propose(tx, Proposal::Other);
            }
            return;
        }
    };
    if let Some(tx) = planned(world, name, params) {
        world.probes.hit("vm_changed");
        world.propose(tx, Proposal::Other);
    }
}

fn note(world: &mut World, vm: &Ref) {
    let number = world.acked.next_note();
    let params = vec![Value::Ref(vm.clone()), number.to_string().into()];
    if let Some(tx) = planned(world, "VM.set_name_description", params) {
        world.probes.hit("note_written");
        world.propose(tx, Proposal::Note(vm.clone(), number));
    }
}

fn operate(world: &mut World, vm: Ref) {
    let column = xenith_datamodel::class("VM").and_then(|class| class.column("power_state"));
    let state = column.and_then(|column| world.coordinator.head.value(&vm, column));
    let anything = [HALTED, RUNNING, PAUSED, SUSPENDED].concat();
    let messages = match state.as_ref().and_then(Value::as_text) {
        _ if world.random.percent(12) => anything.as_slice(),
        Some("Running") => RUNNING,
        Some("Paused") => PAUSED,
        Some("Suspended") => SUSPENDED,
        _ => HALTED,
    };
    let message = weighted(world, messages);
    let host = a_host(world, message, &vm);
    let params = match message {
        "start" => vec![Value::Ref(vm), world.random.percent(10).into(), false.into()],
        "resume" => vec![Value::Ref(vm), world.random.percent(10).into(), false.into()],
        "start_on" | "resume_on" => vec![Value::Ref(vm), Value::Ref(host), false.into(), false.into()],
        "pool_migrate" => {
            // Also one whose guest has not spoken yet.
            let force = world.random.one_of(["true", "true", "false"]);
            vec![Value::Ref(vm), Value::Ref(host), Value::text_map([("force", force)])]
        }
        _ => vec![Value::Ref(vm)],
    };
    ask(world, ("VM", message), &params);
}

/// Any; for a migration mostly another than the VM's own.
fn a_host(world: &mut World, message: &str, vm: &Ref) -> Ref {
    let column = xenith_datamodel::class("VM").and_then(|class| class.column("resident_on"));
    let own = column.and_then(|column| world.coordinator.head.value(vm, column)?.as_ref().cloned());
    let is_useless = |host: &Ref| message == "pool_migrate" && own.as_ref() == Some(host);
    let first = world.hosts[world.random.index(world.hosts.len())].row.clone();
    let second = world.hosts[world.random.index(world.hosts.len())].row.clone();
    if is_useless(&first) { second } else { first }
}

fn weighted(world: &mut World, messages: &[(&'static str, u64)]) -> &'static str {
    let total = messages.iter().map(|(_, weight)| weight).sum();
    let mut drawn = world.random.below(total);
    let message = messages.iter().find(|(_, weight)| {
        let found = drawn < *weight;
        drawn = drawn.saturating_sub(*weight);
        found
    });
    message.map_or("start", |(message, _)| message)
}

pub(super) fn ask(world: &mut World, of: (&str, &str), params: &[Value]) {
    ask_of(world, of, params);
}

/// The task, if it is admitted.
pub fn ask_of(world: &mut World, (class, message): (&str, &str), params: &[Value]) -> Option<Ref> {
    let asker = room::asker(class, message).expect("an operation");
    let head = match world.plant {
        super::PoolPlant::NoClaims => world.committed.clone(),
        _ => world.coordinator.head.clone(),
    };
    let method = format!("{class}.{message}");
    let label = format!("Async.{method}");
    let header = Header::default();
    let admitted = world.plan(&head, |cx| {
        operation::admit(cx, (&method, asker, params), (&label, &header))
    });
    match admitted {
        Ok(admitted) => {
            if let (("VDI", "destroy"), Some(Value::Ref(disk))) = ((class, message), params.first()) {
                world.doomed.insert(disk.clone());
            }
            world.say(|| format!("{method} {params:?}: {}", admitted.task.as_str()));
            world.probes.hit("call_admitted");
            world.propose(admitted.tx, Proposal::Task(admitted.task.clone()));
            Some(admitted.task)
        }
        Err(error) => {
            world.say(|| format!("{method} {params:?} refused: {error}"));
            world.probes.hit("call_refused");
            None
        }
    }
}

fn cancel(world: &mut World) {
    let open: Vec<Ref> = xenith_classes::operation::orders(&world.coordinator.head)
        .expect("orders can be read")
        .into_iter()
        .map(|(_, order)| order.operation)
        .collect();
    let one = open.get(world.random.index(open.len())).cloned();
    let Some(task) = one.or_else(|| world.acked.tasks.last().cloned()) else {
        return;
    };
    cancel_task(world, &task);
}

pub fn cancel_task(world: &mut World, task: &Ref) {
    if let Some(tx) = planned(world, "task.cancel", vec![task.into()]) {
        world.probes.hit("cancelled");
        world.propose(tx, Proposal::Other);
    }
}
