//! The implicit messages: what every class answers by its columns alone, under 13 name patterns.
//!
//! Derived once, on first use, and kept for the life of the process. An explicit message of the same name wins.

use crate::class::{Class, FieldDesc, Message, MessageKind, Param, Route};
use crate::types::{Lifecycle, Qualifier, RoleFloor, Type};

/// All messages of a class: explicit and implicit, by name.
pub(crate) fn messages(class: &'static Class) -> Vec<&'static Message> {
    let mut all: Vec<&'static Message> = class.messages.iter().collect();
    let explicit = |name: &str| class.messages.iter().any(|message| message.name == name);
    if class.in_database {
        let whole = of_class(class).into_iter();
        let fields = class
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.internal);
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

/// Fills in where the message runs. To be called once more when `effect` changes.
fn routed(class: &'static Class, mut message: Message) -> Message {
    message.route = match (message.effect, message.lifecycle) {
        (false, _) => Route::Database,
        (true, Lifecycle::Removed) => Route::Removed,
        (true, Lifecycle::Prototyped | Lifecycle::Published | Lifecycle::Deprecated) => {
            Route::Coordinator
        }
    };
    if let Some(own) = class.implicit.iter().find(|own| own.name == message.name) {
        message.route = own.route;
        message.runs_on = own.runs_on;
        message.locks = own.locks;
    }
    message
}

fn of_class(class: &'static Class) -> Vec<Message> {
    let name = class.name;
    let one = Type::Ref(name);
    let refs = Type::Set(leak(one));
    let record = Type::Record(name);
    let records = Type::Map(leak(one), leak(record));
    let read = |kind, message, params, result, doc: String| Message {
        params,
        result,
        doc: leak_text(doc),
        ..plain(class, kind, message)
    };
    let own = leak_list([param("self", one)]);
    let mut all = vec![
        read(
            MessageKind::GetByUuid,
            "get_by_uuid",
            leak_list([param("uuid", Type::String)]),
            one,
            format!("The {name} with this uuid."),
        ),
        read(
            MessageKind::GetRecord,
            "get_record",
            own,
            record,
            format!("All fields of the {name}."),
        ),
    ];
    if class.by_name_label && class.fields.iter().any(|field| field.name == "name_label") {
        let label = leak_list([param("label", Type::String)]);
        let doc = format!("Every {name} with this name; names need not be unique.");
        all.push(read(
            MessageKind::GetByNameLabel,
            "get_by_name_label",
            label,
            refs,
            doc,
        ));
    }
    if class.get_all {
        let expr = leak_list([param("expr", Type::String)]);
        // The filtered forms are callable but in no documentation, so no dump tells them apart by age.
        let hidden = |message: Message| Message {
            hidden: true,
            in_2024_dump: true,
            ..message
        };
        all.push(read(
            MessageKind::GetAll,
            "get_all",
            &[],
            refs,
            format!("Every {name} there is."),
        ));
        let doc = format!("Every {name} there is, with all its fields.");
        all.push(read(
            MessageKind::GetAllRecords,
            "get_all_records",
            &[],
            records,
            doc,
        ));
        let doc = format!("Every {name} that the filter matches.");
        all.push(hidden(read(
            MessageKind::GetAllWhere,
            "get_all_where",
            expr,
            refs,
            doc,
        )));
        let doc = format!("Every {name} that the filter matches, with all its fields.");
        all.push(hidden(read(
            MessageKind::GetAllRecordsWhere,
            "get_all_records_where",
            expr,
            records,
            doc,
        )));
    }
    if class.gen_constructor_destructor {
        let code = |kind, message, params, result, doc: String| {
            let plain = plain(class, kind, message);
            let doc = leak_text(doc);
            let code = Message {
                params,
                result,
                doc,
                role: class.constructor,
                is_async: true,
                effect: true,
                ..plain
            };
            routed(class, code)
        };
        let args = leak_list([param("args", record)]);
        let doc = format!(
            "Create a {name} from the fields given; the fields left out take their defaults."
        );
        all.push(code(MessageKind::Create, "create", args, one, doc));
        all.push(code(
            MessageKind::Destroy,
            "destroy",
            own,
            Type::Void,
            format!("Destroy the {name}."),
        ));
    }
    all
}

fn of_field(class: &'static Class, index: usize, field: &'static FieldDesc) -> Vec<Message> {
    let own = || param("self", Type::Ref(class.name));
    let name = field.name;
    let doc = |verb: &str, rest: &str| {
        leak_text(format!("{verb} field {name} of the {}{rest}.", class.name))
    };
    let plain = |kind, prefix: &str| Message {
        lifecycle: field.lifecycle,
        since: field.since,
        in_2024_dump: field.in_2024_dump,
        ..plain(class, kind, leak_text(format!("{prefix}{name}")))
    };
    let getter = Message {
        params: leak_list([own()]),
        result: field.ty,
        role: field.reader.unwrap_or(class.reader),
        doc: doc("Read", ""),
        ..plain(MessageKind::GetField(index), "get_")
    };
    if field.qualifier != Qualifier::ReadWrite {
        return vec![getter];
    }
    let role: RoleFloor = field.writer.unwrap_or(class.writer);
    let change = |kind, prefix, params, doc| Message {
        params,
        role,
        doc,
        ..plain(kind, prefix)
    };
    let params = leak_list([own(), param("value", field.ty)]);
    let setter = change(
        MessageKind::SetField(index),
        "set_",
        params,
        doc("Write", ""),
    );
    let setter = routed(
        class,
        Message {
            effect: field.setter_has_effect,
            ..setter
        },
    );
    let mut all = vec![getter, setter];
    match field.ty {
        Type::Map(key, value) => {
            let pair = leak_list([own(), param("key", *key), param("value", *value)]);
            let add = change(
                MessageKind::AddTo(index),
                "add_to_",
                pair,
                doc("Add a key and its value to", ""),
            );
            let key = leak_list([own(), param("key", *key)]);
            let end = ", if it is there";
            let remove = change(
                MessageKind::RemoveFrom(index),
                "remove_from_",
                key,
                doc("Remove a key from", end),
            );
            all.extend([add, remove].map(|message| Message {
                key_roles: field.key_roles,
                ..message
            }));
        }
        Type::Set(of) => {
            let value = leak_list([own(), param("value", *of)]);
            let end = ", unless it is there";
            all.push(change(
                MessageKind::AddTo(index),
                "add_",
                value,
                doc("Add a value to", end),
            ));
            let end = ", if it is there";
            all.push(change(
                MessageKind::RemoveFrom(index),
                "remove_",
                value,
                doc("Remove a value from", end),
            ));
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
    all
}
