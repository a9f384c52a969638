//! How registers and rows lie in the pool database: tasks, whose `other_config` maps hold the registers.
//!
//! Each register is written twice in one transaction, to two rows, so that half a transaction would be seen.

use crate::history::Written;
use crate::host::host_uuid;
use xenith_datamodel::{ClassId, Ref, Value, classes::task};
use xenith_pooldb::{Transaction, View};

/// Rows that hold the registers' first copies; as many hold the second ones.
const REGISTER_ROWS: usize = 2;
/// More than any simulated pool has.
const HOSTS_MAX: usize = 8;

pub fn task_class() -> Option<ClassId> {
    xenith_datamodel::class("task")
}

fn register_row(register: usize, copy: &str) -> Ref {
    Ref::new(format!("OpaqueRef:registers-{copy}-{}", register % REGISTER_ROWS))
}

fn register_key(register: usize) -> String {
    format!("r{register}")
}

/// The rows that the registers live in.
pub fn first_transaction(time_ms: i64) -> Transaction {
    let mut transaction = Transaction::new(time_ms);
    // Without such a class the pool has no addresses, and no supporter: the checks say so.
    let _ = host_rows(&mut transaction);
    let Some(class) = task_class() else { return transaction };
    for register in 0..REGISTER_ROWS {
        for copy in ["a", "b"] {
            let row = register_row(register, copy);
            transaction.create(class, &row, vec![(task::NAME_LABEL.column, Value::text("registers"))]);
        }
    }
    transaction
}

/// From which members learn each other's addresses.
fn host_rows(transaction: &mut Transaction) -> Option<()> {
    let class = xenith_datamodel::class("host")?;
    let (uuid_column, address_column) = (class.column("uuid")?, class.column("address")?);
    for index in 0..HOSTS_MAX {
        let uuid = host_uuid(index);
        let fields = vec![
            (uuid_column, Value::text(&uuid)),
            (address_column, Value::text(format!("10.0.0.{index}"))),
        ];
        transaction.create(class, &Ref::from_uuid_text(&uuid), fields);
    }
    Some(())
}

pub fn write_register(transaction: &mut Transaction, register: usize, value: Written) {
    let key = Value::text(register_key(register));
    for copy in ["a", "b"] {
        let row = register_row(register, copy);
        transaction.remove(&row, task::OTHER_CONFIG.column, key.clone());
        let value = Value::text(value.to_string());
        transaction.add(&row, task::OTHER_CONFIG.column, Some(key.clone()), value);
    }
}

/// Both copies; 0 is "never written".
pub fn read_register(view: &View, register: usize) -> (Written, Written) {
    let copy = |copy: &str| {
        let row = view.value(&register_row(register, copy), task::OTHER_CONFIG.column);
        let text = row
            .as_ref()
            .and_then(|map| map.member(&register_key(register)))
            .and_then(Value::as_text);
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    (copy("a"), copy("b"))
}

pub fn make_row(time_ms: i64, name: &str) -> Transaction {
    let mut transaction = Transaction::new(time_ms);
    if let Some(class) = task_class() {
        let fields = vec![
            (task::UUID.column, Value::text(name)),
            (task::NAME_LABEL.column, Value::text(name)),
        ];
        transaction.create(class, &Ref::from_uuid_text(name), fields);
    }
    transaction
}

pub fn destroy_row(time_ms: i64, name: &str) -> Transaction {
    let mut transaction = Transaction::new(time_ms);
    if let Some(class) = task_class() {
        transaction.destroy(class, &Ref::from_uuid_text(name));
    }
    transaction
}

pub fn has_row(view: &View, name: &str) -> bool {
    task_class().is_some_and(|class| view.contains(class, &Ref::from_uuid_text(name)))
}
