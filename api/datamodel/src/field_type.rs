//! The Rust types that typed columns have, besides the enumerations.

use crate::class::FieldType;
use crate::{DateTime, Ref, Text, Value};

impl FieldType for Text {
    fn from_value(value: &Value) -> Option<Text> {
        match value {
            Value::Text(text) => Some(text.clone()),
            Value::Void
            | Value::Int(_)
            | Value::Float(_)
            | Value::Bool(_)
            | Value::DateTime(_)
            | Value::Ref(_)
            | Value::Set(_)
            | Value::Map(_)
            | Value::Record(_) => None,
        }
    }
    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl FieldType for i64 {
    fn from_value(value: &Value) -> Option<i64> {
        value.as_int()
    }
    fn into_value(self) -> Value {
        Value::Int(self)
    }
}

impl FieldType for f64 {
    fn from_value(value: &Value) -> Option<f64> {
        value.as_float()
    }
    fn into_value(self) -> Value {
        Value::Float(self)
    }
}

impl FieldType for bool {
    fn from_value(value: &Value) -> Option<bool> {
        value.as_bool()
    }
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

impl FieldType for DateTime {
    fn from_value(value: &Value) -> Option<DateTime> {
        value.as_date_time()
    }
    fn into_value(self) -> Value {
        Value::DateTime(self)
    }
}

impl FieldType for Ref {
    fn from_value(value: &Value) -> Option<Ref> {
        value.as_ref().cloned()
    }
    fn into_value(self) -> Value {
        Value::Ref(self)
    }
}

/// Shapes too rare for a type of their own.
impl FieldType for Value {
    fn from_value(value: &Value) -> Option<Value> {
        Some(value.clone())
    }
    fn into_value(self) -> Value {
        self
    }
}

impl<T: FieldType> FieldType for Vec<T> {
    fn from_value(value: &Value) -> Option<Vec<T>> {
        value.as_set()?.iter().map(T::from_value).collect()
    }
    fn into_value(self) -> Value {
        Value::set(self.into_iter().map(T::into_value))
    }
}

impl FieldType for Vec<(Text, Text)> {
    fn from_value(value: &Value) -> Option<Vec<(Text, Text)>> {
        value
            .as_map()?
            .iter()
            .map(|(key, value)| Some((Text::from_value(key)?, Text::from_value(value)?)))
            .collect()
    }
    fn into_value(self) -> Value {
        Value::map(
            self.into_iter()
                .map(|(key, value)| (Value::Text(key), Value::Text(value))),
        )
    }
}
