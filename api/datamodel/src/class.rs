//! What a class, a field and a message are, and how to find them by name.

use crate::Value;
use crate::types::{Const, Lifecycle, Qualifier, Role, RoleFloor, Type};
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
    /// Floor of the implicit getters (`get_*`).
    pub reader: RoleFloor,
    /// Floor of the implicit setters of a field that names no other.
    pub writer: RoleFloor,
    /// Floor of the implicit `create` and `destroy`.
    pub constructor: RoleFloor,
    /// False only for a class with a `name_label` but without `get_by_name_label`.
    pub by_name_label: bool,
    /// The implicit getters run code: the rows are not in the database.
    pub getters_run_code: bool,
    /// Implicit messages that do not run as the others of their pattern do.
    pub implicit: &'static [Implicit],
    pub fields: &'static [FieldDesc],
    /// Explicit messages only; the implicit ones are derived (13 patterns), see [`ClassId::messages`].
    pub messages: &'static [Message],
}

impl Class {
    /// What most classes are; tables name only what differs.
    pub(crate) const PLAIN: Class = Class {
        name: "",
        doc: "",
        lifecycle: Lifecycle::Published,
        since: "",
        gen_constructor_destructor: false,
        in_database: true,
        events: true,
        persist: true,
        get_all: true,
        in_2024_dump: true,
        internal: false,
        reader: RoleFloor {
            role: Role::ReadOnly,
            or_client_cert: false,
        },
        writer: RoleFloor {
            role: Role::PoolOperator,
            or_client_cert: false,
        },
        constructor: RoleFloor {
            role: Role::PoolOperator,
            or_client_cert: false,
        },
        by_name_label: true,
        getters_run_code: false,
        implicit: &[],
        fields: &[],
        messages: &[],
    };
}

/// Where an implicit message with code runs.
#[derive(Debug)]
pub struct Implicit {
    pub name: &'static str,
    pub route: Route,
    /// See [`Message::runs_on`].
    pub runs_on: &'static str,
    /// See [`Message::locks`].
    pub locks: &'static [&'static str],
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
    /// Floor of the implicit getter; `None` = the class's.
    pub reader: Option<RoleFloor>,
    /// Floor of the implicit setters; `None` = the class's.
    pub writer: Option<RoleFloor>,
    /// Map key (may end in `*`) → role, for `add_to_` and `remove_from_`.
    pub key_roles: &'static [(&'static str, RoleFloor)],
}

impl FieldDesc {
    /// What most fields are; tables name only what differs.
    pub(crate) const PLAIN: FieldDesc = FieldDesc {
        name: "",
        doc: "",
        ty: Type::String,
        qualifier: Qualifier::Runtime,
        default: None,
        lifecycle: Lifecycle::Published,
        since: "",
        db: None,
        persist: true,
        setter_has_effect: false,
        ignore_foreign_key: false,
        internal: false,
        in_2024_dump: true,
        reader: None,
        writer: None,
        key_roles: &[],
    };
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
    /// Which host that is, in words (`VM.resident_on`); empty where the route says it all.
    pub runs_on: &'static str,
    /// What the forwarding layer marks in `current_operations` while it runs: `VM:start`.
    pub locks: &'static [&'static str],
    /// Accepted in emergency mode (by its exact name, so never in its async forms).
    pub emergency: bool,
    /// A supporter runs it when it comes by the local socket, instead of passing it to the coordinator.
    pub local_any_host: bool,
}

impl Message {
    /// What most explicit messages are; tables name only what differs.
    pub(crate) const PLAIN: Message = Message {
        name: "",
        doc: "",
        params: &[],
        result: Type::Void,
        errors: &[],
        role: RoleFloor {
            role: Role::LocalRoot,
            or_client_cert: false,
        },
        key_roles: &[],
        lifecycle: Lifecycle::Published,
        since: "",
        kind: MessageKind::Explicit,
        is_async: true,
        hidden: false,
        pool_internal: false,
        session: true,
        secret: false,
        effect: true,
        forward_to: None,
        no_current_operations: false,
        in_2024_dump: true,
        route: Route::Coordinator,
        runs_on: "",
        locks: &[],
        emergency: false,
        local_any_host: false,
    };

    /// One of the 13 patterns.
    pub fn is_implicit(&self) -> bool {
        self.kind != MessageKind::Explicit
    }

    /// The floor for one key of a map, with the entry of [`Message::key_roles`] that says so, if one does
    /// (it is part of the permission's name: `vm.add_to_other_config/key:folder`).
    pub fn role_for_key(&self, key: &str) -> (RoleFloor, Option<&'static str>) {
        let matches = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => key.starts_with(prefix),
            None => key == pattern,
        };
        let found = self.key_roles.iter().find(|(pattern, _)| matches(pattern));
        found.map_or((self.role, None), |(pattern, role)| (*role, Some(pattern)))
    }
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
    /// False: raised by servers but absent from the model; the names of its parameters are not known.
    pub declared: bool,
    /// Parameter counts seen where the code is raised, when they differ from the declaration.
    pub counts_raised: &'static [usize],
    /// Any number of parameters may follow those named.
    pub variable_length: bool,
}

/// A release of the API, as `since` columns name it.
#[derive(Debug)]
pub struct Release {
    /// `None` for a release that was never named.
    pub code: Option<&'static str>,
    pub api_version: (i64, i64),
    pub branding: &'static str,
    pub date: Option<&'static str>,
}

/// `Class.message`, resolved.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    pub class: ClassId,
    pub message: &'static Message,
    pub mode: CallMode,
}

impl Method {
    /// Name of the permission that the call needs: `vm.start`.
    pub fn permission(&self) -> String {
        format!("{}.{}", self.class.name(), self.message.name).to_ascii_lowercase()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallMode {
    Sync,
    /// `Async.`
    Async,
    /// `InternalAsync.`
    InternalAsync,
}
