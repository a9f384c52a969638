//! The row-only half of VM (golden/vm.json).

use super::{Pool, code, record};
use crate::rows;
use std::collections::BTreeSet;
use xenith_datamodel::{Ref, Value};

const MIB: i64 = 1 << 20;

/// The fixture `vm` of golden/fixtures.json, with other values for some fields.
pub fn create(pool: &mut Pool, other: &[(&str, Value)]) -> Ref {
    pool.call("VM.create", vec![fixture(other)])
        .unwrap()
        .as_ref()
        .unwrap()
        .clone()
}

pub fn fixture(other: &[(&str, Value)]) -> Value {
    let null = || Value::Ref(Ref::null());
    let text = || Value::text("");
    let map = || Value::map([]);
    let mut fields: Vec<(&str, Value)> = vec![
        ("name_label", "golden".into()),
        ("name_description", text()),
        ("user_version", 1.into()),
        ("is_a_template", false.into()),
        ("affinity", null()),
        ("memory_static_max", (128 * MIB).into()),
        ("memory_dynamic_max", (128 * MIB).into()),
        ("memory_dynamic_min", (128 * MIB).into()),
        ("memory_static_min", (64 * MIB).into()),
        ("memory_target", (128 * MIB).into()),
        ("VCPUs_params", map()),
        ("VCPUs_max", 1.into()),
        ("VCPUs_at_startup", 1.into()),
        ("actions_after_shutdown", "destroy".into()),
        ("actions_after_reboot", "restart".into()),
        ("actions_after_crash", "restart".into()),
        ("HVM_boot_policy", "BIOS order".into()),
        ("HVM_boot_params", Value::text_map([("order", "cd")])),
        ("HVM_shadow_multiplier", 1.0.into()),
        ("platform", map()),
        ("other_config", map()),
        ("has_vendor_device", false.into()),
    ];
    for name in [
        "PV_bootloader",
        "PV_kernel",
        "PV_ramdisk",
        "PV_args",
        "PV_bootloader_args",
        "PV_legacy_args",
    ] {
        fields.push((name, text()));
    }
    fields.extend([("PCI_bus", text()), ("recommendations", text())]);
    for (name, value) in other {
        match fields.iter_mut().find(|(field, _)| field == name) {
            Some(slot) => slot.1 = value.clone(),
            None => fields.push((name, value.clone())),
        }
    }
    record(&fields)
}

