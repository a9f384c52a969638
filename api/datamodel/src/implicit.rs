//! The implicit messages: what every class answers by its columns alone, under 13 name patterns.
//!
//! Derived once, on first use, and kept for the life of the process. An explicit message of the same name wins.

use crate::class::{Class, FieldDesc, Message, MessageKind, Param, Route};
use crate::types::{Lifecycle, Qualifier, Type};

/// All messages of a class: explicit and implicit, by name.
pub(crate) fn messages(class: &'static Class) -> Vec<&'static Message> {
    let mut all: Vec<&'static Message> = class.messages.iter().collect();
    let explicit = |name: &str| class.messages.iter().any(|message| message.name == name);
    if class.in_database {
        let whole = of_class(class).into_iter();
        let fields = class.fields.iter().enumerate().filter(|(_, field)| !field.internal);
        let implicit = whole.chain(fields.flat_map(|(index, field)| of_field(class, index, field)));
        all.extend(
            implicit
                .filter(|message| !explicit(message.name))
                .map(|message| &*leak(message)),
        );
    }
    all.sort_by_key(|message| message.name);
    all
}

fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

fn leak_text(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn leak_list<T>(items: impl IntoIterator<Item = T>) -> &'static [T] {
    Box::leak(items.into_iter().collect::<Vec<T>>().into_boxed_slice())
}

fn param(name: &'static str, ty: Type) -> Param {
    Param {
        name,
        ty,
        default: None,
    }
}

/// What the messages of one class have in common: reads are answered by the database, without a task.
fn plain(class: &'static Class, kind: MessageKind, name: &'static str) -> Message {
    let message = Message {
        name,
        doc: leak_text(document(class, kind)),
        kind,
        role: class.reader,
        lifecycle: class.lifecycle,
        since: class.since,
        is_async: false,
        effect: class.getters_run_code,
        in_2024_dump: class.in_2024_dump,
        ..Message::PLAIN
    };
    routed(class, message)
}

fn document(class: &'static Class, kind: MessageKind) -> String {
    let name = class.name;
    let field = |index: usize| class.fields.get(index).map_or("", |field| field.name);
    match kind {
        MessageKind::Explicit => String::new(),
        MessageKind::GetAll => format!("Every {name} there is."),
        MessageKind::GetAllRecords => format!("Every {name} there is, with all its fields."),
        MessageKind::GetAllWhere => format!("Every {name} that the filter matches."),
        MessageKind::GetAllRecordsWhere => format!("Every {name} that the filter matches, with all its fields."),
        MessageKind::GetByUuid => format!("The {name} with this uuid."),
        MessageKind::GetByNameLabel => format!("Every {name} with this name; names need not be unique."),
        MessageKind::GetRecord => format!("All fields of the {name}."),
        MessageKind::Create => format!("Create a {name}; fields left out take their defaults."),
        MessageKind::Destroy => format!("Destroy the {name}."),
        MessageKind::GetField(index) => format!("Read field {} of the {name}.", field(index)),
        MessageKind::SetField(index) => format!("Write field {} of the {name}.", field(index)),
        MessageKind::AddTo(index) => format!("Add to field {} of the {name}.", field(index)),
        MessageKind::RemoveFrom(index) => format!("Remove from field {} of the {name}.", field(index)),
    }
}

/// Fills in where the message runs. To be called once more when `effect` or `lifecycle` changes.
fn routed(class: &'static Class, mut message: Message) -> Message {
    message.route = match (message.effect, message.lifecycle) {
        (false, _) => Route::Database,
        (true, Lifecycle::Removed) => Route::Removed,
        (true, Lifecycle::Prototyped | Lifecycle::Published | Lifecycle::Deprecated) => Route::Coordinator,
    };
    if let Some(own) = class.implicit.iter().find(|own| own.name == message.name) {
        message.route = own.route;
        message.runs_on = own.runs_on;
        message.locks = own.locks;
    }
    message
}

fn of_class(class: &'static Class) -> Vec<Message> {
    let one = Type::Ref(class.name);
    let refs = Type::Set(leak(one));
    let record = Type::Record(class.name);
    let records = Type::Map(leak(one), leak(record));
    let own = leak_list([param("self", one)]);
    let read = |kind, name, params, result| Message {
        params,
        result,
        ..plain(class, kind, name)
    };
    let uuid = leak_list([param("uuid", Type::String)]);
    let mut all = vec![
        read(MessageKind::GetByUuid, "get_by_uuid", uuid, one),
        read(MessageKind::GetRecord, "get_record", own, record),
    ];
    if class.by_name_label && class.fields.iter().any(|field| field.name == "name_label") {
        let label = leak_list([param("label", Type::String)]);
        all.push(read(MessageKind::GetByNameLabel, "get_by_name_label", label, refs));
    }
    if class.get_all {
        let expr = leak_list([param("expr", Type::String)]);
        all.push(read(MessageKind::GetAll, "get_all", &[], refs));
        all.push(read(MessageKind::GetAllRecords, "get_all_records", &[], records));
        let filtered = [
            read(MessageKind::GetAllWhere, "get_all_where", expr, refs),
            read(MessageKind::GetAllRecordsWhere, "get_all_records_where", expr, records),
        ];
        // The filtered forms are callable but in no documentation, so no dump tells them apart by age.
        all.extend(filtered.map(|message| Message {
            hidden: true,
            in_2024_dump: true,
            ..message
        }));
    }
    if class.gen_constructor_destructor {
        let args = leak_list([param("args", record)]);
        let both = [
            read(MessageKind::Create, "create", args, one),
            read(MessageKind::Destroy, "destroy", own, Type::Void),
        ];
        let role = class.constructor;
        let code = both.map(|message| Message {
            role,
            is_async: true,
            effect: true,
            ..message
        });
        all.extend(code.map(|message| routed(class, message)));
    }
    all
}

fn of_field(class: &'static Class, index: usize, field: &'static FieldDesc) -> Vec<Message> {
    let message = |kind, prefix: &str, params: &[(&'static str, Type)]| {
        let own = [param("self", Type::Ref(class.name))];
        Message {
            params: leak_list(own.into_iter().chain(params.iter().map(|(name, ty)| param(name, *ty)))),
            lifecycle: field.lifecycle,
            since: field.since,
            in_2024_dump: field.in_2024_dump,
            ..plain(class, kind, leak_text(format!("{prefix}{}", field.name)))
        }
    };
    let role = field.reader.unwrap_or(class.reader);
    let getter = Message {
        result: field.ty,
        role,
        ..message(MessageKind::GetField(index), "get_", &[])
    };
    if field.qualifier != Qualifier::ReadWrite {
        return vec![getter];
    }
    let (set, add, remove) = (
        MessageKind::SetField(index),
        MessageKind::AddTo(index),
        MessageKind::RemoveFrom(index),
    );
    let setter = Message {
        effect: field.setter_has_effect,
        ..message(set, "set_", &[("value", field.ty)])
    };
    let mut writers = vec![routed(class, setter)];
    match field.ty {
        Type::Map(key, value) => {
            let pair = message(add, "add_to_", &[("key", *key), ("value", *value)]);
            let key = message(remove, "remove_from_", &[("key", *key)]);
            writers.extend([pair, key].map(|message| Message {
                key_roles: field.key_roles,
                ..message
            }));
        }
        Type::Set(of) => {
            writers.push(message(add, "add_", &[("value", *of)]));
            writers.push(message(remove, "remove_", &[("value", *of)]));
        }
        Type::String
        | Type::Secret
        | Type::Int
        | Type::Float
        | Type::Bool
        | Type::DateTime
        | Type::Enum(_)
        | Type::Ref(_)
        | Type::Record(_)
        | Type::Option(_)
        | Type::Void => {}
    }
    let role = field.writer.unwrap_or(class.writer);
    let writers = writers.into_iter().map(|message| Message { role, ..message });
    std::iter::once(getter).chain(writers).collect()
}
