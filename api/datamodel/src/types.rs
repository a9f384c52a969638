//! Descriptors: what a type, enumeration, field, message and class of the datamodel is.
//!
//! Plain static data, filled by the tables in [`crate::classes`]. Everything else that exists once a class, field or
//! message (dispatch, defaults, RBAC, relations, documentation) is derived from these at run time.

/// A XenAPI type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    String,
    /// A string that is never logged.
    Secret,
    Int,
    Float,
    Bool,
    DateTime,
    /// The name of the enumeration, see [`crate::enumeration`].
    Enum(&'static str),
    /// The class referred to.
    Ref(&'static str),
    Set(&'static Type),
    Map(&'static Type, &'static Type),
    /// The class whose record it is. `"<class>"` stands for the class of an event's snapshot.
    Record(&'static str),
    Option(&'static Type),
    Void,
}

/// A constant default in a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Const {
    /// Also enums.
    Text(&'static str),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// `20260821T02:00:23Z`
    DateTime(&'static str),
    Ref(&'static str),
    Set(&'static [Const]),
    Map(&'static [(Const, Const)]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// `RW`: has implicit setters.
    ReadWrite,
    /// `RO/constructor`: may be given to `create`.
    Constructor,
    /// `RO/runtime`
    Runtime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    Prototyped,
    Published,
    Deprecated,
    Removed,
}

/// RBAC roles, lowest first, so that `>=` means "has at least".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    ReadOnly,
    ClientCert,
    VmOperator,
    VmAdmin,
    VmPowerAdmin,
    PoolOperator,
    PoolAdmin,
    /// Superuser and pool sessions only; no account can be given it.
    LocalRoot,
}

/// The lowest role allowed, and whether the client certificate role is admitted beside it (`x+client-cert`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleFloor {
    pub role: Role,
    pub or_client_cert: bool,
}

impl Role {
    /// Lowest first.
    pub const ALL: [Role; 8] = [
        Role::ReadOnly,
        Role::ClientCert,
        Role::VmOperator,
        Role::VmAdmin,
        Role::VmPowerAdmin,
        Role::PoolOperator,
        Role::PoolAdmin,
        Role::LocalRoot,
    ];

    /// As the API names it: `vm-admin`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::ReadOnly => "read-only",
            Role::ClientCert => "client-cert",
            Role::VmOperator => "vm-operator",
            Role::VmAdmin => "vm-admin",
            Role::VmPowerAdmin => "vm-power-admin",
            Role::PoolOperator => "pool-operator",
            Role::PoolAdmin => "pool-admin",
            Role::LocalRoot => "local-root",
        }
    }

    pub fn from_text(text: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl RoleFloor {
    /// Whether somebody of this role is let through.
    pub fn admits(self, role: Role) -> bool {
        role >= self.role || (self.or_client_cert && role == Role::ClientCert)
    }
}

/// Permissions that belong to no message by themselves.
pub const EXTRA_PERMISSIONS: &[(&str, RoleFloor)] = &[(
    "task.destroy/any",
    RoleFloor {
        role: Role::PoolOperator,
        or_client_cert: false,
    },
)];

#[derive(Debug)]
pub struct Enumeration {
    pub name: &'static str,
    pub doc: &'static str,
    pub values: &'static [&'static str],
}

/// Where `text` stands among the values, in any case (exact case first).
pub(crate) fn position(enumeration: &Enumeration, text: &str) -> Option<usize> {
    let values = enumeration.values;
    let exact = values.iter().position(|value| *value == text);
    exact.or_else(|| values.iter().position(|value| value.eq_ignore_ascii_case(text)))
}
