//! Finding classes, fields, methods and enumerations by name. All tables are built once, on first use.

use crate::class::{CallMode, Cardinality, Class, ClassId, Column, FieldDesc, Message, Method, Relation};
use crate::types::{Const, Enumeration, Type};
use crate::{DateTime, Ref, Value, classes, implicit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The 73 classes of the XenAPI, in the order of `ClassId`.
pub fn api_classes() -> &'static [&'static Class] {
    classes::CLASSES
}

/// Every class with rows: the 73 first, then our internal ones.
pub fn all_classes() -> impl Iterator<Item = ClassId> {
    (0..(classes::CLASSES.len() + classes::INTERNAL_CLASSES.len()) as u16).map(ClassId)
}

/// Exact, case-sensitive; finds internal classes too.
pub fn class(name: &str) -> Option<ClassId> {
    INDEX.classes.get(name).copied()
}

/// As events spell it: any case.
pub fn class_any_case(name: &str) -> Option<ClassId> {
    class(name).or_else(|| INDEX.lower_case.get(name.to_ascii_lowercase().as_str()).copied())
}

/// `VM.start`, `VM_start`, `Async.VM.start`, `Async.VM_start`, `InternalAsync.VM.start`.
/// `None` for an unknown method, an async form of a message that has none is found all the same (see `Message::is_async`).
pub fn method(name: &str) -> Option<Method> {
    let (mode, name) = if let Some(rest) = name.strip_prefix("Async.") {
        (CallMode::Async, rest)
    } else if let Some(rest) = name.strip_prefix("InternalAsync.") {
        (CallMode::InternalAsync, rest)
    } else {
        (CallMode::Sync, name)
    };
    let found = match name.split_once('.') {
        Some((class_name, message)) => class(class_name).and_then(|class| find(class, message)),
        // Both halves may hold underscores (`VM_metrics_get_all`, `VM_metrics`), so every split is tried; a class name
        // that is a prefix of another never makes two splits meaningful (see the tests).
        None => name
            .match_indices('_')
            .find_map(|(at, _)| find(class(&name[..at])?, &name[at + 1..])),
    };
    found.map(|(class, message)| Method { class, message, mode })
}

/// A class of the API only: internal classes have no messages.
fn find(class: ClassId, message: &str) -> Option<(ClassId, &'static Message)> {
    class.message(message).map(|message| (class, message))
}

/// Every method name of `system.listMethods`, in xapi's order (golden/list_methods.json).
pub fn list_methods() -> &'static [String] {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let of = |class: ClassId| {
            class
                .messages()
                .iter()
                .map(move |message| format!("{}.{}", class.name(), message.name))
        };
        let mut names: Vec<String> = all_classes().flat_map(of).collect();
        names.sort();
        names
    });
    &NAMES
}

pub fn enumeration(name: &str) -> Option<&'static Enumeration> {
    let all = classes::ENUMERATIONS;
    all.binary_search_by(|enumeration| enumeration.name.cmp(name))
        .ok()
        .map(|index| &all[index])
}

/// All enumerations, by name.
pub fn enumerations() -> &'static [Enumeration] {
    classes::ENUMERATIONS
}

/// Pairs of related fields.
pub fn relations() -> &'static [Relation] {
    classes::RELATIONS
}

impl ClassId {
    pub fn class(self) -> &'static Class {
        let api = classes::CLASSES.len();
        let index = usize::from(self.0);
        if index < api {
            classes::CLASSES[index]
        } else {
            classes::INTERNAL_CLASSES[index - api]
        }
    }

    pub fn name(self) -> &'static str {
        self.class().name
    }

    /// By wire name.
    pub fn column(self, name: &str) -> Option<Column> {
        self.entry().columns.get(name).copied()
    }

    /// By database name, as `*_where` filters spell it.
    pub fn column_by_db_name(self, name: &str) -> Option<Column> {
        self.entry().db_columns.get(name).copied()
    }

    pub fn columns(self) -> impl Iterator<Item = Column> {
        (0..self.class().fields.len() as u16).map(move |field| Column { class: self, field })
    }

    /// Explicit and implicit messages, by name. Internal classes have none.
    pub fn messages(self) -> &'static [&'static Message] {
        &self.entry().messages
    }

    /// By its exact name.
    pub fn message(self, name: &str) -> Option<&'static Message> {
        let all = self.messages();
        all.binary_search_by(|message| message.name.cmp(name))
            .ok()
            .map(|index| all[index])
    }

    fn entry(self) -> &'static Entry {
        &INDEX.entries[usize::from(self.0)]
    }
}

