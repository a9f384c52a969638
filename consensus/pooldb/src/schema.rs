//! What the database must know of each class, computed once from the datamodel: column names, defaults, links.
//!
//! Invariant: holds nothing but shared, immutable data. Equal values (defaults, enum texts, the null ref, empty
//! containers) are one allocation for the whole process, so that a row of a hundred fields costs a hundred pointers.

use crate::Name;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use xenith_datamodel::{
    ApiError, Cardinality, ClassId, Column, Ref, Type, Value, all_classes, class, enumeration, relations,
};

/// Texts, refs and sets of texts by which rows are found without a look at all of them ([`crate::View::having`]): of ten thousand operations the few that
/// wait, pause or have left something.
const INDEXED: &[(&str, &str)] = &[
    ("xenith_operation", "kind"),
    ("xenith_operation", "later_host"),
    ("xenith_operation", "remains"),
    ("xenith_operation", "waits_for"),
];

/// How a column takes part in a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    None,
    /// A stored ref; the column named here is the computed set of its inverses.
    Owner(Column),
    /// A stored set; the column named here is the stored set at the other end.
    Mirror(Column),
    /// The computed end of an [`Link::Owner`]: never stored.
    Computed,
}

#[derive(Debug)]
pub(crate) struct ColumnSchema {
    pub name: Name,
    pub ty: Type,
    pub default: Value,
    pub link: Link,
    /// Left out of records.
    pub internal: bool,
    /// The values of the enumeration, in shared texts.
    texts: Vec<Arc<str>>,
}

#[derive(Debug)]
pub(crate) struct ClassSchema {
    pub id: ClassId,
    pub name: Name,
    pub columns: Vec<ColumnSchema>,
    pub uuid: Option<usize>,
    pub name_label: Option<usize>,
    /// `message` objects have a generation counter of their own.
    pub is_message: bool,
    /// The columns with [`Link::Owner`].
    pub owners: Vec<usize>,
    /// The columns of [`INDEXED`].
    pub indexed: Vec<usize>,
    by_name: BTreeMap<&'static str, usize>,
}

impl ClassSchema {
    pub fn find(&self, field: &str) -> Option<usize> {
        self.by_name.get(field).copied()
    }

    /// The same, quicker when the field is at `hint`, as it is in a row that was written in the table's order.
    pub fn find_near(&self, hint: usize, field: &str) -> Option<usize> {
        if self.columns.get(hint).is_some_and(|column| &*column.name == field) {
            return Some(hint);
        }
        self.find(field)
    }

    pub fn column(&self, index: usize) -> Column {
        Column {
            class: self.id,
            field: index as u16,
        }
    }

    /// The values of a new row of which nothing is said.
    pub fn defaults(&self) -> Box<[Value]> {
        self.columns.iter().map(|column| column.default.clone()).collect()
    }
}

impl ColumnSchema {
    /// Refuses a value of another type than the field's. Enum texts are not compared with the enumeration: a newer
    /// member may know more of them, and what this member keeps must not depend on its version.
    pub fn check(&self, class: &str, value: &Value) -> Result<(), ApiError> {
        if fits(self.ty, value) {
            return Ok(());
        }
        Err(ApiError::internal(format!(
            "value of the wrong type for {class}.{}",
            self.name
        )))
    }

    /// The same value, in memory that is shared where the value is a common one.
    pub fn share(&self, value: Value) -> Value {
        if same(&self.default, &value) {
            return self.default.clone();
        }
        match &value {
            Value::Text(text) => match self.texts.iter().find(|known| *known == text) {
                Some(known) => Value::Text(known.clone()),
                None => value,
            },
            Value::Ref(reference) if reference.is_null() => shared().null.clone(),
            Value::Set(items) if items.is_empty() => shared().empty_set.clone(),
            Value::Map(pairs) if pairs.is_empty() => shared().empty_map.clone(),
            Value::Void
            | Value::Int(_)
            | Value::Float(_)
            | Value::Bool(_)
            | Value::DateTime(_)
            | Value::Ref(_)
            | Value::Set(_)
            | Value::Map(_)
            | Value::Record(_) => value,
        }
    }
}

/// The schema of a class. `None` only for an id that is not of the datamodel.
pub(crate) fn schema(id: ClassId) -> Option<&'static ClassSchema> {
    all().get(usize::from(id.0))
}

pub(crate) fn schema_by_name(name: &str) -> Option<&'static ClassSchema> {
    class(name).and_then(schema)
}

/// Equality as the database means it: floats by their bits, so that it is an equivalence and agrees with the hash.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Arc::ptr_eq(a, b) || a == b,
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Ref(a), Value::Ref(b)) => std::ptr::eq(a.as_str(), b.as_str()) || a == b,
        (Value::Set(a), Value::Set(b)) => {
            Arc::ptr_eq(a, b) || (a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)))
        }
        (Value::Map(a), Value::Map(b)) => {
            Arc::ptr_eq(a, b)
                || (a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1)))
        }
        (Value::Record(a), Value::Record(b)) => {
            Arc::ptr_eq(a, b)
                || (a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1)))
        }
        (a, b) => a == b,
    }
}

