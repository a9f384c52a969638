//! The XenAPI datamodel as data: classes, fields, messages, enumerations, relations, roles, releases, errors.
//!
//! Leaf of the workspace. Invariant: no async, no I/O, no dependency but serde.

#[macro_use]
mod macros;

mod class;
pub mod classes;
mod datetime;
mod error;
mod errors;
mod export;
mod field_type;
mod http_handlers;
mod implicit;
mod lookup;
mod releases;
mod types;
mod value;

pub use class::{
    CallMode, Cardinality, Class, ClassId, Column, ErrorDesc, Field, FieldDesc, FieldType, Implicit, Message,
    MessageKind, Method, Param, Relation, Release, Route,
};
pub use datetime::{DateTime, Zone};
pub use error::ApiError;
pub use errors::{error, errors};
pub use export::export_json;
pub use http_handlers::{HttpHandler, http_handler, http_handlers};
pub use lookup::{
    all_classes, api_classes, class, class_any_case, enumeration, enumerations, list_methods, method, relations,
};
pub use releases::{API_VERSION, releases};
pub use types::{Const, EXTRA_PERMISSIONS, Enumeration, Lifecycle, Qualifier, Role, RoleFloor, Type};
pub use value::{Ref, Text, Value};