fn operations(pool: &mut Pool, vm: &Ref) -> BTreeSet<String> {
    let value = pool.get("VM.allowed_operations", vm);
    value
        .as_set()
        .unwrap()
        .iter()
        .map(|operation| operation.as_text().unwrap().to_owned())
        .collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const HALTED: &[&str] = &[
    "create_vtpm",
    "destroy",
    "metadata_export",
    "export",
    "make_into_template",
    "changing_NVRAM",
    "changing_shadow_memory",
    "changing_static_range",
    "changing_dynamic_range",
    "migrate_send",
    "start_on",
    "start",
    "copy",
    "clone",
    "snapshot",
];
const TEMPLATE: &[&str] = &[
    "destroy",
    "metadata_export",
    "export",
    "changing_NVRAM",
    "changing_shadow_memory",
    "changing_static_range",
    "changing_dynamic_range",
    "migrate_send",
    "provision",
    "copy",
    "clone",
];
const DOMAIN_0: &[&str] = &["metadata_export", "changing_static_range", "changing_dynamic_range"];

#[test]
fn a_new_vm_is_as_xapi_makes_it() {
    let mut pool = Pool::of_one();
    let vm = create(&mut pool, &[]);
    assert_eq!(operations(&mut pool, &vm), names(HALTED));
    for (field, value) in [
        ("VM.power_state", Value::text("Halted")),
        ("VM.domid", Value::Int(-1)),
        ("VM.domain_type", Value::text("hvm")),
        ("VM.memory_overhead", Value::Int(5_242_880)),
        ("VM.resident_on", Value::Ref(Ref::null())),
        ("VM.guest_metrics", Value::Ref(Ref::null())),
        ("VM.is_control_domain", Value::Bool(false)),
    ] {
        assert_eq!(pool.get(field, &vm), value, "{field}");
    }
    assert!(pool.get("VM.other_config", &vm).member("mac_seed").is_some());
    let metrics = pool.get("VM.metrics", &vm).as_ref().unwrap().clone();
    let metrics = pool.view.record(rows::class("VM_metrics").unwrap(), &metrics).unwrap();
    assert_eq!(
        metrics.member("VCPUs_utilisation"),
        Some(&Value::map([(Value::Int(0), Value::Float(0.0))]))
    );
}

#[test]
fn constructors_refuse_as_xapi_does() {
    let mut pool = Pool::of_one();
    let error = pool
        .call("VM.create", vec![fixture(&[("power_state", "Suspended".into())])])
        .unwrap_err();
    assert_eq!(
        (&*error.code, &error.params[1..]),
        ("VM_BAD_POWER_STATE", &["halted".to_owned(), "suspended".to_owned()][..])
    );
    let fields: Vec<_> = fixture(&[])
        .as_record()
        .unwrap()
        .iter()
        .filter(|(name, _)| &**name != "PCI_bus")
        .cloned()
        .collect();
    let error = code(pool.call("VM.create", vec![Value::Record(fields.into())]));
    assert_eq!(
        error,
        "INTERNAL_ERROR [Server_helpers.Dispatcher_FieldNotFound(\"PCI_bus\")]"
    );
    // Seen on the wire: accepted as they are.
    create(&mut pool, &[("VCPUs_max", 0.into()), ("VCPUs_at_startup", 0.into())]);
    create(&mut pool, &[("memory_dynamic_max", (1i64 << 40).into())]);
    create(&mut pool, &[("affinity", Value::Ref(Ref::new("OpaqueRef:dead")))]);
}

#[test]
fn templates_and_domain_0_may_do_less() {
    let mut pool = Pool::of_one();
    let vm = create(&mut pool, &[]);
    pool.call("VM.set_is_a_template", vec![Value::from(&vm), true.into()])
        .unwrap();
    assert_eq!(operations(&mut pool, &vm), names(TEMPLATE));
    pool.call("VM.set_is_a_template", vec![Value::from(&vm), false.into()])
        .unwrap();
    assert_eq!(operations(&mut pool, &vm), names(HALTED));
    let host = pool.first("host");
    let dom0 = pool.get("host.control_domain", &host).as_ref().unwrap().clone();
    assert_eq!(operations(&mut pool, &dom0), names(DOMAIN_0));
    let error = code(pool.call("VM.destroy", vec![Value::from(&dom0)]));
    assert_eq!(
        error,
        format!("VM_BAD_POWER_STATE [{dom0}, halted, suspended, running]")
    );
    let error = code(pool.call("VM.set_VCPUs_max", vec![Value::from(&dom0), 1.into()]));
    assert_eq!(error, "OPERATION_NOT_ALLOWED [This operation is not allowed on dom0]");
}

#[test]
fn blocked_operations_are_neither_allowed_nor_advertised() {
    let mut pool = Pool::of_one();
    let vm = create(&mut pool, &[]);
    let blocked = Value::text_map([("start", "REASON"), ("destroy", "")]);
    pool.call("VM.set_blocked_operations", vec![Value::from(&vm), blocked])
        .unwrap();
    assert!(!operations(&mut pool, &vm).contains("start"));
    assert_eq!(
        code(pool.call("VM.destroy", vec![Value::from(&vm)])),
        format!("OPERATION_BLOCKED [{vm}, ]")
    );
    pool.call(
        "VM.remove_from_blocked_operations",
        vec![Value::from(&vm), "destroy".into()],
    )
    .unwrap();
    assert_eq!(pool.call("VM.destroy", vec![Value::from(&vm)]), Ok(Value::Void));
}

#[test]
fn destroy_takes_what_is_only_there_for_the_vm() {
    let mut pool = Pool::of_one();
    let before: Vec<usize> = counts(&pool);
    let vm = create(&mut pool, &[]);
    super::devices::cd(&mut pool, &vm, "3").unwrap();
    super::devices::vif(&mut pool, &vm, "0", "").unwrap();
    let blob = vec![Value::from(&vm), "b".into(), "".into(), false.into()];
    pool.call("VM.create_new_blob", blob).unwrap();
    assert_ne!(counts(&pool), before);
    pool.call("VM.destroy", vec![Value::from(&vm)]).unwrap();
    let networks = rows::all(&pool.view, "network").unwrap().len();
    assert_eq!(networks, 4, "the network stays");
    assert_eq!(counts(&pool), before);
}

fn counts(pool: &Pool) -> Vec<usize> {
    let classes = ["VM", "VM_metrics", "VBD", "VIF", "VIF_metrics", "blob", "console"];
    classes
        .iter()
        .map(|class| rows::all(&pool.view, class).unwrap().len())
        .collect()
}

#[test]
fn memory_limits_keep_their_order() {
    let mut pool = Pool::of_one();
    let vm = create(&mut pool, &[]);
    let set = |pool: &mut Pool, message: &str, values: &[i64]| {
        let params = std::iter::once(Value::from(&vm)).chain(values.iter().map(|value| Value::Int(*value)));
        pool.call(&format!("VM.{message}"), params.collect())
    };
    let limits = |pool: &mut Pool| {
        ["static_min", "dynamic_min", "dynamic_max", "static_max"]
            .map(|field| pool.get(&format!("VM.memory_{field}"), &vm).as_int().unwrap())
    };
    assert!(
        set(
            &mut pool,
            "set_memory_limits",
            &[67_108_864, 134_217_728, 100_000_000, 120_000_000]
        )
        .is_ok()
    );
    assert_eq!(limits(&mut pool), [67_108_864, 100_000_000, 120_000_000, 134_217_728]);
    assert!(set(&mut pool, "set_memory_dynamic_range", &[67_108_864, 134_217_728]).is_ok());
    let held = limits(&mut pool);
    for (message, values) in [
        ("set_memory_limits", &[64 * MIB, 128 * MIB, 64 * MIB, 256 * MIB][..]),
        ("set_memory_static_min", &[1 << 40]),
        ("set_memory", &[0]),
        ("set_memory", &[-5]),
        ("set_memory_dynamic_range", &[134_217_728, 67_108_864]),
        ("set_memory_static_range", &[256 * MIB, 64 * MIB]),
    ] {
        let error = set(&mut pool, message, values).unwrap_err();
        assert_eq!(&*error.code, "MEMORY_CONSTRAINT_VIOLATION", "{message}");
    }
    assert_eq!(limits(&mut pool), held);
    assert!(set(&mut pool, "set_memory", &[256 * MIB]).is_ok());
    assert_eq!(limits(&mut pool), [64 * MIB, 256 * MIB, 256 * MIB, 256 * MIB]);
}

#[test]
fn vcpus_and_shadow_are_checked() {
    let mut pool = Pool::of_one();
    let vm = create(&mut pool, &[]);
    let rule = "VCPU values must satisfy: 0 < VCPUs_at_startup \u{2264} VCPUs_max";
    let set = |pool: &mut Pool, field: &str, value: Value| {
        pool.call(&format!("VM.set_{field}"), vec![Value::from(&vm), value])
    };
    assert_eq!(
        code(set(&mut pool, "VCPUs_max", (-1).into())),
        format!("INVALID_VALUE [{rule}, -1]")
    );
    assert_eq!(
        code(set(&mut pool, "VCPUs_at_startup", 5.into())),
        format!("INVALID_VALUE [{rule}, 5]")
    );
    assert_eq!(set(&mut pool, "VCPUs_max", 4.into()), Ok(Value::Void));
    assert_eq!(set(&mut pool, "VCPUs_at_startup", 4.into()), Ok(Value::Void));
    assert_eq!(
        code(set(&mut pool, "HVM_shadow_multiplier", 0.5.into())),
        "INVALID_VALUE [multiplier, 0.5]"
    );
    assert_eq!(
        code(set(&mut pool, "HVM_shadow_multiplier", (-1.0).into())),
        "INVALID_VALUE [multiplier, -1.]"
    );
    assert_eq!(set(&mut pool, "HVM_shadow_multiplier", 1.5.into()), Ok(Value::Void));
}

#[test]
fn an_appliance_leaves_its_vms_behind() {
    let mut pool = Pool::of_one();
    let vm = create(&mut pool, &[]);
    let appliance = pool
        .call("VM_appliance.create", vec![record(&[("name_label", "a".into())])])
        .unwrap();
    pool.call("VM.set_appliance", vec![Value::from(&vm), appliance.clone()])
        .unwrap();
    assert!(!operations(&mut pool, &vm).contains("make_into_template"));
    let wrong = vec![Value::from(&vm), Value::Ref(Ref::new("OpaqueRef:dead"))];
    assert_eq!(
        code(pool.call("VM.set_appliance", wrong)),
        "HANDLE_INVALID [VM_appliance, OpaqueRef:dead]"
    );
    pool.call("VM_appliance.destroy", vec![appliance]).unwrap();
    assert_eq!(pool.get("VM.appliance", &vm), Value::Ref(Ref::null()));
    assert_eq!(operations(&mut pool, &vm), names(HALTED));
}
