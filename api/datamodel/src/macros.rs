//! The two macros of the tables, [`class!`] and [`enumeration!`], and the words their tables are written in.
//!
//! A class becomes one static descriptor and one typed token a field; an enumeration becomes a Rust enum and its
//! descriptor. Nothing else is generated per class: whatever can be derived is derived at run time from the descriptors.

/// A Rust value for a type in brackets: `[string]`, `[ref "VM"]`, `[enum OnBoot]`, `[set [int]]`, `[map [string] [int]]`.
macro_rules! data_type {
    (string) => { $crate::Type::String };
    (secretstring) => { $crate::Type::Secret };
    (int) => { $crate::Type::Int };
    (float) => { $crate::Type::Float };
    (bool) => { $crate::Type::Bool };
    (datetime) => { $crate::Type::DateTime };
    (void) => { $crate::Type::Void };
    (ref $class:literal) => { $crate::Type::Ref($class) };
    (record $class:literal) => { $crate::Type::Record($class) };
    (enum $name:ident) => { $crate::Type::Enum($name::ENUMERATION.name) };
    (set [$($of:tt)+]) => { $crate::Type::Set(&data_type!($($of)+)) };
    (option [$($of:tt)+]) => { $crate::Type::Option(&data_type!($($of)+)) };
    (map [$($key:tt)+] [$($value:tt)+]) => { $crate::Type::Map(&data_type!($($key)+), &data_type!($($value)+)) };
}

/// The Rust type of a field's token; the rarer shapes stay a [`crate::Value`].
macro_rules! rust_type {
    (string) => { $crate::Text };
    (int) => { i64 };
    (float) => { f64 };
    (bool) => { bool };
    (datetime) => { $crate::DateTime };
    (ref $class:literal) => { $crate::Ref };
    (enum $name:ident) => { $name };
    (set [string]) => { Vec<$crate::Text> };
    (set [ref $class:literal]) => { Vec<$crate::Ref> };
    (set [enum $name:ident]) => { Vec<$name> };
    (map [string] [string]) => { Vec<($crate::Text, $crate::Text)> };
    ($($other:tt)+) => { $crate::Value };
}

macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

/// `VmAdmin`, or `VmAdmin + cert` where the client certificate role is admitted too.
macro_rules! floor {
    ($role:ident) => {
        $crate::RoleFloor {
            role: $crate::Role::$role,
            or_client_cert: false,
        }
    };
    ($role:ident cert) => {
        $crate::RoleFloor {
            role: $crate::Role::$role,
            or_client_cert: true,
        }
    };
}