fn fits(ty: Type, value: &Value) -> bool {
    match (ty, value) {
        (Type::String | Type::Secret | Type::Enum(_), Value::Text(_))
        | (Type::Int, Value::Int(_))
        | (Type::Float, Value::Float(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::DateTime, Value::DateTime(_))
        | (Type::Ref(_), Value::Ref(_))
        | (Type::Record(_), Value::Record(_))
        | (Type::Void | Type::Option(_), Value::Void) => true,
        (Type::Set(item), Value::Set(items)) => items.iter().all(|value| fits(*item, value)),
        (Type::Map(key, item), Value::Map(pairs)) => pairs.iter().all(|(k, v)| fits(*key, k) && fits(*item, v)),
        (Type::Option(inner), value) => fits(*inner, value),
        _ => false,
    }
}

struct Shared {
    null: Value,
    empty_set: Value,
    empty_map: Value,
    empty_text: Value,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| Shared {
        null: Value::Ref(Ref::null()),
        empty_set: Value::set([]),
        empty_map: Value::map([]),
        empty_text: Value::text(""),
    })
}

fn all() -> &'static [ClassSchema] {
    static ALL: OnceLock<Vec<ClassSchema>> = OnceLock::new();
    ALL.get_or_init(|| {
        let links = links();
        let mut enums = BTreeMap::new();
        all_classes().map(|id| build(id, &links, &mut enums)).collect()
    })
}

fn links() -> BTreeMap<Column, Link> {
    let mut links = BTreeMap::new();
    for relation in relations() {
        let (Some(from), Some(to)) = (find(relation.from), find(relation.to)) else {
            continue;
        };
        match relation.cardinality {
            Cardinality::ManyToOne => {
                links.insert(from, Link::Owner(to));
                links.insert(to, Link::Computed);
            }
            Cardinality::ManyToMany => {
                links.insert(from, Link::Mirror(to));
                links.insert(to, Link::Mirror(from));
            }
            // One stored set of refs to roles. xapi answers an empty set for the roles it names, so nothing is mirrored:
            // a permission that listed the roles holding it would grant them.
            Cardinality::SelfPaired => {}
        }
    }
    links
}

fn find((class_name, field): (&str, &str)) -> Option<Column> {
    class(class_name)?.column(field)
}

type EnumTexts = BTreeMap<&'static str, Vec<Arc<str>>>;

fn build(id: ClassId, links: &BTreeMap<Column, Link>, enums: &mut EnumTexts) -> ClassSchema {
    let columns: Vec<ColumnSchema> = id
        .columns()
        .map(|column| {
            let desc = column.desc();
            let texts = match desc.ty {
                Type::Enum(name) => enum_texts(name, enums),
                _ => Vec::new(),
            };
            let link = links.get(&column).copied().unwrap_or(Link::None);
            let default = share_default(column.default_value(), &texts);
            ColumnSchema {
                name: Arc::from(desc.name),
                ty: desc.ty,
                default,
                link,
                internal: desc.internal,
                texts,
            }
        })
        .collect();
    let by_name: BTreeMap<&'static str, usize> = id
        .class()
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| (field.name, index))
        .collect();
    let owners = (0..columns.len())
        .filter(|index| matches!(columns[*index].link, Link::Owner(_)))
        .collect();
    let of_class = INDEXED.iter().filter(|(class, _)| *class == id.name());
    ClassSchema {
        id,
        indexed: of_class.filter_map(|(_, field)| by_name.get(field).copied()).collect(),
        name: Arc::from(id.name()),
        uuid: by_name.get("uuid").copied(),
        name_label: by_name.get("name_label").copied(),
        is_message: id.name() == "message",
        columns,
        owners,
        by_name,
    }
}

fn enum_texts(name: &'static str, enums: &mut EnumTexts) -> Vec<Arc<str>> {
    let texts = enums.entry(name).or_insert_with(|| {
        enumeration(name)
            .map(|found| found.values.iter().map(|text| Arc::from(*text)).collect())
            .unwrap_or_default()
    });
    texts.clone()
}

fn share_default(value: Value, texts: &[Arc<str>]) -> Value {
    match &value {
        Value::Text(text) if text.is_empty() => shared().empty_text.clone(),
        Value::Text(text) => match texts.iter().find(|known| *known == text) {
            Some(known) => Value::Text(known.clone()),
            None => value,
        },
        Value::Ref(reference) if reference.is_null() => shared().null.clone(),
        Value::Set(items) if items.is_empty() => shared().empty_set.clone(),
        Value::Map(pairs) if pairs.is_empty() => shared().empty_map.clone(),
        _ => value,
    }
}
