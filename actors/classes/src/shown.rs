//! Rows that an answer shows as they are in the database.

use xenith_datamodel::{ClassId, Ref, Value};
use xenith_pooldb::View;

/// Records not written out yet: who sends them shares their encoded form.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// One record.
    One(ClassId, Ref),
    /// A map of refs to records.
    Many(ClassId, Vec<Ref>),
}

impl Rows {
    /// Written out. `view`: the one that was planned against, so that every row is there.
    pub fn value(&self, view: &View) -> Value {
        match self {
            Rows::One(class, row) => view.record(*class, row).unwrap_or(Value::Void),
            Rows::Many(class, rows) => Value::map(
                rows.iter()
                    .filter_map(|row| Some((Value::from(row), view.record(*class, row)?))),
            ),
        }
    }
}
