//! Tests through the public face of the crate. `model` is the naive twin that random transactions are compared with.

mod bytes;
mod events;
mod filter;
mod naive;
mod random;
mod relations;
mod rows;

use crate::{ApplyError, Transaction, View};
use xenith_datamodel::{ApiError, ClassId, Column, Ref, Value, class};

pub(crate) fn id(name: &str) -> ClassId {
    class(name).unwrap()
}

/// `VM.name_label`
pub(crate) fn column(path: &str) -> Column {
    let (class_name, field) = path.split_once('.').unwrap();
    id(class_name).column(field).unwrap()
}

pub(crate) fn r(text: &str) -> Ref {
    Ref::new(format!("OpaqueRef:{text}"))
}

pub(crate) fn refs(list: &[&str]) -> Value {
    Value::set(list.iter().map(|text| Value::from(r(text))))
}

pub(crate) fn create(view: &View, class: &str, reference: &str, fields: &[(&str, Value)]) -> View {
    applied(view, |transaction| {
        let field = |(name, value): &(&str, Value)| (id(class).column(name).unwrap(), value.clone());
        transaction.create(id(class), &r(reference), fields.iter().map(field).collect());
    })
}

pub(crate) fn set(view: &View, path: &str, reference: &str, value: impl Into<Value>) -> View {
    applied(view, |transaction| {
        transaction.set_value(&r(reference), column(path), value.into())
    })
}

pub(crate) fn destroy(view: &View, class: &str, reference: &str) -> View {
    applied(view, |transaction| transaction.destroy(id(class), &r(reference)))
}

pub(crate) fn applied(view: &View, fill: impl FnOnce(&mut Transaction)) -> View {
    attempt(view, fill).unwrap()
}

/// Applies; a failure must leave nothing behind.
pub(crate) fn attempt(view: &View, fill: impl FnOnce(&mut Transaction)) -> Result<View, ApplyError> {
    let mut transaction = Transaction::new(0);
    fill(&mut transaction);
    let before = view.state_hash();
    let result = view.apply(&transaction).map(|(view, _)| view);
    assert_eq!(view.state_hash(), before);
    result
}

pub(crate) fn refusal(view: &View, fill: impl FnOnce(&mut Transaction)) -> ApiError {
    match attempt(view, fill) {
        Err(ApplyError::Api(error)) => error,
        other => panic!("expected a refusal: {other:?}"),
    }
}
