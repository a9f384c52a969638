//! Rows of the pool database as a real pool would hold them.

use xenith_datamodel::{ClassId, Column, Ref, Value, class};
use xenith_pooldb::{Transaction, View, codec};

pub fn id(name: &str) -> ClassId {
    class(name).expect("a class of the datamodel")
}

pub fn column(class: &str, field: &str) -> Column {
    id(class).column(field).expect("a field of the datamodel")
}

pub fn reference(class: &str, number: usize) -> Ref {
    Ref::from_uuid_text(&format!("{:08x}-0000-4000-8000-{number:012x}", class.len()))
}

pub fn vm(number: usize) -> Transaction {
    let mut transaction = Transaction::new(0);
    let reference = reference("VM", number);
    let fields = vec![
        (
            column("VM", "uuid"),
            Value::text(&reference.as_str()["OpaqueRef:".len()..]),
        ),
        (column("VM", "name_label"), Value::text(format!("vm {number}"))),
        (column("VM", "memory_static_max"), Value::Int(1 << 30)),
        (
            column("VM", "other_config"),
            Value::text_map([("mac_seed", format!("seed {number}"))]),
        ),
    ];
    transaction.create(id("VM"), &reference, fields);
    decoded(&transaction)
}

/// As apply gets it from the log: every text an allocation of its own.
pub fn decoded(transaction: &Transaction) -> Transaction {
    let bytes = codec::encode_transaction(transaction).expect("encodes");
    codec::decode_transaction(&bytes).expect("decodes")
}

/// A VBD or VIF of VM `number / 3`.
pub fn device(class: &str, number: usize) -> Transaction {
    let mut transaction = Transaction::new(0);
    let reference = reference(class, number);
    let fields = vec![
        (
            column(class, "uuid"),
            Value::text(&reference.as_str()["OpaqueRef:".len()..]),
        ),
        (column(class, "VM"), Value::Ref(self::reference("VM", number / 3))),
        (column(class, "device"), Value::text(format!("{}", number % 3))),
    ];
    transaction.create(id(class), &reference, fields);
    decoded(&transaction)
}

pub fn set(number: usize, text: String) -> Transaction {
    let mut transaction = Transaction::new(0);
    transaction.set_value(&reference("VM", number), column("VM", "name_description"), text.into());
    decoded(&transaction)
}

pub fn apply(view: &View, transaction: &Transaction) -> View {
    view.apply(transaction).expect("applies").0
}

pub fn pool(vms: usize) -> View {
    (0..vms).fold(View::default(), |view, number| apply(&view, &vm(number)))
}

/// `vms` VMs with three VBDs and three VIFs each.
pub fn pool_with_devices(vms: usize) -> View {
    (0..vms * 3).fold(pool(vms), |view, number| {
        apply(&apply(&view, &device("VBD", number)), &device("VIF", number))
    })
}
