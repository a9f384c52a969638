//! Finding classes, fields, methods and enumerations by name. All tables are built once, on first use.

use crate::class::{Class, ClassId, Column, FieldDesc, Method, Relation};
use crate::types::Enumeration;
use crate::{Value, classes};

/// The 73 classes of the XenAPI, in the order of `ClassId`.
pub fn api_classes() -> &'static [&'static Class] {
    classes::CLASSES
}

/// Every class with rows: the 73 first, then our internal ones.
pub fn all_classes() -> impl Iterator<Item = ClassId> {
    (0..(classes::CLASSES.len() + classes::INTERNAL_CLASSES.len()) as u16).map(ClassId)
}

/// Exact, case-sensitive; finds internal classes too.
pub fn class(_name: &str) -> Option<ClassId> {
    todo!()
}

/// As events spell it: any case.
pub fn class_any_case(_name: &str) -> Option<ClassId> {
    todo!()
}

/// `VM.start`, `VM_start`, `Async.VM.start`, `Async.VM_start`, `InternalAsync.VM.start`.
/// `None` for an unknown method, an async form of a message that has none is found all the same (see `Message::is_async`).
pub fn method(_name: &str) -> Option<Method> {
    todo!()
}

/// Every method name of `system.listMethods`, in xapi's order (golden/list_methods.json).
pub fn list_methods() -> &'static [String] {
    todo!()
}

pub fn enumeration(_name: &str) -> Option<&'static Enumeration> {
    todo!()
}

/// Pairs of related fields.
pub fn relations() -> &'static [Relation] {
    classes::RELATIONS
}

impl ClassId {
    pub fn class(self) -> &'static Class {
        let api = classes::CLASSES.len();
        let index = usize::from(self.0);
        if index < api { classes::CLASSES[index] } else { classes::INTERNAL_CLASSES[index - api] }
    }

    pub fn name(self) -> &'static str {
        self.class().name
    }

    /// By wire name.
    pub fn column(self, _name: &str) -> Option<Column> {
        todo!()
    }

    /// By database name, as `*_where` filters spell it.
    pub fn column_by_db_name(self, _name: &str) -> Option<Column> {
        todo!()
    }

    pub fn columns(self) -> impl Iterator<Item = Column> {
        (0..self.class().fields.len() as u16).map(move |field| Column { class: self, field })
    }
}

impl Column {
    pub fn desc(self) -> &'static FieldDesc {
        &self.class.class().fields[usize::from(self.field)]
    }

    /// The value a row has when nothing was given: the table's default, else the empty value of the type
    /// (empty text, 0, false, epoch, null ref, empty set or map).
    pub fn default_value(self) -> Value {
        todo!()
    }

    /// True for a set that the database computes from the refs of the other class; it is never stored or set.
    pub fn is_computed(self) -> bool {
        todo!()
    }
}
