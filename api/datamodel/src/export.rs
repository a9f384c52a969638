//! The tables as JSON, in the shape of the fact tables under `tests/facts`, for the tests and for the reference pages.
//!
//! Flags and columns that say nothing are left out, as the fact tables leave them out.

use crate::class::{Cardinality, ClassId, ErrorDesc, FieldDesc, Message, Param, Relation, Release, Route};
use crate::types::{Const, Enumeration, Lifecycle, Qualifier, RoleFloor, Type};
use crate::{API_VERSION, all_classes, enumeration, errors, list_methods, relations, releases};
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// One JSON object: `api_version`, `releases`, `classes`, `errors`, `relations`, `forwarding`, `list_methods`.
pub fn export_json() -> String {
    let classes: Vec<ClassId> = all_classes().filter(|class| !class.class().internal).collect();
    let every = classes
        .iter()
        .flat_map(|class| class.messages().iter().map(|message| (*class, *message)));
    let version = vec![Json::Int(API_VERSION.0), Json::Int(API_VERSION.1)];
    Json::Object(vec![
        ("api_version", Json::Array(version)),
        ("releases", list(releases(), release)),
        (
            "classes",
            Json::Array(classes.iter().map(|class| class_json(*class)).collect()),
        ),
        ("errors", list(errors(), error)),
        ("relations", list(relations(), relation)),
        (
            "forwarding",
            Json::Array(
                every
                    .filter(|(_, message)| message.effect || !message.is_implicit())
                    .map(forwarding)
                    .collect(),
            ),
        ),
        (
            "list_methods",
            Json::Array(list_methods().iter().map(Json::text).collect()),
        ),
    ])
    .to_string()
}

enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
    /// An object whose keys are data.
    Map(Vec<(String, Json)>),
}

impl Json {
    fn text(text: impl AsRef<str>) -> Json {
        Json::Text(text.as_ref().to_owned())
    }
}

fn list<'a, T: 'a>(items: impl IntoIterator<Item = &'a T>, json: fn(&'a T) -> Json) -> Json {
    Json::Array(items.into_iter().map(json).collect())
}