/// One class: `module "Name"`, its columns, its fields and its explicit messages. See any file of `classes/`.
macro_rules! class {
    (
        $(#[doc = $doc:literal])*
        $id:ident $name:literal, $lifecycle:ident $since:literal { $($column:ident: $value:expr),* $(,)? }
        fields { $(
            $(#[doc = $field_doc:literal])*
            $token:ident $field:ident [$($ty:tt)+] $(= $default:expr)?, $qualifier:ident, $field_lifecycle:ident $field_since:literal
            $({ $($field_column:ident: $field_value:expr),* $(,)? })?;
        )* }
        messages { $(
            $(#[doc = $message_doc:literal])*
            $message:ident($($param:ident [$($param_ty:tt)+] $(= $param_default:expr)?),* $(,)?) -> [$($result:tt)+],
            $role:ident $(+ $cert:ident)?, $message_lifecycle:ident $message_since:literal
            $({ $($message_column:ident: $message_value:expr),* $(,)? })?;
        )* }
    ) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, dead_code, reason = "counts the fields")]
        enum Index { $($token),* }

        pub const CLASS: $crate::ClassId = $crate::ClassId($crate::classes::Id::$id as u16);

        $(
            $(#[doc = $field_doc])*
            pub const $token: $crate::Field<rust_type!($($ty)+)> = $crate::Field {
                column: $crate::Column { class: CLASS, field: Index::$token as u16 },
                of: std::marker::PhantomData,
            };
        )*

        pub(crate) static DESCRIPTOR: $crate::Class = $crate::Class {
            name: $name,
            doc: concat!($($doc),*).trim_ascii(),
            lifecycle: $crate::Lifecycle::$lifecycle,
            since: $since,
            fields: &[$($crate::FieldDesc {
                name: stringify!($field),
                doc: concat!($($field_doc),*).trim_ascii(),
                ty: data_type!($($ty)+),
                qualifier: $crate::Qualifier::$qualifier,
                default: optional!($($default)?),
                lifecycle: $crate::Lifecycle::$field_lifecycle,
                since: $field_since,
                $($($field_column: $field_value,)*)?
                ..$crate::FieldDesc::PLAIN
            }),*],
            messages: &[$($crate::Message {
                name: stringify!($message),
                doc: concat!($($message_doc),*).trim_ascii(),
                params: &[$($crate::Param {
                    name: stringify!($param),
                    ty: data_type!($($param_ty)+),
                    default: optional!($($param_default)?),
                }),*],
                result: data_type!($($result)+),
                role: floor!($role $($cert)?),
                lifecycle: $crate::Lifecycle::$message_lifecycle,
                since: $message_since,
                $($($message_column: $message_value,)*)?
                ..$crate::Message::PLAIN
            }),*],
            $($column: $value,)*
            ..$crate::Class::PLAIN
        };
    };
}

/// One enumeration: a Rust enum with the wire text of each value.
macro_rules! enumeration {
    (
        $(#[doc = $doc:literal])*
        $name:ident $wire:literal { $($(#[doc = $value_doc:literal])* $value:ident $text:literal),* $(,)? }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $value_doc])* $value),* }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$value),*];
            pub const ENUMERATION: $crate::Enumeration =
                $crate::Enumeration {
                name: $wire,
                doc: concat!($($doc),*).trim_ascii(),
                values: &[$($text),*],
            };

            /// The exact text of the wire and of the database.
            pub const fn as_str(self) -> &'static str {
                $name::ENUMERATION.values[self as usize]
            }

            /// In any case, as servers accept it.
            pub fn from_text(text: &str) -> Option<$name> {
                $crate::types::position(&$name::ENUMERATION, text).and_then(|index| $name::ALL.get(index).copied())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ApiError;
            fn from_str(text: &str) -> Result<$name, $crate::ApiError> {
                $name::from_text(text).ok_or_else(|| $crate::ApiError::invalid_value($wire, text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::FieldType for $name {
            fn from_value(value: &$crate::Value) -> Option<$name> {
                value.as_text().and_then($name::from_text)
            }
            fn into_value(self) -> $crate::Value {
                $crate::Value::text(self.as_str())
            }
        }

        impl From<$name> for $crate::Value {
            fn from(value: $name) -> $crate::Value {
                $crate::Value::text(value.as_str())
            }
        }
    };
}

/// The words a table is written in.
pub(crate) mod words {
    pub use crate::class::{Implicit, Route};
    use crate::{Const, Role, RoleFloor};

    pub const fn text(text: &'static str) -> Const {
        Const::Text(text)
    }
    pub const fn int(int: i64) -> Const {
        Const::Int(int)
    }
    pub const fn float(float: f64) -> Const {
        Const::Float(float)
    }
    pub const fn flag(flag: bool) -> Const {
        Const::Bool(flag)
    }
    pub const fn date(text: &'static str) -> Const {
        Const::DateTime(text)
    }
    pub const fn null() -> Const {
        Const::Ref("OpaqueRef:NULL")
    }
    pub const fn set(items: &'static [Const]) -> Const {
        Const::Set(items)
    }
    pub const fn map(pairs: &'static [(Const, Const)]) -> Const {
        Const::Map(pairs)
    }
    pub const fn reference(text: &'static str) -> Const {
        Const::Ref(text)
    }

    pub use Role::{LocalRoot, PoolAdmin, PoolOperator, ReadOnly, VmAdmin, VmOperator, VmPowerAdmin};

    /// `role` and every role above it.
    pub const fn at(role: Role) -> RoleFloor {
        RoleFloor {
            role,
            or_client_cert: false,
        }
    }
    /// As [`at`], and the client certificate role as well.
    pub const fn at_or_cert(role: Role) -> RoleFloor {
        RoleFloor {
            role,
            or_client_cert: true,
        }
    }
}

#[cfg(test)]
mod tests;
