//! The two changes of a part of a value: add and remove, on sets and on maps (semantics.md §9).

use crate::schema::same;
use xenith_datamodel::{ApiError, Ref, Value};

/// Whose field it is, in a client's words.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub class: &'a str,
    pub field: &'a str,
    pub reference: &'a Ref,
}

/// `None` when the set has the member already.
pub(crate) fn add(at: Place, old: &Value, key: Option<&Value>, value: &Value) -> Result<Option<Value>, ApiError> {
    match (old, key) {
        (Value::Set(items), None) => {
            if items.iter().any(|item| same(item, value)) {
                return Ok(None);
            }
            Ok(Some(Value::Set(items.iter().chain([value]).cloned().collect())))
        }
        (Value::Map(pairs), Some(key)) => {
            if key.as_text() == Some("") {
                return Err(ApiError::internal(format!(
                    "empty key for the map {}.{}",
                    at.class, at.field
                )));
            }
            if pairs.iter().any(|(have, _)| same(have, key)) {
                let params = [at.class, at.field, at.reference.as_str(), &key_text(key)];
                return Err(ApiError::new("MAP_DUPLICATE_KEY", params));
            }
            let added = (key.clone(), value.clone());
            Ok(Some(Value::Map(pairs.iter().cloned().chain([added]).collect())))
        }
        _ => Err(wrong_kind(at)),
    }
}

/// `None` when there is nothing to remove. Every member or pair that equals the key goes.
pub(crate) fn remove(at: Place, old: &Value, key: &Value) -> Result<Option<Value>, ApiError> {
    match old {
        Value::Set(items) => {
            if !items.iter().any(|item| same(item, key)) {
                return Ok(None);
            }
            Ok(Some(Value::Set(
                items.iter().filter(|item| !same(item, key)).cloned().collect(),
            )))
        }
        Value::Map(pairs) => {
            if !pairs.iter().any(|(have, _)| same(have, key)) {
                return Ok(None);
            }
            Ok(Some(Value::Map(
                pairs.iter().filter(|(have, _)| !same(have, key)).cloned().collect(),
            )))
        }
        _ => Err(wrong_kind(at)),
    }
}

/// What an `add` to a field that is not there yet starts from: the shape follows from the key.
pub(crate) fn empty_for(key: Option<&Value>) -> Value {
    if key.is_some() { Value::map([]) } else { Value::set([]) }
}

fn wrong_kind(at: Place) -> ApiError {
    ApiError::internal(format!("{}.{} is not a set or map of this kind", at.class, at.field))
}

fn key_text(key: &Value) -> String {
    crate::text::database_text(key).into_owned()
}
