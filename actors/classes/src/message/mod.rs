//! Messages: alerts about an object. They have rows and a generation of their own (semantics.md §11, §23).

use crate::room::{Planner, created, done};
use crate::{Args, Ids, PlanCx, implicit, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::Transaction;

pub fn lookup(message: &str) -> Option<Planner> {
    use Planner::{Read, Write};
    Some(match message {
        "create" => Write(create),
        "destroy" => Write(destroy),
        "destroy_many" => Write(destroy_many),
        "get" => Read(get),
        "get_all" => Read(get_all),
        "get_all_records" => Read(get_all_records),
        "get_all_records_where" => Read(get_all_records_where),
        "get_by_uuid" => Read(get_by_uuid),
        "get_record" => Read(get_record),
        "get_since" => Read(get_since),
        _ => return None,
    })
}

/// The class that a value of the enumeration `cls` stands for.
fn class_of(cls: &str) -> &str {
    match cls {
        "Host" => "host",
        "Pool" => "pool",
        other => other,
    }
}

fn create(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let (cls, object) = (args.text(2)?, args.text(3)?);
    if cx.view.by_uuid(rows::class(class_of(cls))?, object).is_none() {
        return Err(ApiError::uuid_invalid(cls, object));
    }
    let (message, uuid) = cx.new_row();
    let fields = vec![
        ("uuid", Value::text(uuid)),
        ("name", args.value(0)?.clone()),
        ("priority", args.value(1)?.clone()),
        ("cls", Value::text(cls)),
        ("obj_uuid", Value::text(object)),
        ("timestamp", Value::from(cx.now())),
        ("body", args.value(4)?.clone()),
    ];
    let mut tx = cx.transaction();
    rows::create(&mut tx, "message", &message, fields)?;
    created(tx, &message)
}

/// One of the toolstack's own, about an object by its uuid; `cls` of the enumeration.
pub(crate) fn add(
    tx: &mut Transaction,
    ids: &mut dyn Ids,
    (name, priority): (&str, i64),
    (cls, object): (&str, &str),
    body: &str,
) -> Result<(), ApiError> {
    let (message, uuid) = crate::cx::new_row(ids);
    let fields = vec![
        ("uuid", Value::text(uuid)),
        ("name", Value::text(name)),
        ("priority", Value::Int(priority)),
        ("cls", Value::text(cls)),
        ("obj_uuid", Value::text(object)),
        ("timestamp", Value::from(crate::cx::date_time(tx.time_ms))),
        ("body", Value::text(body)),
    ];
    rows::create(tx, "message", &message, fields)
}

fn destroy(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let message = args.reference(0)?;
    rows::check(cx.view, "message", message)?;
    let mut tx = cx.transaction();
    rows::destroy(&mut tx, "message", message)?;
    done(tx)
}

fn destroy_many(cx: &mut PlanCx<'_>, args: Args<'_>) -> Result<(Transaction, Value), ApiError> {
    let mut all: Vec<&Ref> = args.set(0)?.iter().filter_map(Value::as_ref).collect();
    all.sort();
    all.dedup();
    let mut tx = cx.transaction();
    for message in all {
        rows::check(cx.view, "message", message)?;
        rows::destroy(&mut tx, "message", message)?;
    }
    done(tx)
}

fn get(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let (cls, object, since) = (args.text(0)?, args.text(1)?, args.date_time(2)?.wall_seconds);
    if cx.view.by_uuid(rows::class(class_of(cls))?, object).is_none() {
        // Seen on the wire: without parameters.
        return Err(ApiError::plain("UUID_INVALID"));
    }
    newest_first(cx, |record| {
        text_of(record, "cls") == cls && text_of(record, "obj_uuid") == object && time_of(record) > since
    })
}

fn get_since(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let since = args.date_time(0)?.wall_seconds;
    newest_first(cx, |record| time_of(record) > since)
}

fn get_all(cx: &PlanCx<'_>, _: Args<'_>) -> Result<Value, ApiError> {
    let all = newest_first(cx, |_| true)?;
    Ok(Value::set(
        all.as_map()
            .unwrap_or_default()
            .iter()
            .map(|(message, _)| message.clone()),
    ))
}

fn get_all_records(cx: &PlanCx<'_>, _: Args<'_>) -> Result<Value, ApiError> {
    newest_first(cx, |_| true)
}

fn get_all_records_where(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let class = rows::class("message")?;
    let expression = args.text(0)?;
    let found = cx
        .view
        .find_where(class, expression)
        .map_err(|error| implicit::bad_filter(expression, error))?;
    let record = |row: Ref| cx.view.record(class, &row).map(|record| (Value::Ref(row), record));
    Ok(Value::map(found.into_iter().filter_map(record)))
}

fn get_by_uuid(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let uuid = args.text(0)?;
    let found = cx.view.by_uuid(rows::class("message")?, uuid);
    found
        .map(Value::Ref)
        .ok_or_else(|| ApiError::uuid_invalid("message", uuid))
}

fn get_record(cx: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let message = args.reference(0)?;
    let record = cx.view.record(rows::class("message")?, message);
    record.ok_or_else(|| ApiError::handle_invalid("message", message))
}

fn newest_first(cx: &PlanCx<'_>, wanted: impl Fn(&Value) -> bool) -> Result<Value, ApiError> {
    let class = rows::class("message")?;
    let mut found: Vec<(Ref, Value)> = Vec::new();
    for message in cx.view.refs(class) {
        if let Some(record) = cx.view.record(class, message).filter(&wanted) {
            found.push((message.clone(), record));
        }
    }
    found.sort_by_key(|(message, record)| (std::cmp::Reverse(time_of(record)), message.clone()));
    Ok(Value::map(
        found.into_iter().map(|(message, record)| (Value::Ref(message), record)),
    ))
}

fn time_of(record: &Value) -> i64 {
    record
        .member("timestamp")
        .and_then(Value::as_date_time)
        .map(|time| time.wall_seconds)
        .unwrap_or_default()
}

fn text_of<'a>(record: &'a Value, field: &str) -> &'a str {
    record.member(field).and_then(Value::as_text).unwrap_or_default()
}
