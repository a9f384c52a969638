//! One row: the values of the class's fields in the table's order, and what a newer member wrote beside them.

use crate::Name;
use crate::schema::{ClassSchema, same};
use std::collections::BTreeMap;
use std::sync::Arc;
use xenith_datamodel::Value;

/// Fields this version does not know, kept as they came.
pub(crate) type Fields = BTreeMap<Name, Value>;

#[derive(Debug)]
pub(crate) struct Row {
    pub created: u64,
    pub modified: u64,
    pub body: Body,
}

/// What a transaction may change of a row.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    /// One for each field of the class; a computed one holds its empty default and is never read.
    pub values: Box<[Value]>,
    pub unknown: Option<Arc<Fields>>,
}

/// A row of a class this version does not know.
#[derive(Clone, Debug, Default)]
pub(crate) struct ForeignRow {
    pub created: u64,
    pub modified: u64,
    pub fields: Fields,
}

impl Body {
    pub fn new(schema: &ClassSchema) -> Body {
        Body {
            values: schema.defaults(),
            unknown: None,
        }
    }

    pub fn unknown(&self, field: &str) -> Option<&Value> {
        self.unknown.as_ref().and_then(|fields| fields.get(field))
    }

    pub fn set_unknown(&mut self, field: &Name, value: Value) {
        Arc::make_mut(self.unknown.get_or_insert_default()).insert(field.clone(), value);
    }

    pub fn same_unknown(&self, other: &Body) -> bool {
        let len = |body: &Body| body.unknown.as_ref().map_or(0, |fields| fields.len());
        let mut pairs = self.unknown_fields().zip(other.unknown_fields());
        len(self) == len(other) && pairs.all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
    }

    pub fn unknown_fields(&self) -> impl Iterator<Item = (&Name, &Value)> {
        self.unknown.iter().flat_map(|fields| fields.iter())
    }
}
