//! The commands: which calls each makes, and what it prints.

use crate::CliError;
use crate::args::{Invocation, Params};
use crate::columns::{self, Column, Found, Lookup};
use crate::render;
use crate::table::{Arg, DIRECT, Direct, ROWS, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use xenith_client::{CallError, Session};
use xenith_datamodel::{Ref, Type, Value};
use xenith_wire::WireValue;

/// Parameters of every list that are no filters.
const NOT_FILTERS: [&str; 3] = ["params", "minimal", "multiple"];

/// From so many objects of one class on, all its records are asked for at once.
const ALL_RECORDS_FROM: usize = 8;

/// The server, as the commands need it: calls with the session put in.
pub trait Api {
    fn call(&self, method: &str, params: &[Value]) -> impl Future<Output = Result<WireValue, CallError>>;
}

impl Api for Session {
    async fn call(&self, method: &str, params: &[Value]) -> Result<WireValue, CallError> {
        self.call_wire(method, params).await
    }
}

/// A command line's command, found in the tables.
enum Command {
    List(&'static Row),
    ParamList(&'static Row),
    ParamGet(&'static Row),
    ParamSet(&'static Row),
    ParamAdd(&'static Row),
    ParamRemove(&'static Row),
    ParamClear(&'static Row),
    Direct(&'static Direct),
}

type OfRow = fn(&'static Row) -> Command;

/// Longest suffix first: `vm-param-list` is not the list of `vm-param`.
const SUFFIXES: [(&str, OfRow); 7] = [
    ("-param-list", Command::ParamList),
    ("-param-get", Command::ParamGet),
    ("-param-set", Command::ParamSet),
    ("-param-add", Command::ParamAdd),
    ("-param-remove", Command::ParamRemove),
    ("-param-clear", Command::ParamClear),
    ("-list", Command::List),
];

fn find(command: &str) -> Result<Command, CliError> {
    if let Some(direct) = DIRECT.iter().find(|d| d.command == command) {
        return Ok(Command::Direct(direct));
    }
    SUFFIXES
        .iter()
        .find_map(|(suffix, of_row)| {
            let name = command.strip_suffix(suffix)?;
            ROWS.iter().find(|row| row.name == name).map(of_row)
        })
        .ok_or_else(|| CliError::UnknownCommand(command.to_owned()))
}

/// What can be refused before a connection is made.
pub fn check(invocation: &Invocation) -> Result<(), CliError> {
    find(&invocation.command).map(drop)
}

pub fn help() -> String {
    let suffixes: Vec<&str> = SUFFIXES.iter().map(|(suffix, _)| &suffix[1..]).collect();
    let classes: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
    let direct: Vec<&str> = DIRECT.iter().map(|d| d.command).collect();
    format!(
        "Usage: xe [-s HOST] [-p PORT] [-u USER] [-pw PASSWORD | -pwf FILE] [--nossl | --ca FILE] [--minimal] [--debug] \
         COMMAND [KEY=VALUE ...]\n\nCOMMAND is CLASS-ACTION, or one of: {}\nACTION: {}\nCLASS: {}\n",
        direct.join(", "),
        suffixes.join(", "),
        classes.join(", ")
    )
}

/// Runs a command; returns what goes to stdout.
pub async fn execute(api: &impl Api, invocation: &Invocation) -> Result<String, CliError> {
    let params = &invocation.params;
    match find(&invocation.command)? {
        Command::List(row) => list(api, row, params).await,
        Command::ParamList(row) => param_list(api, row, params).await,
        Command::ParamGet(row) => param_get(api, row, params).await,
        Command::ParamSet(row) => param_set(api, row, params).await,
        Command::ParamAdd(row) => param_add(api, row, params).await,
        Command::ParamRemove(row) => param_remove(api, row, params).await,
        Command::ParamClear(row) => param_clear(api, row, params).await,
        Command::Direct(direct) => run_direct(api, direct, params).await,
    }
}

enum Filter<'a> {
    Equals(&'a Column, &'a str),
    Key(&'a Column, &'a str, &'a str),
    Contains(&'a Column, &'a str),
}

impl<'a> Filter<'a> {
    fn of(columns: &'a [Column], key: &'a str, value: &'a str) -> Result<Filter<'a>, CliError> {
        if let Some(column) = columns.iter().find(|c| c.name == key) {
            return Ok(Filter::Equals(column, value));
        }
        let split = key.split_once(':').and_then(|(name, sub)| {
            let column = columns.iter().find(|c| c.name == name)?;
            match (&column.field.ty, sub) {
                (Type::Set(_), "contains") => Some(Filter::Contains(column, value)),
                (Type::Map(..), key) => Some(Filter::Key(column, key, value)),
                (_, _) => None,
            }
        });
        split.ok_or_else(|| CliError::UnknownField(key.to_owned()))
    }

    fn column(&self) -> &'a Column {
        match self {
            Filter::Equals(column, _) | Filter::Key(column, _, _) | Filter::Contains(column, _) => column,
        }
    }

    fn admits(&self, record: &WireValue, found: &Found) -> bool {
        match self {
            Filter::Equals(column, value) => column.text(record, found) == *value,
            Filter::Key(column, key, value) => column.text_of_key(record, key, found).as_deref() == Some(*value),
            Filter::Contains(column, value) => column.contains(record, value, found),
        }
    }
}

async fn list(api: &impl Api, row: &'static Row, params: &Params) -> Result<String, CliError> {
    let columns = columns::of(row);
    let filters = params
        .without(&NOT_FILTERS)
        .filter(|(key, _)| !key.starts_with("database:"))
        .map(|(key, value)| Filter::of(&columns, key, value))
        .collect::<Result<Vec<_>, _>>()?;
    let all = api.call(&format!("{}.get_all_records", row.class), &[]).await?;
    let mut records = records(all);
    records.retain(|r| {
        row.only
            .iter()
            .all(|(field, value)| r.member(field) == Some(&WireValue::Bool(*value)))
    });
    if !filters.is_empty() {
        let found = resolve(api, &records, filters.iter().map(Filter::column)).await?;
        records.retain(|r| filters.iter().all(|filter| filter.admits(r, &found)));
    }
    let shown = shown(&columns, row, params.get("params"));
    if params.flag("minimal") {
        let first = &shown[..shown.len().min(1)];
        let found = resolve(api, &records, first.iter().copied()).await?;
        return Ok(render::minimal(
            first.iter().flat_map(|c| records.iter().map(|r| c.text(r, &found))),
        ));
    }
    let found = resolve(api, &records, shown.iter().copied()).await?;
    Ok(records.iter().map(|record| printed(&shown, record, &found)).collect())
}

/// Unasked, the table's choice in its order; asked, in the order of the class.
fn shown<'a>(columns: &'a [Column], row: &Row, asked: Option<&str>) -> Vec<&'a Column> {
    match asked {
        None => row
            .listed
            .iter()
            .filter_map(|name| columns.iter().find(|c| c.name == *name))
            .collect(),
        Some("all") => columns.iter().collect(),
        Some(names) => columns
            .iter()
            .filter(|c| names.split(',').any(|name| name == c.name))
            .collect(),
    }
}

fn printed(columns: &[&Column], record: &WireValue, found: &Found) -> String {
    let fields: Vec<_> = columns.iter().map(|c| (c.heading(), c.text(record, found))).collect();
    render::record(&fields)
}

async fn param_list(api: &impl Api, row: &'static Row, params: &Params) -> Result<String, CliError> {
    let (_, record) = object(api, row, params).await?;
    let columns = columns::of(row);
    let shown: Vec<&Column> = columns.iter().collect();
    let found = resolve(api, std::slice::from_ref(&record), shown.iter().copied()).await?;
    Ok(printed(&shown, &record, &found))
}

async fn param_get(api: &impl Api, row: &'static Row, params: &Params) -> Result<String, CliError> {
    required(params, "uuid")?;
    let name = required(params, "param-name")?;
    let (_, record) = object(api, row, params).await?;
    let columns = columns::of(row);
    let column = columns
        .iter()
        .find(|c| c.name == name)
        .ok_or_else(|| CliError::MissingParameter(name.to_owned()))?;
    let found = resolve(api, std::slice::from_ref(&record), [column].into_iter()).await?;
    let text = match (params.get("param-key"), &column.field.ty) {
        (Some(key), Type::Map(..)) => column
            .text_of_key(&record, key, &found)
            .ok_or_else(|| CliError::KeyNotFound(key.to_owned()))?,
        (_, _) => column.text(&record, &found),
    };
    Ok(text + "\n")
}

async fn param_set(api: &impl Api, row: &'static Row, params: &Params) -> Result<String, CliError> {
    let reference = by_uuid(api, row.class, required(params, "uuid")?).await?;
    let columns = columns::of(row);
    for (key, value) in params.without(&["uuid", "minimal"]) {
        let (name, sub) = key.split_once(':').map_or((key, None), |(name, sub)| (name, Some(sub)));
        let column = writable(&columns, name)?;
        let keyed = matches!(column.field.ty, Type::Map(..));
        match sub {
            Some(sub) if keyed => {
                let remove = format!("{}.remove_from_{}", row.class, column.field.name);
                api.call(&remove, &[reference.clone(), Value::text(sub)]).await?;
                add(api, row, column, &reference, (sub, value)).await?;
            }
            Some(_) => return Err(CliError::NoKeys(name.to_owned())),
            None if keyed => return Err(CliError::NeedsKey(name.to_owned())),
            None => {
                let value = typed(api, &column.field.ty, value).await?;
                set(api, row, column, &reference, value).await?;
            }
        }
    }
    Ok(String::new())
}

async fn param_add(api: &impl Api, row: &'static Row, params: &Params) -> Result<String, CliError> {
    let (reference, columns) = (
        by_uuid(api, row.class, required(params, "uuid")?).await?,
        columns::of(row),
    );
    let column = writable(&columns, required(params, "param-name")?)?;
    if let Some(key) = params.get("param-key") {
        add(api, row, column, &reference, (key, "")).await?;
    }
    for pair in params.without(&["uuid", "param-name", "param-key", "minimal"]) {
        add(api, row, column, &reference, pair).await?;
    }
    Ok(String::new())
}

async fn param_remove(api: &impl Api, row: &'static Row, params: &Params) -> Result<String, CliError> {
    required(params, "uuid")?;
    let columns = columns::of(row);
    let column = writable(&columns, required(params, "param-name")?)?;
    let key = required(params, "param-key")?;
    let (reference, record) = object(api, row, params).await?;
    let message = match &column.field.ty {
        Type::Map(..) if column.text_of_key(&record, key, &Found::new()).is_none() => {
            return Err(CliError::KeyAbsent(key.to_owned()));
        }
        Type::Map(..) => format!("{}.remove_from_{}", row.class, column.field.name),
        Type::Set(_) => format!("{}.remove_{}", row.class, column.field.name),
        _ => return Err(CliError::RemoveOnlyFromCollections),
    };
    api.call(&message, &[reference, Value::text(key)]).await?;
    Ok(String::new())
}

async fn param_clear(api: &impl Api, row: &'static Row, params: &Params) -> Result<String, CliError> {
    required(params, "uuid")?;
    let name = required(params, "param-name")?;
    let columns = columns::of(row);
    let column = writable(&columns, name).map_err(|e| match e {
        CliError::ReadOnly(_) => CliError::ClearReadOnly,
        other => other,
    })?;
    let reference = by_uuid(api, row.class, required(params, "uuid")?).await?;
    set(api, row, column, &reference, column.field.ty.empty_value()).await?;
    Ok(String::new())
}

async fn run_direct(api: &impl Api, direct: &Direct, params: &Params) -> Result<String, CliError> {
    let mut values = Vec::new();
    for arg in direct.args {
        values.push(match arg {
            Arg::Uuid(name, class) => by_uuid(api, class, required(params, name)?).await?,
            Arg::Flag(name) => Value::Bool(params.flag(name)),
        });
    }
    api.call(direct.message, &values).await?;
    Ok(String::new())
}

async fn set(api: &impl Api, row: &Row, column: &Column, object: &Value, value: Value) -> Result<(), CliError> {
    api.call(
        &format!("{}.set_{}", row.class, column.field.name),
        &[object.clone(), value],
    )
    .await?;
    Ok(())
}

async fn add(
    api: &impl Api,
    row: &Row,
    column: &Column,
    object: &Value,
    (key, value): (&str, &str),
) -> Result<(), CliError> {
    let (class, field) = (row.class, column.field.name);
    match &column.field.ty {
        Type::Map(..) => {
            let pair = [object.clone(), Value::text(key), Value::text(value)];
            api.call(&format!("{class}.add_to_{field}"), &pair).await?;
        }
        Type::Set(_) => {
            api.call(&format!("{class}.add_{field}"), &[object.clone(), Value::text(key)])
                .await?;
        }
        _ => return Err(CliError::AddOnlyToCollections),
    }
    Ok(())
}

fn required<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, CliError> {
    params.get(name).ok_or(CliError::Required(name))
}

fn writable<'a>(columns: &'a [Column], name: &str) -> Result<&'a Column, CliError> {
    let column = columns
        .iter()
        .find(|c| c.name == name)
        .ok_or_else(|| CliError::UnknownField(name.to_owned()))?;
    if column.settable {
        Ok(column)
    } else {
        Err(CliError::ReadOnly(name.to_owned()))
    }
}

/// A value from the command line. The server reads numbers and dates from text; objects are named by uuid.
async fn typed(api: &impl Api, ty: &Type, text: &str) -> Result<Value, CliError> {
    match ty {
        Type::Bool => text
            .parse()
            .map(Value::Bool)
            .map_err(|_| CliError::Bool(text.to_owned())),
        Type::Ref(_) if matches!(text, "" | columns::NOT_IN_DATABASE) => Ok(Value::Ref(Ref::null())),
        Type::Ref(class) => by_uuid(api, class, text).await,
        Type::Set(_) if text.is_empty() => Ok(Value::set([])),
        Type::Set(_) => Ok(Value::set(text.split(',').map(Value::text))),
        _ => Ok(Value::text(text)),
    }
}

async fn by_uuid(api: &impl Api, class: &str, uuid: &str) -> Result<Value, CliError> {
    match api.call(&format!("{class}.get_by_uuid"), &[Value::text(uuid)]).await? {
        WireValue::Text(reference) => Ok(Value::Ref(Ref::new(reference))),
        _ => Err(CliError::Api(xenith_datamodel::ApiError::uuid_invalid(class, uuid))),
    }
}

async fn object(api: &impl Api, row: &Row, params: &Params) -> Result<(Value, WireValue), CliError> {
    let reference = by_uuid(api, row.class, required(params, "uuid")?).await?;
    let record = api
        .call(&format!("{}.get_record", row.class), std::slice::from_ref(&reference))
        .await?;
    Ok((reference, record))
}

fn records(all: WireValue) -> Vec<WireValue> {
    let WireValue::Struct(members) = all else {
        return Vec::new();
    };
    members.into_iter().map(|(_, record)| record).collect()
}

/// Looks up what the columns need beyond the records. Objects that are gone by now are left out.
async fn resolve<'a>(
    api: &impl Api,
    records: &[WireValue],
    columns: impl Iterator<Item = &'a Column>,
) -> Result<Found, CliError> {
    let mut wanted = BTreeSet::new();
    for column in columns {
        records.iter().for_each(|record| column.lookups(record, &mut wanted));
    }
    let mut by_class: BTreeMap<&str, Vec<Lookup>> = BTreeMap::new();
    for lookup in wanted {
        by_class.entry(lookup.class).or_default().push(lookup);
    }
    let mut found = Found::new();
    for (class, lookups) in by_class {
        if lookups.len() >= ALL_RECORDS_FROM {
            let all = api.call(&format!("{class}.get_all_records"), &[]).await?;
            for lookup in lookups {
                let value = all
                    .member(&lookup.reference)
                    .and_then(|record| record.member(lookup.field));
                let text = value.map(|value| columns::text(&Type::String, value, &Found::new()));
                found.extend(text.map(|text| (lookup, text)));
            }
            continue;
        }
        for lookup in lookups {
            let method = format!("{class}.get_{}", lookup.field);
            match api.call(&method, &[Value::text(&lookup.reference)]).await {
                Ok(value) => drop(found.insert(lookup, columns::text(&Type::String, &value, &Found::new()))),
                Err(e) if e.api().is_some_and(|e| e.code == "HANDLE_INVALID") => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
    Ok(found)
}