impl Column {
    pub fn desc(self) -> &'static FieldDesc {
        &self.class.class().fields[usize::from(self.field)]
    }

    /// The value a row has when nothing was given: the table's default, else the empty value of the type
    /// (empty text, 0, false, epoch, null ref, empty set or map; for an enumeration its first value).
    pub fn default_value(self) -> Value {
        let desc = self.desc();
        match &desc.default {
            Some(constant) => constant.to_value(),
            None => desc.ty.empty_value(),
        }
    }

    /// True for a set that the database computes from the refs of the other class; it is never stored or set.
    pub fn is_computed(self) -> bool {
        INDEX.computed.contains(&self)
    }
}

impl Const {
    pub fn to_value(&self) -> Value {
        match self {
            Const::Text(text) => Value::text(text),
            Const::Int(int) => Value::Int(*int),
            Const::Float(float) => Value::Float(*float),
            Const::Bool(flag) => Value::Bool(*flag),
            Const::DateTime(text) => Value::DateTime(DateTime::parse(text).unwrap_or(DateTime::EPOCH)),
            Const::Ref(text) => Value::Ref(Ref::new(text)),
            Const::Set(items) => Value::set(items.iter().map(Const::to_value)),
            Const::Map(pairs) => Value::map(pairs.iter().map(|(key, value)| (key.to_value(), value.to_value()))),
        }
    }
}

impl Type {
    /// Empty text, 0, false, the epoch, the null ref, an empty set, map or record; an enumeration's first value.
    pub fn empty_value(&self) -> Value {
        match self {
            Type::String | Type::Secret => Value::text(""),
            Type::Int => Value::Int(0),
            Type::Float => Value::Float(0.0),
            Type::Bool => Value::Bool(false),
            Type::DateTime => Value::DateTime(DateTime::EPOCH),
            Type::Enum(name) => {
                let first = enumeration(name).and_then(|enumeration| enumeration.values.first());
                Value::text(first.copied().unwrap_or(""))
            }
            Type::Ref(_) => Value::Ref(Ref::null()),
            Type::Set(_) => Value::set([]),
            Type::Map(..) => Value::map([]),
            Type::Record(_) => Value::Record([].into()),
            Type::Option(_) => Value::set([]),
            Type::Void => Value::Void,
        }
    }
}

struct Index {
    classes: BTreeMap<&'static str, ClassId>,
    lower_case: BTreeMap<String, ClassId>,
    entries: Vec<Entry>,
    computed: BTreeSet<Column>,
}

struct Entry {
    columns: BTreeMap<&'static str, Column>,
    db_columns: BTreeMap<&'static str, Column>,
    messages: Vec<&'static Message>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let classes: BTreeMap<_, _> = all_classes().map(|class| (class.name(), class)).collect();
    let lower_case = all_classes()
        .map(|class| (class.name().to_ascii_lowercase(), class))
        .collect();
    let entries: Vec<Entry> = all_classes().map(Entry::new).collect();
    let computed = relations()
        .iter()
        .filter(|relation| relation.cardinality == Cardinality::ManyToOne);
    let computed = computed.filter_map(|relation| {
        let (class, field) = relation.to;
        entries[usize::from(classes.get(class)?.0)].columns.get(field).copied()
    });
    let computed = computed.collect();
    Index {
        classes,
        lower_case,
        entries,
        computed,
    }
});

impl Entry {
    fn new(class: ClassId) -> Entry {
        let desc = class.class();
        Entry {
            columns: class.columns().map(|column| (column.desc().name, column)).collect(),
            db_columns: class
                .columns()
                .map(|column| (column.desc().db.unwrap_or(column.desc().name), column))
                .collect(),
            messages: if desc.internal {
                Vec::new()
            } else {
                implicit::messages(desc)
            },
        }
    }
}
