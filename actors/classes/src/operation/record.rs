//! An operation as its row holds it.

use super::{Lock, Remains};
use crate::rows;
use serde::Serialize;
use serde::de::DeserializeOwned;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};
use xenith_xen_port::Effect;

const CLASS: &str = "xenith_operation";
/// The kind of a ticket: a call that waits for its objects.
pub(super) const WAITING: &str = "waiting";

/// See the fields of `xenith_operation`.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// That of the task.
    pub reference: Ref,
    pub kind: String,
    pub version: i64,
    pub state: String,
    pub locks: Vec<Lock>,
    pub sequence: i64,
    pub host: Ref,
    pub effects: Vec<Effect>,
    pub cancellable: bool,
    pub cancelled: bool,
    /// See [`advance`](super::advance).
    pub again: bool,
    pub deadline_ms: i64,
    /// Gets the newest order when `deadline_ms` has come; `host` is null until then.
    pub later_host: Ref,
    pub remains: Option<Remains>,
}

impl Record {
    pub fn read(view: &View, reference: &Ref) -> Result<Record, ApiError> {
        let text = |field| rows::text(view, CLASS, reference, field);
        let int = |field| rows::int(view, CLASS, reference, field);
        let flag = |field| rows::boolean(view, CLASS, reference, field);
        Ok(Record {
            reference: reference.clone(),
            kind: text("kind")?,
            version: int("version")?,
            state: text("state")?,
            locks: from_json(&text("locks")?)?,
            sequence: int("sequence")?,
            host: rows::reference(view, CLASS, reference, "host")?,
            effects: from_json(&text("effects")?)?,
            cancellable: flag("cancellable")?,
            cancelled: flag("cancelled")?,
            again: flag("again")?,
            deadline_ms: int("deadline_ms")?,
            later_host: rows::reference(view, CLASS, reference, "later_host")?,
            remains: match text("remains")?.as_str() {
                "" => None,
                remains => Some(from_json(remains)?),
            },
        })
    }

    /// The host that works its newest order, or will.
    pub(super) fn works_on(&self, host: &Ref) -> bool {
        self.host == *host || self.later_host == *host
    }

    pub fn exists(view: &View, reference: &Ref) -> Result<bool, ApiError> {
        Ok(view.contains(rows::class(CLASS)?, reference))
    }

    /// The object that it is mainly about, the first that it holds.
    pub fn object(&self) -> Ref {
        let first = self.locks.first().map(|lock| lock.object.clone());
        first.unwrap_or_else(|| self.reference.clone())
    }

    /// For its objects, or for the end of a pause: see [`admit_next`](super::admit_next).
    pub fn has_to_wait(&self) -> bool {
        self.is_waiting() || !self.later_host.is_null()
    }

    pub fn is_waiting(&self) -> bool {
        self.kind == WAITING
    }

    pub(super) fn create(&self, tx: &mut Transaction, uuid: String) -> Result<(), ApiError> {
        let mut fields = vec![("uuid", Value::from(uuid))];
        fields.extend(self.fields()?);
        rows::create(tx, CLASS, &self.reference, fields)
    }

    pub(super) fn write(&self, tx: &mut Transaction) -> Result<(), ApiError> {
        for (field, value) in self.fields()? {
            rows::set(tx, CLASS, &self.reference, field, value)?;
        }
        Ok(())
    }

    pub(super) fn destroy(&self, tx: &mut Transaction) -> Result<(), ApiError> {
        rows::destroy(tx, CLASS, &self.reference)
    }

    fn waits_for(&self) -> Value {
        let wanted = self.locks.iter().filter(|_| self.is_waiting());
        Value::set(wanted.map(|lock| Value::text(lock.object.as_str())))
    }

    fn fields(&self) -> Result<Vec<(&'static str, Value)>, ApiError> {
        Ok(vec![
            ("kind", Value::text(&self.kind)),
            ("version", Value::Int(self.version)),
            ("state", Value::text(&self.state)),
            ("locks", Value::from(to_json(&self.locks)?)),
            ("sequence", Value::Int(self.sequence)),
            ("host", Value::from(&self.host)),
            ("effects", Value::from(to_json(&self.effects)?)),
            ("cancellable", Value::Bool(self.cancellable)),
            ("cancelled", Value::Bool(self.cancelled)),
            ("again", Value::Bool(self.again)),
            ("deadline_ms", Value::Int(self.deadline_ms)),
            ("later_host", Value::from(&self.later_host)),
            ("waits_for", self.waits_for()),
            // With each order anew.
            ("unheard", Value::Bool(false)),
            (
                "remains",
                Value::from(self.remains.as_ref().map_or(Ok(String::new()), to_json)?),
            ),
        ])
    }
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|cause| ApiError::internal(format!("an operation's state: {cause}")))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    serde_json::from_str(text).map_err(|cause| ApiError::internal(format!("an operation's state: {cause}")))
}
