//! Which objects the parameters of a call name.
//!
//! A ref or uuid is shown if a row has it; else there is only the word that one was given. So whatever a client puts in the place of a
//! ref (a session, a password) is not shown, however it looks.

use super::{cut, track_id};
use crate::{role, session};
use xenith_datamodel::{ClassId, Message, Method, Ref, Type, Value, class};
use xenith_pooldb::View;

/// Of one call; a call that names more is told by these.
pub const MOST_OBJECTS: usize = 32;
/// Keys of maps.
pub const MOST_KEYS: usize = 16;

/// Shown in the place of a ref or uuid that no row has.
const NOT_THERE: &str = "not there";

/// One object that a call named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The parameter: `self`, or `args.affinity` for a field of a record.
    pub param: String,
    pub class: &'static str,
    pub reference: String,
    /// Empty for objects without one.
    pub uuid: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub objects: Vec<Object>,
    pub keys: Vec<String>,
}

/// Where to look for rows: as they were before the call and, for what it made, after it.
#[derive(Clone, Copy)]
pub struct Looking<'a> {
    pub before: &'a View,
    pub after: &'a View,
}

impl Looking<'_> {
    /// What the parameters name. `params`: typed, without the session; may be fewer than the message has.
    pub fn touched(self, method: &Method, params: &[Value]) -> Touched {
        let mut found = Touched::default();
        for (param, value) in method.message.params.iter().zip(params) {
            let at = At {
                name: param.name,
                method,
            };
            self.walk(at, param.ty, value, &mut found);
        }
        found
    }

    /// The object that a call made or answered.
    pub fn result(self, message: &Message, value: &Value) -> Option<Object> {
        match (message.result, value) {
            (Type::Ref("session"), _) => None,
            (Type::Ref(name), Value::Ref(reference)) => self.object("result", name, reference).filter(is_there),
            _ => None,
        }
    }

    /// A task, if it is one.
    pub fn task(self, reference: &Ref) -> Option<String> {
        let found = self.object("task", "task", reference).filter(is_there)?;
        Some(found.reference)
    }

    /// The object of an HTTP handler's query; the class is not said there.
    pub fn of_query(self, pairs: &[(String, String)]) -> Vec<Object> {
        let named = |name: &str| QUERY.iter().find(|(known, _)| *known == name);
        let found = pairs.iter().filter_map(|(name, text)| {
            let (name, classes) = named(name)?;
            classes.iter().find_map(|class| {
                let reference = Ref::new(text);
                let by_ref = self.object(name, class, &reference).filter(is_there);
                by_ref.or_else(|| self.by_uuid(name, class, text).filter(is_there))
            })
        });
        found.take(MOST_OBJECTS).collect()
    }

    fn walk(self, at: At<'_>, ty: Type, value: &Value, found: &mut Touched) {
        if found.is_full() {
            return;
        }
        match (ty, value) {
            (Type::Ref(class), Value::Ref(reference)) if !reference.is_null() => {
                found.add(self.object(at.name, class, reference));
            }
            (Type::String, Value::Text(text)) if at.name == "uuid" && !at.is_secret() => {
                found.add(self.by_uuid(at.name, at.method.class.name(), text));
            }
            (Type::String, Value::Text(text)) if at.name == "key" && !at.is_secret() => found.add_key(text),
            (Type::Set(of) | Type::Option(of), Value::Set(items)) => {
                for item in items.iter() {
                    self.walk(at, *of, item, found);
                }
            }
            (Type::Map(key, of), Value::Map(pairs)) => {
                for (name, item) in pairs.iter() {
                    match name {
                        Value::Text(text) if !at.is_secret() => found.add_key(text),
                        _ => self.walk(at, *key, name, found),
                    }
                    self.walk(at, *of, item, found);
                }
            }
            (Type::Record(name), Value::Record(fields)) => {
                if let Some(class) = class(name) {
                    self.record(at, class, fields, found);
                }
            }
            _ => {}
        }
    }

    /// Refs in the fields of a new object; the rest of it is to be seen in the object itself.
    fn record(self, at: At<'_>, class: ClassId, fields: &[(std::sync::Arc<str>, Value)], found: &mut Touched) {
        for (name, value) in fields {
            let Some(column) = class.column(name) else { continue };
            if let (Type::Ref(of), Value::Ref(reference)) = (column.desc().ty, value)
                && !reference.is_null()
            {
                found.add(self.object(&format!("{}.{}", at.name, column.desc().name), of, reference));
            }
        }
    }

    fn object(self, param: &str, name: &'static str, reference: &Ref) -> Option<Object> {
        let class = class(name)?;
        let held = |view: &View| match name {
            "session" => Some(session::row_of(view, reference)).filter(|row| view.contains(class, row)),
            _ => Some(reference.clone()).filter(|row| view.contains(class, row)),
        };
        let shown = |(view, row): (&View, Ref)| Object {
            param: param.to_owned(),
            class: name,
            reference: match name {
                "session" => track_id(&row),
                _ => row.as_str().to_owned(),
            },
            uuid: uuid(view, class, &row),
        };
        if name == "role" {
            return Some(self.role(param, reference));
        }
        let views = [self.before, self.after];
        let row = views.into_iter().find_map(|view| held(view).map(|row| (view, row)));
        Some(row.map_or_else(|| not_there(param, name), shown))
    }

    /// Roles have no rows.
    fn role(self, param: &str, reference: &Ref) -> Object {
        match role::name_of(reference) {
            Some(role) => Object {
                param: param.to_owned(),
                class: "role",
                reference: role.to_owned(),
                uuid: String::new(),
            },
            None => not_there(param, "role"),
        }
    }

    fn by_uuid(self, param: &str, name: &'static str, uuid: &str) -> Option<Object> {
        let class = class(name)?;
        let views = [self.before, self.after];
        match views.into_iter().find_map(|view| view.by_uuid(class, uuid)) {
            Some(row) => self.object(param, name, &row),
            None => Some(not_there(param, name)),
        }
    }
}