fn texts(items: &[&'static str]) -> Json {
    list(items, Json::text)
}

/// Members that are there only when they say something.
struct Object(Vec<(&'static str, Json)>);

impl Object {
    fn put(mut self, name: &'static str, value: Json) -> Object {
        self.0.push((name, value));
        self
    }

    fn put_if(self, there: bool, name: &'static str, value: Json) -> Object {
        if there { self.put(name, value) } else { self }
    }

    fn flag(self, name: &'static str, value: bool) -> Object {
        self.put_if(value, name, Json::Bool(true))
    }

    fn unless(self, name: &'static str, value: bool) -> Object {
        self.put_if(!value, name, Json::Bool(false))
    }

    fn text(self, name: &'static str, value: impl AsRef<str>) -> Object {
        self.put(name, Json::text(value))
    }

    fn done(self) -> Json {
        Json::Object(self.0)
    }
}

fn class_json(id: ClassId) -> Json {
    let class = id.class();
    Object(Vec::new())
        .text("name", class.name)
        .text("doc", class.doc)
        .text("lifecycle", lifecycle(class.lifecycle))
        .text("since", class.since)
        .put(
            "gen_constructor_destructor",
            Json::Bool(class.gen_constructor_destructor),
        )
        .put("in_database", Json::Bool(class.in_database))
        .put("events", Json::Bool(class.events))
        .put("persist", Json::Bool(class.persist))
        .put("get_all", Json::Bool(class.get_all))
        .unless("in_2024_dump", class.in_2024_dump)
        .put("fields", list(class.fields, field))
        .put(
            "messages",
            Json::Array(id.messages().iter().map(|desc| message(desc)).collect()),
        )
        .put(
            "enums",
            Json::Array(enumerations_of(id).into_iter().map(enumeration_json).collect()),
        )
        .done()
}

fn field(field: &FieldDesc) -> Json {
    let qualifier = match field.qualifier {
        Qualifier::ReadWrite => "RW",
        Qualifier::Constructor => "RO/constructor",
        Qualifier::Runtime => "RO/runtime",
    };
    Object(Vec::new())
        .text("name", field.name)
        .text("doc", field.doc)
        .text("type", type_text(&field.ty))
        .text("qualifier", qualifier)
        .put_if(
            field.default.is_some(),
            "default",
            field.default.as_ref().map_or(Json::Null, constant),
        )
        .text("lifecycle", lifecycle(field.lifecycle))
        .text("since", field.since)
        .put_if(field.db.is_some(), "db", Json::text(field.db.unwrap_or_default()))
        .unless("persist", field.persist)
        .flag("setter_has_effect", field.setter_has_effect)
        .flag("ignore_foreign_key", field.ignore_foreign_key)
        .flag("internal", field.internal)
        .unless("in_2024_dump", field.in_2024_dump)
        .flag("synthetic", field.ty == Type::Record(ANY_CLASS))
        .done()
}

/// The record of an event, whose class the event names.
const ANY_CLASS: &str = "<class>";

fn message(message: &Message) -> Json {
    let keys = message
        .key_roles
        .iter()
        .map(|(key, role)| (String::from(*key), Json::text(floor(*role))))
        .collect();
    Object(Vec::new())
        .text("name", message.name)
        .text("doc", message.doc)
        .put("params", list(message.params, param))
        .text("result", type_text(&message.result))
        .put_if(!message.errors.is_empty(), "errors", texts(message.errors))
        .text("role", floor(message.role))
        .put_if(!message.key_roles.is_empty(), "key_roles", Json::Map(keys))
        .text("lifecycle", lifecycle(message.lifecycle))
        .put_if(!message.is_implicit(), "since", Json::text(message.since))
        .put("implicit", Json::Bool(message.is_implicit()))
        .put("async", Json::Bool(message.is_async))
        .flag("hidden", message.hidden)
        .flag("pool_internal", message.pool_internal)
        .unless("session", message.session)
        .flag("secret", message.secret)
        .flag("effect", message.effect)
        .put_if(
            message.forward_to.is_some(),
            "forward_to",
            Json::text(message.forward_to.unwrap_or_default()),
        )
        .flag("no_current_operations", message.no_current_operations)
        .unless("in_2024_dump", message.in_2024_dump)
        .done()
}

fn param(param: &Param) -> Json {
    Object(Vec::new())
        .text("name", param.name)
        .text("type", type_text(&param.ty))
        .put_if(
            param.default.is_some(),
            "default",
            param.default.as_ref().map_or(Json::Null, constant),
        )
        .done()
}

/// The enumerations that a class's fields and messages name.
fn enumerations_of(class: ClassId) -> Vec<&'static Enumeration> {
    let mut names = BTreeSet::new();
    for field in class.class().fields {
        collect_enumerations(&field.ty, &mut names);
    }
    for message in class.class().messages {
        collect_enumerations(&message.result, &mut names);
        for param in message.params {
            collect_enumerations(&param.ty, &mut names);
        }
    }
    names.into_iter().filter_map(enumeration).collect()
}

fn collect_enumerations(ty: &Type, names: &mut BTreeSet<&'static str>) {
    match ty {
        Type::Enum(name) => {
            names.insert(name);
        }
        Type::Set(of) | Type::Option(of) => collect_enumerations(of, names),
        Type::Map(key, value) => {
            collect_enumerations(key, names);
            collect_enumerations(value, names);
        }
        Type::String
        | Type::Secret
        | Type::Int
        | Type::Float
        | Type::Bool
        | Type::DateTime
        | Type::Ref(_)
        | Type::Record(_)
        | Type::Void => {}
    }
}

fn enumeration_json(enumeration: &Enumeration) -> Json {
    Object(Vec::new())
        .text("name", enumeration.name)
        .put("values", texts(enumeration.values))
        .done()
}

fn release(release: &Release) -> Json {
    let optional = |text: Option<&str>| text.map_or(Json::Null, Json::text);
    Object(Vec::new())
        .put("code", optional(release.code))
        .put("major", Json::Int(release.api_version.0))
        .put("minor", Json::Int(release.api_version.1))
        .text("branding", release.branding)
        .put("date", optional(release.date))
        .done()
}

fn error(error: &ErrorDesc) -> Json {
    let counts = error
        .counts_raised
        .iter()
        .map(|count| Json::Int(*count as i64))
        .collect();
    Object(Vec::new())
        .text("code", error.code)
        .text("doc", error.doc)
        .put(
            "params",
            if error.declared {
                texts(error.params)
            } else {
                Json::Null
            },
        )
        .unless("declared", error.declared)
        .put_if(!error.counts_raised.is_empty(), "counts_raised", Json::Array(counts))
        .flag("variable_length", error.variable_length)
        .done()
}

fn relation(relation: &Relation) -> Json {
    let cardinality = match relation.cardinality {
        Cardinality::ManyToOne => "many-to-one",
        Cardinality::ManyToMany => "many-to-many",
        Cardinality::SelfPaired => "self-paired stored set",
    };
    let end = |(class, field): (&str, &str)| Json::Text(format!("{class}.{field}"));
    Object(Vec::new())
        .put("from", end(relation.from))
        .put("to", end(relation.to))
        .text("cardinality", cardinality)
        .done()
}

fn forwarding((class, message): (ClassId, &Message)) -> Json {
    let runs = match message.route {
        Route::Database => "coordinator-db",
        Route::Coordinator => "coordinator",
        Route::OwningHost => "owning-host",
        Route::AnySuitableHost => "any-host",
        Route::Local => "local-any-host",
        Route::FanOut => "several-hosts",
        Route::Removed => "nowhere",
    };
    Object(Vec::new())
        .put("message", Json::Text(format!("{}.{}", class.name(), message.name)))
        .text("runs", runs)
        .put_if(!message.runs_on.is_empty(), "by", Json::text(message.runs_on))
        .put_if(!message.locks.is_empty(), "locks", texts(message.locks))
        .flag("pool_session_only", message.pool_internal)
        .flag("local_any_host", message.local_any_host)
        .flag("emergency", message.emergency)
        .done()
}

fn lifecycle(lifecycle: Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Prototyped => "prototyped",
        Lifecycle::Published => "published",
        Lifecycle::Deprecated => "deprecated",
        Lifecycle::Removed => "removed",
    }
}

fn floor(floor: RoleFloor) -> String {
    let certificate = if floor.or_client_cert { "+client-cert" } else { "" };
    format!("{}{certificate}", floor.role.as_str())
}

fn type_text(ty: &Type) -> String {
    match ty {
        Type::String => "string".to_owned(),
        Type::Secret => "secretstring".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::DateTime => "datetime".to_owned(),
        Type::Void => "void".to_owned(),
        Type::Enum(name) => format!("enum {name}"),
        Type::Ref(class) => format!("{class} ref"),
        Type::Record(class) => format!("{class} record"),
        Type::Set(of) => format!("{} set", type_text(of)),
        Type::Option(of) => format!("{} option", type_text(of)),
        Type::Map(key, value) => format!("({} -> {}) map", type_text(key), type_text(value)),
    }
}

fn constant(value: &Const) -> Json {
    match value {
        Const::Text(text) | Const::DateTime(text) | Const::Ref(text) => Json::text(text),
        Const::Int(int) => Json::Int(*int),
        Const::Float(float) => Json::Float(*float),
        Const::Bool(flag) => Json::Bool(*flag),
        Const::Set(items) => list(*items, constant),
        Const::Map(pairs) => list(*pairs, |(key, value)| Json::Array(vec![constant(key), constant(value)])),
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(flag) => write!(f, "{flag}"),
            Json::Int(int) => write!(f, "{int}"),
            Json::Float(float) => write!(f, "{float}"),
            Json::Text(text) => quoted(f, text),
            Json::Array(items) => joined(f, ('[', ']'), items, |f, item| write!(f, "{item}")),
            Json::Object(members) => joined(f, ('{', '}'), members, |f, (name, value)| {
                quoted(f, name)?;
                write!(f, ":{value}")
            }),
            Json::Map(members) => joined(f, ('{', '}'), members, |f, (name, value)| {
                quoted(f, name)?;
                write!(f, ":{value}")
            }),
        }
    }
}

fn joined<T>(
    f: &mut fmt::Formatter<'_>,
    (open, close): (char, char),
    items: &[T],
    one: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_char(open)?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        one(f, item)?;
    }
    f.write_char(close)
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}
