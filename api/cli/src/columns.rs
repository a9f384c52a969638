//! The fields of a class as xe shows them: names, markers, and values as text. Pure.

use crate::table::Row;
use std::collections::{BTreeMap, BTreeSet};
use xenith_datamodel::{ClassId, FieldDesc, Lifecycle, Qualifier, Type};
use xenith_wire::WireValue;

/// What xe shows for a null ref, or for a field of one.
pub const NOT_IN_DATABASE: &str = "<not in database>";

#[derive(Debug)]
pub struct Column {
    pub name: String,
    pub class: ClassId,
    /// The field of the class itself.
    pub field: &'static FieldDesc,
    /// The field of the object that `field` refers to.
    pub of_target: Option<&'static FieldDesc>,
    pub settable: bool,
}

/// A fact that a record does not hold: the `field` of the object `reference` of `class`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lookup {
    pub class: &'static str,
    pub reference: String,
    pub field: &'static str,
}

/// What was found, as text.
pub type Found = BTreeMap<Lookup, String>;

/// All columns of a class: uuid, those with names of their own, then the rest in the datamodel's order.
pub fn of(row: &Row) -> Vec<Column> {
    let Some(class) = xenith_datamodel::class(row.class) else {
        return Vec::new();
    };
    let mut columns: Vec<Column> = named_column(class, "uuid", "uuid").into_iter().collect();
    columns.extend(
        row.named
            .iter()
            .filter_map(|(name, path)| named_column(class, name, path)),
    );
    for column in class.columns() {
        let field = column.desc();
        let taken = field.name == "uuid" || field.internal || row.named.iter().any(|(_, path)| *path == field.name);
        if !taken {
            columns.extend(named_column(class, &field.name.replace('_', "-"), field.name));
        }
    }
    columns
}

fn named_column(class: ClassId, name: &str, path: &str) -> Option<Column> {
    let (own, target) = path
        .split_once('.')
        .map_or((path, None), |(own, target)| (own, Some(target)));
    let field = class.column(own)?.desc();
    let of_target = match (target, &field.ty) {
        (Some(target), Type::Ref(other)) => Some(xenith_datamodel::class(other)?.column(target)?.desc()),
        (Some(_), _) => return None,
        (None, _) => None,
    };
    let settable = of_target.is_none() && settable(class, field);
    Some(Column {
        name: name.to_owned(),
        class,
        field,
        of_target,
        settable,
    })
}

/// By an implicit setter, or an explicit one. A task's setters are for the server's own use.
fn settable(class: ClassId, field: &FieldDesc) -> bool {
    let setter = || {
        class
            .message(&format!("set_{}", field.name))
            .is_some_and(|m| !m.hidden && !m.pool_internal)
    };
    field.qualifier == Qualifier::ReadWrite || (class.name() != "task" && setter())
}

impl Column {
    pub fn shown(&self) -> &'static FieldDesc {
        self.of_target.unwrap_or(self.field)
    }

    /// `name-label ( RW)`: S = set, M = map; RO or RW.
    pub fn heading(&self) -> String {
        let kind = match &self.shown().ty {
            Type::Set(_) => 'S',
            Type::Map(..) if self.is_operations() => 'S',
            Type::Map(..) => 'M',
            _ => ' ',
        };
        let access = if self.settable { "RW" } else { "RO" };
        let deprecated = if self.field.lifecycle == Lifecycle::Deprecated {
            " [DEPRECATED]"
        } else {
            ""
        };
        format!("{} ({kind}{access}){deprecated}", self.name)
    }

    /// Task → operation: xe shows the operations alone.
    fn is_operations(&self) -> bool {
        self.shown().name == "current_operations"
    }

    /// Adds what must be looked up before `text` can show this column of `record`.
    pub fn lookups(&self, record: &WireValue, wanted: &mut BTreeSet<Lookup>) {
        let Some(value) = record.member(self.field.name) else {
            return;
        };
        match (&self.field.ty, self.of_target) {
            (Type::Ref(class), Some(target)) => wanted.extend(lookup(class, value, target.name)),
            (ty, _) => refs(ty, value, wanted),
        }
    }

    /// The value of `record` in this column; empty when the server did not send the field.
    pub fn text(&self, record: &WireValue, found: &Found) -> String {
        let Some(value) = record.member(self.field.name) else {
            return String::new();
        };
        match (&self.field.ty, self.of_target) {
            (Type::Ref(class), Some(target)) => found_or_null(lookup(class, value, target.name), found),
            (Type::Map(..), _) if self.is_operations() => list(members(value).iter().map(|(_, v)| plain(v))),
            (ty, _) => text(ty, value, found),
        }
        .to_lowercase_if(self.shown().name == "power_state")
    }

    /// One value of a map.
    pub fn text_of_key(&self, record: &WireValue, key: &str, found: &Found) -> Option<String> {
        let (Type::Map(_, of), Some(value)) = (&self.field.ty, record.member(self.field.name)) else {
            return None;
        };
        members(value)
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| text(of, v, found))
    }

    /// True if a set has that member.
    pub fn contains(&self, record: &WireValue, member: &str, found: &Found) -> bool {
        let (Type::Set(of), Some(WireValue::Array(items))) = (&self.field.ty, record.member(self.field.name)) else {
            return false;
        };
        items.iter().any(|item| text(of, item, found) == member)
    }
}