/// Parameters of HTTP handlers that name objects, and of which classes.
const QUERY: [(&str, &[&str]); 7] = [
    ("uuid", &["VM", "SR", "host", "VDI", "blob"]),
    ("ref", &["VM", "console", "blob"]),
    ("vdi", &["VDI"]),
    ("base", &["VDI"]),
    ("sr_id", &["SR"]),
    ("sr_uuid", &["SR"]),
    ("host", &["host"]),
];

/// Which parameter of which message.
#[derive(Clone, Copy)]
struct At<'a> {
    name: &'a str,
    method: &'a Method,
}

impl At<'_> {
    /// Of such messages no text is shown at all.
    fn is_secret(self) -> bool {
        self.method.message.secret
    }
}

impl Touched {
    /// What follows is not even looked at: a call may name thousands.
    fn is_full(&self) -> bool {
        self.objects.len() >= MOST_OBJECTS
    }

    fn add(&mut self, object: Option<Object>) {
        if self.objects.len() < MOST_OBJECTS {
            self.objects.extend(object);
        }
    }

    fn add_key(&mut self, key: &str) {
        if self.keys.len() < MOST_KEYS {
            self.keys.push(cut(key));
        }
    }
}

fn is_there(object: &Object) -> bool {
    object.reference != NOT_THERE
}

fn not_there(param: &str, class: &'static str) -> Object {
    Object {
        param: param.to_owned(),
        class,
        reference: NOT_THERE.to_owned(),
        uuid: String::new(),
    }
}

fn uuid(view: &View, class: ClassId, row: &Ref) -> String {
    let uuid = class.column("uuid").and_then(|column| view.value(row, column));
    uuid.as_ref()
        .and_then(Value::as_text)
        .map(str::to_owned)
        .unwrap_or_default()
}
