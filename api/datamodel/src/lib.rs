//! The XenAPI datamodel as data: classes, fields, messages, enumerations, relations, roles, releases, errors.
//!
//! Leaf of the workspace. Invariant: no async, no I/O, no dependency but serde.

mod class;
pub mod classes;
mod error;
mod lookup;
mod types;
mod value;

pub use class::{
    CallMode, Cardinality, Class, ClassId, Column, ErrorDesc, Field, FieldDesc, FieldType, Message, MessageKind, Method,
    Param, Relation, Route,
};
pub use error::ApiError;
pub use lookup::{all_classes, api_classes, class, class_any_case, enumeration, list_methods, method, relations};
pub use types::{Const, Enumeration, Lifecycle, Qualifier, Role, RoleFloor, Type};
pub use value::{DateTime, Ref, Value, Zone};
