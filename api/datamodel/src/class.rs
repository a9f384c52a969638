//! What a class, a field and a message are, and how to find them by name.

use crate::types::{Const, Lifecycle, Qualifier, RoleFloor, Type};
use crate::{Ref, Value};
use std::marker::PhantomData;

/// One class of the datamodel.
#[derive(Debug)]
pub struct Class {
    pub name: &'static str,
    pub doc: &'static str,
    pub lifecycle: Lifecycle,
    pub since: &'static str,
    pub gen_constructor_destructor: bool,
    pub in_database: bool,
    pub events: bool,
    pub persist: bool,
    pub get_all: bool,
    pub in_2024_dump: bool,
    /// Ours, never on the wire: join tokens, operation records, ... Not one of the 73.
    pub internal: bool,
    pub fields: &'static [FieldDesc],
    /// Explicit messages only; the implicit ones are derived (13 patterns).
    pub messages: &'static [Message],
}

/// One field of a class.
#[derive(Debug)]
pub struct FieldDesc {
    /// Wire name, single underscore.
    pub name: &'static str,
    pub doc: &'static str,
    pub ty: Type,
    pub qualifier: Qualifier,
    pub default: Option<Const>,
    pub lifecycle: Lifecycle,
    pub since: &'static str,
    /// Database name as `*_where` filters see it (double underscore for namespaces); `None` = same as `name`.
    pub db: Option<&'static str>,
    pub persist: bool,
    pub setter_has_effect: bool,
    pub ignore_foreign_key: bool,
    /// Not on the wire.
    pub internal: bool,
    pub in_2024_dump: bool,
}

/// One message, explicit or implicit. The session parameter is left out of `params`.
#[derive(Debug)]
pub struct Message {
    pub name: &'static str,
    pub doc: &'static str,
    pub params: &'static [Param],
    pub result: Type,
    pub errors: &'static [&'static str],
    pub role: RoleFloor,
    /// Map key (may end in `*`) → role, for messages that take a `key` or a whole map.
    pub key_roles: &'static [(&'static str, RoleFloor)],
    pub lifecycle: Lifecycle,
    pub since: &'static str,
    pub kind: MessageKind,
    pub is_async: bool,
    pub hidden: bool,
    pub pool_internal: bool,
    /// False: called without a session parameter.
    pub session: bool,
    /// Parameters are never logged.
    pub secret: bool,
    /// Runs code; otherwise the database answers.
    pub effect: bool,
    pub forward_to: Option<&'static str>,
    pub no_current_operations: bool,
    pub in_2024_dump: bool,
    pub route: Route,
}

#[derive(Debug)]
pub struct Param {
    pub name: &'static str,
    pub ty: Type,
    pub default: Option<Const>,
}

/// The 13 implicit patterns (`usize` = index of the field in the class), or code of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    Explicit,
    GetAll,
    GetAllRecords,
    GetAllWhere,
    GetAllRecordsWhere,
    GetByUuid,
    GetByNameLabel,
    GetRecord,
    Create,
    Destroy,
    GetField(usize),
    SetField(usize),
    /// `add_to_<map>` and `add_<set>`
    AddTo(usize),
    /// `remove_from_<map>` and `remove_<set>`
    RemoveFrom(usize),
}

/// Where a message with code runs (forwarding.json). Implicit messages without effect are `Database`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Database,
    Coordinator,
    OwningHost,
    AnySuitableHost,
    Local,
    FanOut,
    Removed,
}

/// A class of [`crate::classes::CLASSES`] or of the internal ones, by index: cheap to copy and compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u16);

/// A field of a class, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Column {
    pub class: ClassId,
    pub field: u16,
}

/// A column whose Rust type is known: `vm::NAME_LABEL: Field<Text>`.
#[derive(Debug)]
pub struct Field<T> {
    pub column: Column,
    pub of: PhantomData<fn() -> T>,
}

impl<T> Clone for Field<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Field<T> {}

/// The Rust types that typed fields have. `from_value` is `None` when the value is of another kind.
pub trait FieldType: Sized {
    fn from_value(value: &Value) -> Option<Self>;
    fn into_value(self) -> Value;
}

/// Cardinality of a pair of related fields (relations.json).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    /// `from` is a stored ref; `to` is the computed set of its inverses.
    ManyToOne,
    /// Both sets are stored; `from` is the primary, `to` its mirror.
    ManyToMany,
    /// One stored set that refers to its own class and pairs up with itself.
    SelfPaired,
}

/// Two fields that say the same thing from both ends.
#[derive(Debug)]
pub struct Relation {
    pub from: (&'static str, &'static str),
    pub to: (&'static str, &'static str),
    pub cardinality: Cardinality,
}

/// One error code of the table and its parameter names in order.
#[derive(Debug)]
pub struct ErrorDesc {
    pub code: &'static str,
    pub params: &'static [&'static str],
    pub doc: &'static str,
    /// False: raised by servers but absent from the model.
    pub declared: bool,
    pub counts_raised: &'static [usize],
}

/// `Class.message`, resolved.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    pub class: ClassId,
    pub message: &'static Message,
    pub mode: CallMode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallMode {
    Sync,
    /// `Async.`
    Async,
    /// `InternalAsync.`
    InternalAsync,
}

impl FieldType for Ref {
    fn from_value(value: &Value) -> Option<Ref> {
        value.as_ref().cloned()
    }
    fn into_value(self) -> Value {
        Value::Ref(self)
    }
}