trait LowerCase {
    fn to_lowercase_if(self, condition: bool) -> String;
}

impl LowerCase for String {
    /// xe has always shown power states in lower case.
    fn to_lowercase_if(self, condition: bool) -> String {
        if condition { self.to_lowercase() } else { self }
    }
}

/// A value as xe writes it: refs by uuid, sets and maps with `; `, floats with three decimals.
pub fn text(ty: &Type, value: &WireValue, found: &Found) -> String {
    match (ty, value) {
        (Type::Ref(class), value) => found_or_null(lookup(class, value, "uuid"), found),
        (Type::Set(of), WireValue::Array(items)) => list(items.iter().map(|item| text(of, item, found))),
        (Type::Map(key, of), WireValue::Struct(members)) => list(members.iter().map(|(k, v)| {
            let key = text(key, &WireValue::Text(k.clone()), found);
            format!("{key}: {}", text(of, v, found))
        })),
        (Type::Float, WireValue::Float(float)) => format!("{float:.3}"),
        (Type::Float, WireValue::Int(int)) => format!("{int}.000"),
        (_, value) => plain(value),
    }
}

fn plain(value: &WireValue) -> String {
    match value {
        WireValue::Text(text) | WireValue::DateTime(text) | WireValue::Base64(text) => text.clone(),
        WireValue::Int(int) => int.to_string(),
        WireValue::Float(float) => format!("{float:.3}"),
        WireValue::Bool(flag) => flag.to_string(),
        WireValue::Nil => NOT_IN_DATABASE.to_owned(),
        WireValue::Array(items) => list(items.iter().map(plain)),
        WireValue::Struct(members) => list(members.iter().map(|(k, v)| format!("{k}: {}", plain(v)))),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("; ")
}

fn members(value: &WireValue) -> &[(String, WireValue)] {
    if let WireValue::Struct(members) = value {
        members
    } else {
        &[]
    }
}

fn refs(ty: &Type, value: &WireValue, wanted: &mut BTreeSet<Lookup>) {
    match (ty, value) {
        (Type::Ref(class), value) => wanted.extend(lookup(class, value, "uuid")),
        (Type::Set(of), WireValue::Array(items)) => items.iter().for_each(|item| refs(of, item, wanted)),
        (Type::Map(key, of), WireValue::Struct(members)) => {
            for (k, v) in members {
                refs(key, &WireValue::Text(k.clone()), wanted);
                refs(of, v, wanted);
            }
        }
        (_, _) => {}
    }
}

/// `None` for null and empty refs.
fn lookup(class: &'static str, value: &WireValue, field: &'static str) -> Option<Lookup> {
    let WireValue::Text(reference) = value else {
        return None;
    };
    let null = reference.is_empty() || reference == xenith_datamodel::Ref::NULL_TEXT;
    (!null).then(|| Lookup {
        class,
        reference: reference.clone(),
        field,
    })
}

fn found_or_null(lookup: Option<Lookup>, found: &Found) -> String {
    lookup
        .and_then(|l| found.get(&l).cloned())
        .unwrap_or_else(|| NOT_IN_DATABASE.to_owned())
}
